module github.com/pulse-social/pulse/services

go 1.26.0

require (
	github.com/pulse-social/pulse/ent v0.1.0
	github.com/pulse-social/pulse/gen v0.1.0
	github.com/pulse-social/pulse/sdk v0.1.0
)

replace (
	github.com/pulse-social/pulse/ent => ../ent
	github.com/pulse-social/pulse/gen => ../gen
	github.com/pulse-social/pulse/sdk => ../sdk
)

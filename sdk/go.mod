module github.com/pulse-social/pulse/sdk

go 1.26.0

require github.com/pulse-social/pulse/gen v0.1.0

replace github.com/pulse-social/pulse/gen => ../gen

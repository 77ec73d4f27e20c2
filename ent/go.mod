module github.com/pulse-social/pulse/ent

go 1.26.0

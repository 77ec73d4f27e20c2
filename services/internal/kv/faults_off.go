//go:build !failpoint

package kv

// faulty is the place where trials break the embedded Redis.
func faulty(e embedded) embedded { return e }

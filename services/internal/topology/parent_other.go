//go:build !linux

package topology

import "syscall"

// diesWithParent is for Linux; elsewhere a child outlives a parent that is killed.
func diesWithParent() *syscall.SysProcAttr { return nil }

package topology

import "syscall"

// diesWithParent has the kernel end a child when this process is gone, however that ended.
func diesWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

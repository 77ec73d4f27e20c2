package realtime

import "time"

// asideLinger is how long a goroutine that has done something waits for something else to do.
const asideLinger = 200 * time.Millisecond

// aside does what needs a deep stack in goroutines that are used again: a stack does not shrink soon, and most of the time streams
// wait. Of 5,000 idle streams each took 41 KiB of the server's memory when they read by themselves, and 35 to 37 so.
type aside struct{ idle chan func() }

func newAside() aside { return aside{make(chan func())} }

// do does something and returns when it is done. A panic is the caller's.
func (a aside) do(something func()) {
	done := make(chan any)
	task := func() {
		defer func() { done <- recover() }()
		something()
	}
	select {
	case a.idle <- task:
	default:
		go a.work(task)
	}
	if panicked := <-done; panicked != nil {
		panic(panicked)
	}
}

// work does one thing after another until there is nothing for a while.
func (a aside) work(task func()) {
	timer := time.NewTimer(asideLinger)
	defer timer.Stop()
	for {
		task()
		timer.Reset(asideLinger)
		select {
		case task = <-a.idle:
		case <-timer.C:
			return
		}
	}
}

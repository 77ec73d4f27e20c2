// Package aside keeps the stacks of goroutines small that mostly wait. A stack doubles when it has to and is halved only while
// less than a quarter of it is used (runtime.shrinkstack); what a stream's goroutine holds while it waits is more than that of
// what one query of a database needs.
package aside

import "time"

// linger is how long a goroutine that has done something waits for something else to do.
const linger = 200 * time.Millisecond

// A Pool does what needs a deep stack in goroutines that are used again. There are as many as there are things to do at once.
type Pool struct{ idle chan func() }

// NewPool makes a pool without goroutines.
func NewPool() Pool { return Pool{make(chan func())} }

// Do does something and returns when it is done. A panic is the caller's.
func (p Pool) Do(something func()) {
	done := make(chan any)
	task := func() {
		defer func() { done <- recover() }()
		something()
	}
	select {
	case p.idle <- task:
	default:
		go p.work(task)
	}
	if panicked := <-done; panicked != nil {
		panic(panicked)
	}
}

// work does one thing after another until there is nothing for a while.
func (p Pool) work(task func()) {
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for {
		task()
		timer.Reset(linger)
		select {
		case task = <-p.idle:
		case <-timer.C:
			return
		}
	}
}

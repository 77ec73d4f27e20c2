// Package progress shows how far a long command has come: a bar on a terminal, now and then a plain line elsewhere.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/pulse-social/pulse/services/internal/clock"
)

const (
	// lineEvery is how often a plain line is written.
	lineEvery = 5 * time.Second
	// drawEvery is how often a bar is drawn at most.
	drawEvery = 100 * time.Millisecond
	// barWidth fits, with counts and rate, into the 80 columns of a narrow terminal.
	barWidth = 20
	// nameWidth aligns the bars of stages with short names.
	nameWidth = 8
)

// A Display shows the stages of one command, one after the other. A nil Display shows nothing.
type Display struct {
	out      io.Writer
	terminal bool
	now      clock.Clock
}

// New makes a display that writes to out, with bars if that is a terminal. The time is now's; nil means the machine's.
func New(out io.Writer, terminal bool, now clock.Clock) *Display {
	if now == nil {
		now = clock.System
	}
	return &Display{out: out, terminal: terminal, now: now}
}

// A Stage is one thing that is done many times. It is safe for concurrent use. A nil Stage shows nothing.
type Stage struct {
	display *Display
	name    string
	total   int
	bar     *progressbar.ProgressBar

	mu          sync.Mutex
	done        int
	began, last time.Time
}

// Stage begins a stage of so many things. End must be called when it has ended, finished or not.
func (d *Display) Stage(name string, total int) *Stage {
	if d == nil || total == 0 {
		return nil
	}
	s := &Stage{display: d, name: name, total: total, began: d.now()}
	s.last = s.began
	if d.terminal {
		s.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(d.out),
			progressbar.OptionSetDescription(fmt.Sprintf("%-*s", nameWidth, name)),
			progressbar.OptionSetWidth(barWidth),
			progressbar.OptionThrottle(drawEvery),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionSetItsString(name),
			progressbar.OptionSetRenderBlankState(true),
		)
	}
	return s
}

// Done notes that one more thing is done.
func (s *Stage) Done() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	if s.bar != nil {
		_ = s.bar.Add(1) // A terminal that is gone is no reason to stop.
		return
	}
	if now := s.display.now(); now.Sub(s.last) >= lineEvery {
		s.last = now
		fmt.Fprintf(s.display.out, "%s: %d of %d, %.0f/s\n", s.name, s.done, s.total, s.rate(now))
	}
}

// End ends the stage.
func (s *Stage) End() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Exit()
		fmt.Fprintln(s.display.out)
		return
	}
	now := s.display.now()
	fmt.Fprintf(s.display.out, "%s: %d of %d in %s, %.0f/s\n", s.name, s.done, s.total, now.Sub(s.began).Round(time.Millisecond), s.rate(now))
}

// rate is how many things were done a second.
func (s *Stage) rate(now time.Time) float64 {
	// The clock counts milliseconds.
	return float64(s.done) / max(now.Sub(s.began), time.Millisecond).Seconds()
}

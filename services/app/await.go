package app

import (
	"context"
	"time"

	"github.com/pulse-social/pulse/services/internal/run"
)

// awaitEvery is the pause before a backend that is away is tried again.
const awaitEvery = 500 * time.Millisecond

// awaited tries the start of a part that needs a backend again and again, for as long as the configuration says. Meanwhile
// the process is unready and says why, instead of ending and being started again: that would not bring the backend back.
func (a *App) awaited(part run.Part) run.Part {
	start := part.Start
	part.Start = func(ctx context.Context) error {
		defer a.waitsFor.Store(nil)
		return await(ctx, a.config.Process.StartTimeout, func() error { return start(ctx) }, func(why error) {
			if a.waitsFor.Swap(&why) == nil {
				a.telemetry.Log.WarnContext(ctx, "the start waits", "for", part.Name, "error", why)
			}
		})
	}
	return part
}

// await tries something until it succeeds or was tried for the longest time. It tells waits of each failure that it waits
// for.
func await(ctx context.Context, longest time.Duration, try func() error, waits func(why error)) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for {
		err := try()
		if err == nil || ctx.Err() != nil {
			return err
		}
		waits(err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(awaitEvery):
		}
	}
}

// whyNotReady says what keeps the process from being ready.
func (a *App) whyNotReady() string {
	if why := a.waitsFor.Load(); why != nil {
		return "not ready: " + (*why).Error()
	}
	return "not ready: starting or stopping"
}

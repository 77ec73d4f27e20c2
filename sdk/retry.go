package pulse

import (
	"context"
	"math/rand/v2"
	"time"

	"connectrpc.com/connect/v2"
)

const (
	// The pause before attempt n+1 is random between zero and retryBase times 2 to the n, at most retryCap: "full
	// jitter" of https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, which spreads the clients
	// of a server that has just come back.
	retryBase = 200 * time.Millisecond
	retryCap  = 5 * time.Second

	// longestRetryAfter is the longest pause of the server's choice that is waited for. To wait any longer is for the
	// caller to decide, who finds it in Error.RetryAfter.
	longestRetryAfter = 30 * time.Second
)

// backoff repeats calls that failed before the server did anything, or that carry an idempotency key; by now that is
// all of them, for requestHeaders runs before.
type backoff struct {
	attempts int
}

func (b backoff) around(ctx context.Context, _ connect.Spec, call func() error) error {
	for attempt := 1; ; attempt++ {
		err := call()
		if err == nil || attempt == b.attempts {
			return err
		}
		pause, ok := retryPause(newError(ctx, err), attempt)
		if !ok || outlasts(ctx, pause) {
			return err
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// retryPause answers how long to wait after the given attempt, and whether to try again at all.
func retryPause(failure *Error, attempt int) (time.Duration, bool) {
	jitter := rand.N(min(retryBase<<(attempt-1), retryCap)) //nolint:gosec // Nobody gains from guessing a pause.
	switch failure.Code {
	case connect.CodeUnavailable:
		return failure.RetryAfter + jitter, failure.RetryAfter <= longestRetryAfter
	case connect.CodeResourceExhausted:
		// Without a time to come back the limit may be one that waiting does not change, such as a size.
		return failure.RetryAfter + jitter, 0 < failure.RetryAfter && failure.RetryAfter <= longestRetryAfter
	default:
		return 0, false
	}
}

// outlasts tells whether ctx ends before a pause does. The failure at hand says more than a deadline that passes.
func outlasts(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) <= pause
}

func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

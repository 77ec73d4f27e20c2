package seed

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// grace is how long calls under way may go on after the run was interrupted.
const grace = 5 * time.Second

// each does something with every item, so many at once, until one fails or ctx ends. What is under way then is let
// finish: a call that is cut off may have been done or not, and its author would have to find out.
func each[T any](ctx context.Context, atOnce int, items []T, do func(context.Context, T) error) error {
	calls, cancel := outlasting(ctx, grace)
	defer cancel()
	group, going := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, item := range items {
		if going.Err() != nil {
			break
		}
		group.Go(func() error {
			select {
			case <-going.Done():
				return nil
			default:
				return do(calls, item)
			}
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// outlasting answers a context that ends so long after ctx does.
func outlasting(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(by, cancel)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() { stop(); cancel() }
}

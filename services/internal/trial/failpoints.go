package trial

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/services/internal/failpoint"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// mostHits bounds how often a process comes past a point before it is killed there.
const mostHits = 12

// killAtFailpoints kills a process at each failpoint in turn, while calls go on, and starts it again.
func killAtFailpoints(ctx context.Context, r *run) error {
	for _, point := range failpoint.Points() {
		// Both write, publish and consume; what timeline does for an event is not in the database.
		p := r.victim([]string{"post", "timeline"}[r.draw.IntN(2)])
		hit := 1 + r.draw.IntN(mostHits)
		r.options.Progress(fmt.Sprintf("kill %s at %s, hit %d", p.Name, point, hit))
		if err := killAt(ctx, p, fmt.Sprintf("%s:%d", point, hit)); err != nil {
			return err
		}
	}
	return r.topology.WaitRouted(ctx)
}

// killAt restarts a process so that it ends itself at a failpoint, waits until it has, and starts it again.
func killAt(ctx context.Context, p *topology.Process, where string) error {
	if err := p.Stop(ctx); err != nil {
		return err
	}
	if err := p.Start(map[string]string{"PULSE_FAILPOINT": where}); err != nil {
		return err
	}
	select {
	case <-p.Exited():
	case <-time.After(patience):
		return fmt.Errorf("%s never came to %s", p.Name, where)
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := p.Start(nil); err != nil {
		return err
	}
	return p.WaitReady(ctx)
}

package realtime

import (
	"context"
	"slices"
	"time"
)

// leaveGrace is how long somebody counts as connected after their last stream has ended: clients come back.
const leaveGrace = 5 * time.Second

// left answers the people whose last stream here ended long enough ago, and forgets them.
func (h *hub) left(now time.Time) []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var people []int64
	for userID, at := range h.leaving {
		if now.Sub(at) >= leaveGrace {
			people = append(people, userID)
			delete(h.leaving, userID)
		}
	}
	return people
}

// people answers who is connected to this process.
func (h *hub) people() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	people := make([]int64, 0, len(h.streams))
	for userID := range h.streams {
		people = append(people, userID)
	}
	return people
}

// watching answers the streams that watch a person.
func (h *hub) watching(userID int64) []*stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.watchers[userID])
}

// watch and unwatch note whom a stream watches. The hub is locked.
func (h *hub) watch(s *stream) {
	for _, userID := range s.watched {
		h.watchers[userID] = append(h.watchers[userID], s)
	}
}

func (h *hub) unwatch(s *stream) {
	for _, userID := range s.watched {
		rest := slices.DeleteFunc(h.watchers[userID], func(other *stream) bool { return other == s })
		if len(rest) == 0 {
			delete(h.watchers, userID)
		} else {
			h.watchers[userID] = rest
		}
	}
}

// noteLeft tells Redis who is not connected here any more.
func (h *handler) noteLeft(ctx context.Context) error {
	for some := range slices.Chunk(h.hub.left(h.now()), askedAtOnce) {
		if err := h.presence.disconnected(ctx, some...); err != nil {
			return err // They are no longer refreshed, and forgotten in a minute.
		}
	}
	return nil
}

// noteConnected tells Redis who still is.
func (h *handler) noteConnected(ctx context.Context) error {
	for some := range slices.Chunk(h.hub.people(), askedAtOnce) {
		if err := h.presence.connected(ctx, some...); err != nil {
			return err
		}
	}
	return nil
}

package realtime

import (
	"context"
	"slices"
	"sync"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// hub knows the streams that are open in this process.
type hub struct {
	perPerson int

	mu       sync.Mutex
	streams  map[int64][]*stream // by person
	watchers map[int64][]*stream // by whom they watch
	// leaving are those whose last stream has ended a moment ago, and when.
	leaving  map[int64]time.Time
	open     int
	stopping bool
	// empty is closed when the last stream has ended after stopping.
	empty chan struct{}
}

func newHub(perPerson int) *hub {
	return &hub{
		perPerson: perPerson, streams: map[int64][]*stream{}, watchers: map[int64][]*stream{}, leaving: map[int64]time.Time{},
		empty: make(chan struct{}),
	}
}

// join adds a stream: from now on it is woken. It answers whether it is the first of its person here.
func (h *hub) join(s *stream) (first bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.stopping:
		return false, errStopping()
	case len(h.streams[s.userID]) >= h.perPerson:
		return false, rpc.Fail(errorsv1.Reason_REASON_TOO_MANY_STREAMS, "you have %d streams open, which is as many as one may: close one", h.perPerson).
			With("limit", h.perPerson).After(tooManyRetry)
	}
	h.streams[s.userID] = append(h.streams[s.userID], s)
	h.watch(s)
	h.open++
	_, back := h.leaving[s.userID]
	delete(h.leaving, s.userID)
	return len(h.streams[s.userID]) == 1 && !back, nil
}

// leave takes a stream out.
func (h *hub) leave(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	rest := slices.DeleteFunc(h.streams[s.userID], func(other *stream) bool { return other == s })
	if len(rest) == 0 {
		delete(h.streams, s.userID)
		h.leaving[s.userID] = s.now()
	} else {
		h.streams[s.userID] = rest
	}
	h.unwatch(s)
	if h.open--; h.stopping && h.open == 0 {
		close(h.empty)
	}
}

// of answers the streams of people, or all when the shared log is among them.
func (h *hub) of(people []int64) []*stream {
	if slices.Contains(people, sharedLog) {
		return h.all()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var streams []*stream
	for _, userID := range people {
		streams = append(streams, h.streams[userID]...)
	}
	return streams
}

// all answers every stream.
func (h *hub) all() []*stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	streams := make([]*stream, 0, h.open)
	for _, of := range h.streams {
		streams = append(streams, of...)
	}
	return streams
}

// endSessions ends the streams of sessions that have ended.
func (h *hub) endSessions(sessions []int64) {
	if len(sessions) == 0 {
		return
	}
	ended := make(map[int64]bool, len(sessions))
	for _, id := range sessions {
		ended[id] = true
	}
	for _, s := range h.all() {
		if ended[s.sessionID] {
			s.end(endRevoked)
		}
	}
}

// stop has all streams end, and no other begin. It returns when they have ended, or with ctx.
func (h *hub) stop(ctx context.Context) {
	h.mu.Lock()
	if !h.stopping {
		h.stopping = true
		if h.open == 0 {
			close(h.empty)
		}
	}
	h.mu.Unlock()
	for _, s := range h.all() {
		s.end(endStopping)
	}
	select {
	case <-h.empty:
	case <-ctx.Done():
	}
}

// count answers how many streams are open.
func (h *hub) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open
}

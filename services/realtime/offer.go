package realtime

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/streamitem"
)

const (
	// offerTimeout bounds the read of what a hint tells of; streams read by themselves when it takes longer.
	offerTimeout = 2 * time.Second
	// offerShare is how many times as many people a hint may be about as have a stream here: of more, too much would be read that
	// is for nobody.
	offerShare = 4
)

// grown has the streams of people go on whose logs have grown. What was logged is read once for all of them: in a busy moment
// that is one query instead of two for each stream.
func (h *handler) grown(ids []int64) {
	if len(ids) < 3 {
		return
	}
	people := ids[2:]
	streams := h.hub.of(people)
	if len(streams) < 2 || len(people) > offerShare*len(streams) || slices.Contains(people, sharedLog) {
		for _, s := range streams {
			s.advanced()
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), offerTimeout)
	defer cancel()
	items, err := h.log.between(ctx, ids[0], ids[1])
	if err != nil {
		h.logger.WarnContext(ctx, "streams read by themselves what was logged", "error", err)
	}
	byPerson := make(map[int64][]*ent.StreamItem, len(streams))
	for _, item := range items {
		byPerson[item.UserID] = append(byPerson[item.UserID], item)
	}
	for _, s := range streams {
		s.offer(byPerson[s.userID])
	}
}

// between answers the items whose ids are in a range, both ends included. Those that one transaction logged have ids that follow
// each other.
func (l streamLog) between(ctx context.Context, first, last int64) ([]*ent.StreamItem, error) {
	items, err := l.db.StreamItem.Query().Where(streamitem.IDGTE(first), streamitem.IDLTE(last)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what was logged: %w", err)
	}
	return items, nil
}

// offer has the stream tell items of its person's log. Of none, or of more than it would read at once, it reads the log.
func (s *stream) offer(items []*ent.StreamItem) {
	s.mu.Lock()
	if len(items) == 0 || len(s.offered)+len(items) > pageItems {
		s.offered = nil
		s.ahead.Store(true)
	} else {
		s.offered = append(s.offered, items...)
	}
	s.mu.Unlock()
	s.wake()
}

// accept answers what was offered that comes next, as a page of the log. It is not ok when something in between is missing.
func (s *stream) accept() (p page, ok bool) {
	s.mu.Lock()
	items := s.offered
	s.offered = nil
	s.mu.Unlock()
	p.end = s.at
	slices.SortFunc(items, func(a, b *ent.StreamItem) int { return cmp.Compare(a.Sequence, b.Sequence) })
	for _, item := range items {
		switch {
		case item.Sequence <= p.end.own.sequence: // The stream has read it by itself.
		case item.Sequence == p.end.own.sequence+1:
			p.items = append(p.items, item)
			p.end.own.sequence = item.Sequence
		default:
			return p, false
		}
	}
	return p, true
}

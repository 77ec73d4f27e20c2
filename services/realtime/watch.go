package realtime

import (
	"context"
	"slices"
	"time"

	entsession "github.com/pulse-social/pulse/ent/session"
	"github.com/pulse-social/pulse/services/internal/bus"
)

const (
	// compareEvery bounds what a lost hint costs.
	compareEvery = 15 * time.Second
	// sessionsEvery is how often it is asked whether the sessions of streams live, should the hint of an end be lost.
	sessionsEvery = 500 * time.Millisecond
	// askedAtOnce is of how many people or sessions is asked in one query.
	askedAtOnce = 1000
)

// watch wakes and ends streams as hints say.
func (h *handler) watch(hints *bus.Hints, signals *bus.Signals) error {
	gap := func() {
		for _, s := range h.hub.all() {
			s.advanced()
		}
	}
	if err := hints.Watch(bus.StreamAdvanced, h.grown, gap); err != nil {
		return err
	}
	if err := hints.Watch(bus.SessionsEnded, h.hub.endSessions, func() {}); err != nil {
		return err
	}
	renamed := h.sources.copies.forget
	if err := hints.Watch(bus.PersonChanged, func([]int64) { renamed() }, renamed); err != nil {
		return err
	}
	if err := signals.Watch(bus.TypingSignal, h.typed); err != nil {
		return err
	}
	return signals.Watch(bus.PresenceSignal, h.appeared)
}

// background does what nobody asks for, until ctx ends.
func (h *handler) background(ctx context.Context) {
	often, compare, refresh, prune := time.NewTicker(sessionsEvery), time.NewTicker(compareEvery), time.NewTicker(presenceRefresh), time.NewTicker(pruneEvery)
	for _, ticker := range []*time.Ticker{often, compare, refresh, prune} {
		defer ticker.Stop()
	}
	h.try(ctx, "drop what is old", h.prune) // A process that is restarted often would not come to it otherwise.
	for {
		select {
		case <-ctx.Done():
			return
		case <-often.C:
			h.try(ctx, "look for ended sessions", h.checkSessions)
			h.try(ctx, "note who has left", h.noteLeft)
		case <-compare.C:
			h.try(ctx, "compare logs", h.compare)
		case <-refresh.C:
			h.try(ctx, "note who is connected", h.noteConnected)
		case <-prune.C:
			h.try(ctx, "drop what is old", h.prune)
		}
	}
}

// try does something that is done again later, should it fail.
func (h *handler) try(ctx context.Context, what string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		h.logger.WarnContext(ctx, "streams: to be done again later", "what", what, "error", err)
	}
}

// checkSessions ends the streams of sessions that have ended.
func (h *handler) checkSessions(ctx context.Context) error {
	var sessions []int64
	for _, s := range h.hub.all() {
		sessions = append(sessions, s.sessionID)
	}
	slices.Sort(sessions)
	for some := range slices.Chunk(slices.Compact(sessions), askedAtOnce) {
		ended, err := h.db.Session.Query().Where(
			entsession.IDIn(some...), entsession.Or(entsession.RevokedAtNotNil(), entsession.ExpiresAtLTE(h.now())),
		).IDs(ctx)
		if err != nil {
			return err
		}
		h.hub.endSessions(ended)
	}
	return nil
}

// compare wakes the streams that are behind their logs.
func (h *handler) compare(ctx context.Context) error {
	shared, err := h.log.heads(ctx, sharedLog)
	if err != nil {
		return err
	}
	byPerson := map[int64][]*stream{}
	var people []int64
	for _, s := range h.hub.all() {
		if head := shared[sharedLog]; head != nil && head.Sequence > s.noted[1].Load() {
			s.advanced()
			continue
		}
		if byPerson[s.userID] == nil {
			people = append(people, s.userID)
		}
		byPerson[s.userID] = append(byPerson[s.userID], s)
	}
	for some := range slices.Chunk(people, askedAtOnce) {
		heads, err := h.log.heads(ctx, some...)
		if err != nil {
			return err
		}
		for _, userID := range some {
			for _, s := range byPerson[userID] {
				if head := heads[userID]; head == nil || head.Sequence > s.noted[0].Load() {
					s.advanced()
				}
			}
		}
	}
	return nil
}

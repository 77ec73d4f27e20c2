package realtime

import (
	"context"
	"time"

	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/gen/pulse/realtime/v1/realtimev1connect"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// Subscribe streams what concerns the caller. The stream can be woken before it first reads the log: what is logged between the
// two is either read or wakes it.
func (h *handler) Subscribe(ctx context.Context, req *realtimev1.SubscribeRequest, out realtimev1connect.RealtimeServiceSubscribeServerStream) error {
	caller := auth.Caller(ctx)
	var at position
	var err error
	h.aside.do(func() { at, err = h.begin(ctx, caller.UserID, req.GetCursor()) })
	if err != nil {
		return err
	}
	s := &stream{
		handler: h, userID: caller.UserID, sessionID: caller.SessionID, expires: caller.ExpireTime,
		at: at, out: out, outlet: rpc.OutletOf(ctx), woken: make(chan struct{}, 1),
		watched: id.Unique(req.GetWatchedUserIds()),
	}
	if len(s.watched) > 0 {
		s.appears = map[int64]realtimev1.PresenceState{}
	}
	s.note(at)
	s.ahead.Store(true)
	first, err := h.hub.join(s)
	if err != nil {
		return err
	}
	defer h.hub.leave(s)
	if first {
		h.try(ctx, "note who is connected", func(ctx context.Context) error { return h.presence.connected(ctx, s.userID) })
	}
	err = s.run(ctx)
	h.metrics.ended(ctx, err)
	return err
}

// begin answers where a stream begins, and has things logged for its person from now on.
func (h *handler) begin(ctx context.Context, userID int64, cursor string) (position, error) {
	if cursor == "" {
		return h.log.open(ctx, userID)
	}
	at, err := readCursor(cursor, userID)
	if err != nil {
		return at, err
	}
	if _, err := h.log.open(ctx, userID); err != nil {
		return at, err
	}
	heads, err := h.log.heads(ctx, userID, sharedLog)
	if err != nil {
		return at, err
	}
	return at, at.check(heads)
}

// tooManyRetry is when it makes sense to try again for who has too many streams open.
const tooManyRetry = 30 * time.Second

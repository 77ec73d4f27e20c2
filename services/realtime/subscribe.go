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

// Subscribe streams what concerns the caller.
func (h *handler) Subscribe(ctx context.Context, req *realtimev1.SubscribeRequest, out realtimev1connect.RealtimeServiceSubscribeServerStream) error {
	var s *stream
	var err error
	h.aside.Do(func() { s, err = h.join(ctx, req, out) })
	if err != nil {
		return err
	}
	defer h.hub.leave(s)
	err = s.run(ctx)
	h.metrics.ended(ctx, err)
	return err
}

// join opens a stream that is to be left. It can be woken before it first reads the log: what is logged between the two is either
// read or wakes it.
func (h *handler) join(ctx context.Context, req *realtimev1.SubscribeRequest, out realtimev1connect.RealtimeServiceSubscribeServerStream) (*stream, error) {
	caller := auth.Caller(ctx)
	at, err := h.begin(ctx, caller.UserID, req.GetCursor())
	if err != nil {
		return nil, err
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
	s.first, err = h.hub.join(s)
	return s, err
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

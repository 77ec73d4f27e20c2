package pulse

import (
	"context"
	"errors"
	"io"
	"time"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/gen/pulse/realtime/v1/realtimev1connect"
)

// openTimeout is how long the server may take until a stream is open.
const openTimeout = 15 * time.Second

// errSilent is why a stream is given up on which nothing comes.
var errSilent = connect.NewError(connect.CodeUnavailable, "nothing came for twice the heartbeat interval: the connection is taken for dead")

// streamEnd is how a stream of a subscription has ended.
type streamEnd struct {
	err   error         // why; nil when the end was foreseen
	final bool          // no other stream can do better
	again bool          // another one is to be opened at once
	pause time.Duration // how long the server asks to wait before
}

// follow opens a stream and passes on what it brings until it ends.
func (s *subscription) follow(ctx context.Context) streamEnd {
	tokens, err := s.client.session.fresh(ctx)
	if err != nil {
		failure := newError(ctx, err)
		return streamEnd{err: failure, final: endsSession(err) || !s.passing(failure)}
	}
	stream, err := s.open(ctx, tokens)
	if err != nil {
		return s.judge(ctx, tokens, err)
	}
	defer stream.close()
	for {
		msg, err := stream.receive()
		if err != nil {
			return s.judge(ctx, tokens, err)
		}
		if closing := msg.GetClosing(); closing != nil {
			return s.close(ctx, tokens, closing)
		}
		s.deal(msg)
		if s.left {
			return streamEnd{}
		}
	}
}

// close makes ready for the next stream when the server has announced the end of this one.
func (s *subscription) close(ctx context.Context, tokens *identityv1.Tokens, closing *realtimev1.Closing) streamEnd {
	s.fruitful = true
	end := streamEnd{pause: min(max(0, closing.GetRetryDelay().AsDuration()), longestRetryAfter)}
	if closing.GetReason() == realtimev1.CloseReason_CLOSE_REASON_TOKEN_EXPIRES && tokens.GetRefreshToken() != "" {
		if _, err := s.client.session.refresh(ctx, tokens); err != nil {
			return streamEnd{err: newError(ctx, err), final: endsSession(err), pause: end.pause}
		}
	}
	return end
}

// judge answers what is to be done about the end of a stream.
func (s *subscription) judge(ctx context.Context, tokens *identityv1.Tokens, err error) streamEnd {
	failure := newError(ctx, err)
	switch failure.Reason {
	case errorsv1.Reason_REASON_CURSOR_EXPIRED:
		if s.expired || s.req.GetCursor() == "" {
			return streamEnd{err: failure, final: true} // There was no cursor that could have expired.
		}
		s.expired = true
		return streamEnd{again: true}
	case errorsv1.Reason_REASON_SESSION_REVOKED:
		return streamEnd{err: s.client.session.forget(ctx, tokens, failure), final: true}
	case errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID:
		return s.renew(ctx, tokens, failure)
	default:
		return streamEnd{err: failure, final: !s.passing(failure), pause: min(failure.RetryAfter, longestRetryAfter)}
	}
}

// renew gets other tokens in place of those that were refused, unless these are what a refresh has just brought.
func (s *subscription) renew(ctx context.Context, refused *identityv1.Tokens, failure *Error) streamEnd {
	if refused.GetRefreshToken() == "" || s.refused {
		return streamEnd{err: failure, final: true}
	}
	s.refused = true
	tokens, err := s.client.session.refresh(ctx, refused)
	switch {
	case err != nil:
		return streamEnd{err: newError(ctx, err), final: endsSession(err)}
	case tokens == nil: // logged out in the meantime
		return streamEnd{err: failure, final: true}
	default:
		return streamEnd{again: true}
	}
}

// openStream is a stream that is watched for signs of life.
type openStream struct {
	stream realtimev1connect.RealtimeServiceSubscribeClientStream
	ctx    context.Context // A stream lives as long as its call.
	cancel context.CancelCauseFunc
	limit  time.Duration // how long nothing may come
}

func (s *subscription) open(ctx context.Context, tokens *identityv1.Tokens) (*openStream, error) {
	ctx, info := connect.NewClientContext(ctx)
	if tokens != nil {
		info.RequestHeader().Set(authorizationHeader, "Bearer "+tokens.GetAccessToken())
	}
	ctx, cancel := context.WithCancelCause(ctx)
	o := &openStream{ctx: ctx, cancel: cancel, limit: openTimeout}
	req := s.req
	if s.expired {
		req = &realtimev1.SubscribeRequest{WatchedUserIds: req.GetWatchedUserIds()}
	}
	err := o.watched(func() (err error) {
		o.stream, err = s.client.Realtime.Subscribe(ctx, req)
		return err
	})
	if err != nil {
		cancel(nil)
		return nil, err
	}
	return o, nil
}

// receive answers what comes next.
func (o *openStream) receive() (msg *realtimev1.SubscribeResponse, err error) {
	err = o.watched(func() (err error) {
		msg, err = o.stream.Receive()
		return err
	})
	if interval := msg.GetOpened().GetHeartbeatInterval().AsDuration(); interval > 0 {
		o.limit = 2 * interval
	}
	if errors.Is(err, io.EOF) && endOfStream(err) {
		err = connect.NewError(connect.CodeUnavailable, "the server has ended the stream")
	}
	return msg, err
}

// watched does something that waits for the server, and gives the stream up when that takes too long.
func (o *openStream) watched(do func() error) error {
	timer := time.AfterFunc(o.limit, func() { o.cancel(errSilent) })
	defer timer.Stop()
	err := do()
	if err != nil && errors.Is(context.Cause(o.ctx), errSilent) {
		return errSilent
	}
	return err
}

func (o *openStream) close() {
	o.cancel(nil)
	_ = o.stream.Close() // Nothing is asked of it any more.
}

package realtime

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/gen/pulse/realtime/v1/realtimev1connect"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

const (
	// expiryNotice is how long before the access token expires a stream says so.
	expiryNotice = 10 * time.Second
	// farewell is how long a stream that ends may take to say so.
	farewell = time.Second
	// stoppingDelay is the longest that clients of a process that stops are asked to wait before they come back: so they do not
	// all come at once.
	stoppingDelay = 2 * time.Second
	// firstRetry and longestRetry bound the pause after what could not be read; it doubles each time.
	firstRetry   = 250 * time.Millisecond
	longestRetry = 5 * time.Second
)

// ending is why a stream is to end.
type ending int32

const (
	endNot ending = iota
	endStopping
	endRevoked
)

// stream is one open stream. The goroutine of its call waits and has one thing after another done aside; others only wake it.
type stream struct {
	*handler
	userID, sessionID int64
	// expires is when the access token does.
	expires time.Time
	out     realtimev1connect.RealtimeServiceSubscribeServerStream
	outlet  *rpc.Outlet
	// first is whether the person had no other open in this process.
	first bool

	// at is up to where everything was told; noted is the same for others to look at.
	at    position
	noted [2]atomic.Int64
	// sent is when something was last sent, retry the pause after what could not be read.
	sent  time.Time
	retry time.Duration
	// warned is whether the stream has said that the token expires.
	warned bool

	// watched are whose presence is told, appears what was told of them, looked when all were last looked at.
	watched []int64
	appears map[int64]realtimev1.PresenceState
	looked  time.Time
	// offered are items of the log that were read for the stream; typing and appeared are what is yet to be told, or looked at.
	mu       sync.Mutex
	offered  []*ent.StreamItem
	typing   map[typing]bool
	appeared map[int64]bool

	// woken has something in it when there is something to do; ahead is whether the log has grown.
	woken chan struct{}
	ahead atomic.Bool
	// ending is why the stream is to end.
	ending atomic.Int32
}

// advanced has the stream read its logs.
func (s *stream) advanced() {
	s.ahead.Store(true)
	s.wake()
}

func (s *stream) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// end has the stream end, also while its client does not read.
func (s *stream) end(why ending) {
	if s.ending.CompareAndSwap(int32(endNot), int32(why)) {
		s.outlet.Hurry(farewell)
		s.wake()
	}
}

// note lets others know where the stream is at.
func (s *stream) note(at position) {
	s.at = at
	s.noted[0].Store(at.own.sequence)
	s.noted[1].Store(at.shared.sequence)
}

// run tells what there is to tell until the stream ends, and answers why it did.
func (s *stream) run(ctx context.Context) error {
	var err error
	s.aside.Do(func() { err = s.opened(ctx) })
	if err != nil {
		return err
	}
	timer := time.NewTimer(s.config.Heartbeat)
	defer timer.Stop()
	for {
		var pause time.Duration
		s.aside.Do(func() { pause, err = s.step(ctx) })
		if err != nil {
			return err
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.woken:
		case <-timer.C:
		}
	}
}

// step does all that there is to do now, and answers how long the stream may then rest.
func (s *stream) step(ctx context.Context) (time.Duration, error) {
	left, err := s.expiry()
	if err != nil {
		return 0, err
	}
	if err := s.goOn(ctx); err != nil {
		return 0, err
	}
	if err := s.mayGoOn(); err != nil {
		return 0, err
	}
	if err := s.tellSignals(ctx); err != nil {
		return 0, err
	}
	quiet := s.now().Sub(s.sent)
	if quiet >= s.config.Heartbeat || quiet < 0 {
		beat := &realtimev1.SubscribeResponse_Heartbeat{Heartbeat: &realtimev1.Heartbeat{}}
		if err := s.send(&realtimev1.SubscribeResponse{Cursor: s.at.cursor(), Event: beat}); err != nil {
			return 0, err
		}
		quiet = 0
	}
	pause := min(left, s.config.Heartbeat-quiet)
	if s.retry > 0 {
		pause = min(pause, s.retry)
	}
	return pause, nil
}

// goOn tells what was logged since, unless it is to be tried again later.
func (s *stream) goOn(ctx context.Context) error {
	ahead := s.ahead.Swap(false)
	offered, whole := s.accept()
	var err error
	switch {
	case ahead || !whole:
		err = s.catchUp(ctx)
	case len(offered.items) > 0:
		err = s.tellPage(ctx, offered)
	default:
		return nil
	}
	if err == nil {
		s.retry = 0
		return nil
	}
	if isFinal(err) || ctx.Err() != nil {
		return err
	}
	s.logger.WarnContext(ctx, "stream waits", "error", err)
	s.ahead.Store(true)
	s.retry = min(max(2*s.retry, firstRetry), longestRetry)
	return nil
}

// expiry says in time that the access token expires, and ends the stream when it has. It answers when to look again.
func (s *stream) expiry() (time.Duration, error) {
	left := s.expires.Sub(s.now())
	if left <= 0 {
		return 0, auth.ErrToken
	}
	if left > expiryNotice {
		return left - expiryNotice, nil
	}
	if !s.warned {
		s.warned = true
		return left, s.closing(realtimev1.CloseReason_CLOSE_REASON_TOKEN_EXPIRES, 0)
	}
	return left, nil
}

// mayGoOn ends the stream when it is to end.
func (s *stream) mayGoOn() error {
	switch ending(s.ending.Load()) {
	case endNot:
	case endRevoked:
		return auth.ErrRevoked
	case endStopping:
		delay := time.Duration(rand.Int64N(int64(stoppingDelay))) //nolint:gosec // Jitter.
		return errors.Join(s.closing(realtimev1.CloseReason_CLOSE_REASON_SERVER_STOPPING, delay), errStopping())
	}
	return nil
}

func errStopping() error {
	return rpc.Fail(errorsv1.Reason_REASON_SERVER_STOPPING, "the server stops: subscribe again with the last cursor")
}

// opened notes that the person is there, and says that the stream is open, and until when.
func (s *stream) opened(ctx context.Context) error {
	if s.first {
		s.try(ctx, "note who is connected", func(ctx context.Context) error { return s.presence.connected(ctx, s.userID) })
	}
	opened := &realtimev1.Opened{HeartbeatInterval: durationpb.New(s.config.Heartbeat), ExpireTime: timestamppb.New(s.expires)}
	return s.send(&realtimev1.SubscribeResponse{Cursor: s.at.cursor(), Event: &realtimev1.SubscribeResponse_Opened{Opened: opened}})
}

// closing says that the end is near.
func (s *stream) closing(why realtimev1.CloseReason, delay time.Duration) error {
	return s.send(&realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_Closing{
		Closing: &realtimev1.Closing{Reason: why, RetryDelay: durationpb.New(delay)},
	}})
}

// catchUp tells all that was logged since.
func (s *stream) catchUp(ctx context.Context) error {
	for {
		p, err := s.log.read(ctx, s.at)
		if err != nil {
			return err
		}
		if err := s.tellPage(ctx, p); err != nil || !p.more {
			return err
		}
	}
}

// tellPage tells what comes next in the log.
func (s *stream) tellPage(ctx context.Context, p page) error {
	if len(p.items) == 0 {
		s.note(p.end)
		return nil
	}
	told, err := s.sources.tell(ctx, s.userID, p.items)
	if err != nil {
		return err
	}
	for i, item := range p.items {
		if item.UserID == sharedLog {
			s.at.own, s.at.shared.sequence = p.end.own, item.Sequence
		} else {
			s.at.own.sequence = item.Sequence
		}
		if told[i] == nil {
			continue // Not for the person, or not any more.
		}
		if err := s.mayGoOn(); err != nil {
			return err
		}
		told[i].Cursor = s.at.cursor()
		if err := s.send(told[i]); err != nil {
			return err
		}
		s.metrics.delivered(ctx, item.Kind, s.now().Sub(id.Time(item.ID)))
	}
	s.note(p.end)
	return nil
}

// send sends something. A client that does not read for too long is cut off.
func (s *stream) send(what *realtimev1.SubscribeResponse) error {
	err := s.outlet.Send(s.config.SendTimeout, func() error { return s.out.Send(what) })
	switch {
	case errors.Is(err, rpc.ErrTooSlow) && ending(s.ending.Load()) == endRevoked:
		return auth.ErrRevoked
	case errors.Is(err, rpc.ErrTooSlow):
		return rpc.Fail(errorsv1.Reason_REASON_STREAM_TOO_SLOW, "the client did not read for %s: subscribe again with the last cursor", s.config.SendTimeout)
	case err != nil:
		return goneError{err}
	}
	s.sent = s.now()
	return nil
}

// goneError tells that the client has gone.
type goneError struct{ error }

// Unwrap lets errors.Is and errors.As see the cause.
func (e goneError) Unwrap() error { return e.error }

// isFinal tells what ends a stream from what may be better in a moment, such as a service that is away.
func isFinal(err error) bool {
	if _, failed := errors.AsType[*rpc.Failure](err); failed {
		return true
	}
	if _, gone := errors.AsType[goneError](err); gone {
		return true
	}
	return errors.Is(err, auth.ErrToken) || errors.Is(err, auth.ErrRevoked) || rpc.Unauthenticated(err)
}

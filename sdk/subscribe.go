package pulse

import (
	"context"
	"iter"
	"math/rand/v2"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
)

const (
	// The pause before a stream is opened again is random up to reopenBase, and up to twice as much after each attempt
	// that brought nothing, at most reopenCap.
	reopenBase = 100 * time.Millisecond
	reopenCap  = 10 * time.Second
)

// An Update is one thing that [Client.Subscribe] tells.
type Update struct {
	// Event is what happened. It is one of the wrappers of [realtimev1.SubscribeResponse], such as
	// *realtimev1.SubscribeResponse_MessageSent, or a [*Resync] or [*Interrupted]. Heartbeats are not told, nor is Closing.
	// More may be added; leave alone what you do not know.
	Event any

	// Cursor is where to go on when this update and all before it have been dealt with. It is empty only before the first
	// stream was open.
	Cursor string
}

// Resync is told when the cursor was older than what the server keeps. What happened since is not told: read
// timelines, conversations and notifications anew. The new stream is open already, so that what happens while they
// are read is told after it; some of that may be in what was read.
type Resync struct{}

// Interrupted is told when the stream has broken. It comes again by itself, and nothing is lost; this is for those who
// show that they are not connected, or log it.
type Interrupted struct {
	// Err is why, an [*Error].
	Err error

	// Pause is how long it takes until the next attempt.
	Pause time.Duration
}

// Subscribe ranges over what happens to the signed-in person, as it happens and for as long as the loop runs. It begins
// after the cursor of the request, or now when that is empty.
//
// When the stream breaks, the server stops or the access token expires, it goes on where it was, on whichever server:
// every durable update comes exactly once, and those of a conversation in order. An update counts as dealt with when the
// loop's body has returned. To go on in another process, keep the Cursor of the last one and begin with it. Each time
// that a stream is open, the first time included, *realtimev1.SubscribeResponse_Opened is told. Presence is told anew
// after it: take the watched people for absent until then. Typing and presence that came while there was no stream are
// not told.
//
// A connection on which nothing comes for twice the server's heartbeat interval is given up. Whoever deals with an
// update for longer than about ten seconds gets the next ones from a new stream.
//
// The sequence ends when the loop does, or with an error: that of ctx, or an [*Error] which trying again does not
// change, such as SESSION_REVOKED, SIGN_IN_REQUIRED, CURSOR_INVALID, or TOO_MANY_STREAMS on the first attempt. As long as
// there is no connection it tries again, without end: give ctx a deadline to give up. Errors are yielded with an
// empty update. The request is not changed.
func (c *Client) Subscribe(ctx context.Context, req *realtimev1.SubscribeRequest) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		s := &subscription{client: c, req: proto.CloneOf(req), yield: yield}
		if s.req == nil {
			s.req = new(realtimev1.SubscribeRequest)
		}
		if err := s.run(ctx); err != nil {
			yield(Update{}, err)
		}
	}
}

// A subscription is one range over Subscribe.
type subscription struct {
	client *Client
	req    *realtimev1.SubscribeRequest // its cursor is that of the last update that was dealt with
	yield  func(Update, error) bool

	expired  bool // the server does not know the way on from the cursor any more
	opened   bool // some stream was open
	refused  bool // the access token was refused since the last stream was open
	left     bool // the loop has been left
	fruitful bool // the stream at hand has brought something
	failures int  // attempts in a row that brought nothing
}

// run opens one stream after the other, and answers why it does not open another one; nil when the loop was left.
func (s *subscription) run(ctx context.Context) error {
	for {
		s.fruitful = false
		end := s.follow(ctx)
		switch {
		case s.left:
			return nil
		case ctx.Err() != nil:
			return newError(ctx, ctx.Err())
		case end.final:
			return end.err
		case end.again:
			continue
		}
		if s.fruitful {
			s.failures = 0
		}
		pause := end.pause
		if end.err != nil {
			pause = max(pause, s.backoff())
			s.tell(Update{Event: &Interrupted{Err: end.err, Pause: pause}, Cursor: s.req.GetCursor()})
			if s.left {
				return nil
			}
		}
		if err := wait(ctx, pause); err != nil {
			return newError(ctx, err)
		}
	}
}

// backoff answers the pause after one more attempt that has failed.
func (s *subscription) backoff() time.Duration {
	bound := min(reopenBase<<min(s.failures, 10), reopenCap)
	s.failures++
	return rand.N(bound) + time.Millisecond //nolint:gosec // Nobody gains from guessing a pause.
}

// tell yields an update, and takes it for dealt with when the loop goes on.
func (s *subscription) tell(update Update) {
	if s.left = !s.yield(update, nil); !s.left {
		s.req.Cursor = update.Cursor
	}
}

// deal passes on what a stream has brought.
func (s *subscription) deal(msg *realtimev1.SubscribeResponse) {
	cursor := msg.GetCursor()
	if cursor == "" {
		cursor = s.req.GetCursor()
	}
	switch msg.GetEvent().(type) {
	case nil: // newer than this package
		s.req.Cursor = cursor
	case *realtimev1.SubscribeResponse_Heartbeat:
		s.fruitful = true
		s.req.Cursor = cursor
	case *realtimev1.SubscribeResponse_Opened:
		s.opened, s.refused = true, false
		if s.expired {
			s.tell(Update{Event: new(Resync), Cursor: cursor})
			s.expired = s.left
		}
		if !s.left {
			s.tell(Update{Event: msg.GetEvent(), Cursor: cursor})
		}
	default:
		s.fruitful = true
		s.tell(Update{Event: msg.GetEvent(), Cursor: cursor})
	}
}

// passing tells whether an attempt that failed may go better when it is repeated.
func (s *subscription) passing(failure *Error) bool {
	if failure.Reason == errorsv1.Reason_REASON_UNSPECIFIED && !failure.cause.IsRemote() {
		return true // The connection, not the server.
	}
	switch failure.Code {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeInvalidArgument, connect.CodeNotFound,
		connect.CodeUnimplemented, connect.CodeFailedPrecondition:
		return false
	default:
		// Streams that broke count until the server notices, so only those who never had one have too many.
		return s.opened || failure.Reason != errorsv1.Reason_REASON_TOO_MANY_STREAMS
	}
}

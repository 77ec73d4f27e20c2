package pulse_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// Each stream ends after two messages, in a way of its own.
func TestSubscribeGoesOnWhateverEndsTheStream(t *testing.T) {
	ends := []error{
		nil,
		unavailable(),
		failure(connect.CodeResourceExhausted, "STREAM_TOO_SLOW"),
		failure(connect.CodeUnavailable, "SERVER_STOPPING"),
		failure(connect.CodeResourceExhausted, "TOO_MANY_STREAMS", retryIn(time.Second)),
		connect.NewError(connect.CodeInternal, "a proxy is at fault"),
		connect.NewError(connect.CodeCanceled, "a process was stopped"),
	}
	synctest.Test(t, func(t *testing.T) {
		client, _, _ := subscribed(t, func(n int, from int64, out out) error {
			out.open(from)
			out.messages(from+1, from+2)
			return ends[(n-1)%len(ends)]
		})
		r := &told{t: t}
		r.until(t.Context(), client, "", 20)
		var want []string
		for n := 1; n <= 20; n += 2 {
			want = append(want, "opened", strconv.Itoa(n), strconv.Itoa(n+1), "interrupted")
		}
		r.want(want[:len(want)-1]...)
	})
}

// What the loop's body did not return from is told again; nothing else is.
func TestSubscribeGoesOnInAnotherProcess(t *testing.T) {
	client, _, feed := subscribed(t, func(_ int, from int64, out out) error {
		out.open(from)
		out.messages(from+1, 20)
		<-out.Done()
		return nil
	})
	r := &told{t: t}
	r.until(t.Context(), client, "5", 8)
	r.until(t.Context(), client, r.cursor, 10)
	r.want("opened", "6", "7", "8", "opened", "9", "10")
	if got := feed.asked(); !slices.Equal(got, []string{"5", "8"}) {
		t.Errorf("asked from %v", got)
	}
}

// A heartbeat moves the cursor, so that a quiet stream does not go on from an old one.
func TestSubscribeTakesTheCursorOfHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _, feed := subscribed(t, func(n int, from int64, out out) error {
			out.open(from)
			if n == 1 {
				out.heartbeat(7)
				return nil
			}
			out.messages(8, 8)
			return nil
		})
		r := &told{t: t}
		r.until(t.Context(), client, "", 8)
		r.want("opened", "interrupted", "opened", "8")
		if got := feed.asked(); !slices.Equal(got, []string{"", "7"}) {
			t.Errorf("asked from %v", got)
		}
	})
}

// The new stream is open before the caller reads all anew, and breaks while they do: what came meanwhile is told still.
func TestSubscribeResyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _, feed := subscribed(t, func(n int, from int64, out out) error {
			switch n {
			case 1:
				return failure(connect.CodeFailedPrecondition, "CURSOR_EXPIRED")
			case 2: // It begins at 100.
				out.open(100)
				return nil
			default:
				out.open(from)
				out.messages(from+1, 103)
				return nil
			}
		})
		r := &told{t: t}
		r.until(t.Context(), client, "1", 103)
		r.want("resync", "opened", "interrupted", "opened", "101", "102", "103")
		if got := feed.asked(); !slices.Equal(got, []string{"1", "", "100"}) {
			t.Errorf("asked from %v", got)
		}
	})
}

// Whoever leaves the loop at a Resync has not read all anew: they are told again.
func TestSubscribeTellsAResyncAgainThatWasNotDealtWith(t *testing.T) {
	client, _, _ := subscribed(t, func(_ int, from int64, out out) error {
		if from == 1 {
			return failure(connect.CodeFailedPrecondition, "CURSOR_EXPIRED")
		}
		out.open(100)
		<-out.Done()
		return nil
	})
	for range 2 {
		for update, err := range client.Subscribe(t.Context(), &realtimev1.SubscribeRequest{Cursor: "1"}) {
			if _, ok := update.Event.(*pulse.Resync); !ok || err != nil {
				t.Fatalf("told %T, %v", update.Event, err)
			}
			break
		}
	}
}

func TestSubscribeRefreshesTheToken(t *testing.T) {
	t.Run("before it expires", func(t *testing.T) {
		client, s, _ := subscribed(t, func(n int, from int64, out out) error {
			out.open(from)
			out.messages(from+1, from+1)
			if n < 3 {
				out.closing(realtimev1.CloseReason_CLOSE_REASON_TOKEN_EXPIRES, 0)
			}
			<-out.Done()
			return nil
		})
		r := &told{t: t}
		r.until(t.Context(), client, "", 3)
		r.want("opened", "1", "opened", "2", "opened", "3")
		var used []string
		for _, call := range s.seen(subscribe) {
			used = append(used, call.authorization)
		}
		if want := []string{"Bearer access-1", "Bearer access-2", "Bearer access-3"}; !slices.Equal(used, want) {
			t.Errorf("used %v, want %v", used, want)
		}
	})
	t.Run("when it is refused", func(t *testing.T) {
		client, s, _ := subscribed(t, func(_ int, from int64, out out) error {
			out.open(from)
			out.messages(1, 1)
			return nil
		})
		s.issue() // From now on the client's is not accepted.
		r := &told{t: t}
		r.until(t.Context(), client, "", 1)
		r.want("opened", "1")
		if got := len(s.seen(refresh)); got != 1 {
			t.Errorf("%d refreshes", got)
		}
	})
	t.Run("but once", func(t *testing.T) {
		client, s, _ := subscribed(t, func(int, int64, out) error {
			return failure(connect.CodeUnauthenticated, "ACCESS_TOKEN_INVALID")
		})
		r := &told{t: t}
		r.until(t.Context(), client, "", 1)
		if pulse.ReasonOf(r.err) != errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID || len(s.seen(subscribe)) != 2 {
			t.Errorf("ended with %v after %d attempts", r.err, len(s.seen(subscribe)))
		}
	})
}

func TestSubscribeEnds(t *testing.T) {
	for _, tc := range []struct {
		code   connect.Code
		reason errorsv1.Reason
	}{
		{connect.CodeUnauthenticated, errorsv1.Reason_REASON_SESSION_REVOKED},
		{connect.CodeUnauthenticated, errorsv1.Reason_REASON_SIGN_IN_REQUIRED},
		{connect.CodeInvalidArgument, errorsv1.Reason_REASON_CURSOR_INVALID},
		{connect.CodeResourceExhausted, errorsv1.Reason_REASON_TOO_MANY_STREAMS},
	} {
		t.Run(tc.reason.String(), func(t *testing.T) {
			client, _, feed := subscribed(t, func(int, int64, out) error {
				return failure(tc.code, tc.reason.String()[len("REASON_"):])
			})
			r := &told{t: t}
			r.until(t.Context(), client, "9", 1)
			if failed, ok := errors.AsType[*pulse.Error](r.err); !ok || failed.Reason != tc.reason || len(feed.asked()) != 1 {
				t.Errorf("ended with %v after %d attempts", r.err, len(feed.asked()))
			}
			signedIn, err := client.SignedIn(t.Context())
			if revoked := tc.reason == errorsv1.Reason_REASON_SESSION_REVOKED; signedIn == revoked || err != nil {
				t.Errorf("SignedIn = %v, %v", signedIn, err)
			}
		})
	}
}

// A session that is revoked ends a stream that is open.
func TestSubscribeEndsWithItsSession(t *testing.T) {
	client, _, _ := subscribed(t, func(_ int, from int64, out out) error {
		out.open(from)
		out.messages(1, 1)
		return failure(connect.CodeUnauthenticated, "SESSION_REVOKED")
	})
	r := &told{t: t}
	r.until(t.Context(), client, "", 2)
	r.want("opened", "1")
	if pulse.ReasonOf(r.err) != errorsv1.Reason_REASON_SESSION_REVOKED {
		t.Errorf("ended with %v", r.err)
	}
}

func TestSubscribeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _, _ := subscribed(t, func(_ int, _ int64, out out) error {
			<-out.Done()
			return out.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := &told{t: t}
		r.until(ctx, client, "", 1)
		if !errors.Is(r.err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", r.err)
		}
	})
}

// A connection on which nothing comes is given up after two heartbeats, not before; one that beats is kept.
func TestSubscribeGivesUpDeadConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _, _ := subscribed(t, func(n int, from int64, out out) error {
			out.open(from)
			if n == 2 {
				out.messages(1, 1)
				return nil
			}
			for range 4 {
				time.Sleep(heartbeat) // By the clock of synctest.
				out.heartbeat(0)
			}
			<-out.Done() // A peer that went without a word.
			return nil
		})
		from := time.Now()
		r := &told{t: t}
		r.until(t.Context(), client, "", 1)
		r.want("opened", "interrupted", "opened", "1")
		if took := time.Since(from); took < 6*heartbeat || took > 6*heartbeat+time.Second {
			t.Errorf("given up after %v, want %v", took, 6*heartbeat)
		}
	})
}

// Pauses double their bound up to ten seconds, and begin anew when a stream has brought something.
func TestSubscribeBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _, _ := subscribed(t, func(n int, from int64, out out) error {
			if n%13 == 0 {
				out.open(from)
				out.messages(from+1, from+1)
			}
			return unavailable()
		})
		r := &told{t: t}
		r.until(t.Context(), client, "", 2)
		for i, pause := range r.pauses {
			bound := min(100*time.Millisecond<<min((i+1)%13, 10), 10*time.Second)
			if (i+1)%13 == 0 {
				bound = 100 * time.Millisecond
			}
			if pause > bound+time.Millisecond {
				t.Errorf("pause %d is %v, want at most %v", i, pause, bound)
			}
		}
		if slowest := slices.Max(r.pauses); slowest < time.Second {
			t.Errorf("24 pauses, and the longest is %v", slowest)
		}
	})
}

func TestSubscribeWaitsAsLongAsAServerThatStopsAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _, _ := subscribed(t, func(n int, from int64, out out) error {
			out.open(from)
			if n == 1 {
				out.closing(realtimev1.CloseReason_CLOSE_REASON_SERVER_STOPPING, 4*time.Second)
				return failure(connect.CodeUnavailable, "SERVER_STOPPING")
			}
			out.messages(1, 1)
			return nil
		})
		from := time.Now()
		r := &told{t: t}
		r.until(t.Context(), client, "", 1)
		r.want("opened", "opened", "1")
		if took := time.Since(from); took != 4*time.Second {
			t.Errorf("came back after %v, want 4s", took)
		}
	})
}

// A stream that is opened without Subscribe carries the token too, and leaves nothing in its context.
func TestStreamsCarryTheHeadersOfCalls(t *testing.T) {
	overEachTransport(t, func(t *testing.T, start func(*server, ...pulse.Option) *pulse.Client) {
		s := newServer()
		s.feed.script = func(_ int, from int64, out out) error { out.open(from); return nil }
		client := start(s, pulse.WithTokens(s.pair(1)), pulse.WithUserAgent("newsbot/1.2"))
		ctx, info := connect.NewClientContext(t.Context())
		stream, err := client.Realtime.Subscribe(ctx, &realtimev1.SubscribeRequest{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stream.Close() }()
		if _, err := stream.Receive(); err != nil {
			t.Fatal(err)
		}
		if got := s.seen(subscribe)[0]; got.authorization != "Bearer access-1" || got.userAgent != "newsbot/1.2" {
			t.Errorf("the stream carries %+v", got)
		}
		if got := info.RequestHeader().Len(); got != 0 {
			t.Errorf("%d headers are left in the caller's context", got)
		}
	})
}

// The cursor of the last update is kept, here in a variable: the next process begins with it.
func ExampleClient_Subscribe() {
	server := startServer()
	defer server.Close()
	client, err := pulse.NewClient(server.URL)
	if err != nil {
		panic(err)
	}

	kept := "40"
	for update, err := range client.Subscribe(context.Background(), &realtimev1.SubscribeRequest{Cursor: kept}) {
		if err != nil {
			panic(err)
		}
		switch event := update.Event.(type) {
		case *realtimev1.SubscribeResponse_MessageSent:
			fmt.Println("message", event.MessageSent.GetId())
		case *pulse.Resync:
			fmt.Println("read everything anew")
		}
		kept = update.Cursor
		if kept == "42" {
			break
		}
	}
	// Output:
	// message 41
	// message 42
}

package streamtest_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// ahead is how much more may have been written than read.
const ahead = 20

// Every connection is cut at some byte, in the head or within an item, 200 times and more.
func TestNothingIsLostOnAWireThatBreaks(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]pulse.Option{"Connect": nil, "gRPC": {pulse.WithGRPC()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			breakWire(t, int64(testwait.Rounds(200)), opts)
		})
	}
}

func breakWire(t *testing.T, cuts int64, opts []pulse.Option) {
	t.Helper()
	p := pulsetest.Start(t)
	tokens := new(pulsetest.Tokens)
	f := befriend(t, p.User(t, "ada"), p.User(t, "bob", pulse.WithTokenStore(tokens)))
	w := layWire(t, address(t, p))
	client := p.Client(t, append(slices.Clone(opts), pulse.WithTokenStore(tokens))...)
	if len(opts) == 0 {
		client = through(t, w, tokens)
	} else if wired, err := pulse.NewClient(w.url(), append(slices.Clone(opts), pulse.WithTokenStore(tokens))...); err == nil {
		client = wired
	}
	var seen atomic.Int64
	r := read(t, client, "", func(update pulse.Update) {
		switch update.Event.(type) {
		case *realtimev1.SubscribeResponse_MessageSent, *realtimev1.SubscribeResponse_TimelinePost:
			seen.Add(1)
		}
	})
	r.waitOpen(t, 1)

	w.longest.Store(3000)
	w.cut()
	w.join()
	var want []string
	for w.cuts.Load() < cuts {
		if n := len(want); n%10 == 9 {
			want = append(want, f.post(t, fmt.Sprint(n)))
		} else {
			want = append(want, f.write(t, fmt.Sprint(n)))
		}
		testwait.Until(t, "the reader to come after", func() bool { return int64(len(want))-seen.Load() < ahead })
	}
	w.longest.Store(0)
	w.cut()
	w.join()
	for _, last := range []string{f.write(t, "last"), f.post(t, "last")} {
		want = append(want, last)
		r.wait(t, last)
	}
	r.end()
	r.want(t, want)
	_, opened, _ := r.see()
	t.Logf("%d cuts, %d streams, %d items", w.cuts.Load(), opened, len(want))
}

// A reader comes back to a server that was stopped, at another address, after the caches were lost, and in a process of its
// own that has kept the cursor.
func TestAStreamOutlivesItsServer(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	readers, writers := new(pulsetest.Tokens), new(pulsetest.Tokens)
	ada := p.User(t, "ada", pulse.WithTokenStore(writers))
	f := befriend(t, ada, p.User(t, "bob", pulse.WithTokenStore(readers)))
	w := layWire(t, address(t, p))
	r := read(t, through(t, w, readers), "", nil)
	r.waitOpen(t, 1)

	want := []string{f.write(t, "before")}
	r.wait(t, want[0])
	restarts := []func(){func() { p.Restart(t, nil) }, func() { p.LoseCaches(t) }}
	for n, restart := range restarts {
		want = append(want, f.write(t, fmt.Sprintf("as it stops %d", n)), f.post(t, fmt.Sprintf("as it stops %d", n)))
		restart()
		w.lead(address(t, p))
		ada.Client = p.Client(t, pulse.WithTokenStore(writers))
		want = append(want, f.write(t, fmt.Sprintf("as it has started %d", n)), f.post(t, fmt.Sprintf("as it has started %d", n)))
		r.wait(t, want[len(want)-1])
		r.wait(t, want[len(want)-2])
	}
	r.end()
	r.want(t, want)

	away := []string{f.write(t, "away"), f.post(t, "away")}
	other := read(t, through(t, w, readers), r.cursor, nil)
	for _, what := range away {
		other.wait(t, what)
	}
	other.end()
	other.want(t, away)
}

// The streams end when the token does, and go on with the next one, without a break that the caller would notice.
func TestAStreamOutlivesItsToken(t *testing.T) {
	t.Parallel()
	var offset atomic.Int64
	p := pulsetest.Start(t, pulsetest.WithClock(func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }),
		pulsetest.WithEnv("PULSE_STREAM_HEARTBEAT", "1s"))
	tokens := new(pulsetest.Tokens)
	f := befriend(t, p.User(t, "ada"), p.User(t, "bob", pulse.WithTokenStore(tokens)))
	r := read(t, through(t, layWire(t, address(t, p)), tokens), "", nil)
	r.waitOpen(t, 1)
	var want []string
	for n := range 3 {
		before, _ := tokens.Load(t.Context())
		want = append(want, f.write(t, fmt.Sprintf("before the end of token %d", n)))
		r.wait(t, want[len(want)-1])
		_, opened, _ := r.see()
		offset.Add(int64(11 * time.Minute))
		r.waitOpen(t, opened+1)
		if after, _ := tokens.Load(t.Context()); after.GetAccessToken() == before.GetAccessToken() {
			t.Errorf("token %d was not refreshed", n)
		}
		want = append(want, f.write(t, fmt.Sprintf("after the end of token %d", n)))
		r.wait(t, want[len(want)-1])
	}
	r.end()
	r.want(t, want)
}

// Whoever was away for too long is told so, on a stream that is open: what comes meanwhile is told after it.
func TestAReaderWhoWasAwayForTooLongReadsAnew(t *testing.T) {
	t.Parallel()
	var offset atomic.Int64
	p := pulsetest.Start(t, pulsetest.WithClock(func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }))
	tokens, writers := new(pulsetest.Tokens), new(pulsetest.Tokens)
	f := befriend(t, p.User(t, "ada", pulse.WithTokenStore(writers)), p.User(t, "bob", pulse.WithTokenStore(tokens)))
	w := layWire(t, address(t, p))
	first := read(t, through(t, w, tokens), "", nil)
	first.waitOpen(t, 1)
	first.wait(t, f.write(t, "there"))
	first.end()

	f.write(t, "unseen")
	p.Settle(t)
	offset.Store(int64(8 * 24 * time.Hour))
	p.Restart(t, nil) // A process that starts drops what is old.
	w.lead(address(t, p))
	f.ada.Client = p.Client(t, pulse.WithTokenStore(writers))
	var meanwhile atomic.Pointer[string]
	testwait.Until(t, "what is old to be dropped, and what came meanwhile to be told", func() bool {
		second := read(t, through(t, w, tokens), first.cursor, func(update pulse.Update) {
			if _, ok := update.Event.(*pulse.Resync); ok {
				text := f.write(t, "while all is read anew")
				meanwhile.Store(&text)
			}
		})
		defer second.end()
		testwait.Until(t, "something to be told", func() bool { told, _, _ := second.see(); return len(told) > 0 })
		told, _, err := second.see()
		return err == nil && meanwhile.Load() != nil && slices.Equal(told, []string{*meanwhile.Load()})
	})
}

// A session that is ended elsewhere ends the stream within a second.
func TestAStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	tokens := new(pulsetest.Tokens)
	bob := p.User(t, "bob", pulse.WithTokenStore(tokens))
	kept, _ := tokens.Load(t.Context())
	r := read(t, through(t, layWire(t, address(t, p)), fixed(kept)), "", nil)
	r.waitOpen(t, 1)
	if err := bob.LogOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	from := time.Now()
	<-r.done
	if took := time.Since(from); took > time.Second {
		t.Errorf("the stream has ended after %v", took)
	}
	if _, _, err := r.see(); pulse.ReasonOf(err) != errorsv1.Reason_REASON_SESSION_REVOKED {
		t.Errorf("ended with %v", err)
	}
}

package limit_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"go.uber.org/goleak"

	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/testbackend"
)

func TestMain(m *testing.M) {
	// A client of a cluster, which miniredis says it is, looks at its nodes again a second after one has gone.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"))
}

// A hand is a clock that a test moves.
type hand struct {
	mu sync.Mutex
	at time.Time
}

func newHand() *hand { return &hand{at: time.Now().UTC()} }

func (h *hand) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hand) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

// open connects to a Redis; none means the embedded one.
func open(t *testing.T, url string) *kv.KV {
	t.Helper()
	return patient(t, url, 10*time.Second)
}

// patient connects to a Redis that has so long to answer.
func patient(t *testing.T, url string, timeout time.Duration) *kv.KV {
	t.Helper()
	k, err := kv.Open(t.Context(), kv.Config{URL: url, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// away connects to a Redis that then goes away.
func away(t *testing.T) *kv.KV {
	t.Helper()
	server := miniredis.RunT(t)
	k := patient(t, "redis://"+server.Addr(), 100*time.Millisecond)
	server.Close()
	return k
}

func all(r limit.Rate) limit.Config {
	return limit.Config{Read: r, Write: r, SignIn: r, Expensive: r, Account: r}
}

// takes counts how many calls in a row are let through, at most most.
func takes(t *testing.T, l *limit.Limiter, class limit.Class, who limit.Who, most int) int {
	t.Helper()
	for n := range most {
		if !l.Take(t.Context(), class, who).OK {
			return n
		}
	}
	return most
}

var classes = []limit.Class{limit.Read, limit.Write, limit.SignIn, limit.Expensive, limit.Account}

// TestALimitIsUsedUpAndComesBack runs on Redis, and on what a process counts while Redis is away.
func TestALimitIsUsedUpAndComesBack(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]*kv.KV{"redis": open(t, testbackend.Redis(t)), "without redis": away(t)} {
		for _, class := range classes {
			t.Run(name+" "+class.String(), func(t *testing.T) {
				t.Parallel()
				at := newHand()
				l := limit.New(all(limit.Rate{Calls: 3, Window: time.Minute}), k, at.now)
				who := limit.Login(t.Name())
				if n := takes(t, l, class, who, 10); n != 3 {
					t.Fatalf("%d calls were let through, want 3", n)
				}
				refused := l.Take(t.Context(), class, who)
				if refused.OK || refused.RetryAfter <= 19*time.Second || refused.RetryAfter > 20*time.Second || refused.Rate.Calls != 3 {
					t.Errorf("the next: %+v, want it refused for 20s", refused)
				}
				if !l.Take(t.Context(), class, limit.Login(t.Name()+"'s neighbour")).OK {
					t.Error("another was refused")
				}
				at.advance(refused.RetryAfter)
				if n := takes(t, l, class, who, 10); n != 1 {
					t.Errorf("after %s: %d calls, want 1", refused.RetryAfter, n)
				}
				at.advance(time.Hour)
				if n := takes(t, l, class, who, 10); n != 3 {
					t.Errorf("after an hour: %d calls, want 3", n)
				}
				l.GiveBack(t.Context(), class, who)
				if n := takes(t, l, class, who, 10); n != 1 {
					t.Errorf("after giving one back: %d calls, want 1", n)
				}
				at.advance(-24 * time.Hour)
				takes(t, l, class, who, 10)
				at.advance(time.Minute)
				if n := takes(t, l, class, who, 10); n == 0 {
					t.Error("a clock that was set back refuses for longer than the window")
				}
			})
		}
	}
}

func TestProcessesShareALimit(t *testing.T) {
	t.Parallel()
	redis := testbackend.Redis(t)
	if redis == "" {
		redis = "redis://" + miniredis.RunT(t).Addr()
	}
	at, who := newHand(), limit.Caller(limit.Read, auth.Principal{UserID: 7}, netip.Addr{})
	one, other := limit.New(all(limit.Rate{Calls: 90, Window: time.Minute}), open(t, redis), at.now), limit.New(all(limit.Rate{Calls: 90, Window: time.Minute}), open(t, redis), at.now)
	var wait sync.WaitGroup
	var through [2]int
	for i, l := range []*limit.Limiter{one, other} {
		wait.Go(func() { through[i] = takes(t, l, limit.Read, who, 1000) })
	}
	wait.Wait()
	if total := through[0] + through[1]; total > 90 || total < 90-2*3 {
		t.Errorf("%v calls were let through, want 90 in all but what is leased", through)
	}
}

func TestReadsAskRedisOnceInALease(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	at := newHand()
	l := limit.New(all(limit.Rate{Calls: 3000, Window: time.Minute}), open(t, "redis://"+server.Addr()), at.now)
	for class, most := range map[limit.Class]int{limit.Read: 30, limit.SignIn: 250} {
		l.Take(t.Context(), class, "warm up") // Redis learns the script.
		before := server.CommandCount()
		if n := takes(t, l, class, "busy", 200); n != 200 {
			t.Fatalf("%s: %d calls were let through", class, n)
		}
		// The command and what the script calls are counted.
		if asked := (server.CommandCount() - before) / 3; asked == 0 || asked > most {
			t.Errorf("%s: Redis was asked %d times for 200 calls, want at most %d", class, asked, most)
		}
	}
}

func TestRefusedCallsDoNotReachRedis(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	l := limit.New(all(limit.Rate{Calls: 1, Window: time.Minute}), open(t, "redis://"+server.Addr()), newHand().now)
	takes(t, l, limit.SignIn, "flood", 2)
	before := server.CommandCount()
	if n := takes(t, l, limit.SignIn, "flood", 100); n != 0 {
		t.Errorf("%d calls were let through", n)
	}
	if after := server.CommandCount(); after != before {
		t.Errorf("Redis was asked by %d commands", after-before)
	}
	for _, key := range server.Keys() {
		if len(key) > 40 || server.TTL(key) <= 0 {
			t.Errorf("key %q lives for %s", key, server.TTL(key))
		}
	}
}

func TestWhoHangsUpIsCountedAllTheSame(t *testing.T) {
	t.Parallel()
	l := limit.New(all(limit.Rate{Calls: 4, Window: time.Hour}), open(t, testbackend.Redis(t)), newHand().now)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	who := limit.Login(t.Name())
	for range 4 {
		l.Take(gone, limit.Account, who)
	}
	if n := takes(t, l, limit.Account, who, 10); n != 0 {
		t.Errorf("%d more calls were let through", n)
	}
	l.GiveBack(gone, limit.Account, who)
	if n := takes(t, l, limit.Account, who, 10); n != 1 {
		t.Errorf("after giving one back: %d calls, want 1", n)
	}
}

func TestNoLimit(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	l := limit.New(limit.Config{}, open(t, "redis://"+server.Addr()), newHand().now)
	for _, class := range classes {
		if n := takes(t, l, class, "anybody", 5000); n != 5000 {
			t.Errorf("%s: %d calls were let through", class, n)
		}
	}
	if keys := server.Keys(); len(keys) != 0 {
		t.Errorf("Redis holds %v", keys)
	}
}

package limit_test

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/pulse-social/pulse/services/internal/limit"
)

func TestProcessesKnowEachOtherByThePass(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	at := newHand()
	one, other := limit.NewPass(open(t, "redis://"+server.Addr()), at.now), limit.NewPass(open(t, "redis://"+server.Addr()), at.now)
	secret := one.Secret(t.Context())
	if len(secret) < 20 {
		t.Fatalf("the pass is %q", secret)
	}
	if !other.Fits(t.Context(), secret) {
		t.Error("the other process does not know the pass")
	}
	for _, forged := range []string{"", "guess", secret[1:], secret + "x"} {
		if other.Fits(t.Context(), forged) {
			t.Errorf("%q was taken for the pass", forged)
		}
	}
	server.FlushAll()
	at.advance(2 * time.Minute)
	if one.Secret(t.Context()) != secret || !other.Fits(t.Context(), one.Secret(t.Context())) {
		t.Error("a Redis that lost the pass has divided the processes")
	}
	third := limit.NewPass(open(t, "redis://"+server.Addr()), at.now)
	if got := third.Secret(t.Context()); got != secret {
		t.Errorf("a new process has the pass %q, want that of the others", got)
	}
}

func TestWithoutRedisNobodyHasAPass(t *testing.T) {
	t.Parallel()
	pass := limit.NewPass(away(t), newHand().now)
	if secret := pass.Secret(t.Context()); secret != "" {
		t.Errorf("the pass is %q", secret)
	}
	if pass.Fits(t.Context(), "") || pass.Fits(t.Context(), "guess") {
		t.Error("a pass fits that there is not")
	}
}

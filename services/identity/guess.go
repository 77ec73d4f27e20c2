package identity

import (
	"context"

	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// guessed compares a password with a hash. A try counts before the work of looking at it, so of many tries at once none goes
// uncounted; it fails when there were too many, by whomever, and an account that there is not has its limit too. A password that
// is right, or was not looked at, does not count after all: those who know theirs are not held up by their own sign-ins.
func (h *handler) guessed(ctx context.Context, who limit.Who, password, hash string) (ok, weak bool, err error) {
	if decision := h.limits.Take(ctx, limit.Account, who); !decision.OK {
		return false, false, rpc.RateLimited(decision)
	}
	ok, weak, err = h.hasher.matches(ctx, password, hash)
	if ok || err != nil {
		h.limits.GiveBack(ctx, limit.Account, who)
	}
	return ok, weak, err
}

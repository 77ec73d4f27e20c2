package rpc

import (
	"context"
	"time"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"
	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/overload"
)

// comeBack is when who was refused may try again. A client adds its jitter.
const comeBack = time.Second

// gated refuses calls of which there are more than the process can answer, where they come in over the network: those that
// services make of each other are part of one that was let in. Sign-ins have a queue of their own, for the cores that
// passwords take, and must not keep others out while they wait in it.
func gated(gate *overload.Gate, pass *limit.Pass) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			if fromOutside(ctx, pass) == nil {
				return next(ctx, spec, stream)
			}
			if policy, err := PolicyOf(spec); err != nil || policy.GetRateClass() == optionsv1.RateClass_RATE_CLASS_SIGN_IN {
				return next(ctx, spec, stream)
			}
			if !gate.Enter(ctx) {
				return Fail(errorsv1.Reason_REASON_OVERLOADED, "more calls come than can be answered, and this one was not begun: try again in a second").After(comeBack)
			}
			defer gate.Leave()
			return next(ctx, spec, stream)
		}
	}
}

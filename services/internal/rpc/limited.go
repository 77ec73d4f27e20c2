package rpc

import (
	"context"
	"math"
	"strconv"
	"time"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/limit"
)

// headerPass carries the pass of Pulse's own processes; see [limit.Pass].
const headerPass = "X-Pulse-Pass"

// Headers that accompany a call that was refused (draft-ietf-httpapi-ratelimit-headers-06), as Retry-After does.
const (
	headerLimit     = "RateLimit-Limit"
	headerRemaining = "RateLimit-Remaining"
	headerReset     = "RateLimit-Reset"
)

// limited refuses callers who call too often, each call once: where it comes in over the network. What calls in the same
// process is this program, whose calls were counted before.
func limited(limits *limit.Limiter, pass *limit.Pass) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			info := fromOutside(ctx, pass)
			if info == nil {
				return next(ctx, spec, stream)
			}
			policy, err := PolicyOf(spec)
			if err != nil {
				return err
			}
			class := limit.ClassOf(policy.GetRateClass())
			who := limit.Caller(class, auth.Caller(ctx), limits.Origin(info.PeerAddr, info.RequestHeader().Values("X-Forwarded-For")))
			if decision := limits.Take(ctx, class, who); !decision.OK {
				return RateLimited(decision)
			}
			return next(ctx, spec, stream)
		}
	}
}

// fromOutside answers how a call came in, nil when it is one that services make of each other.
func fromOutside(ctx context.Context, pass *limit.Pass) *connect.CallInfo {
	info, ok := connect.CallInfoForServerContext(ctx)
	if !ok || info.PeerAddr == "" || pass.Fits(ctx, info.RequestHeader().Get(headerPass)) {
		return nil
	}
	return info
}

// RateLimited is the failure of a call that a limit does not let through.
func RateLimited(d limit.Decision) error {
	after := wholeSeconds(d.RetryAfter)
	return Fail(errorsv1.Reason_REASON_RATE_LIMITED, "too many calls: %d in %s are let through; try again in %d seconds", d.Rate.Calls, d.Rate.Window, after).
		With("limit", d.Rate.Calls).With("window_seconds", int64(d.Rate.Window.Seconds())).After(time.Duration(after) * time.Second)
}

// wholeSeconds rounds up: who comes back then is not refused again.
func wholeSeconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

// tellLimit puts what a failure says of limits into headers.
func tellLimit(info *connect.CallInfo, f *Failure) {
	if f.RetryAfter <= 0 {
		return
	}
	after := strconv.FormatInt(wholeSeconds(f.RetryAfter), 10)
	info.ResponseHeader().Set("Retry-After", after)
	if f.Reason == errorsv1.Reason_REASON_RATE_LIMITED {
		info.ResponseHeader().Set(headerLimit, f.Metadata["limit"])
		info.ResponseHeader().Set(headerRemaining, "0")
		info.ResponseHeader().Set(headerReset, after)
	}
}

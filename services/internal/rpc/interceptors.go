package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"connectrpc.com/connect/v2"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// longestCall bounds a unary call whose caller set no deadline of its own.
const longestCall = 30 * time.Second

// errTookTooLong ends a call by the server's own bound.
var errTookTooLong = errors.New("call took longer than any may")

// identified gives the call its request id, a deadline and a line in the log.
func identified(log *slog.Logger, newID func() string, calls *inFlight) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			if spec.StreamType == connect.StreamTypeUnary { // A stream is open, and mostly idle.
				calls.n.Add(1)
				defer calls.n.Add(-1)
			}
			began := time.Now()
			ctx = telemetry.WithRequestID(ctx, requestID(ctx, newID))
			if span := trace.SpanFromContext(ctx); span.IsRecording() {
				span.SetAttributes(attribute.String("pulse.request.id", telemetry.RequestID(ctx)))
			}
			if info, ok := connect.CallInfoForServerContext(ctx); ok {
				info.ResponseHeader().Set(headerRequestID, telemetry.RequestID(ctx))
			}
			if spec.StreamType == connect.StreamTypeUnary {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeoutCause(ctx, longestCall, errTookTooLong)
				defer cancel()
			}
			err := next(ctx, spec, stream)
			if log.Enabled(ctx, slog.LevelDebug) {
				log.DebugContext(ctx, "call", "procedure", spec.Procedure, "code", codeName(err), "took", time.Since(began))
			}
			return err
		}
	}
}

// headerRequestID names a call across services and in logs.
const headerRequestID = "X-Request-Id"

// maxRequestID bounds an id that the caller chose.
const maxRequestID = 64

// requestID answers the caller's id for the call when it is a plain one, else a new one.
func requestID(ctx context.Context, newID func() string) string {
	if info, ok := connect.CallInfoForServerContext(ctx); ok {
		if id := info.RequestHeader().Get(headerRequestID); id != "" && len(id) <= maxRequestID && isPrintable(id) {
			return id
		}
	}
	return newID()
}

// isPrintable tells whether a header's value is ASCII without spaces and control characters.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func codeName(err error) string {
	if err == nil {
		return "ok"
	}
	return connect.CodeOf(err).String()
}

// recovered turns a panic of a handler into an error, with the stack in the log.
func recovered(log *slog.Logger) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) (err error) {
			defer func() {
				if r := recover(); r != nil {
					log.ErrorContext(ctx, "panic", "procedure", spec.Procedure, "panic", r, "stack", string(debug.Stack()))
					err = fmt.Errorf("panic: %v", r)
				}
			}()
			return next(ctx, spec, stream)
		}
	}
}

// headerIdempotencyKey is the header of draft-ietf-httpapi-idempotency-key-header.
const headerIdempotencyKey = "Idempotency-Key"

// Bounds of an idempotency key: long enough that nobody guesses another's.
const (
	minIdempotencyKey = 16
	maxIdempotencyKey = 128
)

// idempotent hands the idempotency key of a mutation to the store, which keeps to it in the transaction of the effect.
func idempotent(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		info, ok := connect.CallInfoForServerContext(ctx)
		if !ok || spec.IdempotencyLevel == connect.IdempotencyNoSideEffects {
			return next(ctx, spec, stream)
		}
		key := info.RequestHeader().Get(headerIdempotencyKey)
		if key == "" {
			return next(ctx, spec, stream)
		}
		if len(key) < minIdempotencyKey || len(key) > maxIdempotencyKey || !isPrintable(key) {
			return Fail(errorsv1.Reason_REASON_IDEMPOTENCY_KEY_INVALID,
				"the idempotency key must be %d to %d printable ASCII characters without spaces: use a random UUID", minIdempotencyKey, maxIdempotencyKey)
		}
		caller := auth.Caller(ctx)
		// Ids of accounts and keys are never the same.
		i := &store.Idempotency{Scope: fmt.Sprintf("%d %s", max(caller.UserID, caller.APIKeyID), spec.Procedure), Key: key}
		return next(store.WithIdempotency(ctx, i), spec, requestObserver{stream, i})
	}
}

// requestObserver notes the decoded request of an idempotent call.
type requestObserver struct {
	connect.ServerStream
	call *store.Idempotency
}

// Receive implements [connect.ServerStream].
func (o requestObserver) Receive(msg any) error {
	err := o.ServerStream.Receive(msg)
	if request, ok := msg.(proto.Message); ok && err == nil {
		o.call.Request = request
	}
	return err
}

package rpc

import (
	"context"
	"slices"

	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/services/internal/aside"
)

// admitted runs interceptors that do all they do before the handler. A stream's run aside and have returned when its handler
// begins, and its messages are received aside: a process holds thousands of streams, each on a stack of its own.
func admitted(pool aside.Pool, checks ...connect.ServerInterceptor) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		unary, admit := next, connect.ServerFunc(hold)
		for _, check := range slices.Backward(checks) {
			unary, admit = check(unary), check(admit)
		}
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			if spec.StreamType == connect.StreamTypeUnary {
				return unary(ctx, spec, stream)
			}
			held := &admission{}
			var err error
			pool.Do(func() { err = admit(context.WithValue(ctx, admissionKey{}, held), spec, stream) })
			if err != nil || held.stream == nil { // Refused, or answered ahead of the handler.
				return err
			}
			return next(held.ctx, spec, asideStream{held.stream, pool})
		}
	}
}

// asideStream receives messages aside.
type asideStream struct {
	connect.ServerStream
	pool aside.Pool
}

// Receive implements [connect.ServerStream].
func (s asideStream) Receive(msg any) (err error) {
	s.pool.Do(func() { err = s.ServerStream.Receive(msg) })
	return err
}

// An admission is what interceptors handed on.
type admission struct {
	ctx    context.Context
	stream connect.ServerStream
}

type admissionKey struct{}

// hold is the end of a chain of interceptors that runs ahead of the handler.
func hold(ctx context.Context, _ connect.Spec, stream connect.ServerStream) error {
	if held, ok := ctx.Value(admissionKey{}).(*admission); ok {
		held.ctx, held.stream = ctx, stream
	}
	return nil
}

// unaryOnly keeps an interceptor off the stack of streams.
func unaryOnly(interceptor connect.ServerInterceptor) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		unary := interceptor(next)
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			if spec.StreamType == connect.StreamTypeUnary {
				return unary(ctx, spec, stream)
			}
			return next(ctx, spec, stream)
		}
	}
}

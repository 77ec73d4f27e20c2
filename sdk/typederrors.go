package pulse

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect/v2"
)

// typedErrors is the interceptor that turns every error of a call into an *Error.
func typedErrors(next connect.ClientFunc) connect.ClientFunc {
	return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
		stream, err := next(ctx, spec)
		if err != nil {
			return nil, newError(ctx, err)
		}
		return &typedStream{ctx: ctx, stream: stream}, nil
	}
}

type typedStream struct {
	ctx    context.Context // A stream lives as long as its call, and its methods take no context.
	stream connect.ClientStream
}

func (s *typedStream) SendHeaders() error    { return s.typed(s.stream.SendHeaders()) }
func (s *typedStream) Send(msg any) error    { return s.typed(s.stream.Send(msg)) }
func (s *typedStream) CloseSend() error      { return s.typed(s.stream.CloseSend()) }
func (s *typedStream) Receive(msg any) error { return s.typed(s.stream.Receive(msg)) }
func (s *typedStream) Close() error          { return s.typed(s.stream.Close()) }

func (s *typedStream) typed(err error) error {
	if err == nil || endOfStream(err) {
		return err
	}
	return newError(s.ctx, err)
}

// endOfStream tells the regular end of a stream, which callers compare with io.EOF, from a failure caused by one.
func endOfStream(err error) bool {
	_, failed := errors.AsType[*connect.Error](err)
	return !failed && errors.Is(err, io.EOF)
}

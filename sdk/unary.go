package pulse

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect/v2"
)

// A unaryFunc surrounds a unary call. It runs the call with call, as often as it likes: each time the same request is
// sent on a new stream, with the request headers as they are then.
type unaryFunc func(ctx context.Context, spec connect.Spec, call func() error) error

// unary turns a unaryFunc into an interceptor. Streaming calls pass through, for they cannot be repeated as a whole.
func unary(around unaryFunc) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			if spec.StreamType != connect.StreamTypeUnary {
				return next(ctx, spec)
			}
			ctx, cancel := context.WithCancel(ctx)
			return &unaryStream{ctx: ctx, cancel: cancel, spec: spec, next: next, around: around}, nil
		}
	}
}

// unaryStream holds the request back until the response is asked for, and then runs the call.
type unaryStream struct {
	ctx    context.Context // A stream lives as long as its call, and its methods take no context.
	cancel context.CancelFunc
	spec   connect.Spec
	next   connect.ClientFunc
	around unaryFunc

	request  any
	received bool
}

func (s *unaryStream) SendHeaders() error { return nil }

func (s *unaryStream) Send(msg any) error {
	s.request = msg
	return nil
}

func (s *unaryStream) CloseSend() error { return nil }

func (s *unaryStream) Receive(msg any) error {
	if s.received {
		return io.EOF
	}
	s.received = true
	return s.around(s.ctx, s.spec, func() error { return s.attempt(msg) })
}

// Close abandons the call if it is still running.
func (s *unaryStream) Close() error {
	s.cancel()
	return nil
}

// attempt makes the call once, unless its time is over: not every transport looks at that before it begins.
func (s *unaryStream) attempt(response any) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	forgetResponse(s.ctx)
	stream, err := s.next(s.ctx, s.spec)
	if err != nil {
		return err
	}
	err = exchange(stream, s.request, response)
	if closeErr := stream.Close(); err == nil {
		err = closeErr
	}
	return err
}

func exchange(stream connect.ClientStream, request, response any) error {
	// io.EOF says that the server has answered already; Receive tells what.
	if err := stream.Send(request); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.Receive(response)
}

// forgetResponse removes what an earlier attempt left, for transports add to it.
func forgetResponse(ctx context.Context) {
	info, ok := connect.CallInfoForClientContext(ctx)
	if !ok {
		return
	}
	for _, header := range []*connect.Header{info.ResponseHeader(), info.ResponseTrailer()} {
		for key := range header.All() {
			header.Delete(key)
		}
	}
}

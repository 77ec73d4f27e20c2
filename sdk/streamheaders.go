package pulse

import (
	"context"
	"sync"

	"connectrpc.com/connect/v2"
)

// streamHeaders adds to streaming calls what the unary ones get from requestHeaders and session. A stream cannot be
// repeated here when its token is refused; Subscribe does that.
type streamHeaders struct {
	session   *session
	userAgent string
}

func (h streamHeaders) intercept(next connect.ClientFunc) connect.ClientFunc {
	return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
		if spec.StreamType == connect.StreamTypeUnary {
			return next(ctx, spec)
		}
		takeBack, err := h.lend(ctx)
		if err != nil {
			return nil, err
		}
		stream, err := next(ctx, spec)
		if err != nil {
			takeBack()
			return nil, err
		}
		return &lentStream{ClientStream: stream, kind: spec.StreamType, takeBack: sync.OnceFunc(takeBack)}, nil
	}
}

// lend sets the headers that the caller has not set, and returns the function that takes them back.
func (h streamHeaders) lend(ctx context.Context) (takeBack func(), err error) {
	agentBack, tokenBack := func() {}, func() {}
	if !requestHeader(ctx).Has(authorizationHeader) {
		tokens, err := h.session.fresh(ctx)
		if err != nil {
			return nil, err
		}
		if tokens != nil {
			tokenBack = lend(ctx, authorizationHeader, "Bearer "+tokens.GetAccessToken())
		}
	}
	if h.userAgent != "" {
		agentBack = lend(ctx, userAgentHeader, h.userAgent)
	}
	return func() { agentBack(); tokenBack() }, nil
}

// lentStream takes its headers back when they have been sent for sure: when an answer has come.
type lentStream struct {
	connect.ClientStream
	kind     connect.StreamType
	takeBack func()
}

// Send sends the request. That the server has answered already is io.EOF, with which connect.Client would end a stream
// of one request, though Receive could tell the answer: why it was refused.
func (s *lentStream) Send(msg any) error {
	err := s.ClientStream.Send(msg)
	if s.kind == connect.StreamTypeServer && err != nil && endOfStream(err) {
		return nil
	}
	return err
}

func (s *lentStream) Receive(msg any) error {
	defer s.takeBack()
	return s.ClientStream.Receive(msg)
}

func (s *lentStream) Close() error {
	defer s.takeBack()
	return s.ClientStream.Close()
}

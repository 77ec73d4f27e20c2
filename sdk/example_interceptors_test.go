package pulse_test

import (
	"context"
	"fmt"

	"connectrpc.com/connect/v2"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// report is an interceptor that tells the outcome of each call. One that records OpenTelemetry spans has the same
// shape: it begins a span before next, and ends it in Close.
func report(next connect.ClientFunc) connect.ClientFunc {
	return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
		stream, err := next(ctx, spec)
		if err != nil {
			return nil, err
		}
		return &reportedStream{ClientStream: stream, procedure: spec.Procedure}, nil
	}
}

type reportedStream struct {
	connect.ClientStream
	procedure string
	err       error
}

func (s *reportedStream) Receive(msg any) error {
	s.err = s.ClientStream.Receive(msg)
	return s.err
}

func (s *reportedStream) Close() error {
	fmt.Println(s.procedure, s.err)
	return s.ClientStream.Close()
}

func ExampleWithInterceptors() {
	server := startServer()
	defer server.Close()

	client, err := pulse.NewClient(server.URL, pulse.WithInterceptors(report))
	if err != nil {
		panic(err)
	}
	if _, err := client.Identity.GetAccount(context.Background(), &identityv1.GetAccountRequest{}); err != nil {
		panic(err)
	}
	// Output: /pulse.identity.v1.IdentityService/GetAccount <nil>
}

package rpc

import (
	"context"
	"net/http"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"
	"connectrpc.com/otelconnect"

	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// DialInProcess answers a client for services of this process. A call passes the same interceptors as one from outside.
func DialInProcess(server *connect.Server) *connect.Client {
	return connect.NewClient(connectinprocess.New(server), onBehalf)
}

// Dial answers a client for services of another process, over HTTP/2 without TLS.
func Dial(address string) *connect.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	return connect.NewClient(connecthttp.NewTransport(client, "http://"+address), spans(), onBehalf)
}

// spans traces calls to other processes.
func spans() connect.ClientInterceptor {
	interceptor, err := otelconnect.NewClientInterceptor()
	if err != nil { // Only for options that contradict each other, and there are none.
		panic(err)
	}
	return interceptor
}

// onBehalf makes a call to another service one of the same caller and the same request.
func onBehalf(next connect.ClientFunc) connect.ClientFunc {
	return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
		info, ok := connect.CallInfoForClientContext(ctx)
		if !ok {
			ctx, info = connect.NewClientContext(ctx)
		}
		if caller := auth.Caller(ctx); caller.SignedIn() {
			info.RequestHeader().Set("Authorization", "Bearer "+caller.Token)
		}
		if id := telemetry.RequestID(ctx); id != "" {
			info.RequestHeader().Set(headerRequestID, id)
		}
		return next(ctx, spec)
	}
}

package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"
	"connectrpc.com/otelconnect"
	"go.opentelemetry.io/otel/metric"

	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// DialInProcess answers a client for services of this process. A call passes the same interceptors as one from outside.
func DialInProcess(server *connect.Server) *connect.Client {
	return connect.NewClient(connectinprocess.New(server), onBehalf)
}

const (
	// peerDialTimeout bounds connecting to another process.
	peerDialTimeout = time.Second
	// peerTimeout bounds how long another process may take to answer. Calls between services take milliseconds, also under
	// load; one that takes this long is stuck, and must not keep its callers until their own deadlines.
	peerTimeout = 3 * time.Second
)

// Dial answers a client for services of another process, over HTTP/2, without TLS when its configuration is nil. It is for
// unary calls: their answers begin when they are complete. Where the host has several addresses, each gets its share of
// the calls. The pass tells the other process that the call was counted here.
func Dial(address string, secured *tls.Config, pass *limit.Pass) *connect.Client {
	scheme := "http://"
	if secured != nil {
		scheme = "https://"
	}
	client := &http.Client{Transport: peerTransport{newSpread(address, peerHTTP(secured))}}
	return connect.NewClient(connecthttp.NewTransport(client, scheme+address), spans(), onBehalf, passing(pass))
}

// peerHTTP is how processes speak HTTP with each other.
func peerHTTP(secured *tls.Config) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(secured == nil)
	protocols.SetHTTP2(secured != nil)
	return &http.Transport{
		Protocols: protocols, DialContext: (&net.Dialer{Timeout: peerDialTimeout}).DialContext,
		TLSClientConfig: secured, TLSHandshakeTimeout: peerTimeout,
		ResponseHeaderTimeout: peerTimeout, IdleConnTimeout: time.Minute,
		// A connection whose other end has gone without a word is noticed and replaced.
		HTTP2: &http.HTTP2Config{SendPingTimeout: peerTimeout, PingTimeout: peerTimeout},
	}
}

// peerTransport calls every break of a connection to another process by one name: a process that is killed while it
// answers is unavailable, and not an internal error, for which Connect takes a stream that HTTP/2 resets.
type peerTransport struct{ http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t peerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, peerUnavailable(err)
	}
	answer.Body = peerBody{answer.Body}
	return answer, nil
}

type peerBody struct{ io.ReadCloser }

// Read implements [io.Reader].
func (b peerBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = peerUnavailable(err)
	}
	return n, err
}

func peerUnavailable(err error) error {
	return connect.NewError(connect.CodeUnavailable, err.Error()).WithCause(err)
}

// spans traces calls to other processes.
func spans() connect.ClientInterceptor {
	interceptor, err := otelconnect.NewClientInterceptor(
		otelconnect.WithDurationHistogramOptions(metric.WithExplicitBucketBoundaries(telemetry.Seconds...)))
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
		if caller := auth.Caller(ctx); caller.Token != "" {
			info.RequestHeader().Set("Authorization", "Bearer "+caller.Token)
		}
		if id := telemetry.RequestID(ctx); id != "" {
			info.RequestHeader().Set(headerRequestID, id)
		}
		return next(ctx, spec)
	}
}

// passing shows the pass of Pulse's own processes.
func passing(pass *limit.Pass) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			info, ok := connect.CallInfoForClientContext(ctx)
			if !ok {
				ctx, info = connect.NewClientContext(ctx)
			}
			if secret := pass.Secret(ctx); secret != "" {
				info.RequestHeader().Set(headerPass, secret)
			}
			return next(ctx, spec)
		}
	}
}

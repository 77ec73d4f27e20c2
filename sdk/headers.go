package pulse

import (
	"context"
	"crypto/rand"

	"connectrpc.com/connect/v2"
)

const (
	authorizationHeader  = "Authorization"
	idempotencyKeyHeader = "Idempotency-Key"
	retryAfterHeader     = "Retry-After"
	userAgentHeader      = "User-Agent"
)

// requestHeaders adds the headers that all attempts of a call share.
type requestHeaders struct {
	userAgent string
}

func (h requestHeaders) around(ctx context.Context, spec connect.Spec, call func() error) error {
	if h.userAgent != "" {
		defer lend(ctx, userAgentHeader, h.userAgent)()
	}
	if spec.IdempotencyLevel != connect.IdempotencyNoSideEffects {
		defer lend(ctx, idempotencyKeyHeader, rand.Text())()
	}
	return call()
}

// lend sets a request header unless the caller has, and returns the function that takes it back. It is taken back
// because the headers are the caller's: a context may be used for a second call, and a key that stayed would make the
// server take that one for a repetition of the first.
func lend(ctx context.Context, key, value string) (takeBack func()) {
	header := requestHeader(ctx)
	if header.Has(key) {
		return func() {}
	}
	header.Set(key, value)
	return func() { header.Delete(key) }
}

// requestHeader answers the request headers of a call that runs.
func requestHeader(ctx context.Context) *connect.Header {
	// Calls of a connect.Client always carry one.
	info, _ := connect.CallInfoForClientContext(ctx)
	return info.RequestHeader()
}

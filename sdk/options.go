package pulse

import (
	"slices"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
)

const (
	defaultMaxAttempts = 4
	idleConnTimeout    = 90 * time.Second // that of http.DefaultTransport
)

// An Option changes how a [Client] works.
type Option func(*config)

type config struct {
	httpClient   connecthttp.HTTPClient
	transport    connect.Transport
	grpc         bool
	store        TokenStore
	attempts     int
	interceptors []connect.ClientInterceptor
	userAgent    string
	serverURL    string // empty with a transport of the caller's own
}

func defaults() config {
	return config{store: new(memory), attempts: defaultMaxAttempts}
}

// WithHTTPClient sends requests through client, for instance one with its own TLS settings, proxy, or a round tripper
// that records OpenTelemetry spans for each request. The default is [net/http.DefaultClient]. A deadline for a call
// is better set on its context than as the client's timeout.
func WithHTTPClient(client connecthttp.HTTPClient) Option {
	return func(c *config) { c.httpClient = client }
}

// WithTransport replaces HTTP altogether, for instance by [connectrpc.com/connect/v2/connectinprocess] in a test. The
// URL given to [NewClient], [WithHTTPClient] and [WithGRPC] have no effect then.
func WithTransport(transport connect.Transport) Option {
	return func(c *config) { c.transport = transport }
}

// WithGRPC speaks gRPC instead of the Connect protocol. It needs HTTP/2, which the client then speaks to an http://
// address too; an HTTP client of one's own must be set up for it.
func WithGRPC() Option {
	return func(c *config) { c.grpc = true }
}

// WithTokens starts signed in with a pair of tokens, kept in memory. With the access token alone, the client stays
// signed in until that expires.
func WithTokens(tokens *identityv1.Tokens) Option {
	return WithTokenStore(newMemory(tokens))
}

// WithAPIKey calls as a service, with a key of AdminService.CreateApiKey. It works until it expires or is revoked.
func WithAPIKey(key string) Option {
	return WithTokens(&identityv1.Tokens{AccessToken: key})
}

// WithTokenStore keeps the tokens of the session in store. The default keeps them in memory.
func WithTokenStore(store TokenStore) Option {
	return func(c *config) { c.store = store }
}

// WithMaxAttempts bounds how often a call is attempted in all. The default is 4; 1 turns retries off. Repeating a
// call once after a refresh of its access token is not counted.
func WithMaxAttempts(attempts int) Option {
	return func(c *config) { c.attempts = attempts }
}

// WithInterceptors adds interceptors, the first outermost. They run once for each call, outside of its retries, and
// see typed errors; this is the place for a client interceptor that records OpenTelemetry spans and metrics. The
// client's own refreshes pass through them as calls of Refresh.
func WithInterceptors(interceptors ...connect.ClientInterceptor) Option {
	return func(c *config) { c.interceptors = slices.Concat(c.interceptors, interceptors) }
}

// WithUserAgent sends agent as the User-Agent header, such as "newsbot/1.2", except on calls that set their own.
func WithUserAgent(agent string) Option {
	return func(c *config) { c.userAgent = agent }
}

package pulse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
)

// NewClient returns a client of the Pulse server at serverURL, such as https://pulse.example.org. It does not connect
// yet: the first call does. It fails when the URL or an option cannot be meant.
func NewClient(serverURL string, opts ...Option) (*Client, error) {
	cfg := defaults()
	for _, opt := range opts {
		opt(&cfg)
	}
	if cfg.attempts < 1 {
		return nil, fmt.Errorf("pulse: WithMaxAttempts(%d): a call takes at least one attempt; 1 turns retries off", cfg.attempts)
	}
	if cfg.store == nil {
		return nil, errors.New("pulse: WithTokenStore(nil): leave the option out to keep tokens in memory")
	}
	if cfg.transport == nil {
		transport, err := newTransport(serverURL, &cfg)
		if err != nil {
			return nil, err
		}
		cfg.transport, cfg.serverURL = transport, strings.TrimSuffix(serverURL, "/")
	}
	return connectClient(&cfg), nil
}

// connectClient joins the transport, the interceptors and the services.
func connectClient(cfg *config) *Client {
	current := &session{store: cfg.store}
	// Errors are typed twice: for the interceptors of the option, and what those themselves answer.
	interceptors := []connect.ClientInterceptor{typedErrors}
	interceptors = append(interceptors, cfg.interceptors...)
	interceptors = append(interceptors,
		typedErrors,
		streamHeaders{session: current, userAgent: cfg.userAgent}.intercept,
		unary(requestHeaders{userAgent: cfg.userAgent}.around),
		unary(current.around),
		unary(backoff{attempts: cfg.attempts}.around),
	)
	client := newServices(connect.NewClient(cfg.transport, interceptors...))
	client.session = current
	client.files = files{server: cfg.serverURL, http: cfg.httpClient, userAgent: cfg.userAgent}
	current.exchange = func(ctx context.Context, refreshToken string) (*identityv1.Tokens, error) {
		// A context of its own: headers of the call that noticed the expiry are not meant for this one.
		ctx, _ = connect.NewClientContext(ctx)
		res, err := client.Identity.Refresh(ctx, &identityv1.RefreshRequest{RefreshToken: refreshToken})
		return res.GetTokens(), err
	}
	return client
}

func newTransport(serverURL string, cfg *config) (connect.Transport, error) {
	if err := checkURL(serverURL); err != nil {
		return nil, fmt.Errorf("pulse: server URL %q %w, like https://pulse.example.org", serverURL, err)
	}
	var opts []connecthttp.Option
	if cfg.grpc {
		opts = append(opts, connecthttp.WithGRPC())
	}
	if cfg.httpClient == nil {
		cfg.httpClient = defaultHTTPClient(cfg.grpc)
	}
	return connecthttp.NewTransport(cfg.httpClient, serverURL, opts...), nil
}

// checkURL answers what is wrong with a server's URL, as the end of a sentence about it.
func checkURL(serverURL string) error {
	parsed, err := url.Parse(serverURL)
	switch {
	case err != nil:
		return fmt.Errorf("is malformed (%w): give scheme and host", err)
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return errors.New("has no http:// or https:// in front: give scheme and host")
	case parsed.Host == "":
		return errors.New("names no host: give scheme and host")
	case parsed.RawQuery != "" || parsed.Fragment != "" || parsed.User != nil:
		return errors.New("holds more than a server's address: give scheme, host and at most a path")
	}
	return nil
}

// defaultHTTPClient returns the shared client of net/http, unless gRPC asks for what that one does not speak: HTTP/2
// without TLS.
func defaultHTTPClient(grpc bool) *http.Client {
	if !grpc {
		return http.DefaultClient
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		ForceAttemptHTTP2: true,
		Protocols:         protocols,
		IdleConnTimeout:   idleConnTimeout,
	}}
}

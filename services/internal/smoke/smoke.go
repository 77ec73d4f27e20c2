// Package smoke tries a Pulse that runs somewhere as its users do: each way in once, or posts under load whose authors
// count what became of each.
package smoke

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"time"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

const (
	userAgent = "pulse-smoke"
	// callTimeout is how long an answer is waited for: longer than whatever Pulse waits for itself.
	callTimeout = 10 * time.Second
	// pollEvery is how often something is looked for that comes in a moment.
	pollEvery = 20 * time.Millisecond
	// pageSize is the largest page there is.
	pageSize = 100
)

// Options say what is tried.
type Options struct {
	// Addr is the URL of the Pulse, or of the gateway in front of it.
	Addr string
	// Within is how long something may take to be seen that follows from what was acknowledged.
	Within time.Duration
	// Say is told what has been done, a line at a time.
	Say func(format string, args ...any)
}

// A client is somebody who signed up for the trial.
type client struct {
	*pulse.Client
	id     int64
	handle string
	tokens *identityv1.Tokens
}

// connections are what the clients of one trial share: HTTP as it comes, and HTTP/2 as gRPC needs it.
type connections struct{ plain, h2 *http.Transport }

func newConnections(perHost int) connections {
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return connections{
		plain: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: perHost, ForceAttemptHTTP2: true},
		h2:    &http.Transport{Proxy: http.ProxyFromEnvironment, Protocols: protocols, ForceAttemptHTTP2: true},
	}
}

func (c connections) close() {
	c.plain.CloseIdleConnections()
	c.h2.CloseIdleConnections()
}

// overConnect and overGRPC are the options of clients that share the connections.
func (c connections) overConnect() []pulse.Option {
	return []pulse.Option{pulse.WithHTTPClient(&http.Client{Transport: c.plain}), pulse.WithUserAgent(userAgent)}
}

func (c connections) overGRPC() []pulse.Option {
	return []pulse.Option{pulse.WithGRPC(), pulse.WithHTTPClient(&http.Client{Transport: c.h2}), pulse.WithUserAgent(userAgent)}
}

// signUp registers somebody new, who is nobody else's person: trials may be repeated, and run beside each other.
func signUp(ctx context.Context, addr string, opts []pulse.Option) (*client, error) {
	anonymous, err := pulse.NewClient(addr, opts...)
	if err != nil {
		return nil, err
	}
	handle := "smoke_" + strings.ToLower(rand.Text()[:16])
	answer, err := anonymous.Identity.Register(ctx, &identityv1.RegisterRequest{
		Handle: handle, Email: handle + "@example.org", Password: rand.Text(), DeviceName: userAgent,
	})
	if err != nil {
		return nil, reached(addr, err)
	}
	signedIn, err := pulse.NewClient(addr, append(opts, pulse.WithTokens(answer.GetTokens()))...)
	if err != nil {
		return nil, err
	}
	return &client{Client: signedIn, id: answer.GetAccount().GetId(), handle: handle, tokens: answer.GetTokens()}, nil
}

// reached says what to do when nothing listens.
func reached(addr string, err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("nothing listens at %s: start `pulse serve`, or name another address with --addr", addr)
	}
	return fmt.Errorf("register: %w", err)
}

// until looks again and again until there is nothing missing, at most so long. The error says what was missing last.
func until(ctx context.Context, within time.Duration, look func(context.Context) (missing string, err error)) error {
	deadline := time.Now().Add(within)
	for {
		missing, err := look(ctx)
		if err != nil || missing == "" {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("after %s %s", within, missing)
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

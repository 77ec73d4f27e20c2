// Package demo invents people who follow, write, reply and like, to try a Pulse on: the same ones every time, so that
// a demo that was interrupted can be gone on with.
package demo

import (
	"context"
	"fmt"
	"net"
	"net/url"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/progress"
	"github.com/pulse-social/pulse/services/internal/seed"
)

const (
	// Handle is whom to log in as.
	Handle = "ada"
	// Password is everybody's. A demo has no secrets.
	Password = "pulse demo password"

	// MinPeople is how many people a demo has at least: fewer have nobody to follow.
	MinPeople = 5
	// MaxPeople is how many people a demo has at most: for more there is pulse seed.
	MaxPeople = 1000

	// concurrency is enough to keep the machine busy.
	concurrency = 8
)

// Fill fills the Pulse that runs on the folder, or does nothing when that was done before. options are for the SDK's
// clients; display shows how far it has come.
func (f *Folder) Fill(ctx context.Context, addr string, display *progress.Display, options ...pulse.Option) error {
	if f.Filled {
		return nil
	}
	_, err := seed.Run(ctx, seed.Options{
		Addr: addr, Client: options, Plan: Plan(f.People), Password: Password, Concurrency: concurrency, Progress: display,
	})
	if err != nil {
		return err
	}
	f.Filled = true
	return f.save()
}

// A Visit is what one needs to look around.
type Visit struct {
	// URL is where the Pulse is reached.
	URL string
	// UserID is the id of the person to log in as.
	UserID int64
	// Token is an access token of theirs.
	Token string
}

// NewVisit logs in to a demo that is filled. addr is where it listens, for those who visit.
func NewVisit(ctx context.Context, addr string, options ...pulse.Option) (Visit, error) {
	client, err := pulse.NewClient(addr, options...)
	if err != nil {
		return Visit{}, err
	}
	answer, err := client.Identity.LogIn(ctx, &identityv1.LogInRequest{Login: Handle, Password: Password, DeviceName: "pulse demo"})
	if err != nil {
		return Visit{}, fmt.Errorf("log in as %s: %w", Handle, err)
	}
	return Visit{URL: reachable(addr), UserID: answer.GetAccount().GetId(), Token: answer.GetTokens().GetAccessToken()}, nil
}

// Commands are lines for a shell: a timeline that everybody may read, the home timeline, and a post.
func (v Visit) Commands() []string {
	return []string{
		fmt.Sprintf("curl -sS '%s/v1/users/%d/timeline?page_size=3'", v.URL, v.UserID),
		fmt.Sprintf("curl -sS -H 'Authorization: Bearer %s' '%s/v1/timelines/home?page_size=3'", v.Token, v.URL),
		fmt.Sprintf("curl -sS -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{\"text\":\"Hello from the shell\"}' '%s/pulse.post.v1.PostService/CreatePost'", v.Token, v.URL),
	}
}

// reachable names this machine where a server says that it listens on all addresses.
func reachable(addr string) string {
	at, err := url.Parse(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(at.Hostname()); ip != nil && ip.IsUnspecified() {
		at.Host = net.JoinHostPort("localhost", at.Port())
	}
	return at.String()
}

package apitest_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// A person is somebody who signed up, with the tokens in plain sight. Its client neither refreshes nor repeats.
type person struct {
	*pulse.Client
	id               int64
	handle, password string
	tokens           *identityv1.Tokens
	list             int64 // one of theirs, once they have one
	notification     int64 // likewise
}

// signUp registers a person.
func signUp(t *testing.T, p *pulsetest.Pulse, handle string) *person {
	t.Helper()
	who := &person{handle: handle, password: "correct horse battery " + handle}
	answer, err := anonymous(t, p).Identity.Register(t.Context(), &identityv1.RegisterRequest{
		Handle: handle, Email: handle + "@example.org", Password: who.password,
	})
	if err != nil {
		t.Fatalf("register %s: %v", handle, err)
	}
	who.id = answer.GetAccount().GetId()
	who.use(t, p, answer.GetTokens())
	return who
}

// use makes the person's client one with these tokens.
func (who *person) use(t *testing.T, p *pulsetest.Pulse, tokens *identityv1.Tokens) {
	t.Helper()
	who.tokens, who.Client = tokens, withToken(t, p, tokens.GetAccessToken())
}

// logIn opens a new session of a person, on a device of that name.
func (who *person) logIn(t *testing.T, p *pulsetest.Pulse, device string) *identityv1.Tokens {
	t.Helper()
	answer, err := anonymous(t, p).Identity.LogIn(t.Context(), &identityv1.LogInRequest{
		Login: who.handle, Password: who.password, DeviceName: device,
	})
	if err != nil {
		t.Fatalf("log in %s: %v", who.handle, err)
	}
	return answer.GetTokens()
}

// post publishes a post and answers its id.
func (who *person) post(t *testing.T, text string, replyTo int64) int64 {
	t.Helper()
	answer, err := who.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text, ReplyToId: replyTo})
	if err != nil {
		t.Fatalf("post %q: %v", text, err)
	}
	return answer.GetPost().GetId()
}

// draft begins a draft and answers its id.
func (who *person) draft(t *testing.T, text string) int64 {
	t.Helper()
	answer, err := who.Posts.CreateDraft(t.Context(), &postv1.CreateDraftRequest{Post: &postv1.CreatePostRequest{Text: text}})
	if err != nil {
		t.Fatalf("draft %q: %v", text, err)
	}
	return answer.GetDraft().GetId()
}

// anonymous answers a client that nobody has signed in with.
func anonymous(t *testing.T, p *pulsetest.Pulse) *pulse.Client {
	t.Helper()
	return p.Client(t, pulse.WithMaxAttempts(1))
}

// withToken answers a client that sends an access token whatever becomes of it.
func withToken(t *testing.T, p *pulsetest.Pulse, access string) *pulse.Client {
	t.Helper()
	return p.Client(t, pulse.WithMaxAttempts(1), pulse.WithTokens(&identityv1.Tokens{AccessToken: access}))
}

// sessionOf answers the session that an access token belongs to.
func sessionOf(t *testing.T, access string) int64 {
	t.Helper()
	parts := strings.Split(access, ".")
	if len(parts) != 3 {
		t.Fatalf("access token has %d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Sid string }
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	id, err := strconv.ParseInt(claims.Sid, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A movableClock runs as the machine's does, and a test may put it forward.
type movableClock struct{ ahead atomic.Int64 }

// now answers the time as Pulse wants it: in UTC, to the millisecond.
func (c *movableClock) now() time.Time {
	return time.Now().Add(time.Duration(c.ahead.Load())).UTC().Truncate(time.Millisecond)
}

func (c *movableClock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// errorsAs answers the typed error of a failed call.
func errorsAs(err error) (*pulse.Error, bool) { return errors.AsType[*pulse.Error](err) }

// idText writes an id as it stands in a path.
func idText(id int64) string { return strconv.FormatInt(id, 10) }

package identity_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testmail"
	"github.com/pulse-social/pulse/services/pulsetest"
)

const succeeds = errorsv1.Reason_REASON_UNSPECIFIED

// A stack is a Pulse with a mail server, and a clock that a test puts forward.
type stack struct {
	*pulsetest.Pulse

	mail  *testmail.Server
	ahead atomic.Int64
}

// start starts both.
func start(t *testing.T, options ...pulsetest.Option) *stack {
	t.Helper()
	s := &stack{mail: testmail.Start(t)}
	options = append([]pulsetest.Option{
		pulsetest.WithClock(s.now), pulsetest.WithEnv("PULSE_PUBLIC_URL", "https://social.example.org/app"),
		pulsetest.WithEnv("PULSE_SMTP_URL", s.mail.URL()), pulsetest.WithEnv("PULSE_MAIL_FROM", "Pulse <no-reply@example.org>"),
	}, options...)
	s.Pulse = pulsetest.Start(t, options...)
	return s
}

// now is the clock of the Pulse.
func (s *stack) now() time.Time {
	return time.Now().Add(time.Duration(s.ahead.Load())).UTC().Truncate(time.Millisecond)
}

// advance puts the clock forward.
func (s *stack) advance(d time.Duration) { s.ahead.Add(int64(d)) }

// account answers the account of who is signed in with a client.
func account(t *testing.T, c *pulse.Client) *identityv1.Account {
	t.Helper()
	answer, err := c.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
	if err != nil {
		t.Fatalf("get account: %v", err)
	}
	return answer.GetAccount()
}

// logIn signs in anew, on a client of its own.
func (s *stack) logIn(t *testing.T, login, password string) (*pulse.Client, error) {
	t.Helper()
	client := s.Client(t, pulse.WithMaxAttempts(1))
	_, err := client.LogIn(t.Context(), &identityv1.LogInRequest{Login: login, Password: password})
	return client, err
}

// mustLogIn is logIn that does not fail.
func (s *stack) mustLogIn(t *testing.T, u *pulsetest.User) *pulse.Client {
	t.Helper()
	client, err := s.logIn(t, u.Handle, u.Password)
	if err != nil {
		t.Fatalf("log in %s: %v", u.Handle, err)
	}
	return client
}

// verify proves the address of a person who has just registered.
func (s *stack) verify(t *testing.T, u *pulsetest.User) {
	t.Helper()
	token := s.mail.Wait(t, u.Email, "confirm", 1).Token(t)
	if _, err := u.Identity.VerifyEmail(t.Context(), &identityv1.VerifyEmailRequest{Token: token}); err != nil {
		t.Fatalf("verify %s: %v", u.Email, err)
	}
}

// reauthenticate proves with the password who a person is.
func reauthenticate(t *testing.T, c *pulse.Client, password string) error {
	t.Helper()
	_, err := c.Identity.Reauthenticate(t.Context(), &identityv1.ReauthenticateRequest{Proof: &identityv1.ReauthenticateRequest_Password{Password: password}})
	return err
}

// want fails unless a call failed for a reason, or succeeded.
func want(t *testing.T, what string, err error, reason errorsv1.Reason) {
	t.Helper()
	if got := pulse.ReasonOf(err); got != reason || (err == nil) != (reason == succeeds) {
		t.Errorf("%s: %v, want %v", what, err, reason)
	}
}

// atOnce runs work n times at once and answers how often it succeeded.
func atOnce(n int, work func(i int) error) int {
	var all sync.WaitGroup
	var succeeded atomic.Int64
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			if work(i) == nil {
				succeeded.Add(1)
			}
		})
	}
	close(begin)
	all.Wait()
	return int(succeeded.Load())
}

// asError finds the typed error of a failed call.
func asError(err error, into *pulse.Error) bool {
	found, ok := errors.AsType[*pulse.Error](err)
	if ok {
		*into = *found
	}
	return ok
}

// lookFor fails when a file of the data folder has a secret in it: the database, its log, and what the broker keeps.
func lookFor(t *testing.T, dataDir string, secrets []string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dataDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("the secret %q is in %s", secret, path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files looked through", files)
}

package identity_test

import (
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// TestMailOutlivesTheMailServer has the mail server refuse for a while, and Pulse lose its broker meanwhile: every mail comes, once.
func TestMailOutlivesTheMailServer(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.mail.Refuse(func(string) error { return &smtp.SMTPError{Code: 451, Message: "not now"} })
	ada := p.User(t, "ada")
	testwait.Until(t, "more tries than an event has", func() bool { return p.mail.Tries() > 4 })
	p.mail.Refuse(nil)
	first := p.mail.Wait(t, ada.Email, "confirm", 1)
	p.Settle(t)
	p.LoseCaches(t)
	p.Settle(t)
	if mails := p.mail.To(ada.Email); len(mails) != 1 {
		t.Errorf("%d mails after the broker has delivered all events again, want 1", len(mails))
	}
	want(t, "its token", verifyEmail(t, p.Client(t), first.Token(t)), succeeds)
}

// TestMailWithoutServer runs as for development: the mail is in the log, and its link works.
func TestMailWithoutServer(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	const before = "http://localhost:8080/verify-email#token="
	testwait.Until(t, "the mail to be logged", func() bool { return strings.Contains(p.Log(), before) })
	_, after, _ := strings.Cut(p.Log(), before)
	token, _, _ := strings.Cut(after, `\n`)
	want(t, "the token", verifyEmail(t, ada.Client, token), succeeds)
}

// TestMailedTokensAreNowhereElse looks for tokens in the log, the events and the database.
func TestMailedTokensAreNowhereElse(t *testing.T) {
	t.Parallel()
	p := start(t, pulsetest.WithEnv("PULSE_LOG_LEVEL", "debug"))
	ada := p.User(t, "ada")
	want(t, "ask for a reset", requestReset(t, ada.Client, ada.Email), succeeds)
	secrets := []string{p.mail.Wait(t, ada.Email, "confirm", 1).Token(t), p.mail.Wait(t, ada.Email, "reset", 1).Token(t)}
	a := enrol(t, p, ada.Client)
	secrets = append(append(secrets, a.secret), a.recovery...)
	secrets = append(secrets, p.challenge(t, ada))
	p.Settle(t)
	log := p.Log()
	for _, secret := range secrets {
		if secret == "" || strings.Contains(log, secret) {
			t.Errorf("the secret %q is in the log", secret)
		}
	}
	p.Restart(t, func(dataDir string) { lookFor(t, dataDir, secrets) })
}

// TestRegistrationIsNotHeldUpByMails asks for an address on another account until it has had its mails: it can be
// registered all the same.
func TestRegistrationIsNotHeldUpByMails(t *testing.T) {
	t.Parallel()
	p := start(t)
	eve := p.User(t, "eve")
	var err error
	for range 12 { // The hour may end in between.
		if _, err = eve.Identity.ChangeEmail(t.Context(), &identityv1.ChangeEmailRequest{Email: "bob@example.org"}); err != nil {
			break
		}
	}
	want(t, "too many mails", err, errorsv1.Reason_REASON_MAIL_LIMIT_REACHED)
	p.User(t, "bob")
}

package identity_test

import (
	"strings"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

func verifyEmail(t *testing.T, c *pulse.Client, token string) error {
	t.Helper()
	_, err := c.Identity.VerifyEmail(t.Context(), &identityv1.VerifyEmailRequest{Token: token})
	return err
}

func TestVerifyEmail(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada := p.User(t, "ada")
	if account(t, ada.Client).GetEmailVerified() {
		t.Error("the address is confirmed before anybody did")
	}
	mail := p.mail.Wait(t, ada.Email, "confirm", 1)
	if !strings.Contains(mail.Text, "\nhttps://social.example.org/app/verify-email#token=") || !strings.Contains(mail.Text, "Hello ada,") {
		t.Errorf("the mail says %q", mail.Text)
	}
	if mail.From != `"Pulse" <no-reply@example.org>` || mail.MessageID == "" {
		t.Errorf("the mail is from %q, with the id %q", mail.From, mail.MessageID)
	}
	anybody := p.Client(t, pulse.WithMaxAttempts(1))
	want(t, "a token that nobody was mailed", verifyEmail(t, anybody, "nonsense"), errorsv1.Reason_REASON_EMAIL_TOKEN_INVALID)
	want(t, "the token, without a session", verifyEmail(t, anybody, mail.Token(t)), succeeds)
	want(t, "the token once more", verifyEmail(t, anybody, mail.Token(t)), errorsv1.Reason_REASON_EMAIL_TOKEN_INVALID)
	if !account(t, ada.Client).GetEmailVerified() {
		t.Error("the address is not confirmed")
	}
	_, err := ada.Identity.SendEmailVerification(t.Context(), &identityv1.SendEmailVerificationRequest{})
	want(t, "another mail", err, errorsv1.Reason_REASON_EMAIL_ALREADY_VERIFIED)
	p.Settle(t)
}

func TestVerificationMailsAreFewAndShortLived(t *testing.T) {
	t.Parallel()
	p := start(t)
	// So that the hour does not end while the mails of it are counted.
	p.advance(p.now().Truncate(time.Hour).Add(time.Hour).Sub(p.now()))
	ada := p.User(t, "ada")
	send := func(int) error {
		_, err := ada.Identity.SendEmailVerification(t.Context(), &identityv1.SendEmailVerificationRequest{})
		return err
	}
	// The one of the registration is the first of five.
	if sent := atOnce(12, send); sent != 4 {
		t.Errorf("%d more mails within the hour, want 4", sent)
	}
	err := send(0)
	want(t, "a sixth mail", err, errorsv1.Reason_REASON_MAIL_LIMIT_REACHED)
	if failed := (pulse.Error{}); !asError(err, &failed) || failed.RetryAfter <= 0 || failed.RetryAfter > time.Hour {
		t.Errorf("a sixth mail: %v, want to be told when", err)
	}
	first, last := p.mail.Wait(t, ada.Email, "confirm", 1), p.mail.Wait(t, ada.Email, "confirm", 5)
	p.advance(31 * time.Minute)
	want(t, "a token after 31 minutes", verifyEmail(t, ada.Client, first.Token(t)), errorsv1.Reason_REASON_EMAIL_TOKEN_INVALID)
	p.advance(30 * time.Minute)
	want(t, "a mail in the next hour", send(0), succeeds)
	next := p.mail.Wait(t, ada.Email, "confirm", 6)
	want(t, "its token", verifyEmail(t, ada.Client, next.Token(t)), succeeds)
	want(t, "one mailed before it", verifyEmail(t, ada.Client, last.Token(t)), errorsv1.Reason_REASON_EMAIL_TOKEN_INVALID)
}

func TestChangeEmail(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada := p.User(t, "ada")
	p.verify(t, ada)
	change := func(address string) error {
		_, err := ada.Identity.ChangeEmail(t.Context(), &identityv1.ChangeEmailRequest{Email: address})
		return err
	}
	want(t, "a new address", change("Ada@example.com"), succeeds)
	if got := account(t, ada.Client); got.GetEmail() != ada.Email || got.GetPendingEmail() != "Ada@example.com" || !got.GetEmailVerified() {
		t.Errorf("before it is confirmed: %v, want the old address in force", got)
	}
	stale := p.mail.Wait(t, "Ada@example.com", "confirm", 1)
	want(t, "yet another address", change("lovelace@example.com"), succeeds)
	mail := p.mail.Wait(t, "lovelace@example.com", "confirm", 1)
	want(t, "the token of the one given up", verifyEmail(t, ada.Client, stale.Token(t)), errorsv1.Reason_REASON_EMAIL_TOKEN_INVALID)
	want(t, "the token of the last one", verifyEmail(t, ada.Client, mail.Token(t)), succeeds)
	if got := account(t, ada.Client); got.GetEmail() != "lovelace@example.com" || got.GetPendingEmail() != "" || !got.GetEmailVerified() {
		t.Errorf("after it is confirmed: %v", got)
	}
	p.mail.Wait(t, ada.Email, "e-mail address was changed", 1)
	_, err := p.logIn(t, "lovelace@example.com", ada.Password)
	want(t, "log in with the new address", err, succeeds)
	_, err = p.logIn(t, ada.Email, ada.Password)
	want(t, "log in with the old address", err, errorsv1.Reason_REASON_CREDENTIALS_INVALID)

	want(t, "the address that is in force", change("LOVELACE@example.com"), succeeds)
	if got := account(t, ada.Client).GetPendingEmail(); got != "" {
		t.Errorf("pending is %q after asking for the address there is", got)
	}
	p.Settle(t)
}

// TestChangeEmailToAnothersTellsNothing asks for an address that another account has: the answer is the same, and only the
// mailbox learns of it.
func TestChangeEmailToAnothersTellsNothing(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	_, err := ada.Identity.ChangeEmail(t.Context(), &identityv1.ChangeEmailRequest{Email: strings.ToUpper(bob.Email)})
	want(t, "another's address", err, succeeds)
	mail := p.mail.Wait(t, bob.Email, "belongs to an account", 1)
	if strings.Contains(mail.Text, "token=") || !strings.Contains(mail.Text, "Hello bob,") || strings.Contains(mail.Text, "ada") {
		t.Errorf("the mail to its owner says %q", mail.Text)
	}
	if got := account(t, ada.Client).GetEmail(); got != ada.Email {
		t.Errorf("the address is %q now", got)
	}
}

// TestAddressTakenMeanwhile registers an address between the mail to it and its token.
func TestAddressTakenMeanwhile(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada := p.User(t, "ada")
	if _, err := ada.Identity.ChangeEmail(t.Context(), &identityv1.ChangeEmailRequest{Email: "bob@example.org"}); err != nil {
		t.Fatal(err)
	}
	token := p.mail.Wait(t, "bob@example.org", "confirm", 1).Token(t)
	bob := p.User(t, "bob")
	want(t, "the token", verifyEmail(t, ada.Client, token), errorsv1.Reason_REASON_EMAIL_TAKEN)
	if got := account(t, bob.Client); got.GetEmailVerified() || got.GetEmail() != "bob@example.org" {
		t.Errorf("the account that has the address: %v", got)
	}
}

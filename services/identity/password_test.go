package identity_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

const newPassword = "four words never together"

func requestReset(t *testing.T, c *pulse.Client, email string) error {
	t.Helper()
	_, err := c.Identity.RequestPasswordReset(t.Context(), &identityv1.RequestPasswordResetRequest{Email: email})
	return err
}

func resetPassword(t *testing.T, c *pulse.Client, token, password string) error {
	t.Helper()
	_, err := c.Identity.ResetPassword(t.Context(), &identityv1.ResetPasswordRequest{Token: token, NewPassword: password})
	return err
}

func changePassword(t *testing.T, c *pulse.Client, password string) error {
	t.Helper()
	_, err := c.Identity.ChangePassword(t.Context(), &identityv1.ChangePasswordRequest{NewPassword: password})
	return err
}

// whoAmI makes a call that needs a session.
func whoAmI(t *testing.T, c *pulse.Client) error {
	t.Helper()
	_, err := c.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
	return err
}

func TestResetPassword(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada := p.User(t, "ada", pulse.WithMaxAttempts(1))
	p.verify(t, ada)
	phone := p.mustLogIn(t, ada)
	anybody := p.Client(t, pulse.WithMaxAttempts(1))
	want(t, "ask for a reset", requestReset(t, anybody, strings.ToUpper(ada.Email)), succeeds)
	mail := p.mail.Wait(t, ada.Email, "reset your password", 1)
	if !strings.Contains(mail.Text, "\nhttps://social.example.org/app/reset-password#token=") {
		t.Errorf("the mail says %q", mail.Text)
	}
	token := mail.Token(t)
	want(t, "verify with the token of a reset", verifyEmail(t, anybody, token), errorsv1.Reason_REASON_EMAIL_TOKEN_INVALID)
	want(t, "a common password", resetPassword(t, anybody, token, "password"), errorsv1.Reason_REASON_PASSWORD_TOO_COMMON)
	if done := atOnce(8, func(int) error { return resetPassword(t, anybody, token, newPassword) }); done != 1 {
		t.Errorf("the token was good for %d of 8 calls at once, want one", done)
	}
	for what, client := range map[string]*pulse.Client{"the first session": ada.Client, "another session": phone} {
		want(t, what, whoAmI(t, client), errorsv1.Reason_REASON_SESSION_REVOKED)
	}
	_, err := p.logIn(t, ada.Handle, ada.Password)
	want(t, "the old password", err, errorsv1.Reason_REASON_CREDENTIALS_INVALID)
	_, err = p.logIn(t, ada.Handle, newPassword)
	want(t, "the new password", err, succeeds)
	p.mail.Wait(t, ada.Email, "password was changed", 1)
	p.Settle(t)
}

func TestResetTokensEnd(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada := p.User(t, "ada")
	reset := func(n int) string {
		t.Helper()
		want(t, "ask for a reset", requestReset(t, ada.Client, ada.Email), succeeds)
		return p.mail.Wait(t, ada.Email, "reset your password", n).Token(t)
	}
	old := reset(1)
	p.advance(31 * time.Minute)
	want(t, "a token after 31 minutes", resetPassword(t, ada.Client, old, newPassword), errorsv1.Reason_REASON_EMAIL_TOKEN_INVALID)
	p.advance(30 * time.Minute)
	before := reset(2)
	want(t, "prove who it is", reauthenticate(t, ada.Client, ada.Password), succeeds)
	want(t, "change the password", changePassword(t, ada.Client, newPassword), succeeds)
	want(t, "a token from before the change", resetPassword(t, ada.Client, before, "another "+newPassword), errorsv1.Reason_REASON_EMAIL_TOKEN_INVALID)
}

// TestResetTellsNothing compares all that a caller sees of a reset for an account and for none, the host of the request
// being a made-up one: it is in no mail.
func TestResetTellsNothing(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada := p.User(t, "ada")
	answers := map[string]string{}
	for _, email := range []string{ada.Email, "nobody@example.org"} {
		answers[email] = post(t, p.URL()+"/v1/account/password:requestReset", fmt.Sprintf(`{"email":%q}`, email))
	}
	if answers[ada.Email] != answers["nobody@example.org"] || !strings.HasPrefix(answers[ada.Email], "200 ") {
		t.Errorf("for an account: %s\nfor none: %s", answers[ada.Email], answers["nobody@example.org"])
	}
	if mail := p.mail.Wait(t, ada.Email, "reset your password", 1); strings.Contains(mail.Text, "evil.example.net") {
		t.Errorf("the mail has the host of the request in it: %s", mail.Text)
	}
	p.Settle(t)
	if mails := p.mail.To("nobody@example.org"); len(mails) != 0 {
		t.Errorf("who has no account was sent %v", mails)
	}
}

// post posts JSON with a made-up host, and answers all that the caller sees, the time excepted.
func post(t *testing.T, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example.net"
	for _, name := range []string{"X-Forwarded-Host", "Forwarded", "X-Original-Host", "Origin", "Referer"} {
		req.Header.Set(name, "https://evil.example.net")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Request-Id", "same")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	res.Header.Del("Date")
	var text strings.Builder
	fmt.Fprintf(&text, "%d %v ", res.StatusCode, res.Header)
	if err := res.Write(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// TestLogInDoesTheSameWorkForNobody logs in to an account, to one without a password, and to none: all are answered alike.
func TestLogInDoesTheSameWorkForNobody(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.User(t, "ada")
	answers := map[string]bool{}
	for _, login := range []string{"ada", "ada@example.org", "nobody", "nobody@example.org"} {
		answers[post(t, p.URL()+"/v1/sessions", fmt.Sprintf(`{"login":%q,"password":"wrong and long enough"}`, login))] = true
	}
	if len(answers) != 1 {
		t.Errorf("%d different answers: %v", len(answers), answers)
	}
}

// TestResetOfAnUnprovedAccountTakesItOver is an account that somebody made with another's address, to wait in it: when the
// owner of the address resets its password, nothing of theirs is left.
func TestResetOfAnUnprovedAccountTakesItOver(t *testing.T) {
	t.Parallel()
	p := start(t)
	eve := p.User(t, "eve", pulse.WithMaxAttempts(1))
	enrol(t, p, eve.Client)
	victim := p.Client(t, pulse.WithMaxAttempts(1))
	want(t, "ask for a reset", requestReset(t, victim, eve.Email), succeeds)
	want(t, "reset", resetPassword(t, victim, p.mail.Wait(t, eve.Email, "reset", 1).Token(t), newPassword), succeeds)
	want(t, "the session of who made it", whoAmI(t, eve.Client), errorsv1.Reason_REASON_SESSION_REVOKED)
	owner, err := p.logIn(t, eve.Handle, newPassword)
	want(t, "log in, without the second factor of who made it", err, succeeds)
	if got := account(t, owner); !got.GetEmailVerified() || got.GetTotpEnabled() || got.GetRecoveryCodesLeft() != 0 {
		t.Errorf("the account after the reset: %v", got)
	}
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada := p.User(t, "ada")
	phone := p.mustLogIn(t, ada)
	want(t, "a common password", changePassword(t, ada.Client, "password"), errorsv1.Reason_REASON_PASSWORD_TOO_COMMON)
	answer, err := ada.Identity.ChangePassword(t.Context(), &identityv1.ChangePasswordRequest{NewPassword: newPassword})
	if err != nil || answer.GetRevoked() != 1 {
		t.Errorf("change: %v, %v; want one other session ended", answer, err)
	}
	want(t, "the session of the call", whoAmI(t, ada.Client), succeeds)
	want(t, "the other session", whoAmI(t, phone), errorsv1.Reason_REASON_SESSION_REVOKED)
	_, err = p.logIn(t, ada.Handle, ada.Password)
	want(t, "the old password", err, errorsv1.Reason_REASON_CREDENTIALS_INVALID)
	_, err = p.logIn(t, ada.Handle, newPassword)
	want(t, "the new password", err, succeeds)
	p.mail.Wait(t, ada.Email, "password was changed", 1)
}

func TestReauthenticate(t *testing.T) {
	t.Parallel()
	p := start(t, pulsetest.WithEnv("PULSE_RECENT_AUTHENTICATION", "5m"))
	ada := p.User(t, "ada")
	p.advance(4 * time.Minute)
	want(t, "after 4 of 5 minutes", changePassword(t, ada.Client, ada.Password), succeeds)
	p.advance(2 * time.Minute)
	err := changePassword(t, ada.Client, newPassword)
	want(t, "after 6 of 5 minutes", err, errorsv1.Reason_REASON_REAUTHENTICATION_REQUIRED)
	if failed := (pulse.Error{}); !asError(err, &failed) || failed.Metadata["max_age_seconds"] != "300" {
		t.Errorf("after 6 of 5 minutes: %v, want to be told how long is recent", failed.Metadata)
	}
	for name, risky := range map[string]func() error{
		"ChangeEmail": func() error {
			_, err := ada.Identity.ChangeEmail(t.Context(), &identityv1.ChangeEmailRequest{Email: "new@example.org"})
			return err
		},
		"EnrollTotp": func() error {
			_, err := ada.Identity.EnrollTotp(t.Context(), &identityv1.EnrollTotpRequest{})
			return err
		},
		"DisableTotp": func() error {
			_, err := ada.Identity.DisableTotp(t.Context(), &identityv1.DisableTotpRequest{Code: "111111"})
			return err
		},
		"RegenerateRecoveryCodes": func() error {
			_, err := ada.Identity.RegenerateRecoveryCodes(t.Context(), &identityv1.RegenerateRecoveryCodesRequest{})
			return err
		},
		"LinkIdentity": func() error {
			_, err := ada.Identity.LinkIdentity(t.Context(), &identityv1.LinkIdentityRequest{State: "a", Code: "b", Secret: "c"})
			return err
		},
		"UnlinkIdentity": func() error {
			_, err := ada.Identity.UnlinkIdentity(t.Context(), &identityv1.UnlinkIdentityRequest{Provider: "a"})
			return err
		},
	} {
		want(t, name, risky(), errorsv1.Reason_REASON_REAUTHENTICATION_REQUIRED)
	}
	// A refresh is no proof of who has the token, and the proof of one session is none for another.
	want(t, "a wrong password", reauthenticate(t, ada.Client, "wrong"), errorsv1.Reason_REASON_REAUTHENTICATION_FAILED)
	want(t, "after it", changePassword(t, ada.Client, newPassword), errorsv1.Reason_REASON_REAUTHENTICATION_REQUIRED)
	want(t, "the password", reauthenticate(t, ada.Client, ada.Password), succeeds)
	want(t, "after it", changePassword(t, ada.Client, newPassword), succeeds)
}

// TestStolenSessionIsNotRecent logs in on another device: what was proved there does not help a session that was stolen.
func TestStolenSessionIsNotRecent(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada := p.User(t, "ada")
	p.advance(11 * time.Minute)
	phone := p.mustLogIn(t, ada)
	want(t, "the old session, refreshed", whoAmI(t, ada.Client), succeeds)
	want(t, "what is risky in the old session", changePassword(t, ada.Client, newPassword), errorsv1.Reason_REASON_REAUTHENTICATION_REQUIRED)
	want(t, "in the new one", changePassword(t, phone, newPassword), succeeds)
}

// TestReuseOfARefreshTokenIsTold uses a refresh token that was used before: its owner is told by mail, once.
func TestReuseOfARefreshTokenIsTold(t *testing.T) {
	t.Parallel()
	p := start(t)
	kept := new(pulsetest.Tokens)
	ada := p.User(t, "ada", pulse.WithTokenStore(kept))
	stolen, err := kept.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	thief := p.Client(t, pulse.WithMaxAttempts(1))
	use := func() error {
		_, err := thief.Identity.Refresh(t.Context(), &identityv1.RefreshRequest{RefreshToken: stolen.GetRefreshToken()})
		return err
	}
	want(t, "the first use", use(), succeeds)
	p.advance(11 * time.Second)
	if done := atOnce(8, func(int) error { return use() }); done != 0 {
		t.Errorf("the token was good %d times after its use", done)
	}
	p.mail.Wait(t, ada.Email, "ended for your safety", 1)
	p.Settle(t)
	if mails := p.mail.To(ada.Email); len(mails) != 2 {
		t.Errorf("%d mails, want that of the registration and one notice", len(mails))
	}
	testwait.Until(t, "the session to be over", func() bool { return whoAmI(t, ada.Client) != nil })
}

// TestResetEndsSessionsThatAreJustOpened logs in with the old password while it is reset: no session of it is left.
func TestResetEndsSessionsThatAreJustOpened(t *testing.T) {
	t.Parallel()
	p := start(t, pulsetest.WithEnv("PULSE_PASSWORD_HASHES_AT_ONCE", "6"))
	ada := p.User(t, "ada")
	want(t, "ask for a reset", requestReset(t, ada.Client, ada.Email), succeeds)
	token := p.mail.Wait(t, ada.Email, "reset", 1).Token(t)
	clients := make([]*pulse.Client, 5)
	atOnce(len(clients)+1, func(i int) error {
		if i == len(clients) {
			return resetPassword(t, p.Client(t, pulse.WithMaxAttempts(1)), token, newPassword)
		}
		client, err := p.logIn(t, ada.Handle, ada.Password)
		if err == nil {
			clients[i] = client
		}
		return err
	})
	_, err := p.logIn(t, ada.Handle, newPassword)
	want(t, "the new password", err, succeeds)
	for _, client := range clients {
		if client != nil {
			want(t, "a session that the old password opened", whoAmI(t, client), errorsv1.Reason_REASON_SESSION_REVOKED)
		}
	}
}

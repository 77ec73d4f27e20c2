package identity_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// An authenticator is an authenticator app, with the recovery codes on a sheet of paper beside it.
type authenticator struct {
	stack    *stack
	secret   string
	recovery []string
	// confirmed is the code that turned it on.
	confirmed string
}

// code is what the app shows, steps of 30 seconds from now.
func (a *authenticator) code(t *testing.T, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(a.secret, a.stack.now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// wrong is a code that the app shows at no time that matters.
func (a *authenticator) wrong(t *testing.T) string {
	t.Helper()
	near := map[string]bool{}
	for steps := -3; steps <= 3; steps++ {
		near[a.code(t, steps)] = true
	}
	for n := 0; ; n++ {
		if code := fmt.Sprintf("%06d", n); !near[code] {
			return code
		}
	}
}

// enrol turns a person's second factor on.
func enrol(t *testing.T, s *stack, c *pulse.Client) *authenticator {
	t.Helper()
	enrolled, err := c.Identity.EnrollTotp(t.Context(), &identityv1.EnrollTotpRequest{})
	if err != nil {
		t.Fatalf("enrol: %v", err)
	}
	a := &authenticator{stack: s, secret: enrolled.GetSecret()}
	a.confirmed = a.code(t, 0)
	confirmed, err := c.Identity.ConfirmTotp(t.Context(), &identityv1.ConfirmTotpRequest{Code: a.confirmed})
	if err != nil {
		t.Fatalf("confirm: %v", err)
	}
	a.recovery = confirmed.GetRecoveryCodes()
	return a
}

// challenge logs in with the password and answers the challenge for the second factor.
func (s *stack) challenge(t *testing.T, u *pulsetest.User) string {
	t.Helper()
	_, err := s.logIn(t, u.Handle, u.Password)
	challenge := pulse.Challenge(err)
	if challenge == "" {
		t.Fatalf("log in: %v, want a challenge", err)
	}
	return challenge
}

// answer answers a challenge.
func (s *stack) answer(t *testing.T, challenge, code string) (*pulse.Client, error) {
	t.Helper()
	client := s.Client(t, pulse.WithMaxAttempts(1))
	_, err := client.LogInWithSecondFactor(t.Context(), &identityv1.LogInWithSecondFactorRequest{Challenge: challenge, Code: code})
	return client, err
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada := p.User(t, "ada")
	_, err := ada.Identity.ConfirmTotp(t.Context(), &identityv1.ConfirmTotpRequest{Code: "123456"})
	want(t, "confirm without a secret", err, errorsv1.Reason_REASON_TOTP_NOT_ENROLLED)
	enrolled, err := ada.Identity.EnrollTotp(t.Context(), &identityv1.EnrollTotpRequest{})
	if err != nil {
		t.Fatal(err)
	}
	uri, err := url.Parse(enrolled.GetOtpauthUri())
	if err != nil || uri.Scheme != "otpauth" || uri.Host != "totp" || uri.Path != "/social.example.org:ada" || uri.Query().Get("secret") != enrolled.GetSecret() {
		t.Errorf("the address for the QR code is %q, %v", enrolled.GetOtpauthUri(), err)
	}
	_, err = p.logIn(t, "ada", ada.Password)
	want(t, "log in before it is confirmed", err, succeeds)
	a := enrol(t, p, ada.Client) // Another secret takes the place of the first.
	p.mail.Wait(t, ada.Email, "second factor is on", 1)
	if got := account(t, ada.Client); !got.GetTotpEnabled() || got.GetRecoveryCodesLeft() != 10 || len(a.recovery) != 10 {
		t.Errorf("with a second factor: %v, %d recovery codes", got, len(a.recovery))
	}
	_, err = ada.Identity.EnrollTotp(t.Context(), &identityv1.EnrollTotpRequest{})
	want(t, "enrol another app", err, errorsv1.Reason_REASON_TOTP_ALREADY_ENABLED)
	_, err = p.logIn(t, "ada", "wrong password")
	want(t, "a wrong password, which must not tell of the second factor", err, errorsv1.Reason_REASON_CREDENTIALS_INVALID)

	challenge := p.challenge(t, ada)
	_, err = p.answer(t, challenge, a.confirmed)
	want(t, "the code that confirmed it", err, errorsv1.Reason_REASON_SECOND_FACTOR_CODE_INVALID)
	p.advance(30 * time.Second)
	code := a.code(t, 0)
	client, err := p.answer(t, challenge, code[:3]+" "+code[3:])
	want(t, "the next code", err, succeeds)
	want(t, "the session", whoAmI(t, client), succeeds)
	_, err = p.answer(t, challenge, a.code(t, 1))
	want(t, "the challenge once more", err, errorsv1.Reason_REASON_SECOND_FACTOR_CHALLENGE_INVALID)
	_, err = p.answer(t, p.challenge(t, ada), code)
	want(t, "the code once more", err, errorsv1.Reason_REASON_SECOND_FACTOR_CODE_INVALID)
	p.advance(30 * time.Second)
	challenge = p.challenge(t, ada)
	if done := atOnce(4, func(int) error { _, err := p.answer(t, challenge, a.code(t, 0)); return err }); done != 1 {
		t.Errorf("a code was good for %d of 4 sign-ins at once, want one", done)
	}
	p.Settle(t)
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	a, b := enrol(t, p, ada.Client), enrol(t, p, bob.Client)
	_, err := p.answer(t, p.challenge(t, ada), b.recovery[0])
	want(t, "another's recovery code", err, errorsv1.Reason_REASON_SECOND_FACTOR_CODE_INVALID)
	_, err = p.answer(t, p.challenge(t, ada), strings.ToUpper(strings.ReplaceAll(a.recovery[0], "-", " ")))
	want(t, "a recovery code, written otherwise", err, succeeds)
	_, err = p.answer(t, p.challenge(t, ada), a.recovery[0])
	want(t, "the recovery code once more", err, errorsv1.Reason_REASON_SECOND_FACTOR_CODE_INVALID)
	challenges := []string{p.challenge(t, ada), p.challenge(t, ada), p.challenge(t, ada)}
	if done := atOnce(3, func(i int) error { _, err := p.answer(t, challenges[i], a.recovery[1]); return err }); done != 1 {
		t.Errorf("a recovery code was good for %d of 3 sign-ins at once, want one", done)
	}
	if got := account(t, ada.Client).GetRecoveryCodesLeft(); got != 8 {
		t.Errorf("%d recovery codes left, want 8", got)
	}
	renewed, err := ada.Identity.RegenerateRecoveryCodes(t.Context(), &identityv1.RegenerateRecoveryCodesRequest{})
	if err != nil || len(renewed.GetRecoveryCodes()) != 10 {
		t.Fatalf("new recovery codes: %v, %v", renewed, err)
	}
	_, err = p.answer(t, p.challenge(t, ada), a.recovery[2])
	want(t, "a recovery code of those before", err, errorsv1.Reason_REASON_SECOND_FACTOR_CODE_INVALID)

	_, err = ada.Identity.DisableTotp(t.Context(), &identityv1.DisableTotpRequest{Code: a.recovery[2]})
	want(t, "turn it off with that", err, errorsv1.Reason_REASON_SECOND_FACTOR_CODE_INVALID)
	waiting := p.challenge(t, ada)
	_, err = ada.Identity.DisableTotp(t.Context(), &identityv1.DisableTotpRequest{Code: renewed.GetRecoveryCodes()[0]})
	want(t, "turn it off with a new one", err, succeeds)
	p.mail.Wait(t, ada.Email, "second factor is off", 1)
	_, err = p.logIn(t, "ada", ada.Password)
	want(t, "log in with the password alone", err, succeeds)
	_, err = p.answer(t, waiting, renewed.GetRecoveryCodes()[1])
	want(t, "a sign-in that was waiting", err, errorsv1.Reason_REASON_SECOND_FACTOR_CHALLENGE_INVALID)
}

// TestCodesCannotBeGuessed tries codes against one challenge and against many, one after the other and at once.
func TestCodesCannotBeGuessed(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada := p.User(t, "ada")
	a := enrol(t, p, ada.Client)
	p.advance(time.Minute)
	challenge := p.challenge(t, ada)
	looked := make([]errorsv1.Reason, 20)
	atOnce(len(looked), func(i int) error {
		_, err := p.answer(t, challenge, a.wrong(t))
		looked[i] = pulse.ReasonOf(err)
		return err
	})
	count := map[errorsv1.Reason]int{}
	for _, reason := range looked {
		count[reason]++
	}
	if count[errorsv1.Reason_REASON_SECOND_FACTOR_CODE_INVALID] != 5 || count[errorsv1.Reason_REASON_SECOND_FACTOR_CHALLENGE_INVALID] != 15 {
		t.Errorf("20 codes at once on one challenge: %v, want 5 looked at", count)
	}
	_, err := p.answer(t, challenge, a.code(t, 0))
	want(t, "the right code after 5 wrong ones", err, errorsv1.Reason_REASON_SECOND_FACTOR_CHALLENGE_INVALID)

	for range 5 {
		_, err = p.answer(t, p.challenge(t, ada), a.wrong(t))
		want(t, "a wrong code on another challenge", err, errorsv1.Reason_REASON_SECOND_FACTOR_CODE_INVALID)
	}
	p.mail.Wait(t, ada.Email, "tries codes on your account", 1)
	_, err = p.answer(t, p.challenge(t, ada), a.code(t, 0))
	want(t, "the right code after 10 wrong ones", err, errorsv1.Reason_REASON_SECOND_FACTOR_LIMIT_REACHED)
	if failed := (pulse.Error{}); !asError(err, &failed) || failed.RetryAfter <= 0 {
		t.Errorf("the limit: %v, want to be told when it ends", err)
	}
	_, err = ada.Identity.Reauthenticate(t.Context(), &identityv1.ReauthenticateRequest{Proof: &identityv1.ReauthenticateRequest_Code{Code: a.code(t, 0)}})
	want(t, "the limit on another call", err, errorsv1.Reason_REASON_SECOND_FACTOR_LIMIT_REACHED)
	_, err = p.answer(t, p.challenge(t, ada), a.recovery[0])
	want(t, "a recovery code meanwhile", err, succeeds)
	p.advance(time.Hour)
	_, err = p.answer(t, p.challenge(t, ada), a.code(t, 0))
	want(t, "the right code an hour later", err, succeeds)
}

func TestChallengesEnd(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada := p.User(t, "ada")
	a := enrol(t, p, ada.Client)
	_, err := p.answer(t, "made up", a.recovery[0])
	want(t, "a made-up challenge", err, errorsv1.Reason_REASON_SECOND_FACTOR_CHALLENGE_INVALID)
	late := p.challenge(t, ada)
	p.advance(11 * time.Minute)
	_, err = p.answer(t, late, a.code(t, 0))
	want(t, "a challenge after 11 minutes", err, errorsv1.Reason_REASON_SECOND_FACTOR_CHALLENGE_INVALID)
	// A challenge was made with a password that is good for nothing after a change.
	waiting := p.challenge(t, ada)
	_, err = ada.Identity.Reauthenticate(t.Context(), &identityv1.ReauthenticateRequest{Proof: &identityv1.ReauthenticateRequest_Code{Code: a.code(t, 0)}})
	want(t, "prove who it is with a code", err, succeeds)
	want(t, "change the password", changePassword(t, ada.Client, newPassword), succeeds)
	_, err = p.answer(t, waiting, a.recovery[0])
	want(t, "a challenge from before the change", err, errorsv1.Reason_REASON_SECOND_FACTOR_CHALLENGE_INVALID)
}

// TestSecondFactorOutlivesRestart restarts with other sealing keys: what an old one has sealed still opens while it is
// listed, and not otherwise.
func TestSecondFactorOutlivesRestart(t *testing.T) {
	t.Parallel()
	const first, second = "the first key of thirty-two characters", "another key of thirty-two characters"
	p := start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	unkeyed := enrol(t, p, ada.Client)
	p.Setenv("PULSE_SEAL_KEYS", first)
	p.LoseCaches(t)
	again, err := p.logIn(t, "bob", bob.Password)
	want(t, "log in", err, succeeds)
	keyed := enrol(t, p, again)
	p.Setenv("PULSE_SEAL_KEYS", second+","+first)
	p.Restart(t, nil)
	p.advance(time.Minute)
	for u, a := range map[*pulsetest.User]*authenticator{ada: unkeyed, bob: keyed} {
		_, err := p.answer(t, p.challenge(t, u), a.code(t, 0))
		want(t, u.Handle+" after the keys were changed", err, succeeds)
	}
	p.Setenv("PULSE_SEAL_KEYS", second)
	p.Restart(t, nil)
	p.advance(time.Minute)
	_, err = p.answer(t, p.challenge(t, bob), keyed.code(t, 0))
	want(t, "bob without the key", err, errorsv1.Reason_REASON_INTERNAL)
	if log := p.Log(); !strings.Contains(log, "PULSE_SEAL_KEYS") {
		t.Error("the log does not say which setting lacks a key")
	}
}

package apitest_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

const logIn = "/pulse.identity.v1.IdentityService/LogIn"

func TestFieldMasks(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	update := func(etag string, paths ...string) (*userv1.User, error) {
		answer, err := ada.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
			Profile:    &userv1.Profile{DisplayName: "Ada", Bio: "countess", Location: "London"},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}, Etag: etag,
		})
		return answer.GetUser(), err
	}
	for _, paths := range [][]string{
		{}, {"*"}, {""}, {"role"}, {"id"}, {"handle"}, {"etag"}, {"counts.posts"}, {"profile.bio"}, {"bio.x"}, {"Bio"}, {"bio,location"}, {"bio", "role"},
	} {
		_, err := update("", paths...)
		wantReason(t, "mask "+strings.Join(paths, " and "), err, errorsv1.Reason_REASON_UPDATE_MASK_INVALID)
	}
	changed, err := update("", "bio")
	if err != nil || changed.GetBio() != "countess" || changed.GetLocation() != "" || changed.GetDisplayName() != "ada" {
		t.Errorf("mask bio: %v, %v; want the bio changed and nothing else", changed, err)
	}
	again, err := update(changed.GetEtag(), "location")
	if err != nil || again.GetEtag() == changed.GetEtag() {
		t.Errorf("the current etag: %v, %v; want another one after", again, err)
	}
	_, err = update(changed.GetEtag(), "display_name")
	wantReason(t, "an old etag", err, errorsv1.Reason_REASON_ETAG_MISMATCH)
	if failed, ok := errorsAs(err); !ok || failed.Code != connect.CodeAborted {
		t.Errorf("an old etag: %v, want aborted", err)
	}
	_, err = update("x", "bio")
	wantReason(t, "an etag of words", err, errorsv1.Reason_REASON_ETAG_MISMATCH)
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	signUp(t, p, "ada")
	const invalid = errorsv1.Reason_REASON_INVALID_REQUEST
	for name, c := range map[string]struct {
		handle, email, password string
		want                    errorsv1.Reason
	}{
		"handle":              {"ada", "new@example.org", "correct horse", errorsv1.Reason_REASON_HANDLE_TAKEN},
		"handle in capitals":  {"ADA", "new@example.org", "correct horse", errorsv1.Reason_REASON_HANDLE_TAKEN},
		"address":             {"eve", "ada@example.org", "correct horse", errorsv1.Reason_REASON_EMAIL_TAKEN},
		"address in capitals": {"eve", "ADA@Example.org", "correct horse", errorsv1.Reason_REASON_EMAIL_TAKEN},
		"common password":     {"eve", "eve@example.org", "PassWord", errorsv1.Reason_REASON_PASSWORD_TOO_COMMON},
		"short password":      {"eve", "eve@example.org", "1234567", invalid},
		"long password":       {"eve", "eve@example.org", strings.Repeat("x", 257), invalid},
		"handle of one":       {"e", "eve@example.org", "correct horse", invalid},
		"handle of 31":        {strings.Repeat("e", 31), "eve@example.org", "correct horse", invalid},
		"handle with a space": {"e ve", "eve@example.org", "correct horse", invalid},
		"handle with a line":  {"eve\n", "eve@example.org", "correct horse", invalid},
		"handle with @":       {"@eve", "eve@example.org", "correct horse", invalid},
		"handle in Cyrillic":  {"еve", "eve@example.org", "correct horse", invalid},
		"no address":          {"eve", "eve", "correct horse", invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := anonymous(t, p).Identity.Register(t.Context(), &identityv1.RegisterRequest{Handle: c.handle, Email: c.email, Password: c.password})
			wantReason(t, name, err, c.want)
		})
	}
}

// TestNoEnumeration looks whether a log-in tells if there is such an account.
func TestNoEnumeration(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	client := newHTTP1Client(t)
	try := func(login string) received {
		answer := send(t, client, http.MethodPost, p.URL()+logIn, `{"login":"`+login+`","password":"not it at all"}`, "X-Request-Id", "same")
		answer.header.Del("Date")
		return answer
	}
	known := try(ada.handle)
	wantFailure(t, known, errorsv1.Reason_REASON_CREDENTIALS_INVALID)
	for _, login := range []string{"nobody", "ada@example.org", "nobody@example.org", "ADA", "%"} {
		answer := try(login)
		if !reflect.DeepEqual(answer, known) {
			t.Errorf("log in as %q: %v %s, unlike a wrong password: %v %s", login, answer.header, answer.body, known.header, known.body)
		}
	}
}

// TestSignInBusy logs more people in than hashes may run at once.
func TestSignInBusy(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithStrongPasswords(),
		pulsetest.WithEnv("PULSE_PASSWORD_HASHES_AT_ONCE", "1"), pulsetest.WithEnv("PULSE_PASSWORD_HASH_QUEUE", "0"))
	ada := signUp(t, p, "ada")
	client := newHTTP1Client(t)
	answers := make([]received, 20)
	atOnce(len(answers), func(i int) {
		answers[i] = send(t, client, http.MethodPost, p.URL()+logIn, `{"login":"ada","password":"`+ada.password+`"}`)
	})
	counts := map[int]int{}
	for _, answer := range answers {
		counts[answer.status]++
		if answer.status == http.StatusOK {
			continue
		}
		f := wantFailure(t, answer, errorsv1.Reason_REASON_SIGN_IN_BUSY)
		if f.retry.GetRetryDelay().AsDuration() != time.Second || answer.header.Get("Retry-After") != "1" {
			t.Errorf("RetryInfo %v and Retry-After %q, want a second", f.retry, answer.header.Get("Retry-After"))
		}
	}
	if counts[http.StatusOK] == 0 || counts[http.StatusTooManyRequests] == 0 || len(counts) != 2 {
		t.Errorf("answers by status: %v, want some log-ins and some refusals", counts)
	}
	wantReason(t, "reads meanwhile", whoAmI(t, ada.Client), succeeds)
}

package apitest_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// Procedures that tests call without a client.
const (
	getAccount = "/pulse.identity.v1.IdentityService/GetAccount"
	getPost    = "/pulse.post.v1.PostService/GetPost"
	createPost = "/pulse.post.v1.PostService/CreatePost"
)

func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	post := ada.post(t, "hello", 0)
	good := newForger(t, p, ada)

	// The forger can make tokens that are accepted, so it is the forgery that makes the others be refused.
	if _, err := withToken(t, p, good.token(t)).Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{}); err != nil {
		t.Fatalf("a good token: %v", err)
	}
	for name, token := range forgeries(t, good) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := withToken(t, p, token)
			_, err := client.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
			if got := pulse.ReasonOf(err); got != errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID {
				t.Errorf("a call for oneself: %v, want ACCESS_TOKEN_INVALID", err)
			}
			_, err = client.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: post})
			if got := pulse.ReasonOf(err); got != errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID {
				t.Errorf("a call for anyone: %v, want ACCESS_TOKEN_INVALID", err)
			}
		})
	}
}

// forgeries are tokens that differ from good ones in one thing each.
func forgeries(t *testing.T, good forger) map[string]string {
	t.Helper()
	public := good.key.Public().(ed25519.PublicKey)
	attacker := newKey(t)
	stolen := good
	stolen.key = attacker
	attackersJWK := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(attacker.Public().(ed25519.PublicKey))}
	hs256 := func(key []byte) func([]byte) []byte {
		return func(content []byte) []byte {
			mac := hmac.New(sha256.New, key)
			mac.Write(content)
			return mac.Sum(nil)
		}
	}
	unsigned := func([]byte) []byte { return nil }
	genuine := good.token(t)
	cut := strings.LastIndex(genuine, ".")
	past := time.Now().Add(-time.Hour).Unix()
	return map[string]string{
		"alg none":                     good.with(map[string]any{"alg": "none"}).signedBy(t, unsigned),
		"alg NONE with the signature":  good.with(map[string]any{"alg": "NONE"}).token(t),
		"no alg":                       good.with(map[string]any{"alg": nil}).token(t),
		"no signature":                 good.signedBy(t, unsigned),
		"HS256 with the public key":    good.with(map[string]any{"alg": "HS256"}).signedBy(t, hs256(public)),
		"HS256 with its base64":        good.with(map[string]any{"alg": "HS256"}).signedBy(t, hs256([]byte(base64.RawURLEncoding.EncodeToString(public)))),
		"another key, same kid":        stolen.token(t),
		"another key, unknown kid":     stolen.with(map[string]any{"kid": "1"}).token(t),
		"unknown kid":                  good.with(map[string]any{"kid": "1"}).token(t),
		"no kid":                       good.with(map[string]any{"kid": nil}).token(t),
		"jwk of the attacker":          stolen.with(map[string]any{"jwk": attackersJWK}).token(t),
		"jwk of the attacker, no kid":  stolen.with(map[string]any{"jwk": attackersJWK, "kid": nil}).token(t),
		"issuer":                       good.claiming(map[string]any{"iss": "evil"}).token(t),
		"no issuer":                    good.claiming(map[string]any{"iss": nil}).token(t),
		"audience":                     good.claiming(map[string]any{"aud": "another"}).token(t),
		"no audience":                  good.claiming(map[string]any{"aud": nil}).token(t),
		"typ JWT":                      good.with(map[string]any{"typ": "JWT"}).token(t),
		"no typ":                       good.with(map[string]any{"typ": nil}).token(t),
		"expired":                      good.claiming(map[string]any{"exp": past}).token(t),
		"no expiry":                    good.claiming(map[string]any{"exp": nil}).token(t),
		"not yet valid":                good.claiming(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}).token(t),
		"no subject":                   good.claiming(map[string]any{"sub": nil}).token(t),
		"subject 0":                    good.claiming(map[string]any{"sub": "0"}).token(t),
		"subject of words":             good.claiming(map[string]any{"sub": "ada"}).token(t),
		"no session":                   good.claiming(map[string]any{"sid": nil}).token(t),
		"session of words":             good.claiming(map[string]any{"sid": "mine"}).token(t),
		"a changed payload":            changedPayload(t, good),
		"half a signature":             genuine[:cut+20],
		"two parts":                    genuine[:cut],
		"four parts":                   genuine + ".x",
		"JSON serialization":           `{"payload":"e30","signatures":[]}`,
		"9 KiB of padding in a header": good.with(map[string]any{"pad": strings.Repeat("x", 9<<10)}).token(t),
		"dots":                         strings.Repeat(".", 20<<10),
		"a word":                       "token",
	}
}

// changedPayload is a good token with the claims of another.
func changedPayload(t *testing.T, good forger) string {
	t.Helper()
	genuine, other := strings.Split(good.token(t), "."), strings.Split(good.claiming(map[string]any{"sub": "1"}).token(t), ".")
	return genuine[0] + "." + other[1] + "." + genuine[2]
}

// TestKeyURLIsNotFollowed sends a token that says where its key is; nobody may go there.
func TestKeyURLIsNotFollowed(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	forged := newForger(t, p, signUp(t, p, "ada"))
	forged.key = newKey(t)
	asked := make(chan string, 10)
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{}})
	}))
	t.Cleanup(keys.Close)
	for _, header := range []string{"jku", "x5u"} {
		token := forged.with(map[string]any{header: keys.URL}).token(t)
		_, err := withToken(t, p, token).Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
		if got := pulse.ReasonOf(err); got != errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID {
			t.Errorf("%s: %v, want ACCESS_TOKEN_INVALID", header, err)
		}
	}
	if len(asked) != 0 {
		t.Errorf("the server went to the token's URL %d times", len(asked))
	}
}

// TestAuthorizationHeader sends headers that are wrong around the token. A header that is sent must be right, on calls
// that need none too.
func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	post := ada.post(t, "hello", 0)
	client, access := newHTTP1Client(t), ada.tokens.GetAccessToken()
	get := func(headers ...string) received {
		return send(t, client, http.MethodGet, p.URL()+"/v1/posts/"+idText(post), "", headers...)
	}
	for name, headers := range map[string][]string{
		"empty":            {"Authorization", ""},
		"no scheme":        {"Authorization", access},
		"Basic":            {"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:"+ada.password))},
		"Bearer alone":     {"Authorization", "Bearer"},
		"Bearer and space": {"Authorization", "Bearer "},
		"two tokens":       {"Authorization", "Bearer " + access + " " + access},
		"twice":            {"Authorization", "Bearer " + access, "Authorization", "Bearer " + access},
		"good and bad":     {"Authorization", "Bearer " + access, "Authorization", "Bearer x"},
		"refresh token":    {"Authorization", "Bearer " + ada.tokens.GetRefreshToken()},
	} {
		t.Run(name, func(t *testing.T) {
			for _, answer := range []received{
				send(t, client, http.MethodPost, p.URL()+getAccount, `{}`, headers...),
				send(t, client, http.MethodPost, p.URL()+getPost, `{"postId":"1"}`, headers...),
				get(headers...),
			} {
				wantFailure(t, answer, errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID)
			}
		})
	}
	if answer := get("Authorization", "bearer "+access); answer.status != http.StatusOK {
		t.Errorf("the scheme in lower case: HTTP %d %s", answer.status, answer.body)
	}
	if answer := get("Authorization", "Bearer "+strings.Repeat(".", 1<<20)); answer.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a megabyte of dots: HTTP %d, want 431", answer.status)
	}
}

// TestMegabyteOfDots sends it where no HTTP server bounds headers.
func TestMegabyteOfDots(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.InProcess())
	began := time.Now()
	_, err := withToken(t, p, strings.Repeat(".", 1<<20)).Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
	if got := pulse.ReasonOf(err); got != errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID {
		t.Errorf("%v, want ACCESS_TOKEN_INVALID", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestAccessTokenExpires(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada := signUp(t, p, "ada")
	for _, step := range []struct {
		ahead time.Duration
		want  errorsv1.Reason
	}{
		{10 * time.Minute, errorsv1.Reason_REASON_UNSPECIFIED}, // Within the 30 s that clocks may differ.
		{31 * time.Second, errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID},
	} {
		clock.advance(step.ahead)
		_, err := ada.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
		if got := pulse.ReasonOf(err); got != step.want {
			t.Errorf("after %v more: %v, want %v", step.ahead, err, step.want)
		}
	}
}

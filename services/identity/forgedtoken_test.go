package identity_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// A forger is a provider that answers every code with a token that a test has made.
type forger struct {
	issuer string
	key    *ecdsa.PrivateKey
	token  atomic.Pointer[string]
}

// startForger starts one.
func startForger(t *testing.T) *forger {
	t.Helper()
	f := &forger{key: newKey(t)}
	mux := http.NewServeMux()
	answer := func(path string, body func() any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if err := json.NewEncoder(w).Encode(body()); err != nil {
				t.Error(err)
			}
		})
	}
	answer("GET /.well-known/openid-configuration", func() any {
		return map[string]any{
			"issuer": f.issuer, "authorization_endpoint": f.issuer + "/authorize", "token_endpoint": f.issuer + "/token", "jwks_uri": f.issuer + "/keys",
			"id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"},
		}
	})
	answer("GET /keys", func() any {
		key, err := jwk.Import(f.key.Public())
		if err != nil {
			t.Error(err)
		}
		return map[string]any{"keys": []any{key}}
	})
	answer("POST /token", func() any {
		return map[string]any{"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": *f.token.Load()}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	f.issuer = server.URL
	return f
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestForgedIDTokens has a provider, or who stands between, answer with tokens that are not what they should be.
func TestForgedIDTokens(t *testing.T) {
	t.Parallel()
	f := startForger(t)
	p := start(t, setting(t, map[string]any{
		"name": "forger", "issuer": f.issuer, "client_id": "pulse", "client_secret": "shared-secret-of-client-and-provider", "allow_private_addresses": true,
	}))
	none := func(raw []byte) []byte { return raw }
	for _, forged := range []struct {
		what   string
		change func(*jwt.Builder)
		sign   jwt.SignOption
		want   errorsv1.Reason
		after  func([]byte) []byte
	}{
		{what: "nothing", want: succeeds},
		{what: "another nonce", change: func(b *jwt.Builder) { b.Claim("nonce", "another") }},
		{what: "another issuer", change: func(b *jwt.Builder) { b.Issuer("https://accounts.example.com") }},
		{what: "another audience", change: func(b *jwt.Builder) { b.Audience([]string{"another"}) }},
		{what: "another authorized party", change: func(b *jwt.Builder) { b.Claim("azp", "another") }},
		{what: "expired", change: func(b *jwt.Builder) { b.Expiration(p.now().Add(-time.Minute)) }},
		{what: "another key", sign: jwt.WithKey(jwa.ES256(), newKey(t))},
		{what: "the client's secret as key", sign: jwt.WithKey(jwa.HS256(), []byte("shared-secret-of-client-and-provider"))},
		{what: "no signature", sign: jwt.WithInsecureNoSignature()},
		{what: "a byte changed", after: func(raw []byte) []byte { raw[len(raw)/2] ^= 1; return raw }},
	} {
		client := p.Client(t, pulse.WithMaxAttempts(1))
		begun := begin(t, client, "forger")
		builder := jwt.NewBuilder().Issuer(f.issuer).Audience([]string{"pulse"}).Subject("somebody").IssuedAt(p.now()).Expiration(p.now().Add(time.Minute)).
			Claim("nonce", queryOf(t, begun.GetUrl()).Get("nonce")).Claim("email", "somebody@example.net").Claim("email_verified", "true")
		if forged.change != nil {
			forged.change(builder)
		}
		token, err := builder.Build()
		if err != nil {
			t.Fatal(err)
		}
		if forged.sign == nil {
			forged.sign = jwt.WithKey(jwa.ES256(), f.key)
		}
		if forged.after == nil {
			forged.after = none
		}
		raw, err := jwt.Sign(token, forged.sign)
		if err != nil {
			t.Fatal(err)
		}
		text := string(forged.after(raw))
		f.token.Store(&text)
		if forged.want == succeeds && forged.what != "nothing" {
			forged.want = errorsv1.Reason_REASON_PROVIDER_REFUSED
		}
		_, err = client.CompleteSignIn(t.Context(), &identityv1.CompleteSignInRequest{State: begun.GetState(), Code: "any", Secret: begun.GetSecret()})
		want(t, forged.what, err, forged.want)
	}
}

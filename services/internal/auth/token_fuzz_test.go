package auth_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/store"
)

// FuzzVerify tries whatever callers may send as a token: it is refused as one, or it is the one that was signed, for whom it
// was signed.
func FuzzVerify(f *testing.F) {
	s, err := store.Open(f.Context(), store.Config{DataDir: f.TempDir(), MaxConns: 2}, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	must(f, err)
	f.Cleanup(func() { must(f, s.Close()) })
	_, err = s.Migrate(f.Context(), slog.New(slog.DiscardHandler))
	must(f, err)
	redis := miniredis.RunT(f)
	k, err := kv.Open(f.Context(), kv.Config{URL: "redis://" + redis.Addr(), Timeout: time.Second})
	must(f, err)
	f.Cleanup(k.Close)

	public, private, err := ed25519.GenerateKey(nil)
	must(f, err)
	var keyID int64
	must(f, s.For("identity").Write(f.Context(), func(tx *store.Tx) error {
		keyID = tx.NewID()
		return tx.SigningKey.Create().SetID(keyID).SetPublicKey(public).SetActive(true).Exec(f.Context())
	}))
	config := auth.Config{Issuer: "pulse"}
	whose := auth.Principal{UserID: 1, SessionID: newSession(f, s, false)}
	token, err := config.Sign(private, keyID, whose, 3, clock.System())
	must(f, err)
	db := s.For("auth")
	verifier := auth.NewVerifier(config, auth.NewKeys(db, clock.System), auth.NewSessions(db, k, clock.System), auth.NewAPIKeys(db, k, clock.System), clock.System)

	head, rest, _ := strings.Cut(token, ".")
	for _, seed := range []string{
		token, head + ".." + rest, rest, head, token + "=", strings.Repeat(".", 3), "", auth.NewAPIKey(),
		base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt","kid":"1"}`)) + "." + rest,
		base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"at+jwt","kid":"`+id.String(keyID)+`"}`)) + "." + rest,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		got, err := verifier.Verify(t.Context(), sent)
		if err == nil && (got.UserID != whose.UserID || got.SessionID != whose.SessionID) {
			t.Errorf("%q is taken for %+v", sent, got)
		}
		if err == nil && strings.TrimRight(sent, "=") != token {
			t.Errorf("%q is taken for the token %q", sent, token)
		}
		if err != nil && !errors.Is(err, auth.ErrToken) && !errors.Is(err, auth.ErrAPIKey) {
			t.Errorf("%q: %v", sent, err)
		}
	})
}

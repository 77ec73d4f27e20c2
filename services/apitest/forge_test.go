package apitest_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // The driver "pgx".
	_ "modernc.org/sqlite"             // The driver "sqlite".

	"github.com/pulse-social/pulse/services/internal/seal"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// openDatabase opens the database of a Pulse to look into it.
func openDatabase(t *testing.T, p *pulsetest.Pulse) *sql.DB {
	t.Helper()
	config := p.Config(t).Store
	driver, source := "pgx", config.DatabaseURL
	if config.Embedded() {
		driver, source = "sqlite", "file:"+filepath.Join(config.DataDir, "pulse.db")+"?mode=ro&_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// A forger makes access tokens, good and bad ones.
type forger struct {
	key    ed25519.PrivateKey
	header map[string]any
	claims map[string]any
}

// newForger answers a forger that has the key of a Pulse and makes good tokens for a person's session.
func newForger(t *testing.T, p *pulsetest.Pulse, who *person) forger {
	t.Helper()
	var keyID int64
	var sealed, sealing []byte
	row := openDatabase(t, p).QueryRowContext(t.Context(),
		"SELECT k.id, s.seed, o.key FROM signing_keys k JOIN signing_secrets s ON s.id = k.id CROSS JOIN sealing_keys o WHERE k.active ORDER BY k.id LIMIT 1")
	if err := row.Scan(&keyID, &sealed, &sealing); err != nil {
		t.Fatal(err)
	}
	seed, err := seal.Open(hex.EncodeToString(sealing), "signing key "+idText(keyID), sealed)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	return forger{
		key:    ed25519.NewKeyFromSeed(seed),
		header: map[string]any{"alg": "EdDSA", "typ": "at+jwt", "kid": strconv.FormatInt(keyID, 10)},
		claims: map[string]any{
			"iss": "pulse", "aud": []string{"pulse"}, "sub": strconv.FormatInt(who.id, 10), "jti": "1",
			"sid": strconv.FormatInt(sessionOf(t, who.tokens.GetAccessToken()), 10), "iat": now, "exp": now + 600,
		},
	}
}

// with answers a forger that differs in header values; nil takes one away.
func (f forger) with(changes map[string]any) forger {
	f.header = changed(f.header, changes)
	return f
}

// claiming answers a forger that differs in claims; nil takes one away.
func (f forger) claiming(changes map[string]any) forger {
	f.claims = changed(f.claims, changes)
	return f
}

func changed(values, changes map[string]any) map[string]any {
	values = maps.Clone(values)
	maps.Copy(values, changes)
	maps.DeleteFunc(values, func(_ string, value any) bool { return value == nil })
	return values
}

// token makes a token that is signed with the forger's key.
func (f forger) token(t *testing.T) string {
	t.Helper()
	return f.signedBy(t, func(content []byte) []byte { return ed25519.Sign(f.key, content) })
}

// signedBy makes a token with any signature.
func (f forger) signedBy(t *testing.T, sign func(content []byte) []byte) string {
	t.Helper()
	content := encodeJSON(t, f.header) + "." + encodeJSON(t, f.claims)
	return content + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(content)))
}

func encodeJSON(t *testing.T, value any) string {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(encoded)
}

// newKey draws a key that Pulse does not know.
func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

package identity_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// TestWeakHashesAreRenewed has a password that was hashed with less work than passwords are now: logging in makes the hash anew.
func TestWeakHashesAreRenewed(t *testing.T) {
	t.Parallel()
	p := start(t, pulsetest.WithStrongPasswords())
	ada := p.User(t, "ada")
	salt := []byte("sixteen bytes...")
	b64 := base64.RawStdEncoding
	weak := fmt.Sprintf("$argon2id$v=%d$m=1024,t=1,p=1$%s$%s", argon2.Version, b64.EncodeToString(salt), b64.EncodeToString(argon2.IDKey([]byte(ada.Password), salt, 1, 1024, 1, 32)))

	db, err := store.Open(t.Context(), p.Config(t).Store, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	identity := db.For("identity")
	err = identity.Write(t.Context(), func(tx *store.Tx) error {
		return tx.Credential.UpdateOneID(ada.ID).SetPasswordHash(weak).Exec(t.Context())
	})
	if err != nil {
		t.Fatal(err)
	}
	hash := func() string {
		t.Helper()
		row, err := identity.Credential.Get(t.Context(), ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		return row.PasswordHash
	}
	if _, err := p.logIn(t, "ada", "a wrong password"); err == nil || hash() != weak {
		t.Errorf("after a wrong password: %v, the hash is %s", err, hash())
	}
	p.mustLogIn(t, ada)
	strong := hash()
	if !strings.HasPrefix(strong, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("after a log-in the hash is %s", strong)
	}
	p.mustLogIn(t, ada)
	if hash() != strong {
		t.Error("a hash that is strong enough was made anew")
	}
}

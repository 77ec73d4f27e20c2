package seal_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/pulse-social/pulse/services/internal/seal"
)

func TestOnlyTheSecretAndThePurposeOpen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret, purpose, plain := rapid.String().Draw(t, "secret"), rapid.String().Draw(t, "purpose"), rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		sealed, err := seal.Seal(secret, purpose, plain)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := seal.Open(secret, purpose, sealed)
		if err != nil || opened == nil || !bytes.Equal(opened, plain) {
			t.Fatalf("opened %x, %v, want %x", opened, err, plain)
		}
		if _, err := seal.Open(secret+"x", purpose, sealed); err == nil {
			t.Fatal("another secret opens it")
		}
		if _, err := seal.Open(secret, purpose+"x", sealed); err == nil {
			t.Fatal("another purpose opens it")
		}
		sealed[rapid.IntRange(0, len(sealed)-1).Draw(t, "at")] ^= 1
		if _, err := seal.Open(secret, purpose, sealed); err == nil {
			t.Fatal("it opens though it was altered")
		}
		if _, err := seal.Open(secret, purpose, sealed[:5]); err == nil {
			t.Fatal("it opens though it was cut short")
		}
	})
}

// Package seal encrypts what is kept under a secret that is not kept: only who presents the secret again can open it. The
// key is derived from the secret by HKDF-SHA-256 (RFC 5869), the cipher is AES-256-GCM with a random nonce. Secrets must be
// hard to guess.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// errShort tells that something is too short to have been sealed.
var errShort = errors.New("sealed value is cut short")

// Seal encrypts plain under a secret, for one purpose: under another it does not open.
func Seal(secret, purpose string, plain []byte) ([]byte, error) {
	aead, err := cipherOf(secret, purpose)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce) // Never fails: see crypto/rand.
	return aead.Seal(nonce, nonce, plain, nil), nil
}

// Open decrypts what was sealed under the secret for the purpose. What it answers is never nil without an error.
func Open(secret, purpose string, sealed []byte) ([]byte, error) {
	aead, err := cipherOf(secret, purpose)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errShort
	}
	plain, err := aead.Open([]byte{}, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	if err != nil {
		return nil, fmt.Errorf("open what was sealed: %w", err)
	}
	return plain, nil
}

func cipherOf(secret, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, purpose, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

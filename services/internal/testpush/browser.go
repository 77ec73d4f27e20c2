// Package testpush is a push service with browsers behind it, for tests: it does what RFC 8030, 8188, 8291 and 8292 say,
// written from them alone, and believes no sender.
package testpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// A Browser has a subscription, and reads what is sent to it.
type Browser struct {
	// Endpoint is where the push service takes messages for it.
	Endpoint string

	key  *ecdh.PrivateKey
	auth []byte
}

// NewBrowser makes a browser with keys of its own.
func NewBrowser(t testing.TB, endpoint string) *Browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	auth := make([]byte, 16)
	_, _ = rand.Read(auth) // Never fails: see crypto/rand.
	return &Browser{Endpoint: endpoint, key: key, auth: auth}
}

// BrowserOf makes a browser of keys that are known, in base64url.
func BrowserOf(t testing.TB, private, auth string) *Browser {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(private)
	if err != nil {
		t.Fatal(err)
	}
	b := &Browser{}
	if b.key, err = ecdh.P256().NewPrivateKey(raw); err != nil {
		t.Fatal(err)
	}
	if b.auth, err = base64.RawURLEncoding.DecodeString(auth); err != nil {
		t.Fatal(err)
	}
	return b
}

// PublicKey is the key `p256dh` of the subscription.
func (b *Browser) PublicKey() string {
	return base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes())
}

// Auth is the key `auth` of the subscription.
func (b *Browser) Auth() string { return base64.RawURLEncoding.EncodeToString(b.auth) }

// headerSize is the size of what stands before the id of the key (RFC 8188, section 2.1): the salt, the size of a record and
// the length of the id.
const headerSize = 16 + 4 + 1

// Decrypt reads a message of one record in the content coding aes128gcm (RFC 8188, RFC 8291).
func (b *Browser) Decrypt(body []byte) ([]byte, error) {
	if len(body) < headerSize {
		return nil, errors.New("the header is cut off")
	}
	salt, recordSize, idSize := body[:16], binary.BigEndian.Uint32(body[16:20]), int(body[20])
	if len(body) < headerSize+idSize {
		return nil, errors.New("the id of the key is cut off")
	}
	sender, record := body[headerSize:headerSize+idSize], body[headerSize+idSize:]
	if uint64(len(record)) > uint64(recordSize) {
		return nil, fmt.Errorf("a record of %d bytes in %d: a push has one record", recordSize, len(record))
	}
	key, nonce, err := b.secrets(sender, salt)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, record, nil)
	if err != nil {
		return nil, err
	}
	return unpad(plain)
}

// secrets derives the key and the nonce of the only record (RFC 8291, section 3.4).
func (b *Browser) secrets(sender, salt []byte) (key, nonce []byte, err error) {
	public, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return nil, nil, fmt.Errorf("the sender's key: %w", err)
	}
	shared, err := b.key.ECDH(public)
	if err != nil {
		return nil, nil, err
	}
	info := "WebPush: info\x00" + string(b.key.PublicKey().Bytes()) + string(sender)
	keying, err := hkdf.Key(sha256.New, shared, b.auth, info, 32)
	if err != nil {
		return nil, nil, err
	}
	if key, err = hkdf.Key(sha256.New, keying, salt, "Content-Encoding: aes128gcm\x00", 16); err != nil {
		return nil, nil, err
	}
	nonce, err = hkdf.Key(sha256.New, keying, salt, "Content-Encoding: nonce\x00", 12)
	return key, nonce, err
}

// unpad takes off the padding of the last record: a 2, and zeros after it.
func unpad(plain []byte) ([]byte, error) {
	for i, b := range slices.Backward(plain) {
		switch b {
		case 0:
		case 2:
			return plain[:i], nil
		default:
			return nil, errors.New("the padding of the last record does not begin with 2")
		}
	}
	return nil, errors.New("the record is all padding")
}

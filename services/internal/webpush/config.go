// Package webpush sends messages to browsers by way of the push services that they have subscribed with: RFC 8030 for how,
// RFC 8291 for what nobody on the way can read, RFC 8292 for who sends.
package webpush

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"strings"
)

// Config says as whom messages are sent, and to which push services.
type Config struct {
	// Key is the private key that the server signs with; empty means that it pushes to nobody.
	Key string `env:"PULSE_PUSH_KEY" secret:"true" doc:"private key that pushes to browsers are signed with, as pulse keys push prints it, the same in all processes; empty: nothing is pushed. With another key all browsers have to subscribe anew"`
	// Contact is whom push services turn to when something is wrong with what they are sent.
	Contact string `env:"PULSE_PUSH_CONTACT" doc:"whom push services turn to: mailto:operator@example.org or an https address; needed with PULSE_PUSH_KEY"`
	// Private is whether push services on this machine and its networks may be called.
	Private bool `env:"PULSE_PUSH_PRIVATE" envDefault:"false" doc:"true: push services at private addresses are called too, when you run one of your own"`
	// CAFile are the authorities that push services' certificates are checked with, in PEM; empty means the system's.
	CAFile string `env:"PULSE_PUSH_CA_FILE" doc:"authorities that the certificates of push services are checked with, in PEM; empty: the system's"`
}

// On tells whether anything is pushed.
func (c Config) On() bool { return c.Key != "" }

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	if !c.On() {
		return nil
	}
	_, err := c.key()
	_, poolErr := c.authorities()
	return errors.Join(err, c.validateContact(), poolErr)
}

// validateContact demands an address that somebody can be reached at (RFC 8292, section 2.1).
func (c Config) validateContact() error {
	if address, ok := strings.CutPrefix(c.Contact, "mailto:"); ok {
		if parsed, err := mail.ParseAddress(address); err == nil && parsed.Address == address {
			return nil
		}
	} else if u, err := url.Parse(c.Contact); err == nil && u.Scheme == "https" && u.Host != "" {
		return nil
	}
	return fmt.Errorf("PULSE_PUSH_CONTACT=%q: write it like mailto:operator@example.org or https://example.org/contact, for push services refuse senders whom they cannot reach", c.Contact)
}

// key reads the private key. An error does not repeat it.
func (c Config) key() (*ecdh.PrivateKey, error) {
	raw, err := decode(c.Key)
	if err == nil {
		var key *ecdh.PrivateKey
		if key, err = ecdh.P256().NewPrivateKey(raw); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("PULSE_PUSH_KEY is no private key of P-256 in base64url: pulse keys push prints a fresh one")
}

// authorities reads CAFile; nil are the system's.
func (c Config) authorities() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil //nolint:nilnil // None is an answer.
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("PULSE_PUSH_CA_FILE=%s cannot be read (%w): name a readable file", c.CAFile, errors.Unwrap(err))
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("PULSE_PUSH_CA_FILE=%s holds no certificate in PEM: name a file with one", c.CAFile)
	}
	return pool, nil
}

// NewKey draws a private key, as PULSE_PUSH_KEY is set to it.
func NewKey() (string, error) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(key.Bytes()), nil
}

// decode reads base64url, with padding or without.
func decode(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}

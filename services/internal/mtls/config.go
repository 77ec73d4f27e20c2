// Package mtls lets the processes of a split Pulse prove to each other who they are, for those who have no mesh that does:
// mutual TLS 1.3 with X.509-SVIDs, the certificates of SPIFFE, each with one id of the form spiffe://trust-domain/path. A
// caller checks that it has reached the service that it means, a service that its caller is one that may call it.
//
// Certificates come from files and may be replaced at any time: a handshake uses those that are there.
package mtls

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
)

// Gateway is the name of what calls for those outside, beside the names of the services.
const Gateway = "gateway"

// Config says who the process is and whom it knows. Without any of it there is no TLS.
type Config struct {
	// CertFile and KeyFile are the process's certificate, with those between it and the authority, and its key, in PEM.
	CertFile string `env:"PULSE_TLS_CERT_FILE" doc:"certificate of the process (an X.509-SVID in PEM), for mutual TLS between services; empty: no TLS"`
	KeyFile  string `env:"PULSE_TLS_KEY_FILE" doc:"key of that certificate, in PEM"`
	// CAFile are the certificates of the authorities that are trusted, in PEM: while one is replaced, the old and the new.
	CAFile string `env:"PULSE_TLS_CA_FILE" doc:"authorities whose certificates are accepted, in PEM"`
	// IDs are the SPIFFE ids by service; "gateway" is who calls for those outside, * stands for all others, and {service} in
	// its id for the name.
	IDs map[string]string `env:"PULSE_TLS_IDS" doc:"SPIFFE ids of services and gateway: *:spiffe://example.org/ns/pulse/sa/pulse-{service},..."`
}

// On tells whether there is TLS.
func (c Config) On() bool { return c.CertFile != "" }

// Validate answers what is wrong with the settings, the files left aside.
func (c Config) Validate() error {
	given := c.CertFile != "" || c.KeyFile != "" || c.CAFile != "" || len(c.IDs) > 0
	if !given {
		return nil
	}
	if c.CertFile == "" || c.KeyFile == "" || c.CAFile == "" || len(c.IDs) == 0 {
		return errors.New("TLS between services is half set: set all of PULSE_TLS_CERT_FILE, PULSE_TLS_KEY_FILE, PULSE_TLS_CA_FILE and PULSE_TLS_IDS, or none")
	}
	var domain spiffeid.TrustDomain
	for name := range c.IDs {
		id, err := c.id(name)
		if err != nil {
			return err
		}
		if domain.IsZero() {
			domain = id.TrustDomain()
		}
		if id.TrustDomain() != domain {
			return fmt.Errorf("PULSE_TLS_IDS has the trust domains %s and %s: use ids of one, which PULSE_TLS_CA_FILE is for", domain, id.TrustDomain())
		}
	}
	return nil
}

// CheckIDs fails when one of those who are named has no id.
func (c Config) CheckIDs(names ...string) error {
	for _, name := range names {
		if _, err := c.id(name); err != nil {
			return err
		}
	}
	return nil
}

// id answers the id of a service, or of the gateway.
func (c Config) id(name string) (spiffeid.ID, error) {
	text, ok := c.IDs[name]
	if !ok {
		text, ok = c.IDs["*"]
	}
	if !ok {
		return spiffeid.ID{}, fmt.Errorf("PULSE_TLS_IDS has no id of %s: add %s:spiffe://example.org/ns/pulse/sa/pulse-%s, or * for all", name, name, name)
	}
	filled := strings.ReplaceAll(text, "{service}", strings.ReplaceAll(name, "*", "any"))
	id, err := spiffeid.FromString(filled)
	if err != nil {
		return spiffeid.ID{}, fmt.Errorf("PULSE_TLS_IDS says that %s is %q, which is no SPIFFE id: write it like spiffe://example.org/ns/pulse/sa/pulse-{service}", name, text)
	}
	return id, nil
}

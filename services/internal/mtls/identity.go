package mtls

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// readAgain is how old what was read from the files may be.
const readAgain = time.Second

// An Identity is who the process is, and whom it trusts, as the files say at the moment.
type Identity struct {
	config Config
	log    *slog.Logger

	mu     sync.Mutex
	read   time.Time
	files  contents
	svid   *x509svid.SVID
	bundle *x509bundle.Bundle
}

// contents are the bytes of the files.
type contents struct{ cert, key, ca []byte }

func (c contents) equal(o contents) bool {
	return bytes.Equal(c.cert, o.cert) && bytes.Equal(c.key, o.key) && bytes.Equal(c.ca, o.ca)
}

// Open reads the files, and fails when they do not make an identity that can be used now.
func Open(c Config, log *slog.Logger) (*Identity, error) {
	i := &Identity{config: c, log: log}
	files, err := i.readFiles()
	if err != nil {
		return nil, err
	}
	if err := i.use(files); err != nil {
		return nil, err
	}
	if leaf := i.svid.Certificates[0]; now().After(leaf.NotAfter) {
		return nil, fmt.Errorf("PULSE_TLS_CERT_FILE=%s: the certificate expired at %s: renew it", c.CertFile, leaf.NotAfter.Format(time.RFC3339))
	}
	i.read = now()
	return i, nil
}

// now is the wall clock's time, which certificates are valid by.
func now() time.Time { return time.Now() } //nolint:forbidigo // Certificates are checked by the wall clock, by crypto/x509 too.

func (i *Identity) readFiles() (contents, error) {
	var c contents
	for _, f := range []struct {
		variable, name string
		into           *[]byte
	}{
		{"PULSE_TLS_CERT_FILE", i.config.CertFile, &c.cert},
		{"PULSE_TLS_KEY_FILE", i.config.KeyFile, &c.key},
		{"PULSE_TLS_CA_FILE", i.config.CAFile, &c.ca},
	} {
		raw, err := os.ReadFile(f.name)
		if err != nil {
			return c, fmt.Errorf("%s=%s cannot be read (%w): name a readable file", f.variable, f.name, errors.Unwrap(err))
		}
		*f.into = raw
	}
	return c, nil
}

// use makes what the files say the identity in force.
func (i *Identity) use(files contents) error {
	svid, err := x509svid.Parse(files.cert, files.key)
	if err != nil {
		return fmt.Errorf("PULSE_TLS_CERT_FILE=%s is not an X.509-SVID with the key of PULSE_TLS_KEY_FILE (%w): give it one SPIFFE id as its URI", i.config.CertFile, err)
	}
	bundle, err := x509bundle.Parse(svid.ID.TrustDomain(), files.ca)
	if err != nil || bundle.Empty() {
		return fmt.Errorf("PULSE_TLS_CA_FILE=%s holds no certificates that can be read: put those of the authorities there, in PEM", i.config.CAFile)
	}
	for name := range i.config.IDs {
		id, err := i.config.id(name)
		if err != nil {
			return err
		}
		if id.TrustDomain() != svid.ID.TrustDomain() {
			return fmt.Errorf("PULSE_TLS_CERT_FILE=%s is of %s, and PULSE_TLS_IDS is about trust domain %s: use certificates of that", i.config.CertFile, svid.ID, id.TrustDomain())
		}
	}
	i.files, i.svid, i.bundle = files, svid, bundle
	return nil
}

// refresh reads the files again when it was a while ago. What cannot be used, such as a certificate whose key has not been
// written yet, leaves in force what was.
func (i *Identity) refresh() {
	if now().Sub(i.read) < readAgain {
		return
	}
	i.read = now()
	files, err := i.readFiles()
	if err == nil && !files.equal(i.files) {
		if err = i.use(files); err == nil {
			i.log.Info("certificates were replaced", "id", i.svid.ID.String(), "expire", i.svid.Certificates[0].NotAfter)
		}
	}
	if err != nil {
		i.log.Warn("certificates cannot be replaced; those from before stay in force", "error", err)
	}
}

// GetX509SVID implements [x509svid.Source].
func (i *Identity) GetX509SVID() (*x509svid.SVID, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refresh()
	return i.svid, nil
}

// GetX509BundleForTrustDomain implements [x509bundle.Source].
func (i *Identity) GetX509BundleForTrustDomain(domain spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refresh()
	return i.bundle.GetX509BundleForTrustDomain(domain)
}

// Server answers the configuration of a server that the named callers may call, services or [Gateway].
func (i *Identity) Server(callers ...string) (*tls.Config, error) {
	var ids []spiffeid.ID
	for _, name := range callers {
		id, err := i.config.id(name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return strict(tlsconfig.MTLSServerConfig(i, i, tlsconfig.AuthorizeOneOf(ids...))), nil
}

// Client answers the configuration of a client that calls a service and nobody else.
func (i *Identity) Client(service string) (*tls.Config, error) {
	id, err := i.config.id(service)
	if err != nil {
		return nil, err
	}
	return strict(tlsconfig.MTLSClientConfig(i, i, tlsconfig.AuthorizeID(id))), nil
}

// strict allows the newest TLS alone, and no resumed sessions: those would not be checked again.
func strict(c *tls.Config) *tls.Config {
	c.MinVersion = tls.VersionTLS13
	c.SessionTicketsDisabled = true
	return c
}

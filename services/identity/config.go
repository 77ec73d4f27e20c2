package identity

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/mail"
)

// Config says how people are signed in.
type Config struct {
	// Tokens says whose tokens these are.
	Tokens auth.Config
	// HashesAtOnce bounds how many passwords are hashed at once, so that many who log in do not slow those who read.
	HashesAtOnce int `env:"PULSE_PASSWORD_HASHES_AT_ONCE" envDefault:"0" doc:"how many passwords are hashed at once; 0: one for each core"`
	// HashQueue bounds how many more wait for that.
	HashQueue int `env:"PULSE_PASSWORD_HASH_QUEUE" envDefault:"64" doc:"how many log-ins may wait for a hash before more are refused"`
	// PublicURL is where people find the application, for links in mails and the way back from identity providers. It is never
	// taken from a request.
	PublicURL string `env:"PULSE_PUBLIC_URL" envDefault:"http://localhost:8080" doc:"address of the application that people use, for links in mails and the way back from identity providers"`
	// APIURL is where others reach the API.
	APIURL string `env:"PULSE_API_URL" doc:"address of this API as gateways reach it, for the discovery document; empty: the host of PULSE_PUBLIC_URL"`
	// SigningKeyLife is how long a key signs access tokens.
	SigningKeyLife time.Duration `env:"PULSE_SIGNING_KEY_LIFE" envDefault:"1440h" doc:"how long a key signs access tokens before the next one does"`
	// SealKeys are what secrets in the database are sealed under.
	SealKeys []string `env:"PULSE_SEAL_KEYS" secret:"true" doc:"keys that secrets in the database are sealed under, of 32 characters or more, several with commas: the first seals, all open; empty: a key in the database itself"`
	// Mail says through which server mails go.
	Mail mail.Config
	// ShowMails is whether mails may be logged when there is no mail server: only when nobody else can reach the process. It is
	// set by who makes the service, not from the environment.
	ShowMails bool
	// QuickHashes has passwords hashed with next to no work, for tests that register many people. It is set by who makes the
	// service, not from the environment.
	QuickHashes bool
	// Providers are the identity providers that people may sign in with.
	Providers string `env:"PULSE_SIGN_IN_PROVIDERS" secret:"true" doc:"identity providers as JSON: [{\"name\":\"example\",\"issuer\":\"https://...\",\"client_id\":\"...\",\"client_secret\":\"...\"}, {\"name\":\"github\",\"type\":\"github\",...}]"`
}

// minSealKey is how long a sealing key is at least.
const minSealKey = 32

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	switch {
	case c.HashesAtOnce < 0:
		return fmt.Errorf("PULSE_PASSWORD_HASHES_AT_ONCE=%d: set 0 or more", c.HashesAtOnce)
	case c.HashQueue < 0:
		return fmt.Errorf("PULSE_PASSWORD_HASH_QUEUE=%d: set 0 or more", c.HashQueue)
	case c.Tokens.Issuer == "":
		return errors.New("PULSE_ISSUER is empty: set a name or an https address, the same in all processes")
	case c.SigningKeyLife < time.Hour:
		return fmt.Errorf("PULSE_SIGNING_KEY_LIFE=%s: set 1h or more, such as 1440h for 60 days", c.SigningKeyLife)
	case c.APIURL != "" && !isAddress(c.APIURL):
		return fmt.Errorf("PULSE_API_URL=%q: write it like https://api.example.org", c.APIURL)
	case c.Tokens.RecentAuthentication < time.Minute:
		return fmt.Errorf("PULSE_RECENT_AUTHENTICATION=%s: set 1m or more", c.Tokens.RecentAuthentication)
	}
	for i, key := range c.SealKeys {
		if len(key) < minSealKey {
			return fmt.Errorf("PULSE_SEAL_KEYS: key %d has %d characters: use %d or more, such as from openssl rand -hex 32", i+1, len(key), minSealKey)
		}
	}
	_, err := parseProviders(c.Providers)
	return errors.Join(c.validatePublicURL(), c.Mail.Validate(), err)
}

// validatePublicURL refuses to serve the public without a mail server: nobody could prove an address or reset a password.
func (c Config) validatePublicURL() error {
	u, err := url.Parse(c.PublicURL)
	if err != nil || !isAddress(c.PublicURL) {
		return fmt.Errorf("PULSE_PUBLIC_URL=%q: write it like https://app.example.org, with a path at most", c.PublicURL)
	}
	if !c.Mail.On() && !isLoopback(u.Hostname()) {
		return fmt.Errorf("PULSE_PUBLIC_URL=%s needs a mail server: set PULSE_SMTP_URL too, for without one nobody can reset a password", c.PublicURL)
	}
	return nil
}

// isAddress tells whether a text is an address of the web with a path at most.
func isAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

// isLoopback tells whether a host is this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// host answers the name of the application's host, without a port.
func (c Config) host() string {
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Hostname() == "" {
		return "localhost"
	}
	if net.ParseIP(u.Hostname()) != nil {
		return "localhost"
	}
	return u.Hostname()
}

// Package mail hands mails to a mail server over SMTP. Without one, a Pulse that only its own machine can reach writes them to
// its log.
package mail

import (
	"cmp"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"
)

// Config says through which server mails go.
type Config struct {
	// URL is the mail server; empty means that there is none.
	URL string `env:"PULSE_SMTP_URL" secret:"true" doc:"smtp://user:password@host:587 (with STARTTLS) or smtps://...:465; ?tls=none for one on this machine; empty: mails are dropped, or logged when PULSE_ADDR is on the loopback"`
	// URLFile is the file that URL came from; each connection reads it again.
	URLFile string `env:"PULSE_SMTP_URL_FILE" doc:"file that holds PULSE_SMTP_URL; a new password in it is used for new connections"`
	// CAFile are the authorities that the server's certificate is checked with, in PEM; empty means the system's.
	CAFile string `env:"PULSE_SMTP_CA_FILE" doc:"authorities that the mail server's certificate is checked with, in PEM; empty: the system's"`
	// From is the sender of all mails.
	From string `env:"PULSE_MAIL_FROM" doc:"sender of mails, such as Pulse <no-reply@example.org>; needed with PULSE_SMTP_URL"`
	// Timeout bounds sending one mail.
	Timeout time.Duration `env:"PULSE_SMTP_TIMEOUT" envDefault:"8s" doc:"longest time for handing over one mail"`
}

// LongestTimeout bounds the timeout: whoever sends has no more time.
const LongestTimeout = 9 * time.Second

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	if c.Timeout <= 0 || c.Timeout > LongestTimeout {
		return fmt.Errorf("PULSE_SMTP_TIMEOUT=%s: set a duration above zero, and no longer than %s", c.Timeout, LongestTimeout)
	}
	if !c.On() {
		return nil
	}
	if _, err := parse(c.URL); err != nil {
		return err
	}
	if _, err := mail.ParseAddress(c.From); err != nil {
		return fmt.Errorf("PULSE_MAIL_FROM=%q is no sender: write it like Pulse <no-reply@example.org>", c.From)
	}
	if c.CAFile != "" {
		if _, err := os.Stat(c.CAFile); err != nil {
			return fmt.Errorf("PULSE_SMTP_CA_FILE=%s cannot be read (%w): name a readable file", c.CAFile, errors.Unwrap(err))
		}
	}
	return nil
}

// On tells whether there is a mail server.
func (c Config) On() bool { return c.URL != "" }

// server is a mail server as a URL names it.
type server struct {
	host           string
	port           int
	user, password string
	// implicit is whether TLS comes first; otherwise STARTTLS does, unless plain.
	implicit, plain bool
}

// errURL does not repeat the URL, for there may be a password in it.
var errURL = errors.New("PULSE_SMTP_URL is not the address of a mail server: write it like smtp://user:password@mail.example.org:587 or smtps://mail.example.org, and %40 for an @ in the password")

// parse understands PULSE_SMTP_URL.
func parse(address string) (server, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || !slices.Contains([]string{"smtp", "smtps"}, u.Scheme) || u.Path != "" && u.Path != "/" {
		return server{}, errURL
	}
	s := server{host: u.Hostname(), user: u.User.Username(), implicit: u.Scheme == "smtps"}
	s.password, _ = u.User.Password()
	standard := map[bool]string{true: "465", false: "587"}[s.implicit]
	if s.port, err = strconv.Atoi(cmp.Or(u.Port(), standard)); err != nil {
		return server{}, errURL
	}
	switch security := u.Query().Get("tls"); {
	case security == "none" && !s.implicit:
		s.plain = true
	case security != "":
		return server{}, fmt.Errorf("PULSE_SMTP_URL has tls=%s: leave it out, or write tls=none with smtp:// for a server on a network that you trust", security)
	}
	return s, nil
}

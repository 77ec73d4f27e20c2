// Package testmail is a mail server for tests: a real one, which keeps what it is sent.
package testmail

import (
	"crypto/tls"
	"errors"
	"io"
	"log" //nolint:depguard // What the server takes.
	"mime/quotedprintable"
	"net"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/pulse-social/pulse/services/internal/testwait"
)

// A Mail is what was sent to one address.
type Mail struct {
	// To is the address of the envelope, From that of the header.
	To, From string
	// Subject and MessageID are from the header.
	Subject, MessageID string
	// Unsubscribe is what List-Unsubscribe has between its brackets, for mails that one post makes an end of.
	Unsubscribe string
	// Text is the body, decoded.
	Text string
}

// link finds a token in a mail.
var link = regexp.MustCompile(`https?://\S+#token=(\S+)`)

// Token answers the token of the link in the mail.
func (m Mail) Token(t testing.TB) string {
	t.Helper()
	found := link.FindStringSubmatch(m.Text)
	if found == nil {
		t.Fatalf("no link in the mail %q: %s", m.Subject, m.Text)
	}
	return found[1]
}

// A Server is a mail server that runs.
type Server struct {
	address string

	mu     sync.Mutex
	mails  []Mail
	user   string
	pass   string
	refuse func(to string) error
	tries  int
}

// An Option changes how a server is started.
type Option func(*Server, *smtp.Server)

// WithTLS makes the server demand STARTTLS, with that configuration.
func WithTLS(c *tls.Config) Option {
	return func(_ *Server, s *smtp.Server) { s.TLSConfig = c }
}

// WithPassword makes the server demand a user and a password.
func WithPassword(user, password string) Option {
	return func(s *Server, _ *smtp.Server) { s.user, s.pass = user, password }
}

// Start starts a mail server on the loopback, until the test has ended.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{address: listener.Addr().String()}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }))
	server.Domain, server.ReadTimeout, server.WriteTimeout = "localhost", 10*time.Second, 10*time.Second
	server.ErrorLog = log.New(io.Discard, "", 0)
	for _, option := range options {
		option(s, server)
	}
	server.AllowInsecureAuth = server.TLSConfig == nil
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-served })
	return s
}

// Address is host and port of the server.
func (s *Server) Address() string { return s.address }

// URL is what PULSE_SMTP_URL is set to for a server without TLS.
func (s *Server) URL() string { return "smtp://" + s.address + "?tls=none" }

// Refuse makes the server answer mails to an address with an error, nil to take them. A nil function takes all.
func (s *Server) Refuse(why func(to string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = why
}

// Tries is how many mails were offered, refused ones included.
func (s *Server) Tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries
}

// To answers the mails to an address so far, oldest first.
func (s *Server) To(address string) []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Mail
	for _, m := range s.mails {
		if strings.EqualFold(m.To, address) {
			found = append(found, m)
		}
	}
	return found
}

// Wait waits for the n-th mail to an address whose subject has a text in it, from 1, and answers it.
func (s *Server) Wait(t testing.TB, address, subject string, n int) Mail {
	t.Helper()
	var found []Mail
	testwait.Until(t, "a mail to "+address+" about "+subject, func() bool {
		found = nil
		for _, m := range s.To(address) {
			if strings.Contains(strings.ToLower(m.Subject), strings.ToLower(subject)) {
				found = append(found, m)
			}
		}
		return len(found) >= n
	})
	return found[n-1]
}

// session is one connection.
type session struct {
	server *Server
	signed bool
	to     []string
}

// AuthMechanisms implements [smtp.AuthSession].
func (s *session) AuthMechanisms() []string {
	if s.server.user == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements [smtp.AuthSession].
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.user || password != s.server.pass {
			return errors.New("wrong password")
		}
		s.signed = true
		return nil
	}), nil
}

// Mail implements [smtp.Session].
func (s *session) Mail(string, *smtp.MailOptions) error {
	if s.server.user != "" && !s.signed {
		return smtp.ErrAuthRequired
	}
	return nil
}

// Rcpt implements [smtp.Session].
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.tries++
	if s.server.refuse != nil {
		if err := s.server.refuse(to); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements [smtp.Session].
func (s *session) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body := message.Body
	if message.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	unsubscribe := ""
	if message.Header.Get("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click" {
		unsubscribe = strings.Trim(message.Header.Get("List-Unsubscribe"), "<>")
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for _, to := range s.to {
		s.server.mails = append(s.server.mails, Mail{
			To: to, From: message.Header.Get("From"), Subject: message.Header.Get("Subject"),
			MessageID: message.Header.Get("Message-ID"), Text: string(text), Unsubscribe: unsubscribe,
		})
	}
	return nil
}

// Reset implements [smtp.Session].
func (s *session) Reset() { s.to = nil }

// Logout implements [smtp.Session].
func (s *session) Logout() error { return nil }

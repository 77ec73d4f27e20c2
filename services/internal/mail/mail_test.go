package mail_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"github.com/pulse-social/pulse/services/internal/mail"
	"github.com/pulse-social/pulse/services/internal/testca"
	"github.com/pulse-social/pulse/services/internal/testmail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var message = mail.Message{ID: "7@example.org", To: "ada@example.org", Subject: "Grüße", Text: "Hello ada,\n\nhttps://example.org/#token=abc\n"}

// send sends the message with a configuration.
func send(t *testing.T, c mail.Config) error {
	t.Helper()
	if c.From == "" {
		c.From = "Pulse <no-reply@example.org>"
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if err := c.Validate(); err != nil {
		t.Fatalf("configure: %v", err)
	}
	return mail.NewSender(c, slog.New(slog.DiscardHandler), false).Send(t.Context(), message)
}

func TestSend(t *testing.T) {
	t.Parallel()
	server := testmail.Start(t)
	if err := send(t, mail.Config{URL: server.URL()}); err != nil {
		t.Fatal(err)
	}
	got := server.Wait(t, "ada@example.org", "", 1)
	if got.MessageID != "<7@example.org>" || !strings.Contains(strings.ReplaceAll(got.Text, "\r\n", "\n"), message.Text) {
		t.Errorf("the server got %+v", got)
	}
}

func TestSendWithTLSAndPassword(t *testing.T) {
	t.Parallel()
	authority := testca.New(t, "mail")
	issued := authority.Issue(t, "spiffe://example.org/mail", time.Now().Add(time.Hour))
	pair, err := tls.X509KeyPair(issued.Cert, issued.Key)
	if err != nil {
		t.Fatal(err)
	}
	server := testmail.Start(t, testmail.WithTLS(&tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), testmail.WithPassword("pulse", "p@ss"))
	dir := t.TempDir()
	ca, secret := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "smtp-url")
	write(t, ca, string(authority.PEM()))
	write(t, secret, "smtp://pulse:p%40ss@"+server.Address()+"\n")
	for what, test := range map[string]struct {
		config mail.Config
		ok     bool
	}{
		"right":                        {mail.Config{URL: "smtp://pulse:p%40ss@" + server.Address(), CAFile: ca}, true},
		"a new password in the file":   {mail.Config{URL: "smtp://pulse:old@" + server.Address(), URLFile: secret, CAFile: ca}, true},
		"a wrong password":             {mail.Config{URL: "smtp://pulse:wrong@" + server.Address(), CAFile: ca}, false},
		"no password":                  {mail.Config{URL: "smtp://" + server.Address(), CAFile: ca}, false},
		"an authority that it has not": {mail.Config{URL: "smtp://pulse:p%40ss@" + server.Address()}, false},
	} {
		if err := send(t, test.config); (err == nil) != test.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
	plain := testmail.Start(t)
	if err := send(t, mail.Config{URL: "smtp://" + plain.Address()}); err == nil {
		t.Error("a server without TLS was sent a mail without tls=none")
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	server := testmail.Start(t)
	for code, forGood := range map[int]bool{550: true, 451: false} {
		server.Refuse(func(string) error { return &smtp.SMTPError{Code: code, Message: "no"} })
		if err := send(t, mail.Config{URL: server.URL()}); err == nil || errors.Is(err, mail.ErrRefused) != forGood {
			t.Errorf("%d: %v, want refused for good: %t", code, err, forGood)
		}
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if err := send(t, mail.Config{URL: "smtp://" + silent.Addr().String() + "?tls=none", Timeout: 100 * time.Millisecond}); err == nil || errors.Is(err, mail.ErrRefused) {
		t.Errorf("a server that says nothing: %v", err)
	}
}

func TestWithoutServer(t *testing.T) {
	t.Parallel()
	for _, shown := range []bool{true, false} {
		var log bytes.Buffer
		sender := mail.NewSender(mail.Config{}, slog.New(slog.NewTextHandler(&log, nil)), shown)
		if err := sender.Send(t.Context(), message); err != nil || strings.Contains(log.String(), "token=abc") != shown || !strings.Contains(log.String(), "PULSE_SMTP_URL") {
			t.Errorf("shown: %t: %v; the log is %s", shown, err, log.String())
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []mail.Config{
		{URL: "mail.example.org:25"},
		{URL: "http://mail.example.org"},
		{URL: "smtp://user:se%cret@mail.example.org"},
		{URL: "smtp://mail.example.org?tls=maybe"},
		{URL: "smtps://mail.example.org?tls=none"},
		{URL: "smtp://mail.example.org:port"},
		{URL: "smtp://mail.example.org", From: "nobody"},
		{URL: "smtp://mail.example.org", Timeout: time.Minute},
		{URL: "smtp://mail.example.org", CAFile: "/nowhere"},
	} {
		c.Timeout = max(c.Timeout, time.Second)
		if c.From == "" {
			c.From = "pulse@example.org"
		}
		err := c.Validate()
		if err == nil || strings.Contains(err.Error(), "se%cret") || !strings.Contains(err.Error(), "PULSE_") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

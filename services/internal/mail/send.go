package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/textproto"
	"os"

	gomail "github.com/wneessen/go-mail"

	"github.com/pulse-social/pulse/services/internal/config"
)

// A Message is a mail of plain text.
type Message struct {
	// ID names the mail for good: one that is sent twice can be told by it.
	ID string
	// To is the address it goes to.
	To string
	// Subject is a line.
	Subject string
	// Text is the body.
	Text string
	// Unsubscribe is the https address that one post to makes an end of such mails (RFC 8058); empty for mails that have none.
	Unsubscribe string
}

// ErrRefused tells that the server will not take the mail whenever it is sent again.
var ErrRefused = errors.New("the mail server refuses the mail for good")

// A Sender hands mails over.
type Sender struct {
	config Config
	log    *slog.Logger
	// shown is whether mails are logged when there is no mail server.
	shown bool
}

// NewSender makes a sender. Without a mail server, mails are logged whole when they may be shown, for development; otherwise
// the log only says that they are dropped, for there are secrets in them.
func NewSender(c Config, log *slog.Logger, shown bool) *Sender {
	return &Sender{config: c, log: log, shown: shown}
}

// Send hands a mail to the server and returns when the server has taken it, or after the timeout. When it fails the server
// may still have taken the mail, if the connection broke at the very end. An error is [ErrRefused] when there is no sense
// in another try.
func (s *Sender) Send(ctx context.Context, m Message) error {
	switch {
	case !s.config.On() && s.shown:
		s.log.InfoContext(ctx, "mail, not sent: there is no PULSE_SMTP_URL", "to", m.To, "subject", m.Subject, "text", m.Text)
		return nil
	case !s.config.On():
		s.log.WarnContext(ctx, "mail dropped: set PULSE_SMTP_URL", "mail_id", m.ID, "subject", m.Subject)
		return nil
	}
	message, err := s.compose(m)
	if err != nil {
		return err
	}
	client, err := s.dialer()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	if err := client.DialWithContext(ctx); err != nil {
		return fmt.Errorf("connect to the mail server: %w", err)
	}
	// The server has the mail once Send is done; how the connection ends is of no account.
	defer func() { _ = client.Close() }()
	if err := client.Send(message); err != nil {
		return sendError(err)
	}
	return nil
}

// compose writes a message as the server gets it.
func (s *Sender) compose(m Message) (*gomail.Msg, error) {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := message.From(s.config.From); err != nil {
		return nil, fmt.Errorf("sender of the mail: %w", err)
	}
	if err := message.To(m.To); err != nil {
		return nil, fmt.Errorf("%w: its address: %w", ErrRefused, err)
	}
	message.Subject(m.Subject)
	message.SetMessageIDWithValue(m.ID)
	message.SetDate()
	// Machines that answer mails shall not answer these (RFC 3834).
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	if m.Unsubscribe != "" {
		message.SetGenHeaderPreformatted("List-Unsubscribe", "<"+m.Unsubscribe+">")
		message.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	message.SetBodyString(gomail.TypeTextPlain, m.Text)
	return message, nil
}

// dialer makes a client for one connection, with the credentials of the moment.
func (s *Sender) dialer() (*gomail.Client, error) {
	at, err := parse(config.Current(s.config.URL, s.config.URLFile))
	if err != nil {
		return nil, err
	}
	tlsConfig := &tls.Config{ServerName: at.host, MinVersion: tls.VersionTLS12}
	if s.config.CAFile != "" {
		authorities, err := os.ReadFile(s.config.CAFile)
		if err != nil {
			return nil, fmt.Errorf("PULSE_SMTP_CA_FILE: %w", err)
		}
		tlsConfig.RootCAs = x509.NewCertPool()
		tlsConfig.RootCAs.AppendCertsFromPEM(authorities)
	}
	options := []gomail.Option{
		gomail.WithPort(at.port), gomail.WithTimeout(s.config.Timeout), gomail.WithTLSConfig(tlsConfig), gomail.WithoutNoop(),
		gomail.WithTLSPolicy(gomail.TLSMandatory),
	}
	switch {
	case at.implicit:
		options = append(options, gomail.WithSSL())
	case at.plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if at.user != "" {
		kind := gomail.SMTPAuthAutoDiscover
		if at.plain {
			kind = gomail.SMTPAuthPlainNoEnc
		}
		options = append(options, gomail.WithSMTPAuth(kind), gomail.WithUsername(at.user), gomail.WithPassword(at.password))
	}
	return gomail.NewClient(at.host, options...)
}

// sendError tells refusals for good (RFC 5321, 4.2.1: 5yz) from others.
func sendError(err error) error {
	var answer *textproto.Error
	var failed *gomail.SendError
	if errors.As(err, &failed) && failed.ErrorCode() >= 500 || errors.As(err, &answer) && answer.Code >= 500 {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return fmt.Errorf("hand over the mail: %w", err)
}

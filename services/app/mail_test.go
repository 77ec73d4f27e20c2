package app_test

import (
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/pulse-social/pulse/services/app"
	"github.com/pulse-social/pulse/services/internal/testmail"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// TestRefusedMailBecomesADeadLetter has the mail server refuse an address for good: others are not held up, and an operator
// may send it again.
func TestRefusedMailBecomesADeadLetter(t *testing.T) {
	t.Parallel()
	server := testmail.Start(t)
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_SMTP_URL", server.URL()), pulsetest.WithEnv("PULSE_MAIL_FROM", "pulse@example.org"))
	server.Refuse(func(to string) error {
		if to == "ada@example.org" {
			return &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
		}
		return nil
	})
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	server.Wait(t, bob.Email, "confirm", 1)
	letters, err := app.OpenLetters(t.Context(), p.Config(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = letters.Close() }()
	var found []app.Letter
	testwait.Until(t, "the dead letter", func() bool {
		found, err = letters.List(t.Context(), "identity.mail")
		return err != nil || len(found) > 0
	})
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Error, "no such mailbox") {
		t.Fatalf("dead letters: %v, %v", found, err)
	}
	// Three for ada's and one for bob's; one more for ada's, if both came in one batch, which is taken apart when it fails.
	if tries := server.Tries(); tries > 5 {
		t.Errorf("the mail server was asked %d times for two mails", tries)
	}
	server.Refuse(nil)
	if _, err := letters.Replay(t.Context(), []int64{found[0].ID}); err != nil {
		t.Fatal(err)
	}
	server.Wait(t, ada.Email, "confirm", 1)
	p.Settle(t)
}

// TestRefusesUnsafeSettings loads settings that would have the links of mails in the log, or no way to send them.
func TestRefusesUnsafeSettings(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]map[string]string{
		"PULSE_SMTP_URL":              {"PULSE_PUBLIC_URL": "https://social.example.org"},
		"PULSE_MAIL_FROM":             {"PULSE_SMTP_URL": "smtp://mail.example.org"},
		"PULSE_PUBLIC_URL":            {"PULSE_PUBLIC_URL": "social.example.org"},
		"PULSE_SEAL_KEYS":             {"PULSE_SEAL_KEYS": "short"},
		"PULSE_RECENT_AUTHENTICATION": {"PULSE_RECENT_AUTHENTICATION": "0s"},
		"PULSE_SIGN_IN_PROVIDERS":     {"PULSE_SIGN_IN_PROVIDERS": `[{"name":"a","issuer":"http://id.example.org","client_id":"a","client_secret":"b"}]`},
		"names a twice":               {"PULSE_SIGN_IN_PROVIDERS": `[{"name":"a","type":"github","client_id":"a","client_secret":"b"},{"name":"a","type":"github","client_id":"a","client_secret":"b"}]`},
		"no list of providers":        {"PULSE_SIGN_IN_PROVIDERS": `{"name":"a"}`},
		"lacks client_id":             {"PULSE_SIGN_IN_PROVIDERS": `[{"name":"a","issuer":"https://id.example.org"}]`},
	} {
		_, _, err := app.LoadConfig(func(variable string) (string, bool) { value, ok := settings[variable]; return value, ok })
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: %v, want an error about %s", settings, err, name)
		}
	}
}

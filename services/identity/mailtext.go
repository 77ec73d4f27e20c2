package identity

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/credential"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/mail"
	"github.com/pulse-social/pulse/services/internal/store"
)

// The kinds of mails. The first two hold links.
const (
	mailVerifyEmail     = "verify_email"
	mailResetPassword   = "reset_password"
	mailEmailChanged    = "email_changed"
	mailPasswordChanged = "password_changed"
	mailTokenReused     = "refresh_token_reused"
	mailCodesGuessed    = "codes_guessed"
	mailTotpEnabled     = "totp_enabled"
	mailTotpDisabled    = "totp_disabled"
	mailLinked          = "identity_linked"
	mailUnlinked        = "identity_unlinked"
)

// Where the application takes the tokens of links from: from the fragment, which browsers send to no server.
const (
	verifyPath = "/verify-email#token="
	resetPath  = "/reset-password#token="
)

// notices are what mails without a link say: subject, and what has happened.
var notices = map[string]struct{ subject, text string }{
	mailEmailChanged:    {"Your e-mail address was changed", "The e-mail address of your account was changed to another one. This address belongs to it no longer."},
	mailPasswordChanged: {"Your password was changed", "The password of your account was changed, and all other sessions were ended."},
	mailTokenReused: {
		"A session was ended for your safety",
		"A token of one of your sessions was used twice, so somebody else may have had it. The session was ended; on that device you have to sign in again.",
	},
	mailCodesGuessed: {
		"Somebody tries codes on your account",
		"Ten wrong codes of your authenticator app were tried. Whoever tried them may know your password. For an hour, only recovery codes are accepted.",
	},
	mailTotpEnabled:  {"Your second factor is on", "Signing in to your account needs a code of an authenticator app from now on."},
	mailTotpDisabled: {"Your second factor is off", "Signing in to your account needs no code of an authenticator app any more."},
	mailLinked:       {"Another way to sign in was added", "Your account can be signed in to with an account at an identity provider from now on."},
	mailUnlinked:     {"A way to sign in was removed", "Your account can no longer be signed in to with an account at an identity provider."},
}

// warning is what the owner shall do about something that they have not done.
const warning = "If that was not you, reset your password, and look through your sessions and the ways to sign in."

// write answers what a mail says, with the link in it if it has one; nil when there is nothing to say any more.
func (m *mailer) write(ctx context.Context, tx *store.Tx, row *ent.OutgoingMail) (*mail.Message, error) {
	secret, err := addressee(ctx, tx, row)
	if store.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read whom the mail is for: %w", err)
	}
	who, err := tx.Account.Get(ctx, secret.ID)
	if err != nil {
		return nil, fmt.Errorf("read whom the mail is for: %w", err)
	}
	switch row.Kind {
	case mailVerifyEmail:
		return m.writeVerification(ctx, tx, row, who, secret)
	case mailResetPassword:
		link, err := m.link(ctx, tx, resetPath, purposeReset, secret.ID, row.Address)
		return m.message(row, who, "Reset your password", "Somebody asked for a new password for your account. To set one, open within 30 minutes:", link,
			"If that was not you, ignore this mail: nothing has changed."), err
	case mailNotification:
		return m.writeNotification(ctx, tx, row, who, secret)
	default:
		notice := notices[row.Kind]
		return m.message(row, who, notice.subject, notice.text, warning), nil
	}
}

// addressee answers whom a mail is for; not-found when nobody has the address.
func addressee(ctx context.Context, tx *store.Tx, row *ent.OutgoingMail) (*ent.Credential, error) {
	if row.UserID != 0 {
		return tx.Credential.Get(ctx, row.UserID)
	}
	return tx.Credential.Query().Where(credential.EmailKey(strings.ToLower(row.Address))).Only(ctx)
}

// writeVerification writes the mail that an address is proved with. To the owner of another account it says no more than
// that.
func (m *mailer) writeVerification(ctx context.Context, tx *store.Tx, row *ent.OutgoingMail, who *ent.Account, secret *ent.Credential) (*mail.Message, error) {
	key := strings.ToLower(row.Address)
	pending := key == strings.ToLower(secret.PendingEmail)
	if !pending && (key != secret.EmailKey || secret.EmailVerifiedAt != nil) {
		return nil, nil // It was proved meanwhile, or another one takes its place.
	}
	if pending {
		taken, err := tx.Credential.Query().Where(credential.EmailKey(key), credential.IDNEQ(who.ID)).Only(ctx)
		if err == nil {
			other, err := tx.Account.Get(ctx, taken.ID)
			if err != nil {
				return nil, err
			}
			return m.message(row, other, "Your address belongs to an account", "Somebody asked for this address on another account, but it is yours already. Nothing has changed.",
				"If that was you, sign in to this account, or use another address there."), nil
		}
		if !store.IsNotFound(err) {
			return nil, err
		}
	}
	link, err := m.link(ctx, tx, verifyPath, purposeVerify, who.ID, row.Address)
	return m.message(row, who, "Confirm your e-mail address", "To confirm that this address is yours, open within 30 minutes:", link,
		"If you did not give this address, ignore this mail."), err
}

// link draws a token and answers the link with it. Its start is of the configuration, never of a request.
func (m *mailer) link(ctx context.Context, tx *store.Tx, path, purpose string, userID int64, address string) (string, error) {
	token, err := drawEmailToken(ctx, tx, purpose, userID, address)
	return m.publicURL + path + token, err
}

// message puts a mail together.
func (m *mailer) message(row *ent.OutgoingMail, who *ent.Account, subject string, paragraphs ...string) *mail.Message {
	text := "Hello " + who.Handle + ",\n\n" + strings.Join(paragraphs, "\n\n") + "\n\n" + m.publicURL + "\n"
	return &mail.Message{ID: id.String(row.ID) + "@" + m.host, To: row.Address, Subject: subject, Text: text}
}

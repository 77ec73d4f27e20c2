package identity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/credential"
	entnotification "github.com/pulse-social/pulse/ent/notification"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/mail"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// mailNotification is the kind of mails that tell of a notification.
	mailNotification = "notification"
	// notificationsPath is where the application lists notifications.
	notificationsPath = "/notifications"
	// unsubscribePath is where mails about notifications are declined, below the address of the API.
	unsubscribePath = "/notifications/unsubscribe"
	// unsubscribePurpose is what tokens for that are sealed for.
	unsubscribePurpose = "decline mails about notifications"
)

// notificationMails has people mailed about notifications: those who have proved their address. Notification says whom and
// about what; where to is known here alone.
func notificationMails() bus.Consumer {
	return bus.Consumer{
		Name: "identity.notifications", Events: []proto.Message{&busv1.NotificationMailDue{}},
		Apply: func(ctx context.Context, tx *store.Tx, events []bus.Event) error {
			var people []int64
			for _, event := range events {
				if due, ok := event.Message.(*busv1.NotificationMailDue); ok {
					people = append(people, due.GetRecipientId())
				}
			}
			secrets, err := tx.Credential.Query().Where(credential.IDIn(people...), credential.EmailVerifiedAtNotNil()).All(ctx)
			if err != nil {
				return fmt.Errorf("read addresses: %w", err)
			}
			addresses := make(map[int64]string, len(secrets))
			for _, secret := range secrets {
				addresses[secret.ID] = secret.Email
			}
			for _, event := range events {
				due, ok := event.Message.(*busv1.NotificationMailDue)
				if !ok || addresses[due.GetRecipientId()] == "" {
					continue
				}
				if err := enqueueNotification(ctx, tx, due, addresses[due.GetRecipientId()]); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// enqueueNotification asks for one mail.
func enqueueNotification(ctx context.Context, tx *store.Tx, due *busv1.NotificationMailDue, address string) error {
	mailID := tx.NewID()
	err := tx.OutgoingMail.Create().SetID(mailID).SetKind(mailNotification).SetUserID(due.GetRecipientId()).SetAddress(address).
		SetNotificationID(due.GetNotificationId()).SetActorID(due.GetActorId()).SetOthers(due.GetOthers()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the mail: %w", err)
	}
	return tx.Emit(&busv1.MailRequested{MailId: mailID})
}

// deeds say of each kind what the actors did.
var deeds = map[notificationv1.NotificationKind]string{
	notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW:          "followed you",
	notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW_REQUEST:  "asked to follow you",
	notificationv1.NotificationKind_NOTIFICATION_KIND_LIKE:            "liked your post",
	notificationv1.NotificationKind_NOTIFICATION_KIND_REPOST:          "reposted your post",
	notificationv1.NotificationKind_NOTIFICATION_KIND_REPLY:           "replied to your post",
	notificationv1.NotificationKind_NOTIFICATION_KIND_MENTION:         "mentioned you in a post",
	notificationv1.NotificationKind_NOTIFICATION_KIND_QUOTE:           "quoted your post",
	notificationv1.NotificationKind_NOTIFICATION_KIND_MESSAGE:         "wrote to you",
	notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW_APPROVED: "approved your request to follow",
	notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_ANSWER:    "answered to your meetup",
	notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_INVITE:    "invited you to a meetup",
	notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_CHANGED:   "changed a meetup that you answered to",
	notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_CANCELLED: "cancelled a meetup that you answered to",
	notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_PROMOTED:  "has a seat for you at a meetup that you waited for",
	notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_REMINDER:  "hosts a meetup that begins soon",
}

// writeNotification writes a mail about a notification; nil when it was read meanwhile, when who caused it is away, or when the
// address is not the recipient's any more. Nothing of what anybody wrote is in it.
func (m *mailer) writeNotification(ctx context.Context, tx *store.Tx, row *ent.OutgoingMail, who *ent.Account, secret *ent.Credential) (*mail.Message, error) {
	if secret.EmailVerifiedAt == nil || secret.Email != row.Address || who.State != auth.StateActive {
		return nil, nil
	}
	about, err := tx.Notification.Query().Where(entnotification.ID(row.NotificationID), entnotification.Read(false), entnotification.CauseCountGT(0)).Only(ctx)
	if store.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the notification: %w", err)
	}
	actor, err := m.visibility.In(tx.Client).User(ctx, row.UserID, row.ActorID)
	if store.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read who caused the notification: %w", err)
	}
	subject := "@" + actor.Handle
	switch {
	case row.Others == 1:
		subject += " and one more"
	case row.Others > 1:
		subject += fmt.Sprintf(" and %d others", row.Others)
	}
	subject += " " + deeds[notificationv1.NotificationKind(about.Kind)]
	token, err := m.unsubscribeToken(ctx, tx.Client, row.UserID, about.Kind)
	if err != nil {
		return nil, err
	}
	way := m.apiURL + unsubscribePath + "?token=" + url.QueryEscape(token)
	message := m.message(row, who, subject, subject+". To see it, open:", m.publicURL+notificationsPath, "To get no more mails of this kind, open:", way)
	message.Unsubscribe = way
	return message, nil
}

// declined is what a token says: who wants no more mails about notifications of which kind.
type declined struct {
	User int64 `json:"u"`
	Kind int32 `json:"k"`
}

// unsubscribeToken seals who would decline what. It is good for ever, for that is how long people keep mails.
func (m *mailer) unsubscribeToken(ctx context.Context, client *ent.Client, userID int64, kind int32) (string, error) {
	plain, err := json.Marshal(declined{User: userID, Kind: kind})
	if err != nil {
		return "", err
	}
	sealed, err := m.keyring.seal(ctx, client, unsubscribePurpose, plain)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

// unsubscribeForm is what the way out shows to people, who open it with GET. Programs that look into mails open links too, so
// that changes nothing; mail programs that offer the way out themselves post at once (RFC 8058).
const unsubscribeForm = `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mails</title>
<form method="post" action="?token=%s"><p>You will get no more mails about this kind of notification.</p><button>Stop these mails</button></form>
`

// unsubscribe serves the way out of mails about notifications, for whoever has such a mail.
func (m *mailer) unsubscribe(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	who, err := m.readUnsubscribe(r.Context(), token)
	if err != nil {
		http.Error(w, "this is no link from a mail of this server: copy it whole", http.StatusBadRequest)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
	if r.Method != http.MethodPost {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, unsubscribeForm, html.EscapeString(url.QueryEscape(token)))
		return
	}
	err = m.db.Write(r.Context(), func(tx *store.Tx) error {
		return tx.Emit(&busv1.NotificationMailDeclined{UserId: who.User, Kind: who.Kind})
	})
	if err != nil {
		http.Error(w, "this cannot be noted now: try again in a moment", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintln(w, "You will get no more mails of this kind.")
}

// readUnsubscribe opens a token.
func (m *mailer) readUnsubscribe(ctx context.Context, token string) (declined, error) {
	var who declined
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return who, err
	}
	plain, err := m.keyring.open(ctx, m.db.Client, unsubscribePurpose, sealed)
	if err != nil {
		return who, err
	}
	return who, json.Unmarshal(plain, &who)
}

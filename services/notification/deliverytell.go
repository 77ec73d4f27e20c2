package notification

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/conversationmember"
	entevent "github.com/pulse-social/pulse/ent/event"
	"github.com/pulse-social/pulse/ent/message"
	entnotification "github.com/pulse-social/pulse/ent/notification"
	"github.com/pulse-social/pulse/ent/notificationcause"
	entsession "github.com/pulse-social/pulse/ent/session"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/mute"
	"github.com/pulse-social/pulse/services/internal/notifications"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
	"github.com/pulse-social/pulse/services/internal/webpush"
)

const (
	// pushLife is how long a push service keeps a push for a browser that is away.
	pushLife = 24 * time.Hour
	// latestCauses is how many causes are looked at for one by somebody who is not muted.
	latestCauses = 20
)

// told is what somebody is told of a notification outside of the application: who did what, and nothing of what was written.
type told struct {
	notification *ent.Notification
	cause        *ent.NotificationCause
	actor        *userv1.UserSummary
	// others is how many more people there are.
	others int
}

// tell answers what is to be told now, nil when nothing is: it was read meanwhile, taken back, or may not be seen any more, or
// its recipient is away or does not want it. It answers until when the recipient is left alone; the zero time is not.
func (s *sender) tell(ctx context.Context, d claimed) (*told, time.Time, error) {
	row, err := s.db.Notification.Query().Where(entnotification.ID(d.NotificationID), entnotification.Read(false)).Only(ctx)
	if err != nil {
		return nil, time.Time{}, ignoreMissing(err)
	}
	if wanted, err := s.wanted(ctx, row, d); err != nil || !wanted {
		return nil, time.Time{}, err
	}
	hours, err := quietOnes(ctx, s.db.Client, []int64{row.RecipientID})
	if err != nil {
		return nil, time.Time{}, err
	}
	if q, ok := hours[row.RecipientID]; ok {
		if now := s.now(); q.until(now).After(now) {
			return nil, q.until(now), nil
		}
	}
	t, err := s.seen(ctx, row)
	return t, time.Time{}, err
}

// ignoreMissing answers nil for an error that says that something is not there.
func ignoreMissing(err error) error {
	if store.IsNotFound(err) {
		return nil
	}
	return err
}

// wanted tells whether the recipient is there and wants to be told this way, and whether the browser is still theirs.
func (s *sender) wanted(ctx context.Context, row *ent.Notification, d claimed) (bool, error) {
	if _, err := s.visibility.User(ctx, row.RecipientID, row.RecipientID); err != nil {
		return false, ignoreMissing(err)
	}
	theirs, err := choicesOf(ctx, s.db.Client, []int64{row.RecipientID})
	if err != nil {
		return false, err
	}
	push, email := theirs.of(row.RecipientID, notificationv1.NotificationKind(row.Kind))
	if d.subscription == nil {
		return email, nil
	}
	if !push || d.subscription.UserID != row.RecipientID {
		return false, nil
	}
	live, err := s.db.Session.Query().
		Where(entsession.ID(d.subscription.SessionID), entsession.RevokedAtIsNil(), entsession.ExpiresAtGT(s.now())).Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("look for the session: %w", err)
	}
	return live, nil
}

// seen answers who did it: the latest whom the recipient may see and has not muted.
func (s *sender) seen(ctx context.Context, row *ent.Notification) (*told, error) {
	shown := s.db.NotificationCause.Query().Where(notificationcause.NotificationID(row.ID), seenBy(row))
	latest, err := shown.Clone().Order(notificationcause.BySequence(entsql.OrderDesc())).Limit(latestCauses).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read causes: %w", err)
	}
	muted, err := mute.Of(ctx, s.db.Client, row.RecipientID)
	if err != nil {
		return nil, err
	}
	for _, cause := range latest {
		if !isNews(notificationv1.NotificationKind(row.Kind)) && muted.Person(cause.ActorID, s.now()) {
			continue
		}
		actors, err := people.Summaries(ctx, s.db, row.RecipientID, []int64{cause.ActorID})
		if err != nil {
			return nil, err
		}
		actor := actors[cause.ActorID]
		if actor == nil {
			continue
		}
		var distinct []int64
		if err := shown.Clone().GroupBy(notificationcause.FieldActorID).Scan(ctx, &distinct); err != nil {
			return nil, fmt.Errorf("count actors: %w", err)
		}
		return &told{notification: row, cause: cause, actor: actor, others: len(distinct) - 1}, nil
	}
	return nil, nil //nolint:nilnil // Nobody is an answer.
}

// seenBy matches the causes of a notification that its recipient may see: who did it, and what it was done to or with.
func seenBy(row *ent.Notification) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		notifications.SeenCauses(s)
		switch notificationv1.NotificationKind(row.Kind) { //nolint:exhaustive // The others are about nothing but the actor.
		case kindLike, kindRepost, kindReply, kindMention, kindQuote:
			visibility.SeenPostIn(row.RecipientID, notificationcause.FieldObjectID)(s)
		case kindMessage:
			messageSeenBy(row, s)
		case kindEventAnswer, kindEventInvite, kindEventChanged, kindEventCancelled, kindEventPromoted, kindEventReminder:
			events := entsql.Select().From(entsql.Table(entevent.Table))
			events.Select(events.C(entevent.FieldID)).Where(entsql.EQ(events.C(entevent.FieldID), row.SubjectID))
			visibility.SeenEvents(row.RecipientID)(events)
			s.Where(entsql.Exists(events))
		}
	}
}

// inbox is the folder of conversations that one is notified of, as it is kept.
const inbox = 1

// messageSeenBy matches causes whose message is still there, in a conversation in the recipient's inbox.
func messageSeenBy(row *ent.Notification, s *entsql.Selector) {
	messages, members := entsql.Table(message.Table), entsql.Table(conversationmember.Table)
	s.Where(entsql.And(
		entsql.Exists(entsql.Select(messages.C(message.FieldID)).From(messages).Where(entsql.And(
			entsql.ColumnsEQ(messages.C(message.FieldID), s.C(notificationcause.FieldObjectID)),
			entsql.EQ(messages.C(message.FieldDeleted), false),
		))),
		entsql.Exists(entsql.Select(members.C(conversationmember.FieldID)).From(members).Where(entsql.And(
			entsql.EQ(members.C(conversationmember.FieldConversationID), row.SubjectID),
			entsql.EQ(members.C(conversationmember.FieldUserID), row.RecipientID),
			entsql.EQ(members.C(conversationmember.FieldFolder), inbox),
		))),
	))
}

// payload is what a browser is pushed; the schema describes it at PushSubscription.
type payload struct {
	ID             string       `json:"id"`
	Kind           string       `json:"kind"`
	Actor          payloadActor `json:"actor"`
	Others         int          `json:"others"`
	PostID         string       `json:"post_id,omitempty"`
	ConversationID string       `json:"conversation_id,omitempty"`
	EventID        string       `json:"event_id,omitempty"`
}

type payloadActor struct {
	Handle string `json:"handle"`
	Name   string `json:"name"`
}

// push writes a push.
func (t *told) push() (webpush.Message, error) {
	kind := notificationv1.NotificationKind(t.notification.Kind)
	p := payload{
		ID: id.String(t.notification.ID), Kind: strings.TrimPrefix(kind.String(), "NOTIFICATION_KIND_"),
		Actor: payloadActor{Handle: t.actor.GetHandle(), Name: t.actor.GetDisplayName()}, Others: t.others,
	}
	switch kind { //nolint:exhaustive // The others are about nothing but the actor.
	case kindMessage:
		p.ConversationID = id.String(t.notification.SubjectID)
	case kindReply, kindMention, kindQuote, kindLike, kindRepost:
		p.PostID = id.String(t.cause.ObjectID)
	case kindEventAnswer, kindEventInvite, kindEventChanged, kindEventCancelled, kindEventPromoted, kindEventReminder:
		p.EventID = id.String(t.notification.SubjectID)
	}
	body, err := json.Marshal(p)
	return webpush.Message{
		Payload: body, Topic: topic(t.notification.ID), Life: pushLife,
		Urgent: kind == kindMessage,
	}, err
}

// topic has a later push about a notification take the place of one that was not delivered yet. It tells the push service no
// more than that they are about the same.
func topic(notificationID int64) string {
	sum := sha256.Sum256([]byte("pulse notification " + id.String(notificationID)))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

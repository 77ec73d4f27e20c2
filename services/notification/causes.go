package notification

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/notificationcause"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Kinds, for short.
const (
	kindFollow         = notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW
	kindFollowRequest  = notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW_REQUEST
	kindLike           = notificationv1.NotificationKind_NOTIFICATION_KIND_LIKE
	kindRepost         = notificationv1.NotificationKind_NOTIFICATION_KIND_REPOST
	kindReply          = notificationv1.NotificationKind_NOTIFICATION_KIND_REPLY
	kindMention        = notificationv1.NotificationKind_NOTIFICATION_KIND_MENTION
	kindQuote          = notificationv1.NotificationKind_NOTIFICATION_KIND_QUOTE
	kindMessage        = notificationv1.NotificationKind_NOTIFICATION_KIND_MESSAGE
	kindFollowApproved = notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW_APPROVED
	kindEventAnswer    = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_ANSWER
	kindEventInvite    = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_INVITE
	kindEventChanged   = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_CHANGED
	kindEventCancelled = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_CANCELLED
	kindEventPromoted  = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_PROMOTED
	kindEventReminder  = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_REMINDER
)

// causesConsumer writes what people are notified of. Events come late, twice and in any order, so one only says what to look
// at; what holds is read from the rows.
func (h *handler) causesConsumer() bus.Consumer {
	return bus.Consumer{
		Name: "notification.causes",
		Events: []proto.Message{
			&busv1.PostLiked{}, &busv1.PostUnliked{}, &busv1.PostCreated{}, &busv1.PostEdited{}, &busv1.PostDeleted{},
			&busv1.UserFollowed{}, &busv1.UserUnfollowed{},
			&busv1.FollowRequested{}, &busv1.FollowRequestWithdrawn{}, &busv1.FollowRequestApproved{},
			&busv1.MessageSent{}, &busv1.ConversationRead{},
		},
		Concerns: func(event proto.Message) bool {
			e, ok := event.(*busv1.PostCreated)
			return !ok || !e.GetPlain() || e.GetReplyToId() != 0 || e.GetRepostOfId() != 0 || e.GetQuoteOfId() != 0
		},
		Apply: h.apply,
		Pace:  bus.PaceOfCounts,
	}
}

// key names a cause for good: who is notified, of what kind, what who did it to.
type key struct {
	recipient int64
	kind      notificationv1.NotificationKind
	actor     int64
	object    int64
}

// candidate is what may be a cause.
type candidate struct {
	key
	// subject is what like causes are grouped by.
	subject int64
	// holds is whether the rows say so.
	holds bool
	// raises is whether somebody may be notified of it, if they were not before.
	raises bool
	// texts are what the actor wrote, which may say what the recipient has muted.
	texts []string
}

// candidates are unique by their key, in the order in which they came.
type candidates struct {
	all   []*candidate
	byKey map[key]*candidate
}

// add adds a candidate, unless one is notified of one's own doings. That one's own meetup begins is nobody's doing.
func (c *candidates) add(one candidate) {
	if one.recipient == 0 || one.actor == 0 || one.recipient == one.actor && one.kind != kindEventReminder {
		return
	}
	if known := c.byKey[one.key]; known != nil {
		known.raises = known.raises || one.raises
		return
	}
	if c.byKey == nil {
		c.byKey = map[key]*candidate{}
	}
	c.byKey[one.key] = &one
	c.all = append(c.all, &one)
}

// apply looks at what a batch of events is about.
//
// Whoever writes causes of a person holds the head of the person's notifications, and looks only then: of two who look at the
// same, the later sees what is so later.
func (h *handler) apply(ctx context.Context, tx *store.Tx, events []bus.Event) error {
	l := look(events)
	found := &candidates{}
	if err := h.lookAtPosts(ctx, tx, l, found); err != nil {
		return fmt.Errorf("look at posts: %w", err)
	}
	l.addPairs(found)
	recipients, err := l.recipients(ctx, tx, found)
	if err != nil {
		return err
	}
	heads, err := lockHeads(ctx, tx, recipients)
	if err != nil || len(heads) == 0 {
		return err
	}
	if err := l.lookAtPairs(ctx, tx, found); err != nil {
		return fmt.Errorf("look at what people did: %w", err)
	}
	if err := l.lookAtMessages(ctx, tx, heads, found); err != nil {
		return fmt.Errorf("look at messages: %w", err)
	}
	if err := h.settle(ctx, tx, heads, found.all); err != nil {
		return err
	}
	return l.readConversations(ctx, tx)
}

// settle makes causes be as the candidates are: known ones hold or do not, new ones are raised.
func (h *handler) settle(ctx context.Context, tx *store.Tx, heads map[int64]int64, all []*candidate) error {
	known, err := knownCauses(ctx, tx, all)
	if err != nil {
		return fmt.Errorf("read causes: %w", err)
	}
	r := &raising{tx: tx, heads: heads, changed: map[int64]*change{}}
	var fresh []*candidate
	for _, c := range all {
		row := known[c.key]
		switch {
		case row == nil && c.holds && c.raises:
			fresh = append(fresh, c)
		case row != nil && row.Holds != c.holds:
			r.flip(row, c.holds)
		}
	}
	wanted, err := h.wanted(ctx, tx, fresh)
	if err != nil {
		return fmt.Errorf("look who wants to be notified: %w", err)
	}
	return r.write(ctx, wanted)
}

// knownCauses answers the causes that there are, by key.
func knownCauses(ctx context.Context, tx *store.Tx, all []*candidate) (map[key]*ent.NotificationCause, error) {
	known := map[key]*ent.NotificationCause{}
	if len(all) == 0 {
		return known, nil
	}
	var recipients, actors, objects []int64
	var kinds []int32
	for _, c := range all {
		recipients, actors, objects = append(recipients, c.recipient), append(actors, c.actor), append(objects, c.object)
		kinds = append(kinds, int32(c.kind))
	}
	rows, err := tx.NotificationCause.Query().Where(
		notificationcause.RecipientIDIn(id.Unique(recipients)...), notificationcause.KindIn(id.Unique(kinds)...),
		notificationcause.ActorIDIn(id.Unique(actors)...), notificationcause.ObjectIDIn(id.Unique(objects)...),
	).All(ctx)
	for _, row := range rows {
		known[key{row.RecipientID, notificationv1.NotificationKind(row.Kind), row.ActorID, row.ObjectID}] = row
	}
	return known, err
}

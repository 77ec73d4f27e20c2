package notification

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	entevent "github.com/pulse-social/pulse/ent/event"
	"github.com/pulse-social/pulse/ent/eventanswer"
	"github.com/pulse-social/pulse/ent/eventcohost"
	"github.com/pulse-social/pulse/ent/eventinvite"
	"github.com/pulse-social/pulse/ent/notificationcause"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/notifications"
	"github.com/pulse-social/pulse/services/internal/store"
)

// newsKinds are of what kind notifications of news of a meetup are. Who answered is told, whoever they mute.
var newsKinds = map[busv1.EventNews]notificationv1.NotificationKind{
	busv1.EventNews_EVENT_NEWS_CHANGED:   kindEventChanged,
	busv1.EventNews_EVENT_NEWS_CANCELLED: kindEventCancelled,
	busv1.EventNews_EVENT_NEWS_PROMOTED:  kindEventPromoted,
	busv1.EventNews_EVENT_NEWS_REMINDER:  kindEventReminder,
}

// isNews tells whether notifications of the kind are about a meetup that the recipient answered to.
func isNews(kind notificationv1.NotificationKind) bool {
	return notifications.AboutEvent(kind) && kind != kindEventAnswer && kind != kindEventInvite
}

// comes are the answers of those who are told of a meetup, and of which its host is told.
var comes = []int32{
	int32(eventv1.Answer_ANSWER_YES), int32(eventv1.Answer_ANSWER_MAYBE), int32(eventv1.Answer_ANSWER_WAITING),
}

// newsAtOnce bounds how many events of meetups are looked at in one transaction: each may be for hundreds of people.
const newsAtOnce = 16

// eventsConsumer writes what people are notified of because of meetups, as causesConsumer does of all else.
func (h *handler) eventsConsumer() bus.Consumer {
	return bus.Consumer{
		Name: "notification.events",
		Events: []proto.Message{
			&busv1.EventResponded{}, &busv1.EventInvited{}, &busv1.EventInviteWithdrawn{}, &busv1.EventNewsAnnounced{},
		},
		Apply: h.applyEvents,
		Batch: newsAtOnce,
	}
}

// meetupLooks are what a batch of events of meetups is about.
type meetupLooks struct {
	answers map[pair]bool // by who answered, to a meetup; the flag as in looks
	invites map[pair]bool // by who is invited, to a meetup
	invited []*busv1.EventInvited
	news    []*busv1.EventNewsAnnounced
}

func lookAtMeetups(events []bus.Event) *meetupLooks {
	l := &meetupLooks{answers: map[pair]bool{}, invites: map[pair]bool{}}
	for _, event := range events {
		switch e := event.Message.(type) {
		case *busv1.EventResponded:
			note(l.answers, pair{e.GetUserId(), e.GetEventId()})
			if slices.Contains(comes, e.GetAnswer()) {
				l.answers[pair{e.GetUserId(), e.GetEventId()}] = true
			}
		case *busv1.EventInvited:
			l.invites[pair{e.GetUserId(), e.GetEventId()}] = true
			l.invited = append(l.invited, e)
		case *busv1.EventInviteWithdrawn:
			note(l.invites, pair{e.GetUserId(), e.GetEventId()})
		case *busv1.EventNewsAnnounced:
			l.news = append(l.news, e)
		}
	}
	return l
}

// applyEvents looks at what a batch of events of meetups is about.
func (h *handler) applyEvents(ctx context.Context, tx *store.Tx, events []bus.Event) error {
	l, found := lookAtMeetups(events), &candidates{}
	meetups, err := l.meetups(ctx, tx)
	if err != nil {
		return fmt.Errorf("read meetups: %w", err)
	}
	if err := l.add(ctx, tx, meetups, found); err != nil {
		return fmt.Errorf("look who was invited: %w", err)
	}
	var recipients []int64
	for _, c := range found.all {
		recipients = append(recipients, c.recipient)
	}
	heads, err := lockHeads(ctx, tx, recipients)
	if err != nil || len(heads) == 0 {
		return err
	}
	if err := l.hold(ctx, tx, meetups, found); err != nil {
		return fmt.Errorf("look who comes: %w", err)
	}
	return h.settle(ctx, tx, heads, found.all)
}

// meetups answers the meetups of a batch that are there, by id.
func (l *meetupLooks) meetups(ctx context.Context, tx *store.Tx) (map[int64]*ent.Event, error) {
	var eventIDs []int64
	for p := range l.answers {
		eventIDs = append(eventIDs, p.to)
	}
	for p := range l.invites {
		eventIDs = append(eventIDs, p.to)
	}
	for _, n := range l.news {
		eventIDs = append(eventIDs, n.GetEventId())
	}
	rows, err := tx.Event.Query().Where(entevent.IDIn(id.Unique(eventIDs)...)).All(ctx)
	meetups := make(map[int64]*ent.Event, len(rows))
	for _, row := range rows {
		meetups[row.ID] = row
	}
	return meetups, err
}

// add adds what may be causes. Whether it holds is not looked at yet.
func (l *meetupLooks) add(ctx context.Context, tx *store.Tx, meetups map[int64]*ent.Event, into *candidates) error {
	same := func(p pair) pair { return p }
	for _, p := range sorted(l.answers, same) {
		if row := meetups[p.to]; row != nil {
			into.add(candidate{key: key{row.HostID, kindEventAnswer, p.from, p.to}, subject: p.to, raises: l.answers[p]})
		}
	}
	for _, e := range l.invited {
		into.add(candidate{key: key{e.GetUserId(), kindEventInvite, e.GetInviterId(), e.GetEventId()}, subject: e.GetEventId(), raises: true})
	}
	for _, n := range l.news {
		kind, row := newsKinds[n.GetNews()], meetups[n.GetEventId()]
		if kind == 0 || row == nil {
			continue
		}
		// There is no change, seat or reminder to tell of when it is not to be any more.
		raises := kind == kindEventCancelled || !row.Cancelled && (kind == kindEventChanged || row.EndsAt.After(tx.Now))
		for _, userID := range n.GetRecipientIds() {
			into.add(candidate{key: key{userID, kind, n.GetActorId(), n.GetNewsId()}, subject: row.ID, holds: true, raises: raises})
		}
	}
	return l.addKnownInvites(ctx, tx, into)
}

// addKnownInvites adds the invitations that people were told of: who withdraws one need not have made it.
func (l *meetupLooks) addKnownInvites(ctx context.Context, tx *store.Tx, into *candidates) error {
	if len(l.invites) == 0 {
		return nil
	}
	var userIDs, eventIDs []int64
	for p := range l.invites {
		userIDs, eventIDs = append(userIDs, p.from), append(eventIDs, p.to)
	}
	rows, err := tx.NotificationCause.Query().Where(
		notificationcause.RecipientIDIn(id.Unique(userIDs)...), notificationcause.Kind(int32(kindEventInvite)),
		notificationcause.ObjectIDIn(id.Unique(eventIDs)...),
	).Order(notificationcause.ByID()).All(ctx)
	for _, row := range rows {
		if _, is := l.invites[pair{row.RecipientID, row.ObjectID}]; is {
			into.add(candidate{key: key{row.RecipientID, kindEventInvite, row.ActorID, row.ObjectID}, subject: row.ObjectID})
		}
	}
	return err
}

// hold finds out which of the answers and invitations there are, and who of those to be told still comes.
func (l *meetupLooks) hold(ctx context.Context, tx *store.Tx, meetups map[int64]*ent.Event, found *candidates) error {
	var people []pair
	for _, c := range found.all {
		who := c.recipient
		if c.kind == kindEventAnswer {
			who = c.actor
		}
		people = append(people, pair{who, c.subject})
	}
	coming, err := comingAmong(ctx, tx, people)
	if err != nil {
		return err
	}
	invited, err := invitedAmong(ctx, tx, people)
	if err != nil {
		return err
	}
	for _, c := range found.all {
		switch c.kind {
		case kindEventAnswer:
			c.holds = coming[pair{c.actor, c.subject}]
		case kindEventInvite:
			c.holds = meetups[c.subject] != nil && invited[pair{c.recipient, c.subject}]
		default:
			c.raises = c.raises && coming[pair{c.recipient, c.subject}]
		}
	}
	return nil
}

// comingAmong answers who of the people comes to the meetup, or may come or waits.
func comingAmong(ctx context.Context, tx *store.Tx, people []pair) (map[pair]bool, error) {
	return among(people, func(users, events []int64, add func(from, to int64)) error {
		rows, err := tx.EventAnswer.Query().
			Where(eventanswer.UserIDIn(users...), eventanswer.EventIDIn(events...), eventanswer.AnswerIn(comes...)).All(ctx)
		for _, row := range rows {
			add(row.UserID, row.EventID)
		}
		return err
	})
}

// invitedAmong answers who of the people was invited to the meetup or is a co-host.
func invitedAmong(ctx context.Context, tx *store.Tx, people []pair) (map[pair]bool, error) {
	return among(people, func(users, events []int64, add func(from, to int64)) error {
		invites, err := tx.EventInvite.Query().Where(eventinvite.UserIDIn(users...), eventinvite.EventIDIn(events...)).All(ctx)
		if err != nil {
			return err
		}
		for _, row := range invites {
			add(row.UserID, row.EventID)
		}
		helpers, err := tx.EventCoHost.Query().Where(eventcohost.UserIDIn(users...), eventcohost.EventIDIn(events...)).All(ctx)
		for _, row := range helpers {
			add(row.UserID, row.EventID)
		}
		return err
	})
}

package realtime

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Kinds of items: the numbers of the fields of pulse.realtime.v1.SubscribeResponse that tell them.
const (
	kindPost                = 3
	kindMessageSent         = 4
	kindMessageChanged      = 5
	kindConversationChanged = 6
	kindConversationLeft    = 7
	kindConversationRead    = 8
	kindNotification        = 9
	kindNotificationsRead   = 10
)

// logger adds to people's logs what events tell.
type logger struct {
	db    *store.DB
	hints *bus.Hints

	mu sync.Mutex
	// grew is what was logged with the batch of an event, by the id of its first one; it is told after the commit.
	grew map[int64]growth
}

func (l *logger) consumer() bus.Consumer {
	return bus.Consumer{
		Name: "realtime.log",
		Events: []proto.Message{
			&busv1.PostCreated{}, &busv1.MessageSent{}, &busv1.MessageChanged{}, &busv1.ConversationChanged{}, &busv1.ConversationLeft{},
			&busv1.ConversationRead{}, &busv1.NotificationRaised{}, &busv1.NotificationsRead{},
		},
		Apply: l.apply,
		Done:  l.announce,
		Pace:  bus.PaceOfSight,
	}
}

// apply logs what a batch of events tells, in the order in which it happened as far as their ids say so. Rows are locked in one
// order, conversations before heads, so that batches of several processes do not wait for each other in a circle.
func (l *logger) apply(ctx context.Context, tx *store.Tx, events []bus.Event) error {
	slices.SortFunc(events, func(a, b bus.Event) int { return cmp.Compare(a.ID, b.ID) })
	what := entries{}
	if err := logConversations(ctx, tx, events, what); err != nil {
		return err
	}
	if err := logPosts(ctx, tx, events, what); err != nil {
		return err
	}
	logNotifications(events, what)
	grew, err := what.write(ctx, tx)
	if err != nil || len(grew.people) == 0 {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.grew == nil {
		l.grew = map[int64]growth{}
	}
	l.grew[events[0].ID] = grew
	return nil
}

// hintIDs is how many people one hint tells of: NATS carries a megabyte.
const hintIDs = 10_000

// announce wakes the streams of those whose logs have grown. A hint that is lost, with its process or on its way, only
// delays: see watch.go.
func (l *logger) announce(events []bus.Event) {
	l.mu.Lock()
	var grew []growth
	for _, event := range events {
		if g, ok := l.grew[event.ID]; ok {
			grew = append(grew, g)
			delete(l.grew, event.ID)
		}
	}
	l.mu.Unlock()
	for _, g := range grew {
		for some := range slices.Chunk(g.people, hintIDs) {
			l.hints.Announce(bus.StreamAdvanced, append([]int64{g.first, g.last}, some...)...)
		}
	}
}

// logNotifications logs that people are notified, or have read that they were.
func logNotifications(events []bus.Event, into entries) {
	for _, event := range events {
		switch e := event.Message.(type) {
		case *busv1.NotificationRaised:
			if e.GetInApp() {
				into.add(e.GetRecipientId(), entry{kind: kindNotification, object: e.GetNotificationId()})
			}
		case *busv1.NotificationsRead:
			into.add(e.GetRecipientId(), entry{kind: kindNotificationsRead})
		}
	}
}

package event

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/calendarfeed"
	entevent "github.com/pulse-social/pulse/ent/event"
	"github.com/pulse-social/pulse/ent/eventanswer"
	"github.com/pulse-social/pulse/ent/eventcohost"
	"github.com/pulse-social/pulse/ent/eventinvite"
	"github.com/pulse-social/pulse/ent/eventreminder"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// eraseAtOnce bounds how many rows are erased in one transaction: others write meanwhile.
const eraseAtOnce = 200

// eraseConsumer erases the meetups of a person, and what they answered to others', when their account is deleted. It goes in
// steps of a transaction each, before the event is recorded as consumed: one that is repeated finds less or nothing to do.
func (h *handler) eraseConsumer() bus.Consumer {
	return bus.Consumer{Name: "event.erase", Events: []proto.Message{&busv1.AccountDeleted{}}, Prepare: h.erase}
}

func (h *handler) erase(ctx context.Context, events []bus.Event) error {
	for _, event := range events {
		deleted, ok := event.Message.(*busv1.AccountDeleted)
		if !ok {
			continue
		}
		for _, step := range []func(context.Context, *store.Tx, int64) (bool, error){
			eraseEvent, eraseAnswer, eraseInvites, eraseInviter, eraseRest,
		} {
			for more := true; more; {
				err := h.db.Write(ctx, func(tx *store.Tx) (err error) {
					more, err = step(ctx, tx, deleted.GetUserId())
					return err
				})
				if err != nil {
					// There may be more than one try has time for; the next goes on where this ended.
					return bus.Later(fmt.Errorf("erase %d: %w", deleted.GetUserId(), err))
				}
			}
		}
	}
	return nil
}

// eraseEvent erases one meetup of a person, a part of its people at a time.
func eraseEvent(ctx context.Context, tx *store.Tx, userID int64) (more bool, err error) {
	eventID, err := tx.Event.Query().Where(entevent.HostID(userID)).Order(entevent.ByID()).FirstID(ctx)
	if store.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	row, err := holdRow(ctx, tx, eventID)
	if err != nil {
		return false, err
	}
	people, err := erasePeople(ctx, tx, row)
	if err != nil || people == eraseAtOnce {
		return true, err
	}
	if _, err := tx.EventReminder.Delete().Where(eventreminder.EventID(row.ID)).Exec(ctx); err != nil {
		return false, err
	}
	if _, err := tx.EventCoHost.Delete().Where(eventcohost.EventID(row.ID)).Exec(ctx); err != nil {
		return false, err
	}
	if err := tx.Event.DeleteOneID(row.ID).Exec(ctx); err != nil {
		return false, err
	}
	return true, tx.Emit(&busv1.EventDeleted{EventId: row.ID})
}

// erasePeople erases who answered to a meetup and who was invited, at most [eraseAtOnce] of them, and answers how many.
func erasePeople(ctx context.Context, tx *store.Tx, row *ent.Event) (int, error) {
	// Those who wait go first: nobody waits while there is a seat.
	answers, err := tx.EventAnswer.Query().Where(eventanswer.EventID(row.ID)).
		Order(eventanswer.ByAnswer(entsql.OrderDesc())).Limit(eraseAtOnce).All(ctx)
	if err != nil {
		return 0, err
	}
	answerIDs := make([]int64, len(answers))
	for i, one := range answers {
		answerIDs[i] = one.ID
		count(row, one.Answer, -1)
	}
	if _, err := tx.EventAnswer.Delete().Where(eventanswer.IDIn(answerIDs...)).Exec(ctx); err != nil {
		return 0, err
	}
	invites, err := tx.EventInvite.Query().Where(eventinvite.EventID(row.ID)).Limit(eraseAtOnce - len(answers)).IDs(ctx)
	if err != nil {
		return 0, err
	}
	if _, err := tx.EventInvite.Delete().Where(eventinvite.IDIn(invites...)).Exec(ctx); err != nil {
		return 0, err
	}
	return len(answers) + len(invites), saveCounts(ctx, tx, row)
}

// eraseAnswer takes one answer of a person back, as if they did.
func eraseAnswer(ctx context.Context, tx *store.Tx, userID int64) (more bool, err error) {
	answer, err := tx.EventAnswer.Query().Where(eventanswer.UserID(userID)).Order(eventanswer.ByID()).First(ctx)
	if store.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	row, err := holdRow(ctx, tx, answer.EventID)
	if err != nil {
		return false, err
	}
	return true, respond(ctx, tx, row, userID, unanswered)
}

// eraseInvites erases invitations of a person.
func eraseInvites(ctx context.Context, tx *store.Tx, userID int64) (more bool, err error) {
	ids, err := tx.EventInvite.Query().Where(eventinvite.UserID(userID)).Limit(eraseAtOnce).IDs(ctx)
	if err != nil {
		return false, err
	}
	_, err = tx.EventInvite.Delete().Where(eventinvite.IDIn(ids...)).Exec(ctx)
	return len(ids) == eraseAtOnce, err
}

// eraseInviter forgets who invited others to what somebody else hosts. The invitations stand.
func eraseInviter(ctx context.Context, tx *store.Tx, userID int64) (more bool, err error) {
	ids, err := tx.EventInvite.Query().Where(eventinvite.InviterID(userID)).Limit(eraseAtOnce).IDs(ctx)
	if err != nil {
		return false, err
	}
	return len(ids) == eraseAtOnce, tx.EventInvite.Update().Where(eventinvite.IDIn(ids...)).SetInviterID(0).Exec(ctx)
}

func eraseRest(ctx context.Context, tx *store.Tx, userID int64) (more bool, err error) {
	if _, err := tx.EventCoHost.Delete().Where(eventcohost.UserID(userID)).Exec(ctx); err != nil {
		return false, err
	}
	_, err = tx.CalendarFeed.Delete().Where(calendarfeed.ID(userID)).Exec(ctx)
	return false, err
}

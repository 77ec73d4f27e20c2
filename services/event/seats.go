package event

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	entevent "github.com/pulse-social/pulse/ent/event"
	"github.com/pulse-social/pulse/ent/eventanswer"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/store"
)

// unanswered stands for no answer.
const unanswered = int32(0)

// respond makes somebody's answer to a meetup, whose row is held, be another: no answer takes it back. A yes without a seat
// waits, and a seat that is given up goes to who waits.
func respond(ctx context.Context, tx *store.Tx, row *ent.Event, userID int64, wanted int32) error {
	mine, err := tx.EventAnswer.Query().Where(eventanswer.EventID(row.ID), eventanswer.UserID(userID)).Only(ctx)
	if err != nil && !store.IsNotFound(err) {
		return fmt.Errorf("read the answer: %w", err)
	}
	was := unanswered
	if mine != nil {
		was = mine.Answer
	}
	if was == wanted || wanted == yes && was == waiting {
		return nil
	}
	if wanted == yes && freeSeats(row) == 0 {
		wanted = waiting
	}
	row.LastPlace++
	switch {
	case wanted == unanswered:
		err = tx.EventAnswer.DeleteOneID(mine.ID).Exec(ctx)
	case mine == nil:
		err = tx.EventAnswer.Create().SetID(tx.NewID()).SetEventID(row.ID).SetUserID(userID).SetAnswer(wanted).SetPlace(row.LastPlace).Exec(ctx)
	default:
		err = tx.EventAnswer.UpdateOneID(mine.ID).SetAnswer(wanted).SetPlace(row.LastPlace).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	count(row, was, -1)
	count(row, wanted, 1)
	if err := tx.Emit(&busv1.EventResponded{EventId: row.ID, UserId: userID, Answer: wanted}); err != nil {
		return err
	}
	if err := fill(ctx, tx, row); err != nil {
		return err
	}
	return saveCounts(ctx, tx, row)
}

// freeSeats answers how many seats a meetup has left; -1 is as many as come.
func freeSeats(row *ent.Event) int64 {
	if row.Capacity == 0 {
		return -1
	}
	return max(0, int64(row.Capacity)-row.YesCount) // There are fewer seats than taken ones after their number was lowered.
}

// count counts an answer that came or went.
func count(row *ent.Event, answer int32, by int64) {
	switch answer {
	case yes:
		row.YesCount += by
	case maybe:
		row.MaybeCount += by
	case waiting:
		row.WaitingCount += by
	}
}

// saveCounts writes the counts of a meetup. Seats that are kept beyond the capacity are given up, and never taken again.
func saveCounts(ctx context.Context, tx *store.Tx, row *ent.Event) error {
	row.KeptSeats = min(row.KeptSeats, row.YesCount)
	if row.Capacity == 0 || row.KeptSeats <= int64(row.Capacity) {
		row.KeptSeats = 0
	}
	err := tx.Event.Update().Where(entevent.ID(row.ID)).
		SetYesCount(row.YesCount).SetMaybeCount(row.MaybeCount).SetWaitingCount(row.WaitingCount).SetKeptSeats(row.KeptSeats).
		SetLastPlace(row.LastPlace).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the counts: %w", err)
	}
	return nil
}

// fill gives free seats to those who wait, in their order, and tells them, unless it is too late to come.
func fill(ctx context.Context, tx *store.Tx, row *ent.Event) error {
	seats := freeSeats(row)
	if seats == 0 || row.WaitingCount == 0 {
		return nil
	}
	query := tx.EventAnswer.Query().Where(eventanswer.EventID(row.ID), eventanswer.Answer(waiting)).Order(eventanswer.ByPlace())
	if seats > 0 {
		query.Limit(int(seats))
	}
	next, err := query.All(ctx)
	if err != nil {
		return fmt.Errorf("read the waitlist: %w", err)
	}
	userIDs := make([]int64, len(next))
	for i, one := range next {
		userIDs[i] = one.UserID
	}
	if len(next) == 0 {
		return nil
	}
	// All of them have a place up to that of the last, and nobody else who waits has.
	err = tx.EventAnswer.Update().Where(
		eventanswer.EventID(row.ID), eventanswer.Answer(waiting), eventanswer.PlaceLTE(next[len(next)-1].Place),
	).SetAnswer(yes).Exec(ctx)
	if err != nil {
		return fmt.Errorf("give seats away: %w", err)
	}
	count(row, waiting, -int64(len(next)))
	count(row, yes, int64(len(next)))
	for _, userID := range userIDs {
		if err := tx.Emit(&busv1.EventResponded{EventId: row.ID, UserId: userID, Answer: yes}); err != nil {
			return err
		}
	}
	if row.Cancelled || !row.EndsAt.After(tx.Now) {
		return nil
	}
	return announce(tx, row, busv1.EventNews_EVENT_NEWS_PROMOTED, row.HostID, userIDs)
}

package notification

import (
	"context"
	"fmt"
	"maps"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	entnotification "github.com/pulse-social/pulse/ent/notification"
	"github.com/pulse-social/pulse/ent/notificationcause"
	"github.com/pulse-social/pulse/ent/notificationhead"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// rowsAtOnce bounds how many rows one statement inserts: databases take only so many parameters.
const rowsAtOnce = 2000

// raising is what a batch changes of notifications. The heads of their recipients are held.
type raising struct {
	tx *store.Tx
	// heads are the sequences of the recipients so far.
	heads map[int64]int64
	// changed is what becomes of notifications that there are, by id.
	changed         map[int64]*change
	holding, lapsed []int64 // causes

	open   map[opening]*ent.Notification // those that a like cause joins
	begun  []*ent.Notification
	causes []*ent.NotificationCauseCreate
	grown  map[int64]bool // people
}

// change is how a notification changes.
type change struct {
	// causes is how many more of its causes hold.
	causes int64
	// sequence is the number of its latest cause, 0 when no cause came.
	sequence int64
}

// opening names the one notification that like causes are put into until it is read.
type opening struct {
	recipient int64
	kind      int32
	subject   int64
	inApp     bool
}

// of answers the change of a notification.
func (r *raising) of(notificationID int64) *change {
	if r.changed[notificationID] == nil {
		r.changed[notificationID] = &change{}
	}
	return r.changed[notificationID]
}

// flip notes that a known cause holds again, which notifies nobody, or does not hold any more.
func (r *raising) flip(row *ent.NotificationCause, holds bool) {
	if holds {
		r.holding = append(r.holding, row.ID)
		r.of(row.NotificationID).causes++
		return
	}
	r.lapsed = append(r.lapsed, row.ID)
	r.of(row.NotificationID).causes--
}

// write writes what was noted, and raises what is wanted.
func (r *raising) write(ctx context.Context, wanted []wish) error {
	if err := r.readOpen(ctx, wanted); err != nil {
		return fmt.Errorf("read notifications: %w", err)
	}
	r.grown = map[int64]bool{}
	for _, w := range wanted {
		if err := r.raise(w); err != nil {
			return err
		}
	}
	for _, flip := range []struct {
		ids   []int64
		holds bool
	}{{r.holding, true}, {r.lapsed, false}} {
		if len(flip.ids) == 0 {
			continue
		}
		if err := r.tx.NotificationCause.Update().Where(notificationcause.IDIn(flip.ids...)).SetHolds(flip.holds).Exec(ctx); err != nil {
			return fmt.Errorf("change causes: %w", err)
		}
	}
	if err := r.insert(ctx); err != nil {
		return fmt.Errorf("write notifications: %w", err)
	}
	adjust(r.tx, r.changed)
	return r.moveHeads(ctx)
}

// readOpen reads the notifications that what is wanted may join.
func (r *raising) readOpen(ctx context.Context, wanted []wish) error {
	r.open = map[opening]*ent.Notification{}
	if len(wanted) == 0 {
		return nil
	}
	var recipients, subjects []int64
	var kinds []int32
	for _, w := range wanted {
		recipients, subjects, kinds = append(recipients, w.recipient), append(subjects, w.subject), append(kinds, int32(w.kind))
	}
	rows, err := r.tx.Notification.Query().Where(
		entnotification.RecipientIDIn(id.Unique(recipients)...), entnotification.KindIn(id.Unique(kinds)...),
		entnotification.SubjectIDIn(id.Unique(subjects)...), entnotification.Read(false),
	).All(ctx)
	for _, row := range rows {
		r.open[opening{row.RecipientID, row.Kind, row.SubjectID, row.InApp}] = row
	}
	return err
}

// raise gives a cause its number and puts it into a notification.
func (r *raising) raise(w wish) error {
	place := opening{w.recipient, int32(w.kind), w.subject, w.inApp}
	n := r.open[place]
	if n == nil {
		n = &ent.Notification{ID: r.tx.NewID(), RecipientID: w.recipient, Kind: place.kind, SubjectID: w.subject, InApp: w.inApp}
		r.open[place] = n
		r.begun = append(r.begun, n)
	}
	r.heads[w.recipient]++
	r.grown[w.recipient] = true
	sequence, causeID := r.heads[w.recipient], r.tx.NewID()
	c := r.of(n.ID)
	c.causes, c.sequence = c.causes+1, sequence
	r.causes = append(r.causes, r.tx.NotificationCause.Create().SetID(causeID).SetRecipientID(w.recipient).SetNotificationID(n.ID).
		SetKind(place.kind).SetActorID(w.actor).SetObjectID(w.object).SetSequence(sequence))
	return r.tx.Emit(&busv1.NotificationRaised{
		NotificationId: n.ID, RecipientId: w.recipient, Sequence: sequence, CauseId: causeID, InApp: w.inApp,
	})
}

// insert writes the notifications that begin, and the causes.
func (r *raising) insert(ctx context.Context) error {
	rows := make([]*ent.NotificationCreate, len(r.begun))
	for i, n := range r.begun {
		c := r.changed[n.ID]
		delete(r.changed, n.ID)
		rows[i] = r.tx.Notification.Create().SetID(n.ID).SetRecipientID(n.RecipientID).SetKind(n.Kind).SetSubjectID(n.SubjectID).
			SetInApp(n.InApp).SetSequence(c.sequence).SetCauseCount(c.causes).SetUpdatedAt(r.tx.Now)
	}
	for chunk := range slices.Chunk(rows, rowsAtOnce) {
		if err := r.tx.Notification.CreateBulk(chunk...).Exec(ctx); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(r.causes, rowsAtOnce) {
		if err := r.tx.NotificationCause.CreateBulk(chunk...).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// moveHeads writes how far the people's sequences have come.
func (r *raising) moveHeads(ctx context.Context) error {
	rows := make([]*ent.NotificationHeadCreate, 0, len(r.grown))
	for _, person := range slices.Sorted(maps.Keys(r.grown)) {
		rows = append(rows, r.tx.NotificationHead.Create().SetID(person).SetSequence(r.heads[person]))
	}
	for chunk := range slices.Chunk(rows, rowsAtOnce) {
		err := r.tx.NotificationHead.CreateBulk(chunk...).
			OnConflict(entsql.ConflictColumns(notificationhead.FieldID), entsql.ResolveWithNewValues()).Exec(ctx)
		if err != nil {
			return fmt.Errorf("move the heads of notifications: %w", err)
		}
	}
	return nil
}

// adjust has the transaction end with changes of notifications, in one statement.
func adjust(tx *store.Tx, changed map[int64]*change) {
	if len(changed) == 0 {
		return
	}
	ids := slices.Sorted(maps.Keys(changed))
	causes, sequences := make([]int64, len(ids)), make([]int64, len(ids))
	for i, id := range ids {
		causes[i], sequences[i] = changed[id].causes, changed[id].sequence
	}
	tx.Last(tx.Statement(func(b *entsql.Builder) {
		b.Join(store.WithColumns(b.Dialect(), "changes", []string{"id", "causes", "sequence"}, ids, causes, sequences))
		b.WriteString(fmt.Sprintf(` UPDATE %[1]s SET %[2]s = %[1]s.%[2]s + changes.causes,
			%[3]s = CASE WHEN changes.sequence > 0 THEN changes.sequence ELSE %[1]s.%[3]s END, %[4]s = CASE WHEN changes.sequence > 0 THEN `,
			entnotification.Table, entnotification.FieldCauseCount, entnotification.FieldSequence, entnotification.FieldUpdatedAt))
		b.Arg(tx.Now).WriteString(fmt.Sprintf(` ELSE %[1]s.%[2]s END FROM changes WHERE %[1]s.%[3]s = changes.id`,
			entnotification.Table, entnotification.FieldUpdatedAt, entnotification.FieldID))
	}))
}

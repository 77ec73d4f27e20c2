package realtime

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/streamhead"
	"github.com/pulse-social/pulse/ent/streamitem"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// sharedLog is whose log all share.
	sharedLog = 0
	// pageItems is how many items a stream reads at once.
	pageItems = 100
	// headsAtOnce is how many heads one statement is about; itemsAtOnce how many items one writes.
	headsAtOnce = 1000
	itemsAtOnce = 500
)

// entry is something to be logged. Its kind is the number of the field of SubscribeResponse that tells it.
type entry struct {
	kind          int32
	object, actor int64
}

// entries are what is to be logged, in order, by person.
type entries map[int64][]entry

func (e entries) add(userID int64, what entry) { e[userID] = append(e[userID], what) }

// growth is what was logged at once: the ids of its first and its last item, and whose logs grew.
type growth struct {
	first, last int64
	people      []int64
}

// write adds to the logs of those people who have one, and answers what grew. It holds their heads until the transaction
// ends: so numbers become visible in their order, and whoever has read up to one misses none below it.
func (e entries) write(ctx context.Context, tx *store.Tx) (growth, error) {
	var grew growth
	var items [][]any
	for some := range slices.Chunk(slices.Sorted(maps.Keys(e)), headsAtOnce) {
		heads, err := lockHeads(ctx, tx, some)
		if err != nil {
			return grew, err
		}
		grown := map[int64][]int64{} // people by how many items they get
		for _, head := range heads {
			for i, what := range e[head.ID] {
				grew.last = tx.NewID()
				grew.first = cmp.Or(grew.first, grew.last)
				items = append(items, []any{grew.last, head.ID, head.Sequence + int64(i) + 1, what.kind, what.object, what.actor})
			}
			by := int64(len(e[head.ID]))
			grown[by] = append(grown[by], head.ID)
			grew.people = append(grew.people, head.ID)
		}
		for by, people := range grown {
			tx.Last(store.StatementOf(tx.Update(streamhead.Table, streamhead.IDIn(people...)).Add(streamhead.FieldSequence, by)))
		}
	}
	for some := range slices.Chunk(items, itemsAtOnce) {
		rows := tx.Insert(streamitem.Table, streamitem.FieldID, streamitem.FieldUserID, streamitem.FieldSequence,
			streamitem.FieldKind, streamitem.FieldObjectID, streamitem.FieldActorID)
		for _, item := range some {
			rows.Values(item...)
		}
		tx.Last(store.StatementOf(rows))
	}
	return grew, nil
}

// lockHeads answers the heads of those people who have one, and keeps them until the transaction ends.
func lockHeads(ctx context.Context, tx *store.Tx, people []int64) ([]*ent.StreamHead, error) {
	query := tx.StreamHead.Query().Where(streamhead.IDIn(people...)).Order(streamhead.ByID())
	if tx.Store().IsPostgres() {
		query.ForUpdate() // SQLite has one writer.
	}
	heads, err := query.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock heads: %w", err)
	}
	return heads, nil
}

// streamLog reads logs.
type streamLog struct{ db *store.DB }

// page is what comes next in a person's logs.
type page struct {
	items []*ent.StreamItem
	// end is where one is at after all of them.
	end position
	// more is whether there may be more.
	more bool
}

// read answers what comes after a position, those of the shared log only that are by people whom the person follows now. It
// fails with CURSOR_EXPIRED when not all of it is kept.
func (l streamLog) read(ctx context.Context, at position) (page, error) {
	p := page{end: at}
	heads, err := l.heads(ctx, at.userID, sharedLog)
	if err != nil {
		return p, err
	}
	if err := at.check(heads); err != nil {
		return p, err
	}
	if own := heads[at.userID]; own.Sequence > at.own.sequence {
		items, err := l.db.StreamItem.Query().Where(streamitem.UserID(at.userID), streamitem.SequenceGT(at.own.sequence)).
			Order(streamitem.BySequence()).Limit(pageItems).All(ctx)
		if err != nil {
			return p, fmt.Errorf("read the log: %w", err)
		}
		for i, item := range items {
			if item.Sequence != at.own.sequence+int64(i)+1 {
				return p, errCursorExpired() // Some were dropped since the head was read.
			}
		}
		if p.items = items; len(items) == 0 {
			return p, errCursorExpired()
		}
		p.end.own.sequence = items[len(items)-1].Sequence
		p.more = len(items) == pageItems
	}
	if shared := heads[sharedLog]; !p.more && shared.Sequence > at.shared.sequence {
		err = l.readShared(ctx, at, shared.Sequence, &p)
	}
	return p, err
}

// readShared adds what comes next in the shared log, up to an item.
func (l streamLog) readShared(ctx context.Context, at position, upTo int64, p *page) error {
	items, err := l.db.StreamItem.Query().Where(
		streamitem.UserID(sharedLog), streamitem.SequenceGT(at.shared.sequence), streamitem.SequenceLTE(upTo), byFollowed(at.userID),
	).Order(streamitem.BySequence()).Limit(pageItems).All(ctx)
	if err != nil {
		return fmt.Errorf("read the shared log: %w", err)
	}
	// Numbers have gaps for who does not follow all, so whether some were dropped meanwhile is to be asked.
	heads, err := l.heads(ctx, at.userID, sharedLog)
	if err != nil {
		return err
	}
	if err := at.check(heads); err != nil {
		return err
	}
	p.items = append(p.items, items...)
	p.end.shared.sequence = upTo
	if len(items) == pageItems {
		p.end.shared.sequence, p.more = items[len(items)-1].Sequence, true
	}
	return nil
}

// byFollowed matches items by people whom a person follows, and by themselves.
func byFollowed(userID int64) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		follows := entsql.Table(entfollow.Table)
		s.Where(entsql.Or(
			entsql.EQ(s.C(streamitem.FieldActorID), userID),
			entsql.In(s.C(streamitem.FieldActorID), entsql.Select(follows.C(entfollow.FieldFolloweeID)).From(follows).
				Where(entsql.EQ(follows.C(entfollow.FieldFollowerID), userID))),
		))
	}
}

// heads answers where logs are at, by person; those without a log are missing.
func (l streamLog) heads(ctx context.Context, people ...int64) (map[int64]*ent.StreamHead, error) {
	rows, err := l.db.StreamHead.Query().Where(streamhead.IDIn(people...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	heads := make(map[int64]*ent.StreamHead, len(rows))
	for _, row := range rows {
		heads[row.ID] = row
	}
	return heads, nil
}

// check fails with CURSOR_EXPIRED when what comes after the position is not all kept, and with CURSOR_INVALID when nothing
// can come after it.
func (p position) check(heads map[int64]*ent.StreamHead) error {
	for userID, at := range map[int64]place{p.userID: p.own, sharedLog: p.shared} {
		head := heads[userID]
		switch {
		case head == nil || head.Epoch != at.epoch || at.sequence < head.DroppedSequence:
			return errCursorExpired()
		case at.sequence > head.Sequence:
			return errCursorInvalid()
		}
	}
	return nil
}

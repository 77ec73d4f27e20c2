package search

import (
	"cmp"
	"context"
	"math"
	"strings"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	entevent "github.com/pulse-social/pulse/ent/event"
	"github.com/pulse-social/pulse/ent/searchevent"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/mute"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/terms"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// SearchEvents finds meetups.
func (h *handler) SearchEvents(ctx context.Context, req *searchv1.SearchEventsRequest) (*searchv1.SearchEventsResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	words, err := beginnings(terms.Clean(req.GetQuery()), "write a word of its title or place, or how it begins")
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx).UserID
	seen, spared := visibility.SeenEvents(caller), mute.NotIn(caller, entevent.FieldHostID, h.now())
	before := cmp.Or(cursor.After, math.MaxInt64)
	found, err := collect(ctx, h, h.sought("search_events", words, nil), before, 0, cursor.Size+1, func(ids []int64) ([]int64, error) {
		return h.db.Event.Query().Where(entevent.IDIn(ids...), seen, spared).Order(entevent.ByID(entsql.OrderDesc())).IDs(ctx)
	})
	if err != nil || len(found) == 0 {
		return &searchv1.SearchEventsResponse{}, err
	}
	answer := &searchv1.SearchEventsResponse{}
	if len(found) > cursor.Size {
		found = found[:cursor.Size]
		answer.NextPageToken = cursor.Token(found[cursor.Size-1], page.Onward)
	}
	events, err := h.events.BatchGetEvents(ctx, &eventv1.BatchGetEventsRequest{EventIds: found})
	answer.Events = events.GetEvents()
	return answer, err
}

// eventDocument is what a meetup is found by: its title, what it is about, and where it is.
func eventDocument(row *ent.Event) document {
	return document{text: terms.Texts(terms.Cut(strings.Join([]string{row.Title, row.PlaceName, row.PlaceAddress, row.Description}, "\n")))}
}

// indexEvents reads meetups whoever may see them: that is asked of what is found.
func indexEvents(ctx context.Context, tx *store.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := tx.Event.Query().Where(entevent.IDIn(ids...)).All(ctx)
	if err != nil {
		return err
	}
	engine := engineOf(tx.Store())
	there := map[int64]bool{}
	documents := make([]*ent.SearchEventCreate, len(rows))
	for i, row := range rows {
		there[row.ID] = true
		documents[i] = tx.SearchEvent.Create().SetID(row.ID).SetVersion(row.Version).SetTerms(engine.encode(eventDocument(row)))
	}
	if len(documents) > 0 {
		err := tx.SearchEvent.CreateBulk(documents...).OnConflict(entsql.ConflictColumns(searchevent.FieldID), entsql.ResolveWithNewValues()).Exec(ctx)
		if err != nil {
			return err
		}
	}
	var gone []int64
	for _, id := range ids {
		if !there[id] {
			gone = append(gone, id)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	_, err = tx.SearchEvent.Delete().Where(searchevent.IDIn(gone...)).Exec(ctx)
	return err
}

func eventsStage(db *store.DB) stage {
	return stage{
		name:  "meetups",
		count: db.Event.Query().Count,
		next: func(ctx context.Context, after int64) ([]int64, error) {
			return db.Event.Query().Where(entevent.IDGT(after)).Order(entevent.ByID()).Limit(rebuildBatch).IDs(ctx)
		},
		write: func(ctx context.Context, tx *store.Tx, ids []int64) error { return index(ctx, tx, nil, nil, ids) },
		sweep: func(ctx context.Context, tx *store.Tx, after, upTo int64) error {
			_, err := tx.SearchEvent.Delete().Where(searchevent.IDGT(after), searchevent.IDLTE(upTo), without(searchevent.FieldID, entevent.Table)).Exec(ctx)
			return err
		},
	}
}

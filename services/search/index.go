package search

import (
	"context"
	"fmt"
	"slices"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/posttag"
	"github.com/pulse-social/pulse/ent/searchpost"
	"github.com/pulse-social/pulse/ent/searchtag"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// consumer keeps the documents.
func consumer() bus.Consumer {
	return bus.Consumer{
		Name: "search.index",
		Events: []proto.Message{
			&busv1.PostCreated{}, &busv1.PostEdited{}, &busv1.PostDeleted{},
			&busv1.AccountRegistered{}, &busv1.ProfileChanged{}, &busv1.HandleChanged{}, &busv1.AccountStateChanged{}, &busv1.AccountDeleted{},
			&busv1.EventCreated{}, &busv1.EventChanged{}, &busv1.EventDeleted{},
		},
		Apply: apply,
		Pace:  bus.PaceOfCounts,
	}
}

// apply writes anew the documents of what the events are about.
func apply(ctx context.Context, tx *store.Tx, happened []bus.Event) error {
	var posts, people, events []int64
	for _, event := range happened {
		switch event.Message.(type) {
		case *busv1.PostCreated, *busv1.PostEdited, *busv1.PostDeleted:
			posts = append(posts, event.AggregateID)
		case *busv1.EventCreated, *busv1.EventChanged, *busv1.EventDeleted:
			events = append(events, event.AggregateID)
		default:
			people = append(people, event.AggregateID)
		}
	}
	return index(ctx, tx, id.Unique(posts), id.Unique(people), id.Unique(events))
}

// lock is held by who writes documents. A document is written from the rows of the moment, so of two who write the same
// the later must have looked later.
const lock = "search.index"

// index writes the documents of posts, people and meetups from what they are now. It removes those of what is not there.
func index(ctx context.Context, tx *store.Tx, posts, people, events []int64) error {
	if err := tx.Lock(ctx, lock); err != nil {
		return err
	}
	if err := indexPosts(ctx, tx, posts); err != nil {
		return fmt.Errorf("index posts: %w", err)
	}
	if err := indexPeople(ctx, tx, people); err != nil {
		return fmt.Errorf("index people: %w", err)
	}
	if err := indexEvents(ctx, tx, events); err != nil {
		return fmt.Errorf("index meetups: %w", err)
	}
	return nil
}

// indexPosts reads posts whoever may see them: that is asked of what is found.
func indexPosts(ctx context.Context, tx *store.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := tx.Post.Query().Where(entpost.IDIn(ids...), entpost.Deleted(false), entpost.RepostOfID(0)).All(ctx)
	if err != nil {
		return err
	}
	tagged, err := tx.PostTag.Query().Where(posttag.PostIDIn(ids...)).All(ctx)
	if err != nil {
		return err
	}
	tags := map[int64][]string{}
	for _, t := range tagged {
		tags[t.PostID] = append(tags[t.PostID], t.TagKey)
	}
	engine := engineOf(tx.Store())
	documents := make([]*ent.SearchPostCreate, len(rows))
	for i, row := range rows {
		documents[i] = tx.SearchPost.Create().SetID(row.ID).SetVersion(row.Version).SetTerms(engine.encode(postDocument(row, tags[row.ID])))
		ids = slices.DeleteFunc(ids, func(id int64) bool { return id == row.ID })
	}
	if len(documents) > 0 {
		err := tx.SearchPost.CreateBulk(documents...).OnConflict(entsql.ConflictColumns(searchpost.FieldID), entsql.ResolveWithNewValues()).Exec(ctx)
		if err != nil {
			return err
		}
	}
	if len(ids) > 0 {
		if _, err := tx.SearchPost.Delete().Where(searchpost.IDIn(ids...)).Exec(ctx); err != nil {
			return err
		}
	}
	return indexTags(ctx, tx, tagged)
}

// indexTags notes which hashtags there are.
func indexTags(ctx context.Context, tx *store.Tx, tagged []*ent.PostTag) error {
	if len(tagged) == 0 {
		return nil
	}
	keys := make([]string, len(tagged))
	for i, t := range tagged {
		keys[i] = t.TagKey
	}
	keys = id.Unique(keys)
	known, err := tx.SearchTag.Query().Where(searchtag.TagKeyIn(keys...)).All(ctx)
	if err != nil {
		return err
	}
	for _, tag := range known {
		keys = slices.DeleteFunc(keys, func(key string) bool { return key == tag.TagKey })
	}
	rows := make([]*ent.SearchTagCreate, len(keys))
	for i, key := range keys {
		rows[i] = tx.SearchTag.Create().SetID(tx.NewID()).SetKey([]byte(key)).SetTagKey(key)
	}
	return tx.SearchTag.CreateBulk(rows...).Exec(ctx)
}

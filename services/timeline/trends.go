package timeline

import (
	"context"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/posttag"
	"github.com/pulse-social/pulse/ent/taguse"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

const (
	// trendHours is how many hours count as now, usualDays how many days before these say what is usual.
	trendHours = 24
	usualDays  = 7
	// usesFor is how long uses are kept.
	usesFor = (usualDays+1)*24*time.Hour + time.Hour
	// usesAtOnce bounds how many posts are looked at in one query.
	usesAtOnce = 500
)

// trendsConsumer keeps the uses of hashtags. For every post that an event is about, what is kept becomes what its tags
// say now: so events may come late, and in any order.
func trendsConsumer() bus.Consumer {
	return bus.Consumer{
		Name: "timeline.trends",
		Events: []proto.Message{
			&busv1.PostCreated{}, &busv1.PostEdited{}, &busv1.PostDeleted{},
			&busv1.ProfileChanged{}, &busv1.AccountStateChanged{}, &busv1.AccountDeleted{},
		},
		Concerns: func(event proto.Message) bool {
			e, ok := event.(*busv1.PostCreated)
			return !ok || !e.GetPlain()
		},
		Apply: applyTrends,
		Pace:  bus.PaceOfCounts,
	}
}

func applyTrends(ctx context.Context, tx *store.Tx, events []bus.Event) error {
	var created, changed, authors []int64
	for _, event := range events {
		switch event.Message.(type) {
		case *busv1.PostCreated:
			created = append(created, event.AggregateID)
		case *busv1.PostEdited, *busv1.PostDeleted:
			changed = append(changed, event.AggregateID)
		default:
			authors = append(authors, event.AggregateID)
		}
	}
	oldest := id.At(tx.Now.Add(-usesFor))
	ofAuthors, err := taggedPosts(ctx, tx, authors, oldest)
	if err != nil {
		return err
	}
	if changed = append(changed, ofAuthors...); len(changed) > 0 {
		if _, err := tx.TagUse.Delete().Where(taguse.PostIDIn(changed...)).Exec(ctx); err != nil {
			return fmt.Errorf("forget uses of tags: %w", err)
		}
	}
	return useTags(ctx, tx, append(created, changed...), oldest)
}

// taggedPosts answers the posts of people that have tags and are not too old to count.
func taggedPosts(ctx context.Context, tx *store.Tx, authors []int64, oldest int64) ([]int64, error) {
	if len(authors) == 0 {
		return nil, nil
	}
	tags := entsql.Table(posttag.Table)
	ids, err := tx.Post.Query().Where(entpost.AuthorIDIn(authors...), entpost.IDGTE(oldest), func(s *entsql.Selector) {
		s.Where(entsql.Exists(entsql.Select(tags.C(posttag.FieldID)).From(tags).Where(entsql.ColumnsEQ(tags.C(posttag.FieldPostID), s.C(entpost.FieldID)))))
	}).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read posts with tags: %w", err)
	}
	return ids, nil
}

// useTags writes the uses of tags by those of the posts that everybody may see. Where there are some, it forgets those that are
// too old to count.
func useTags(ctx context.Context, tx *store.Tx, postIDs []int64, oldest int64) error {
	used := false
	for len(postIDs) > 0 {
		part := postIDs[:min(usesAtOnce, len(postIDs))]
		postIDs = postIDs[len(part):]
		tags, err := tx.PostTag.Query().Where(posttag.PostIDIn(part...), posttag.PostIDGTE(oldest)).All(ctx)
		if err != nil || len(tags) == 0 {
			if err != nil {
				return fmt.Errorf("read tags: %w", err)
			}
			continue
		}
		posts, err := tx.Post.Query().
			Where(entpost.IDIn(part...), entpost.Audience(audiencePublic), visibility.SeenPosts(0)).All(ctx)
		if err != nil {
			return fmt.Errorf("read posts: %w", err)
		}
		if err := writeUses(ctx, tx, tags, posts); err != nil {
			return err
		}
		used = true
	}
	if !used {
		return nil
	}
	if _, err := tx.TagUse.Delete().Where(taguse.PostIDLT(oldest)).Exec(ctx); err != nil {
		return fmt.Errorf("forget old uses of tags: %w", err)
	}
	return nil
}

// writeUses writes the uses of tags by posts.
func writeUses(ctx context.Context, tx *store.Tx, tags []*ent.PostTag, posts []*ent.Post) error {
	public := make(map[int64]*ent.Post, len(posts))
	for _, post := range posts {
		public[post.ID] = post
	}
	var rows []*ent.TagUseCreate
	for _, tag := range tags {
		if post := public[tag.PostID]; post != nil {
			rows = append(rows, tx.TagUse.Create().SetID(tx.NewID()).
				SetPostID(post.ID).SetAuthorID(post.AuthorID).SetHour(hourOf(id.Time(post.ID))).
				SetTagKey(tag.TagKey).SetTag(tag.Tag).SetLanguage(languageKey(post.Language)))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	// An edit may have come before the creation.
	err := tx.TagUse.CreateBulk(rows...).
		OnConflict(entsql.ConflictColumns(taguse.FieldPostID, taguse.FieldTagKey), entsql.ResolveWithIgnore()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write uses of tags: %w", err)
	}
	return nil
}

// hourOf answers the hour of a time, counted from the Unix epoch.
func hourOf(t time.Time) int64 { return t.Unix() / int64(time.Hour/time.Second) }

package realtime

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	entbookmark "github.com/pulse-social/pulse/ent/bookmark"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	entlike "github.com/pulse-social/pulse/ent/like"
	entmute "github.com/pulse-social/pulse/ent/mute"
	"github.com/pulse-social/pulse/ent/mutedword"
	entpost "github.com/pulse-social/pulse/ent/post"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// A sight is a post that somebody sees, and what of it is theirs alone.
type sight struct {
	edition
	// alone is whether it shows no other post and no poll, and is for those who follow its author at least: whether one sees
	// anything else, and how, is not the same for all.
	alone bool
	// done is what the viewer has done with it.
	done postv1.PostViewer
}

// sights answers those of the posts that the viewer may see, and has written or follows the author of now; and, if there are
// any, whether the viewer mutes anybody or any word. Most do not, and one query is less than three.
func (s sources) sights(ctx context.Context, viewer int64, postIDs []int64) (sights []*sight, mutes bool, err error) {
	query, args := sightsQuery(s.db.Store().Dialect(), viewer, postIDs).Query()
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, false, fmt.Errorf("look at posts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var at sight
		if err := rows.Scan(&at.postID, &at.version, &at.audience, &at.alone, &at.done.Liked, &at.done.Bookmarked, &at.done.Reposted, &mutes); err != nil {
			return nil, false, fmt.Errorf("look at posts: %w", err)
		}
		sights = append(sights, &at)
	}
	return sights, mutes, rows.Err()
}

// sightsQuery selects what [sources.sights] answers.
func sightsQuery(dialect string, viewer int64, postIDs []int64) *entsql.Selector {
	builder := entsql.Dialect(dialect)
	posts := builder.Table(entpost.Table)
	query := builder.Select(posts.C(entpost.FieldID), posts.C(entpost.FieldVersion), posts.C(entpost.FieldAudience)).From(posts)
	// of matches rows of another table that say something of the post.
	of := func(table, column string, where ...func(*entsql.SelectTable) *entsql.Predicate) *entsql.Predicate {
		other := builder.Table(table).As("of_" + table)
		all := []*entsql.Predicate{entsql.ColumnsEQ(other.C(column), posts.C(entpost.FieldID))}
		for _, match := range where {
			all = append(all, match(other))
		}
		return entsql.Exists(builder.Select(other.C("id")).From(other).Where(entsql.And(all...)))
	}
	by := func(column string) func(*entsql.SelectTable) *entsql.Predicate {
		return func(t *entsql.SelectTable) *entsql.Predicate { return entsql.EQ(t.C(column), viewer) }
	}
	has := func(table, column string) *entsql.Predicate {
		rows := builder.Table(table)
		return entsql.Exists(builder.Select(rows.C("id")).From(rows).Where(entsql.EQ(rows.C(column), viewer)))
	}
	// The index of reposts is of them alone, and of those that are there.
	there := func(t *entsql.SelectTable) *entsql.Predicate {
		return entsql.And(entsql.NEQ(t.C(entpost.FieldRepostOfID), 0), entsql.Not(entsql.EQ(t.C(entpost.FieldDeleted), true)))
	}
	query.AppendSelectExprAs(entsql.And(
		entsql.EQ(posts.C(entpost.FieldRepostOfID), 0), entsql.EQ(posts.C(entpost.FieldQuoteOfID), 0), entsql.EQ(posts.C(entpost.FieldHasPoll), false),
		entsql.LTE(posts.C(entpost.FieldAudience), int32(postv1.Audience_AUDIENCE_FOLLOWERS)),
	), "alone")
	query.AppendSelectExprAs(of(entlike.Table, entlike.FieldPostID, by(entlike.FieldUserID)), "liked")
	query.AppendSelectExprAs(of(entbookmark.Table, entbookmark.FieldPostID, by(entbookmark.FieldUserID)), "bookmarked")
	query.AppendSelectExprAs(of(entpost.Table, entpost.FieldRepostOfID, by(entpost.FieldAuthorID), there), "reposted")
	query.AppendSelectExprAs(entsql.Or(has(entmute.Table, entmute.FieldMuterID), has(mutedword.Table, mutedword.FieldUserID)), "mutes")
	entpost.IDIn(postIDs...)(query)
	visibility.SeenPosts(viewer)(query)
	follows := builder.Table(entfollow.Table).As("followed")
	query.Where(entsql.Or(
		entsql.EQ(posts.C(entpost.FieldAuthorID), viewer),
		entsql.Exists(builder.Select(follows.C(entfollow.FieldID)).From(follows).Where(entsql.And(
			entsql.EQ(follows.C(entfollow.FieldFollowerID), viewer),
			entsql.ColumnsEQ(follows.C(entfollow.FieldFolloweeID), posts.C(entpost.FieldAuthorID)),
		))),
	))
	return query
}

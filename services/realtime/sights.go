package realtime

import (
	"context"
	"fmt"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	entbookmark "github.com/pulse-social/pulse/ent/bookmark"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	entlike "github.com/pulse-social/pulse/ent/like"
	entmute "github.com/pulse-social/pulse/ent/mute"
	"github.com/pulse-social/pulse/ent/mutedword"
	entpost "github.com/pulse-social/pulse/ent/post"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/gather"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

const (
	// sightsAtOnce bounds how many looks one query answers, sightsTimeout how long it may take.
	sightsAtOnce  = 1_000
	sightsTimeout = 5 * time.Second
)

// A sight is a post that somebody sees, and what of it is theirs alone.
type sight struct {
	edition
	// alone is whether it shows no other post and no poll, and is for those who follow its author at least: whether one sees
	// anything else, and how, is not the same for all.
	alone bool
	// mutes is whether the viewer mutes anybody or any word.
	mutes bool
	// done is what the viewer has done with it.
	done postv1.PostViewer
}

// looker answers what people see of posts. A post is told to many at the same moment: one query looks for all of them.
type looker struct {
	db    *store.DB
	looks *gather.Gatherer[visibility.Sight, *sight]
}

func newLooker(db *store.DB) *looker {
	l := &looker{db: db}
	l.looks = gather.New(sightsTimeout, l.look)
	return l
}

// sights answers those of the posts that the viewer may see, and has written or follows the author of now; and, if there are
// any, whether the viewer mutes anybody or any word. Most do not, and one query is less than three.
func (l *looker) sights(ctx context.Context, viewer int64, postIDs []int64) (sights []*sight, mutes bool, err error) {
	looks := visibility.SightsOf(viewer, postIDs)
	found, err := l.looks.Get(ctx, looks...)
	if err != nil {
		return nil, false, fmt.Errorf("look at posts: %w", err)
	}
	for _, look := range looks {
		if at := found[look]; at != nil {
			sights, mutes = append(sights, at), mutes || at.mutes
		}
	}
	return sights, mutes, nil
}

// look answers those of the looks that find a post which their viewer is to be told.
func (l *looker) look(ctx context.Context, looks []visibility.Sight) (map[visibility.Sight]*sight, error) {
	found := make(map[visibility.Sight]*sight, len(looks))
	for some := range slices.Chunk(looks, sightsAtOnce) {
		if err := l.lookInto(ctx, some, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (l *looker) lookInto(ctx context.Context, looks []visibility.Sight, found map[visibility.Sight]*sight) error {
	query, args := sightsQuery(l.db.Store().Dialect(), looks).Query()
	rows, err := l.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var viewer int64
		var at sight
		if err := rows.Scan(&viewer, &at.postID, &at.version, &at.audience, &at.alone, &at.done.Liked, &at.done.Bookmarked, &at.done.Reposted, &at.mutes); err != nil {
			return err
		}
		found[visibility.Sight{ViewerID: viewer, ObjectID: at.postID}] = &at
	}
	return rows.Err()
}

// sightsQuery selects what [looker.look] answers.
func sightsQuery(dialect string, looks []visibility.Sight) *entsql.Selector {
	builder := entsql.Dialect(dialect)
	posts := builder.Table(entpost.Table)
	query := builder.Select().From(posts)
	viewer := visibility.JoinSights(query, entpost.FieldID, looks).C(visibility.SightsViewer)
	query.Select(viewer, posts.C(entpost.FieldID), posts.C(entpost.FieldVersion), posts.C(entpost.FieldAudience))
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
		return func(t *entsql.SelectTable) *entsql.Predicate { return entsql.ColumnsEQ(t.C(column), viewer) }
	}
	has := func(table, column string) *entsql.Predicate {
		rows := builder.Table(table)
		return entsql.Exists(builder.Select(rows.C("id")).From(rows).Where(entsql.ColumnsEQ(rows.C(column), viewer)))
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
	visibility.SeenPostsBy(viewer)(query)
	follows := builder.Table(entfollow.Table).As("followed")
	query.Where(entsql.Or(
		entsql.ColumnsEQ(posts.C(entpost.FieldAuthorID), viewer),
		entsql.Exists(builder.Select(follows.C(entfollow.FieldID)).From(follows).Where(entsql.And(
			entsql.ColumnsEQ(follows.C(entfollow.FieldFollowerID), viewer),
			entsql.ColumnsEQ(follows.C(entfollow.FieldFolloweeID), posts.C(entpost.FieldAuthorID)),
		))),
	))
	return query
}

package timeline

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/like"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/postcount"
	"github.com/pulse-social/pulse/ent/predicate"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/rank"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// What is ranked is bounded, so that a ranking costs the same however much there is. The bounds stand in the comment of
// GetForYouTimeline in the schema.
const (
	candidatesSince = 3 * 24 * time.Hour
	affinitySince   = 30 * 24 * time.Hour

	mostFollowed   = 300 // people whose likes and follows count
	mostInNetwork  = 300 // posts of those whom the viewer follows
	mostLiked      = 200 // posts that they like
	mostPublic     = 500 // public posts that are looked at
	mostPopular    = 100 // of them
	mostAffinities = 500 // posts that the viewer likes
	mostLikes      = 3000
	mostMutuals    = 3000
	peopleNamed    = 3
)

// candidates are what a ranking is made from, for a viewer and as of a time.
type candidates struct {
	*handler
	viewer int64
	at     time.Time
	// followed are those whom the viewer followed last.
	followed []int64
	// likers are whom the viewer follows that like a post, mutuals those that follow an author, both the newest first.
	likers, mutuals map[int64][]int64
	posts           map[int64]*ent.Post
	inNetwork       map[int64]bool
}

// rankFor ranks posts for a viewer as of a time.
func (h *handler) rankFor(ctx context.Context, viewer int64, at time.Time) (*forYou, error) {
	c := &candidates{handler: h, viewer: viewer, at: at, posts: map[int64]*ent.Post{}, inNetwork: map[int64]bool{}}
	for _, step := range []func(context.Context) error{c.readFollowed, c.readInNetwork, c.readLiked, c.readPopular, c.readMutuals} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("look for posts to rank: %w", err)
		}
	}
	counts, err := c.counts(ctx)
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	affinities, err := c.affinities(ctx)
	if err != nil {
		return nil, fmt.Errorf("read affinities: %w", err)
	}
	all := make([]rank.Candidate, 0, len(c.posts))
	for postID, post := range c.posts {
		one := rank.Candidate{
			PostID: postID, AuthorID: post.AuthorID, Age: at.Sub(id.Time(postID)), Affinity: affinities[post.AuthorID],
			Likers: len(c.likers[postID]), Followed: c.inNetwork[postID], Mutuals: len(c.mutuals[post.AuthorID]),
		}
		if count := counts[postID]; count != nil {
			one.Likes, one.Replies, one.Reposts = count.Likes, count.Replies, count.Reposts
		}
		all = append(all, one)
	}
	ranked := &forYou{At: at}
	for _, one := range rank.Posts(all)[:min(len(all), mostRanked)] {
		ranked.Posts = append(ranked.Posts, c.why(one))
	}
	return ranked, nil
}

// why answers a ranked post with its reason.
func (c *candidates) why(one rank.Candidate) rankedPost {
	named := func(reason timelinev1.RankReason, people []int64) rankedPost {
		return rankedPost{ID: one.PostID, Reason: reason, People: people[:min(peopleNamed, len(people))], Count: len(people)}
	}
	switch {
	case one.Followed:
		return named(timelinev1.RankReason_RANK_REASON_FOLLOWED, nil)
	case one.Likers > 0:
		return named(timelinev1.RankReason_RANK_REASON_LIKED_BY_FOLLOWED, c.likers[one.PostID])
	case one.Mutuals > 0:
		return named(timelinev1.RankReason_RANK_REASON_FOLLOWED_BY_FOLLOWED, c.mutuals[one.AuthorID])
	default:
		return named(timelinev1.RankReason_RANK_REASON_POPULAR, nil)
	}
}

// span answers the ids that candidates lie between: the oldest is one, beyond is none.
func (c *candidates) span() (oldest, beyond int64) {
	return id.At(c.at.Add(-candidatesSince)), id.At(c.at)
}

// readFollowed finds whom the viewer followed last.
func (c *candidates) readFollowed(ctx context.Context) error {
	rows, err := c.db.Follow.Query().Where(entfollow.FollowerID(c.viewer), entfollow.IDLT(id.At(c.at))).
		Order(entfollow.ByID(descending)).Limit(mostFollowed).All(ctx)
	for _, row := range rows {
		c.followed = append(c.followed, row.FolloweeID)
	}
	return err
}

// readInNetwork finds the newest posts of those whom the viewer follows.
func (c *candidates) readInNetwork(ctx context.Context) error {
	posts, err := c.newest(ctx, mostInNetwork, byFollowed(c.viewer))
	for _, post := range posts {
		c.posts[post.ID], c.inNetwork[post.ID] = post, true
	}
	return err
}

// byFollowed matches the posts of all whom a person follows, and their own.
func byFollowed(userID int64) predicate.Post {
	return func(s *entsql.Selector) {
		follows := entsql.Table(entfollow.Table)
		s.Where(entsql.Or(
			entsql.EQ(s.C(entpost.FieldAuthorID), userID),
			entsql.In(s.C(entpost.FieldAuthorID), entsql.Select(follows.C(entfollow.FieldFolloweeID)).From(follows).
				Where(entsql.EQ(follows.C(entfollow.FieldFollowerID), userID))),
		))
	}
}

// readLiked finds what those whom the viewer follows like.
func (c *candidates) readLiked(ctx context.Context) error {
	if len(c.followed) == 0 {
		return nil
	}
	oldest, beyond := c.span()
	rows, err := c.db.Like.Query().
		Where(like.UserIDIn(c.followed...), like.PostIDGTE(oldest), like.PostIDLT(beyond), like.IDLT(beyond)).
		Order(like.ByPostID(descending), like.ByID(descending)).Limit(mostLikes).All(ctx)
	if err != nil {
		return err
	}
	c.likers = map[int64][]int64{}
	for _, row := range rows {
		c.likers[row.PostID] = append(c.likers[row.PostID], row.UserID)
	}
	return c.addPublic(ctx, mostLiked, slices.Collect(maps.Keys(c.likers)))
}

// readPopular finds the most liked of the newest public posts.
func (c *candidates) readPopular(ctx context.Context) error {
	oldest, beyond := c.span()
	ids, err := c.db.Post.Query().Where(publicPosts(), visibility.SeenPosts(c.viewer), entpost.IDLT(beyond), entpost.IDGTE(oldest)).
		Order(entpost.ByID(descending)).Limit(mostPublic).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return err
	}
	counts, err := c.db.PostCount.Query().Where(postcount.IDIn(ids...)).All(ctx)
	if err != nil {
		return err
	}
	counts = slices.DeleteFunc(counts, func(count *ent.PostCount) bool { return reactions(count) <= 0 })
	slices.SortFunc(counts, func(a, b *ent.PostCount) int {
		return cmp.Or(cmp.Compare(reactions(b), reactions(a)), cmp.Compare(b.ID, a.ID))
	})
	popular := make([]int64, 0, mostPopular)
	for _, count := range counts[:min(mostPopular, len(counts))] {
		popular = append(popular, count.ID)
	}
	return c.addPublic(ctx, mostPopular, popular)
}

func reactions(count *ent.PostCount) int64 { return count.Likes + count.Replies + count.Reposts }

// addPublic adds those of posts that are public and were not found before, the newest of them.
func (c *candidates) addPublic(ctx context.Context, most int, ids []int64) error {
	ids = slices.DeleteFunc(ids, func(postID int64) bool { return c.posts[postID] != nil })
	if len(ids) == 0 {
		return nil
	}
	posts, err := c.newest(ctx, most, entpost.And(entpost.IDIn(ids...), publicPosts()))
	for _, post := range posts {
		c.posts[post.ID] = post
	}
	return err
}

// newest answers the newest posts that match, of the time of the ranking, that the viewer sees and may be shown: none of
// their own, no replies and no reposts.
func (c *candidates) newest(ctx context.Context, most int, match predicate.Post) ([]*ent.Post, error) {
	oldest, beyond := c.span()
	return c.db.Post.Query().Where(
		match, visibility.SeenPosts(c.viewer), c.notMuted(c.viewer), entpost.AuthorIDNEQ(c.viewer),
		entpost.ReplyToID(0), entpost.RepostOfID(0), entpost.IDLT(beyond), entpost.IDGTE(oldest),
	).Order(entpost.ByID(descending)).Limit(most).Select(entpost.FieldID, entpost.FieldAuthorID).All(ctx)
}

// readMutuals finds who of those whom the viewer follows follows the authors whom the viewer does not.
func (c *candidates) readMutuals(ctx context.Context) error {
	authors := map[int64]bool{}
	for postID, post := range c.posts {
		if !c.inNetwork[postID] {
			authors[post.AuthorID] = true
		}
	}
	c.mutuals = map[int64][]int64{}
	if len(authors) == 0 || len(c.followed) == 0 {
		return nil
	}
	rows, err := c.db.Follow.Query().
		Where(entfollow.FollowerIDIn(c.followed...), entfollow.FolloweeIDIn(slices.Sorted(maps.Keys(authors))...), entfollow.IDLT(id.At(c.at))).
		Order(entfollow.ByID(descending)).Limit(mostMutuals).All(ctx)
	for _, row := range rows {
		c.mutuals[row.FolloweeID] = append(c.mutuals[row.FolloweeID], row.FollowerID)
	}
	return err
}

// counts answers the counts of the candidates.
func (c *candidates) counts(ctx context.Context) (map[int64]*ent.PostCount, error) {
	rows, err := c.db.PostCount.Query().Where(postcount.IDIn(slices.Collect(maps.Keys(c.posts))...)).All(ctx)
	counts := make(map[int64]*ent.PostCount, len(rows))
	for _, row := range rows {
		counts[row.ID] = row
	}
	return counts, err
}

// affinities answers how many posts of each author the viewer has liked lately.
func (c *candidates) affinities(ctx context.Context) (map[int64]int, error) {
	oldest, beyond := id.At(c.at.Add(-affinitySince)), id.At(c.at)
	likes, err := c.db.Like.Query().
		Where(like.UserID(c.viewer), like.PostIDGTE(oldest), like.PostIDLT(beyond), like.IDLT(beyond)).
		Order(like.ByPostID(descending)).Limit(mostAffinities).All(ctx)
	if err != nil || len(likes) == 0 {
		return nil, err
	}
	ids := make([]int64, len(likes))
	for i, row := range likes {
		ids[i] = row.PostID
	}
	posts, err := c.db.Post.Query().Where(entpost.IDIn(ids...), visibility.SeenPosts(c.viewer)).
		Select(entpost.FieldID, entpost.FieldAuthorID).All(ctx)
	affinities := map[int64]int{}
	for _, post := range posts {
		affinities[post.AuthorID]++
	}
	return affinities, err
}

package search_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/pulse-social/pulse/ent/searchpost"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// world is what a plain model knows of people and posts.
type world struct {
	people []int64
	// private and hidden are by person; follows, blocks and mutes by pair, the one who does first.
	private, suspended     map[int64]bool
	follows, blocks, mutes map[[2]int64]bool
	posts                  []modelPost
}

type modelPost struct {
	id, author int64
	audience   postv1.Audience
	mentions   []int64
	words      []string
	deleted    bool
}

// finds is the rule, told once more in the plainest way.
func (w *world) finds(viewer int64, p modelPost) bool {
	if p.deleted || viewer != p.author && p.audience == postv1.Audience_AUDIENCE_UNLISTED {
		return false
	}
	if viewer == p.author {
		return true
	}
	if w.suspended[p.author] || w.mutes[[2]int64{viewer, p.author}] || w.blocks[[2]int64{viewer, p.author}] || w.blocks[[2]int64{p.author, viewer}] {
		return false
	}
	if viewer != 0 && slices.Contains(p.mentions, viewer) {
		return true
	}
	follower := w.follows[[2]int64{viewer, p.author}]
	switch p.audience {
	case postv1.Audience_AUDIENCE_PUBLIC:
		return follower || !w.private[p.author]
	case postv1.Audience_AUDIENCE_FOLLOWERS:
		return follower
	default:
		return false
	}
}

var audiences = []postv1.Audience{
	postv1.Audience_AUDIENCE_PUBLIC, postv1.Audience_AUDIENCE_UNLISTED, postv1.Audience_AUDIENCE_FOLLOWERS, postv1.Audience_AUDIENCE_MENTIONED,
}

var modelWords = []string{"ant", "bee", "cat", "dog"}

// TestSearchFindsWhatTheModelSays draws people, follows, blocks, mutes and posts of all audiences, changes them at random,
// and compares what everybody finds with the model: before the changes, and right after them, when no consumer can have
// followed.
func TestSearchFindsWhatTheModelSays(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	d := open(t, p)
	author, viewers := p.User(t, "ann"), []*pulsetest.User{p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")}
	rapid.Check(t, func(rt *rapid.T) {
		w := d.draw(rt, t, author, viewers)
		d.untilIndexed(t, w)
		w.compare(rt, t, p, viewers)
		d.relate(rt, t, w)
		d.narrow(rt, t, w)
		w.compare(rt, t, p, viewers)
	})
}

// draw empties the tables of what may be drawn and draws anew.
func (d database) draw(rt *rapid.T, t *testing.T, author *pulsetest.User, viewers []*pulsetest.User) *world {
	t.Helper()
	w := &world{private: map[int64]bool{}, suspended: map[int64]bool{}, follows: map[[2]int64]bool{}, blocks: map[[2]int64]bool{}, mutes: map[[2]int64]bool{}}
	w.people = append(w.people, author.ID)
	for _, v := range viewers {
		w.people = append(w.people, v.ID)
	}
	d.relate(rt, t, w)
	d.write(t, "post", func(tx *store.Tx) error {
		w.posts = nil
		old, err := tx.Post.Query().IDs(t.Context())
		if err != nil {
			return err
		}
		for _, id := range old {
			if err := tx.Post.DeleteOneID(id).Exec(t.Context()); err != nil {
				return err
			}
			if err := tx.Emit(&busv1.PostDeleted{PostId: id}); err != nil {
				return err
			}
		}
		for n := range rapid.IntRange(1, 8).Draw(rt, "posts") {
			post := modelPost{
				id:       tx.NewID(),
				author:   rapid.SampledFrom(w.people).Draw(rt, fmt.Sprintf("author %d", n)),
				audience: rapid.SampledFrom(audiences).Draw(rt, fmt.Sprintf("audience %d", n)),
				mentions: rapid.SliceOfNDistinct(rapid.SampledFrom(w.people), 0, 2, rapid.ID[int64]).Draw(rt, fmt.Sprintf("mentions %d", n)),
				words:    rapid.SliceOfN(rapid.SampledFrom(modelWords), 1, 3).Draw(rt, fmt.Sprintf("words %d", n)),
			}
			if err := insert(t, tx, post); err != nil {
				return err
			}
			w.posts = append(w.posts, post)
		}
		return nil
	})
	return w
}

// insert writes a post of the model.
func insert(t *testing.T, tx *store.Tx, post modelPost) error {
	t.Helper()
	text := fmt.Sprint(post.words)
	err := tx.Post.Create().SetID(post.id).SetThreadID(post.id).SetAuthorID(post.author).SetText(text).SetAudience(int32(post.audience)).Exec(t.Context())
	if err != nil {
		return err
	}
	for _, who := range post.mentions {
		if err := tx.PostMention.Create().SetID(tx.NewID()).SetPostID(post.id).SetUserID(who).Exec(t.Context()); err != nil {
			return err
		}
	}
	return tx.Emit(&busv1.PostCreated{PostId: post.id, AuthorId: post.author})
}

// relate draws anew who follows, blocks and mutes whom, who is private, and who is suspended.
func (d database) relate(rt *rapid.T, t *testing.T, w *world) {
	t.Helper()
	pairs := func(label string) map[[2]int64]bool {
		drawn := map[[2]int64]bool{}
		for n := range rapid.IntRange(0, 4).Draw(rt, label) {
			who, whom := rapid.SampledFrom(w.people).Draw(rt, fmt.Sprintf("%s %d", label, n)), rapid.SampledFrom(w.people).Draw(rt, fmt.Sprintf("%s of %d", label, n))
			if who != whom {
				drawn[[2]int64{who, whom}] = true
			}
		}
		return drawn
	}
	w.follows, w.blocks, w.mutes = pairs("follows"), pairs("blocks"), pairs("mutes")
	for pair := range w.blocks { // As a block does.
		delete(w.follows, pair)
		delete(w.follows, [2]int64{pair[1], pair[0]})
	}
	d.write(t, "graph", func(tx *store.Tx) error { return w.writeGraph(t, tx) })
	for _, who := range w.people {
		w.private[who] = rapid.Bool().Draw(rt, "private")
	}
	// Who is suspended searches for nothing, so this is somebody who only writes.
	w.suspended[w.people[0]] = rapid.Bool().Draw(rt, "suspended")
	d.write(t, "user", func(tx *store.Tx) error {
		if _, err := tx.Profile.Delete().Exec(t.Context()); err != nil {
			return err
		}
		for who, private := range w.private {
			if err := tx.Profile.Create().SetID(who).SetPrivate(private).Exec(t.Context()); err != nil {
				return err
			}
		}
		return nil
	})
	d.write(t, "identity", func(tx *store.Tx) error {
		for who, suspended := range w.suspended {
			state := int32(0)
			if suspended {
				state = 2
			}
			if err := tx.Account.UpdateOneID(who).SetState(state).Exec(t.Context()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) writeGraph(t *testing.T, tx *store.Tx) error {
	t.Helper()
	if _, err := tx.Follow.Delete().Exec(t.Context()); err != nil {
		return err
	}
	if _, err := tx.Block.Delete().Exec(t.Context()); err != nil {
		return err
	}
	if _, err := tx.Mute.Delete().Exec(t.Context()); err != nil {
		return err
	}
	for pair := range w.follows {
		if err := tx.Follow.Create().SetID(tx.NewID()).SetFollowerID(pair[0]).SetFolloweeID(pair[1]).Exec(t.Context()); err != nil {
			return err
		}
	}
	for pair := range w.blocks {
		if err := tx.Block.Create().SetID(tx.NewID()).SetBlockerID(pair[0]).SetBlockedID(pair[1]).Exec(t.Context()); err != nil {
			return err
		}
	}
	for pair := range w.mutes {
		if err := tx.Mute.Create().SetID(tx.NewID()).SetMuterID(pair[0]).SetMutedID(pair[1]).Exec(t.Context()); err != nil {
			return err
		}
	}
	return nil
}

// untilIndexed waits until there are documents of the model's posts, and of no other.
func (d database) untilIndexed(t *testing.T, w *world) {
	t.Helper()
	want := make([]int64, len(w.posts))
	for i, post := range w.posts {
		want[i] = post.id
	}
	testwait.Until(t, "the posts are indexed", func() bool {
		got, err := d.For("search").SearchPost.Query().Order(searchpost.ByID()).IDs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.Equal(got, want)
	})
}

// narrow deletes some posts and draws the audiences of the others anew, without an event.
func (d database) narrow(rt *rapid.T, t *testing.T, w *world) {
	t.Helper()
	d.write(t, "post", func(tx *store.Tx) error {
		for i := range w.posts {
			post := &w.posts[i]
			post.deleted = rapid.IntRange(0, 3).Draw(rt, "deleted") == 0
			post.audience = rapid.SampledFrom(audiences).Draw(rt, "audience")
			err := tx.Post.UpdateOneID(post.id).SetDeleted(post.deleted).SetAudience(int32(post.audience)).Exec(t.Context())
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// compare compares what everybody finds with what the model says.
func (w *world) compare(rt *rapid.T, t *testing.T, p *pulsetest.Pulse, viewers []*pulsetest.User) {
	t.Helper()
	clients := map[int64]*pulse.Client{0: p.Client(t)}
	for _, v := range viewers {
		clients[v.ID] = v.Client
	}
	for viewer, client := range clients {
		for _, word := range modelWords {
			want := []int64{}
			for _, post := range w.posts {
				if slices.Contains(post.words, word) && w.finds(viewer, post) {
					want = append(want, post.id)
				}
			}
			slices.Reverse(want)
			order := rapid.SampledFrom([]searchv1.PostOrder{searchv1.PostOrder_POST_ORDER_NEWEST, searchv1.PostOrder_POST_ORDER_RELEVANCE}).Draw(rt, "order")
			got := all(t, client, &searchv1.SearchPostsRequest{Query: word, Order: order, PageSize: rapid.Int32Range(1, 4).Draw(rt, "page size")})
			if order == searchv1.PostOrder_POST_ORDER_RELEVANCE {
				slices.Sort(got)
				slices.Reverse(got)
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("%d finds %v by %q, want %v in %+v", viewer, got, word, want, w)
			}
		}
	}
}

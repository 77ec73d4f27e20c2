package timeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	entblock "github.com/pulse-social/pulse/ent/block"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/services/internal/mute"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// relation is how a viewer stands to somebody whose posts they may be shown.
type relation struct {
	// follows is whether the viewer follows them, blocked whether one of the two blocks the other.
	follows, blocked bool
}

// relate says of each post how the reader stands to its author. What is not known is read at once for all.
func (p *posts) relate(ctx context.Context, r reader, found []readPost) error {
	if r.id == 0 {
		return nil
	}
	unknown := r.view.relate(r.id, found)
	if len(unknown) == 0 {
		return nil
	}
	relations, err := relationsOf(ctx, p.db, r.id, unknown)
	if err != nil {
		return err
	}
	r.view.setRelations(unknown, relations)
	for i := range found {
		if post := &found[i]; post.encodedPost != nil && slices.Contains(unknown, post.author) {
			post.relation = relations[post.author]
		}
	}
	return nil
}

// relate fills in what is known of the authors, and answers those of whom nothing is.
func (v *view) relate(viewer int64, found []readPost) (unknown []int64) {
	known := func(int64) (relation, bool) { return relation{}, false }
	if v != nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.viewer.stamps[stamp.Follows] == v.stamps[stamp.Follows] {
			known = func(author int64) (relation, bool) { r, ok := v.relations[author]; return r, ok }
		}
	}
	for i := range found {
		post := &found[i]
		if post.encodedPost == nil || post.author == viewer {
			continue
		}
		var ok bool
		if post.relation, ok = known(post.author); !ok && !slices.Contains(unknown, post.author) {
			unknown = append(unknown, post.author)
		}
	}
	return unknown
}

// setRelations keeps how the viewer stands to people.
func (v *view) setRelations(people []int64, relations map[int64]relation) {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, person := range people {
		if v.viewer.stamps[stamp.Follows] == v.stamps[stamp.Follows] {
			v.relations = decide(v.relations, person, relations[person])
		}
	}
}

// unmuted leaves out the posts that the reader has muted: by who wrote them or the
// post that they pass on, or by what they say. Their own they always meet.
func (p *posts) unmuted(ctx context.Context, r reader, found []readPost, now time.Time) ([]readPost, error) {
	if r.id == 0 {
		return found, nil
	}
	rules, err := r.view.mutes(func() (*mute.Rules, error) { return mute.Of(ctx, p.db.Client, r.id) })
	if err != nil || rules.Empty() {
		return found, err
	}
	return slices.DeleteFunc(found, func(post readPost) bool {
		return post.author != r.id && (rules.Person(post.author, now) || rules.Person(post.originalAuthor, now) || rules.Text(now, post.says...))
	}), nil
}

// mutes answers what the viewer has muted; when it is not known it is asked of load.
func (v *view) mutes(load func() (*mute.Rules, error)) (*mute.Rules, error) {
	if v == nil {
		return load()
	}
	v.mu.Lock()
	if v.muted != nil && v.viewer.stamps[stamp.Follows] == v.stamps[stamp.Follows] {
		defer v.mu.Unlock()
		return v.muted, nil
	}
	v.mu.Unlock()
	rules, err := load()
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.viewer.stamps[stamp.Follows] == v.stamps[stamp.Follows] {
		v.muted = rules
	}
	return rules, nil
}

// relationsOf reads how a viewer stands to people.
func relationsOf(ctx context.Context, db *store.DB, viewer int64, people []int64) (map[int64]relation, error) {
	follows, err := db.Follow.Query().Where(entfollow.FollowerID(viewer), entfollow.FolloweeIDIn(people...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read follows: %w", err)
	}
	blocks, err := db.Block.Query().Where(entblock.Or(
		entblock.And(entblock.BlockerID(viewer), entblock.BlockedIDIn(people...)),
		entblock.And(entblock.BlockedID(viewer), entblock.BlockerIDIn(people...)),
	)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read blocks: %w", err)
	}
	relations := make(map[int64]relation, len(people))
	change := func(person int64, change func(*relation)) {
		r := relations[person]
		change(&r)
		relations[person] = r
	}
	for _, f := range follows {
		change(f.FolloweeID, func(r *relation) { r.follows = true })
	}
	for _, b := range blocks {
		change(b.BlockerID+b.BlockedID-viewer, func(r *relation) { r.blocked = true })
	}
	return relations, nil
}

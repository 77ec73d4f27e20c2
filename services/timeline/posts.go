package timeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/engagement"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// postsKept bounds how many posts are kept encoded; one takes about a kilobyte.
	postsKept = 20_000
	// postsFor bounds for how long, should a hint be lost unnoticed.
	postsFor = time.Minute
)

// posts keeps posts as the post service answered them, encoded, for everybody who reads them next and may: everyone, or
// the followers of their author. Anything else is asked of the post service for each viewer, which asks package
// visibility. What of a post depends on the viewer is added for each. A hint drops what has changed, and while hints do
// not arrive nothing is kept.
type posts struct {
	service postv1connect.PostServiceClient
	db      *store.DB
	hints   *bus.Hints
	copies  *copies[*encodedPost]
	metrics *instruments
	// names tell when an author changed, in name or in who sees them, which no post is about by itself.
	names *otter.Cache[int64, int64]
	// anyone tells when anybody did.
	anyone atomic.Int64
}

// reach is who may be answered a copy of a post, besides its author and but for those whom a block parts from the author.
type reach int

const (
	reachNobody reach = iota
	reachFollowers
	reachEveryone
)

// encodedPost is a post without its viewer, unless it is whole.
type encodedPost struct {
	id, author int64
	reach      reach
	// json is the post as a JSON object without the closing brace, proto in the binary encoding.
	json, proto []byte
	// original and originalAuthor are of the post that a repost passes on, 0 otherwise.
	original, originalAuthor int64
	// says is all that it says, for those who have muted words.
	says []string
	// tick is when it was asked for.
	tick int64
	// whole is whether the viewer is in it: it was made for one of them alone.
	whole bool
}

// readPost is a post as one viewer has it.
type readPost struct {
	*encodedPost
	done engagement.State
	// relation is that of the viewer to the author; nothing for the viewer's own posts, and for anonymous viewers.
	relation relation
}

// reader is somebody who reads posts: 0 is anonymous. view is what is kept of them, nil when nothing may be.
type reader struct {
	id   int64
	view *view
}

// mayHave tells whether a kept copy may be answered to the reader.
func (r reader) mayHave(post readPost) bool {
	switch {
	case post.author == r.id:
		return r.view.accepts(post.encodedPost)
	case post.relation.blocked:
		return false
	default:
		return post.reach == reachEveryone || post.reach == reachFollowers && post.relation.follows
	}
}

func newPosts(service postv1connect.PostServiceClient, db *store.DB, hints *bus.Hints, now clock.Clock) *posts {
	return &posts{
		service: service, db: db, hints: hints, metrics: newInstruments(), copies: newCopies[*encodedPost](postsKept, postsFor, now),
		names: otter.Must(&otter.Options[int64, int64]{MaximumSize: postsKept}),
	}
}

// watch makes hints drop what has changed.
func (p *posts) watch() error {
	forget := func() {
		p.copies.clear()
		p.anyone.Store(p.copies.tick())
	}
	return errors.Join(
		p.hints.Watch(bus.PostChanged, func(ids []int64) { p.copies.drop(ids...) }, forget),
		p.hints.Watch(bus.PersonChanged, p.renamed, forget),
	)
}

// renamed drops all posts of people. They change rarely enough to look at every post for it.
func (p *posts) renamed(people []int64) {
	p.anyone.Store(p.copies.tick())
	for _, author := range people {
		p.names.Set(author, p.copies.tick())
	}
	for postID, post := range p.copies.kept.All() {
		if slices.Contains(people, post.v.author) {
			p.copies.drop(postID)
		}
	}
}

// absent tells whether a post was not answered to the viewer when they asked last, and nothing has happened since that
// could have changed it.
func (p *posts) absent(v *view, postID int64) bool {
	tick, missed := v.missed(postID)
	return missed && p.anyone.Load() < tick && p.copies.unchanged(postID, tick)
}

// keep keeps a post, unless it or its author's name has changed since it was asked for; see [copies.keep] for the order.
func (p *posts) keep(post *encodedPost) {
	p.copies.keep(post.id, post, post.tick)
	if renamed, ok := p.names.GetIfPresent(post.author); ok && renamed > post.tick {
		p.copies.drop(post.id)
	}
}

// read answers those of the posts that the reader may see, in the order of the ids. What is not kept is asked of the post
// service in one call, and what is not known of the reader, what they have done and their relations, of the database in one query each.
func (p *posts) read(ctx context.Context, r reader, ids []int64) ([]readPost, error) {
	found := make([]readPost, len(ids))
	usable := p.hints.Arriving() && (r.view != nil || r.id == 0)
	if usable {
		for i, postID := range ids {
			found[i].encodedPost, _ = p.copies.get(postID)
		}
		if err := p.relate(ctx, r, found); err != nil {
			return nil, err
		}
	}
	var missing, undecided []int64
	for i, postID := range ids {
		if found[i].encodedPost == nil || !r.mayHave(found[i]) {
			found[i] = readPost{}
			if !usable || !p.absent(r.view, postID) {
				missing = append(missing, postID)
			}
			continue
		}
		if r.view == nil {
			continue
		}
		var known bool
		if found[i].done, known = r.view.done(postID); !known {
			undecided = append(undecided, postID)
		}
	}
	p.metrics.copied(ctx, len(ids)-len(missing), len(missing))
	if err := p.decide(ctx, r.view, found, undecided); err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		if err := p.fill(ctx, r, usable, ids, found, missing); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(found, func(post readPost) bool { return post.encodedPost == nil }), nil
}

// fill puts posts in that no copy may be used of, as far as the reader may see them.
func (p *posts) fill(ctx context.Context, r reader, keep bool, ids []int64, found []readPost, missing []int64) error {
	loaded, err := p.load(ctx, r.view, keep, missing)
	if err != nil {
		return err
	}
	for i, postID := range ids {
		if post, ok := loaded[postID]; ok {
			found[i] = post
		}
	}
	return p.relate(ctx, r, found)
}

// decide finds out what the viewer has done with the undecided posts.
func (p *posts) decide(ctx context.Context, v *view, found []readPost, undecided []int64) error {
	if len(undecided) == 0 {
		return nil
	}
	done, err := engagement.Of(ctx, p.db, v.id, undecided)
	if err != nil {
		return err
	}
	for _, postID := range undecided {
		v.setDone(postID, done[postID])
	}
	for i := range found {
		if found[i].encodedPost != nil && found[i].done == 0 {
			found[i].done = done[found[i].id]
		}
	}
	return nil
}

// load asks for posts on behalf of the caller, and keeps what it learns of them and of the viewer.
func (p *posts) load(ctx context.Context, v *view, keep bool, ids []int64) (map[int64]readPost, error) {
	tick := p.copies.tick()
	answer, err := p.service.BatchGetPosts(ctx, &postv1.BatchGetPostsRequest{PostIds: ids})
	if err != nil {
		return nil, err
	}
	loaded, open := make(map[int64]readPost, len(ids)), make([]readPost, 0, len(ids))
	for _, post := range answer.GetPosts() {
		done, to := doneOf(post.GetViewer()), reachOf(post)
		if to != reachNobody {
			post.Viewer = nil
		}
		encoded, err := encode(post, tick)
		if err != nil {
			return nil, err
		}
		encoded.whole = encoded.reach == reachNobody
		loaded[encoded.id] = readPost{encodedPost: encoded, done: done}
		if encoded.reach != reachNobody {
			open = append(open, loaded[encoded.id])
		}
	}
	if !keep {
		return loaded, nil
	}
	for _, post := range open {
		p.keep(post.encodedPost)
		if v != nil {
			v.setDone(post.id, post.done)
		}
	}
	for _, postID := range ids {
		if _, ok := loaded[postID]; !ok && v != nil {
			v.setMissed(postID, tick)
		}
	}
	return loaded, nil
}

// doneOf answers what a viewer has done with a post.
func doneOf(viewer *postv1.PostViewer) (done engagement.State) {
	for state, is := range map[engagement.State]bool{
		engagement.Liked: viewer.GetLiked(), engagement.Bookmarked: viewer.GetBookmarked(), engagement.Reposted: viewer.GetReposted(),
	} {
		if is {
			done |= state
		}
	}
	return done
}

// reachOf tells who may be answered a copy of a post that somebody sees. One that shows another post, or a poll, is not the
// same for everyone but for what they have done with it: whether one may see that, and its results, is asked for each viewer.
func reachOf(post *postv1.Post) reach {
	switch {
	case post.GetRepostOf() != nil || post.GetQuote() != nil || post.GetQuoteUnavailable() || post.GetPoll() != nil,
		post.GetAudience() > postv1.Audience_AUDIENCE_FOLLOWERS:
		return reachNobody
	case post.GetAudience() == postv1.Audience_AUDIENCE_FOLLOWERS || post.GetAuthor().GetPrivate():
		return reachFollowers
	default:
		return reachEveryone
	}
}

// encode encodes a post.
func encode(post *postv1.Post, tick int64) (*encodedPost, error) {
	passed := post.GetRepostOf()
	e := &encodedPost{
		id: post.GetId(), author: post.GetAuthor().GetId(), reach: reachOf(post), tick: tick,
		original: passed.GetId(), originalAuthor: passed.GetAuthor().GetId(),
	}
	for _, part := range []*postv1.Post{post, passed, post.GetQuote(), passed.GetQuote()} {
		if part != nil {
			e.says = append(e.says, part.GetText(), part.GetContentWarning())
		}
	}
	var err error
	if e.proto, err = proto.Marshal(post); err != nil {
		return nil, fmt.Errorf("encode post: %w", err)
	}
	text, err := protojson.Marshal(post)
	if err != nil {
		return nil, fmt.Errorf("encode post: %w", err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return nil, fmt.Errorf("encode post: %w", err)
	}
	e.json = bytes.TrimSuffix(compact.Bytes(), []byte("}"))
	return e, nil
}

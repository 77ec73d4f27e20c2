package timeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/maypok86/otter/v2"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent/like"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// postsKept bounds how many posts are kept encoded; one takes about a kilobyte.
	postsKept = 20_000
	// postsFor bounds for how long, should a hint be lost unnoticed.
	postsFor = time.Minute
)

// posts keeps posts as the post service answered them, encoded, for everybody who reads them next. Only what everyone may
// see may be kept here, which is so of every post that is not deleted (see package visibility); what of a post depends on
// the viewer is added for each. A hint drops what has changed, and while hints do not arrive nothing is kept.
type posts struct {
	service postv1connect.PostServiceClient
	db      *store.DB
	hints   *bus.Hints
	copies  *copies[*encodedPost]
	// names tell when an author's name changed, which no post is about by itself.
	names *otter.Cache[int64, int64]
}

// encodedPost is a post without its viewer.
type encodedPost struct {
	id, author int64
	// json is the post as a JSON object without the closing brace, proto in the binary encoding. Both are empty for a post
	// that is not there any more.
	json, proto []byte
	// tick is when it was asked for.
	tick int64
}

// readPost is a post as one viewer has it.
type readPost struct {
	*encodedPost
	liked bool
}

func newPosts(service postv1connect.PostServiceClient, db *store.DB, hints *bus.Hints, now clock.Clock) *posts {
	return &posts{
		service: service, db: db, hints: hints, copies: newCopies[*encodedPost](postsKept, postsFor, now),
		names: otter.Must(&otter.Options[int64, int64]{MaximumSize: postsKept}),
	}
}

// watch makes hints drop what has changed.
func (p *posts) watch() error {
	return errors.Join(
		p.hints.Watch(bus.PostChanged, func(ids []int64) { p.copies.drop(ids...) }, p.copies.clear),
		p.hints.Watch(bus.PersonChanged, p.renamed, p.copies.clear),
	)
}

// renamed drops all posts of people. They change their names rarely enough to look at every post for it.
func (p *posts) renamed(people []int64) {
	for _, author := range people {
		p.names.Set(author, p.copies.tick())
	}
	for postID, post := range p.copies.kept.All() {
		if slices.Contains(people, post.v.author) {
			p.copies.drop(postID)
		}
	}
}

// keep keeps a post, unless it or its author's name has changed since it was asked for; see [copies.keep] for the order.
func (p *posts) keep(post *encodedPost) {
	p.copies.keep(post.id, post, post.tick)
	if renamed, ok := p.names.GetIfPresent(post.author); ok && renamed > post.tick {
		p.copies.drop(post.id)
	}
}

// read answers those of the posts that the viewer may see, in the order of the ids. What is not kept is asked of the post
// service in one call, and whether the viewer likes what is kept of the database in one query, where that is not known. v
// is nil for a viewer of whom nothing may be kept, who is anonymous unless signedIn.
func (p *posts) read(ctx context.Context, v *view, signedIn bool, ids []int64) ([]readPost, error) {
	found := make([]readPost, len(ids))
	var missing, undecided []int64
	usable := p.hints.Arriving() && (v != nil || !signedIn)
	for i, postID := range ids {
		post, ok := p.copies.get(postID)
		if !ok || !usable || !v.accepts(post) {
			missing = append(missing, postID)
			continue
		}
		found[i].encodedPost = post
		if v == nil {
			continue
		}
		if found[i].liked, ok = v.liked(postID); !ok {
			undecided = append(undecided, postID)
		}
	}
	if err := p.decide(ctx, v, found, undecided); err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		loaded, err := p.load(ctx, v, usable, missing)
		if err != nil {
			return nil, err
		}
		for i, postID := range ids {
			if found[i].encodedPost == nil {
				found[i] = loaded[postID]
			}
		}
	}
	return slices.DeleteFunc(found, func(post readPost) bool { return len(post.proto) == 0 }), nil
}

// decide finds out which of the undecided posts the viewer likes.
func (p *posts) decide(ctx context.Context, v *view, found []readPost, undecided []int64) error {
	if len(undecided) == 0 {
		return nil
	}
	rows, err := p.db.Like.Query().Where(like.UserID(v.id), like.PostIDIn(undecided...)).All(ctx)
	if err != nil {
		return fmt.Errorf("read likes: %w", err)
	}
	liked := make(map[int64]bool, len(rows))
	for _, row := range rows {
		liked[row.PostID] = true
	}
	for _, postID := range undecided {
		v.setLiked(postID, liked[postID])
	}
	for i := range found {
		if found[i].encodedPost != nil && liked[found[i].id] {
			found[i].liked = true
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
	loaded := make(map[int64]readPost, len(ids))
	for _, postID := range ids {
		loaded[postID] = readPost{encodedPost: &encodedPost{id: postID, tick: tick}}
	}
	likes := make(map[int64]bool, len(ids))
	for _, post := range answer.GetPosts() {
		liked := post.GetViewer().GetLiked()
		post.Viewer = nil
		encoded, err := encode(post, tick)
		if err != nil {
			return nil, err
		}
		loaded[encoded.id], likes[encoded.id] = readPost{encoded, liked}, liked
	}
	if !keep {
		return loaded, nil
	}
	for postID, post := range loaded {
		p.keep(post.encodedPost)
		if v != nil {
			v.setLiked(postID, likes[postID])
		}
	}
	return loaded, nil
}

// encode encodes a post that has no viewer.
func encode(post *postv1.Post, tick int64) (*encodedPost, error) {
	e := &encodedPost{id: post.GetId(), author: post.GetAuthor().GetId(), tick: tick}
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

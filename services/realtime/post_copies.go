package realtime

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"
	"google.golang.org/protobuf/proto"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
	"github.com/pulse-social/pulse/services/internal/clock"
)

const (
	// copiesKept bounds how many posts are kept, copiesFor for how long: a post is told to all followers in about a second.
	copiesKept = 2_000
	copiesFor  = 5 * time.Second
)

// edition is a post as it was last edited, and for whom it was then.
type edition struct {
	postID, version int64
	audience        int32
}

// postCopies keeps posts as the post service answered them to somebody, without what of them is that person's, for everybody
// here who is told of them next. Whoever asks for one has been found to see it; a name that changes drops all.
type postCopies struct {
	kept *otter.Cache[edition, postCopy]
	now  clock.Clock
}

// postCopy is a post and when it was asked for.
type postCopy struct {
	post *postv1.Post
	made time.Time
}

func newPostCopies(now clock.Clock) postCopies {
	return postCopies{otter.Must(&otter.Options[edition, postCopy]{MaximumSize: copiesKept}), now}
}

// forget drops all copies.
func (c postCopies) forget() { c.kept.InvalidateAll() }

// read answers the posts that the caller sees; one that is gone by now is missing. What is not kept is asked of the post service
// once for all who wait for it; that what is not the same for all, for the caller alone.
func (c postCopies) read(ctx context.Context, service postv1connect.PostServiceClient, sights []*sight) ([]*postv1.Post, error) {
	var same []edition
	for _, at := range sights {
		if at.alone {
			same = append(same, at.edition)
			c.forgetOld(at.edition)
		}
	}
	var copies map[edition]postCopy
	if len(same) > 0 {
		// Whoever asked may have gone meanwhile, or see less by now: what they did not get is asked for again.
		copies, _ = c.kept.BulkGet(ctx, same, c.loader(service))
	}
	posts := make([]*postv1.Post, 0, len(sights))
	var alone []int64
	for _, at := range sights {
		if post := copies[at.edition].post; post != nil {
			posts = append(posts, at.own(post))
		} else {
			alone = append(alone, at.postID)
		}
	}
	if len(alone) == 0 {
		return posts, nil
	}
	answer, err := service.BatchGetPosts(ctx, &postv1.BatchGetPostsRequest{PostIds: alone})
	return append(posts, answer.GetPosts()...), err
}

// forgetOld drops a copy that was kept for long enough.
func (c postCopies) forgetOld(e edition) {
	if kept, ok := c.kept.GetIfPresent(e); ok && c.now().Sub(kept.made) > copiesFor {
		c.kept.Invalidate(e)
	}
}

// loader asks for posts as the caller, and takes out what of them is the caller's.
func (c postCopies) loader(service postv1connect.PostServiceClient) otter.BulkLoaderFunc[edition, postCopy] {
	return func(ctx context.Context, editions []edition) (map[edition]postCopy, error) {
		made := c.now()
		wanted, asked := make(map[int64]edition, len(editions)), make([]int64, 0, len(editions))
		for _, e := range editions {
			wanted[e.postID] = e
			asked = append(asked, e.postID)
		}
		answer, err := service.BatchGetPosts(ctx, &postv1.BatchGetPostsRequest{PostIds: asked})
		if err != nil {
			return nil, err
		}
		loaded := make(map[edition]postCopy, len(editions))
		for _, post := range answer.GetPosts() {
			e := wanted[post.GetId()]
			if int32(post.GetAudience()) != e.audience {
				continue // It was edited meanwhile, and others who saw the edition may not see this.
			}
			post.Viewer = &postv1.PostViewer{}
			loaded[e] = postCopy{post, made}
		}
		return loaded, nil
	}
}

// own answers a copy as the viewer's. Most have done nothing with what is new, and share it: nobody changes it.
func (s *sight) own(post *postv1.Post) *postv1.Post {
	if !s.done.GetLiked() && !s.done.GetBookmarked() && !s.done.GetReposted() {
		return post
	}
	mine := proto.CloneOf(post)
	mine.Viewer = &s.done
	return mine
}

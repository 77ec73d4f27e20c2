package topology_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// withinOf is how long a change may take to have its effect on every replica.
const withinOf = time.Second

// shown is a post that is looked for, by its author, its hashtag and what it replies to.
type shown struct {
	author     *person
	handle     string
	id, parent int64
	tag        string
}

// lookups are the ways to come to read a post that one may see, by the service whose replicas are asked.
var lookups = map[string]map[string]func(context.Context, *pulse.Client, shown) ([]*postv1.Post, error){
	"post": {
		"post": func(ctx context.Context, c *pulse.Client, p shown) ([]*postv1.Post, error) {
			answer, err := c.Posts.GetPost(ctx, &postv1.GetPostRequest{PostId: p.id})
			return []*postv1.Post{answer.GetPost()}, err
		},
		"posts": func(ctx context.Context, c *pulse.Client, p shown) ([]*postv1.Post, error) {
			answer, err := c.Posts.BatchGetPosts(ctx, &postv1.BatchGetPostsRequest{PostIds: []int64{p.id}})
			return answer.GetPosts(), err
		},
		"thread": func(ctx context.Context, c *pulse.Client, p shown) ([]*postv1.Post, error) {
			answer, err := c.Posts.GetThread(ctx, &postv1.GetThreadRequest{PostId: p.parent})
			return answer.GetReplies(), err
		},
	},
	"timeline": {
		"user timeline": func(ctx context.Context, c *pulse.Client, p shown) ([]*postv1.Post, error) {
			answer, err := c.Timelines.GetUserTimeline(ctx, &timelinev1.GetUserTimelineRequest{UserId: p.author.id})
			return answer.GetPosts(), err
		},
		ofTag: func(ctx context.Context, c *pulse.Client, p shown) ([]*postv1.Post, error) {
			answer, err := c.Timelines.GetHashtagTimeline(ctx, &timelinev1.GetHashtagTimelineRequest{Tag: p.tag})
			return answer.GetPosts(), err
		},
		atHome: func(ctx context.Context, c *pulse.Client, _ shown) ([]*postv1.Post, error) {
			answer, err := c.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
			return answer.GetPosts(), err
		},
	},
	"search": {
		"search": func(ctx context.Context, c *pulse.Client, p shown) ([]*postv1.Post, error) {
			answer, err := c.Search.SearchPosts(ctx, &searchv1.SearchPostsRequest{Query: p.tag})
			var posts []*postv1.Post
			for _, hit := range answer.GetHits() {
				posts = append(posts, hit.GetPost())
			}
			return posts, err
		},
	},
}

// atHome is the way that followers alone have, ofTag the one to what is public.
const (
	atHome = "home timeline"
	ofTag  = "hashtag timeline"
)

// Who sees a post where.
const (
	anywhere   = "everywhere"
	asFollower = "everywhere but among what is public"
	butHome    = "everywhere but at home"
	nowhere    = "nowhere"
)

// TestChangesTakeEffectOnEveryReplicaWithinASecond changes on one replica who may see a post, after every replica has read it on
// every path and keeps what it keeps, and reads on all of them again.
func TestChangesTakeEffectOnEveryReplicaWithinASecond(t *testing.T) {
	s := split(t)
	host, fan, stranger := register(t, s, "change_host"), register(t, s, "change_fan"), register(t, s, "change_stranger")
	root := write(t, host.Client, "what do you think?")
	everybody := map[string]*person{"fan": fan, "stranger": stranger}

	for n, change := range []struct {
		name string
		act  func(replica map[string]*topology.Process, p shown) error
		want map[string]string
	}{
		{"unfollow", func(replica map[string]*topology.Process, p shown) error {
			_, err := fan.on(t, replica["graph"]).Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: p.author.id})
			return err
		}, map[string]string{"fan": butHome, "stranger": butHome}},
		{"block by the author", func(replica map[string]*topology.Process, p shown) error {
			_, err := p.author.on(t, replica["graph"]).Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: fan.id})
			return err
		}, map[string]string{"fan": nowhere, "stranger": butHome}},
		{"block by the reader", func(replica map[string]*topology.Process, p shown) error {
			_, err := stranger.on(t, replica["graph"]).Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: p.author.id})
			return err
		}, map[string]string{"fan": anywhere, "stranger": nowhere}},
		{"going private", func(replica map[string]*topology.Process, p shown) error {
			_, err := p.author.on(t, replica["user"]).Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
				Profile: &userv1.Profile{Private: true}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"private"}},
			})
			return err
		}, map[string]string{"fan": asFollower, "stranger": nowhere}},
		{"an audience of followers", func(replica map[string]*topology.Process, p shown) error {
			_, err := p.author.on(t, replica["post"]).Posts.EditPost(t.Context(), &postv1.EditPostRequest{
				PostId: p.id, Audience: postv1.Audience_AUDIENCE_FOLLOWERS, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"audience"}},
			})
			return err
		}, map[string]string{"fan": asFollower, "stranger": nowhere}},
		{"deletion", func(replica map[string]*topology.Process, p shown) error {
			_, err := p.author.on(t, replica["post"]).Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: p.id})
			return err
		}, map[string]string{"fan": nowhere, "stranger": nowhere}},
		{"suspension", func(_ map[string]*topology.Process, p shown) error {
			_, err := s.Command(t.Context(), "user", "suspend", p.handle)
			return err
		}, map[string]string{"fan": nowhere, "stranger": nowhere}},
	} {
		handle := fmt.Sprintf("change_author_%d", n)
		author := register(t, s, handle)
		_, err := fan.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: author.id})
		must(t, err)
		tag := fmt.Sprintf("changeless%d", n)
		posted, err := author.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "this #" + tag, ReplyToId: root})
		must(t, err)
		p := shown{author, handle, posted.GetPost().GetId(), root, tag}
		for range 2 { // The second time from what is kept.
			testwait.Until(t, "every replica shows the post", func() bool {
				return len(otherwise(t, s, everybody, p, map[string]string{"fan": anywhere, "stranger": butHome})) == 0
			})
		}
		replica := map[string]*topology.Process{}
		for _, service := range []string{"graph", "user", "post"} {
			replica[service] = s.Running(service)[n%2]
		}
		must(t, change.act(replica, p))
		done := time.Now()
		for {
			late := time.Since(done) > withinOf
			wrong := otherwise(t, s, everybody, p, change.want)
			if len(wrong) == 0 {
				break
			}
			if late {
				t.Errorf("%s, a second after it: %q", change.name, wrong)
				break
			}
		}
	}
	check(t, s)
}

// shows tells whether a path shows a post to who sees it somewhere.
func shows(where, path string) bool {
	switch where {
	case anywhere:
		return true
	case asFollower:
		return path != ofTag
	case butHome:
		return path != atHome
	}
	return false
}

// otherwise lists the replicas and paths on which a post is seen by whom it should not be, or is not by whom it should.
func otherwise(t *testing.T, s *topology.Topology, everybody map[string]*person, p shown, want map[string]string) []string {
	t.Helper()
	var wrong []string
	for service, paths := range lookups {
		for _, replica := range s.Running(service) {
			for who, someone := range everybody {
				for path, look := range paths {
					posts, err := look(t.Context(), someone.on(t, replica), p)
					switch pulse.ReasonOf(err) {
					case errorsv1.Reason_REASON_POST_NOT_FOUND, errorsv1.Reason_REASON_USER_NOT_FOUND:
					default:
						must(t, err)
					}
					sees := slices.ContainsFunc(posts, func(found *postv1.Post) bool { return found.GetId() == p.id })
					if sees != shows(want[who], path) {
						wrong = append(wrong, fmt.Sprintf("%s on %s: seen by the %s is %t", path, replica.Name, who, sees))
					}
				}
			}
		}
	}
	return wrong
}

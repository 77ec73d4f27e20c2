package graph_test

import (
	"slices"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// withinOf is how long a change may take to have its effect on every path.
const withinOf = time.Second

// What of a post somebody sees.
const (
	everywhere = "everywhere"
	butHome    = "everywhere but at home"
	nowhere    = "nowhere"
	inHome     = "home timeline"
)

// readPaths are the ways to read a post of somebody's, which replies to another one; each tells whether it was there.
var readPaths = map[string]func(t *testing.T, c *pulse.Client, p written) bool{
	"post": func(t *testing.T, c *pulse.Client, p written) bool {
		_, err := c.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: p.id})
		return found(t, err)
	},
	"posts": func(t *testing.T, c *pulse.Client, p written) bool {
		answer, err := c.Posts.BatchGetPosts(t.Context(), &postv1.BatchGetPostsRequest{PostIds: []int64{p.id}})
		return found(t, err) && len(answer.GetPosts()) == 1
	},
	"thread": func(t *testing.T, c *pulse.Client, p written) bool {
		answer, err := c.Posts.GetThread(t.Context(), &postv1.GetThreadRequest{PostId: p.parent})
		return found(t, err) && has(answer.GetReplies(), p.id)
	},
	"user timeline": func(t *testing.T, c *pulse.Client, p written) bool {
		answer, err := c.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: p.author.ID})
		return found(t, err) && has(answer.GetPosts(), p.id)
	},
	inHome: func(t *testing.T, c *pulse.Client, p written) bool {
		answer, err := c.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{})
		if pulse.ReasonOf(err) == errorsv1.Reason_REASON_SIGN_IN_REQUIRED {
			return false
		}
		return found(t, err) && has(answer.GetPosts(), p.id)
	},
}

// written is a post that is read.
type written struct {
	author     *pulsetest.User
	id, parent int64
}

func has(posts []*postv1.Post, id int64) bool {
	return slices.ContainsFunc(posts, func(p *postv1.Post) bool { return p.GetId() == id })
}

// found tells whether something was there; any other failure fails the test.
func found(t *testing.T, err error) bool {
	t.Helper()
	switch pulse.ReasonOf(err) {
	case errorsv1.Reason_REASON_POST_NOT_FOUND, errorsv1.Reason_REASON_USER_NOT_FOUND:
		return false
	default:
		must(t, err)
		return true
	}
}

// TestChangesTakeEffectOnEveryPathWithinASecond changes how people relate, and reads on every path before and after: so
// that what is kept of posts and people is there, and is then seen to be dropped.
func TestChangesTakeEffectOnEveryPathWithinASecond(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	host, fan, stranger := p.User(t, "host"), p.User(t, "fan"), p.User(t, "stranger")
	root, err := host.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "what do you think?"})
	must(t, err)
	viewers := map[string]*pulse.Client{"fan": fan.Client, "stranger": stranger.Client, "nobody": p.Client(t)}
	public := map[string]string{"fan": everywhere, "stranger": butHome, "nobody": butHome}
	private := map[string]string{"fan": everywhere, "stranger": nowhere, "nobody": nowhere}

	for _, change := range []struct {
		name    string
		private bool
		before  func(author *pulsetest.User)
		act     func(post written)
		want    map[string]string // of those for whom it changes
	}{
		{"unfollow", false, nil, func(post written) { unfollow(t, fan, post.author.ID) }, map[string]string{"fan": butHome}},
		{"block by the author", false, nil, func(post written) { block(t, post.author, fan.ID) }, map[string]string{"fan": nowhere}},
		{"block by the reader", false, nil, func(post written) { block(t, fan, post.author.ID) }, map[string]string{"fan": nowhere}},
		{"block by a reader who does not follow", false, nil, func(post written) { block(t, stranger, post.author.ID) }, map[string]string{"stranger": nowhere}},
		{"going private", false, nil, func(post written) { setPrivate(t, post.author, true) }, map[string]string{"stranger": nowhere, "nobody": nowhere}},
		{"going public", true, nil, func(post written) { setPrivate(t, post.author, false) }, map[string]string{"stranger": butHome, "nobody": butHome}},
		{
			"going public with a request", true, func(author *pulsetest.User) { follow(t, stranger, author.ID) },
			func(post written) { setPrivate(t, post.author, false) },
			map[string]string{"stranger": everywhere, "nobody": butHome},
		},
		{"approval", true, func(author *pulsetest.User) { follow(t, stranger, author.ID) }, func(post written) {
			_, err := post.author.Graph.ApproveFollowRequest(t.Context(), &graphv1.ApproveFollowRequestRequest{UserId: stranger.ID})
			must(t, err)
		}, map[string]string{"stranger": everywhere}},
		{"removal of a follower", true, nil, func(post written) {
			_, err := post.author.Graph.RemoveFollower(t.Context(), &graphv1.RemoveFollowerRequest{UserId: fan.ID})
			must(t, err)
		}, map[string]string{"fan": nowhere}},
		{"deletion", false, nil, func(post written) {
			_, err := post.author.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: post.id})
			must(t, err)
		}, map[string]string{"fan": nowhere, "stranger": nowhere, "nobody": nowhere}},
		{
			"suspension", false, nil, func(post written) { p.Suspend(t, post.author.Handle) },
			map[string]string{"fan": nowhere, "stranger": nowhere, "nobody": nowhere},
		},
	} {
		t.Run(change.name, func(t *testing.T) {
			author := p.User(t, "a"+slug(change.name))
			setPrivate(t, author, change.private)
			follow(t, fan, author.ID)
			want := public
			if change.private {
				want = private
				_, err := author.Graph.ApproveFollowRequest(t.Context(), &graphv1.ApproveFollowRequestRequest{UserId: fan.ID})
				must(t, err)
			}
			if change.before != nil {
				change.before(author)
			}
			posted, err := author.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "this", ReplyToId: root.GetPost().GetId()})
			must(t, err)
			post := written{author, posted.GetPost().GetId(), root.GetPost().GetId()}
			p.Settle(t)
			for range 2 { // The second time from what is kept.
				seesWithin(t, viewers, post, want, time.Time{})
			}
			change.act(post)
			acknowledged, after := time.Now(), map[string]string{}
			for who, sees := range want {
				if after[who] = change.want[who]; after[who] == "" {
					after[who] = sees
				}
			}
			seesWithin(t, viewers, post, after, acknowledged)
		})
	}
	p.Settle(t)
}

// seesWithin fails when a read that began more than a second after a change was acknowledged, or any without a change,
// does not see what it should.
func seesWithin(t *testing.T, viewers map[string]*pulse.Client, post written, want map[string]string, acknowledged time.Time) {
	t.Helper()
	for who, client := range viewers {
		for path, read := range readPaths {
			should := want[who] == everywhere || want[who] == butHome && path != inHome
			for {
				late := time.Since(acknowledged) > withinOf
				if read(t, client, post) == should {
					break
				}
				if late {
					t.Errorf("%s: %s is to see it %s", path, who, want[who])
					break
				}
			}
		}
	}
}

// slug makes a handle of a name.
func slug(name string) string {
	var letters []rune
	for _, r := range name {
		if r >= 'a' && r <= 'z' {
			letters = append(letters, r)
		}
	}
	return string(letters[:min(24, len(letters))])
}

package trial

import (
	"context"
	"fmt"
	"slices"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// act is one kind of call, and how often it is drawn.
type act struct {
	weight int
	do     func(*person, context.Context)
}

// mix is how often each call is made: mostly reads, and more of what faults can break than a real load would have.
var mix = []act{
	{30, (*person).readHome},
	{12, (*person).readUserTimeline},
	{18, (*person).writePost},
	{6, (*person).reply},
	{14, (*person).toggleLike},
	{10, (*person).toggleFollow},
	{1, (*person).logIn},
	{2, (*person).logOut},
	{2, (*person).refresh},
	{5, (*person).useSession},
}

// totalWeight is the sum of all weights.
const totalWeight = 100

// work makes calls at a pace until ctx ends; the last call is finished. A person who is late hurries, but does not make up
// for more than one pause of an outage.
func (p *person) work(ctx context.Context, pace time.Duration) {
	calls := context.WithoutCancel(ctx)
	for due := time.Now(); ; {
		due = due.Add(time.Duration(p.draw.Int64N(int64(2 * pace))))
		if now := time.Now(); due.Before(now.Add(-2 * pace)) {
			due = now
		}
		if sleep(ctx, time.Until(due)) != nil {
			return
		}
		if p.draw.IntN(4) == 0 {
			p.repeat(calls)
		}
		// Some acts find nothing to do, such as a logout without a session.
		for before := p.made; p.made == before; {
			p.act(calls)
		}
	}
}

// act draws one of the mix and does it.
func (p *person) act(ctx context.Context) {
	drawn := p.draw.IntN(totalWeight)
	for _, a := range mix {
		if drawn -= a.weight; drawn < 0 {
			a.do(p, ctx)
			return
		}
	}
}

func (p *person) writePost(ctx context.Context) { p.write(ctx, "post", 0) }

// reply replies to one of somebody's first posts.
func (p *person) reply(ctx context.Context) { p.write(ctx, "reply", p.someFirstPost()) }

func (p *person) write(ctx context.Context, kind string, replyTo int64) {
	p.written++
	text := fmt.Sprintf("%s writes %d", p.handle, p.written)
	written := &post{outcome: unknown, reply: replyTo != 0}
	p.posts[text] = written
	p.mutate(ctx, kind, func(ctx context.Context) error {
		answer, err := p.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: text, ReplyToId: replyTo})
		written.id = answer.GetPost().GetId()
		return err
	}, func(o outcome, err error) {
		written.outcome = o
		if o == ok && written.id > p.newest {
			p.newest, p.newestAt = written.id, time.Now()
		}
		p.expectNoRefusal(kind, o, err)
	})
}

// someFirstPost draws one of the posts that were there before the trial began.
func (p *person) someFirstPost() int64 {
	author := p.others[p.draw.IntN(len(p.others))]
	return author.first[p.draw.IntN(firstPosts)]
}

func (p *person) toggleLike(ctx context.Context) {
	id := p.someFirstPost()
	p.toggle(ctx, "like", relationTo(p.likes, id), func(ctx context.Context, on bool) error {
		if on {
			_, err := p.Posts.LikePost(ctx, &postv1.LikePostRequest{PostId: id})
			return err
		}
		_, err := p.Posts.UnlikePost(ctx, &postv1.UnlikePostRequest{PostId: id})
		return err
	})
}

func (p *person) toggleFollow(ctx context.Context) {
	other := p.others[p.draw.IntN(len(p.others))]
	p.toggle(ctx, "follow", relationTo(p.follows, other.id), func(ctx context.Context, on bool) error {
		if on {
			_, err := p.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: other.id})
			return err
		}
		_, err := p.Graph.Unfollow(ctx, &graphv1.UnfollowRequest{UserId: other.id})
		return err
	})
}

func relationTo(relations map[int64]*relation, id int64) *relation {
	if relations[id] == nil {
		relations[id] = &relation{}
	}
	return relations[id]
}

// toggle changes a relation, unless it is to stay, or a change of it still has no answer.
func (p *person) toggle(ctx context.Context, kind string, r *relation, do func(ctx context.Context, on bool) error) {
	if r.busy || r.kept {
		return
	}
	on := !r.on
	if !on {
		kind = "un" + kind
	}
	r.busy = true
	p.mutate(ctx, kind, func(ctx context.Context) error { return do(ctx, on) }, func(o outcome, err error) {
		r.busy = false
		switch o {
		case ok:
			r.on = on
		case unknown:
			r.unsure = true
		case failed:
			p.expectNoRefusal(kind, o, err)
		}
	})
}

// ownWithin is how long one's own post may take to be seen when Redis did not answer while it was written: the rest that
// follows such a call, and what was waited for before it. Without a fault there is no such time; package topology tests
// that.
const ownWithin = 3 * time.Second

// pageSize is what the first page of a timeline is asked for.
const pageSize = 20

func (p *person) readHome(ctx context.Context) {
	own := p.newest
	if time.Since(p.newestAt) < ownWithin {
		own = 0
	}
	var posts []*postv1.Post
	if p.read(ctx, "home", func(ctx context.Context) error {
		answer, err := p.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{PageSize: pageSize})
		posts = answer.GetPosts()
		return err
	}) {
		p.checkPage("home timeline", posts, own)
	}
}

func (p *person) readUserTimeline(ctx context.Context) {
	author := p.others[p.draw.IntN(len(p.others))]
	var posts []*postv1.Post
	if p.read(ctx, "user timeline", func(ctx context.Context) error {
		answer, err := p.Timelines.GetUserTimeline(ctx, &timelinev1.GetUserTimelineRequest{UserId: author.id, PageSize: pageSize})
		posts = answer.GetPosts()
		return err
	}) {
		p.checkPage("user timeline", posts, 0)
	}
}

// checkPage looks for what no page may have, faults or not: disorder and duplicates, and the lack of one's own newest
// post.
func (p *person) checkPage(what string, posts []*postv1.Post, own int64) {
	for i := 1; i < len(posts); i++ {
		if posts[i].GetId() >= posts[i-1].GetId() {
			p.history.breaks("%s of %s: post %d after %d", what, p.handle, posts[i].GetId(), posts[i-1].GetId())
		}
	}
	holds := len(posts) < pageSize || own >= posts[len(posts)-1].GetId()
	if own != 0 && holds && !slices.ContainsFunc(posts, func(post *postv1.Post) bool { return post.GetId() == own }) {
		p.history.breaks("%s of %s lacks their own post %d", what, p.handle, own)
	}
}

func (p *person) logIn(ctx context.Context) {
	s := &session{}
	p.mutate(ctx, "log in", func(ctx context.Context) error {
		answer, err := p.Identity.LogIn(ctx, &identityv1.LogInRequest{Login: p.handle, Password: p.password})
		s.tokens = answer.GetTokens()
		return err
	}, func(o outcome, err error) {
		p.expectNoRefusal("log in", o, err)
		if o == ok {
			p.sessions = append(p.sessions, s)
		}
	})
}

// someSession draws a session that no call waits for, nil when there is none.
func (p *person) someSession() *session {
	if len(p.sessions) == 0 {
		return nil
	}
	if s := p.sessions[p.draw.IntN(len(p.sessions))]; !s.busy {
		return s
	}
	return nil
}

func (p *person) logOut(ctx context.Context) {
	s := p.someSession()
	if s == nil || s.ended {
		return
	}
	s.busy = true
	m := &mutation{kind: "log out", key: p.newKey(), token: s.tokens.GetAccessToken()}
	m.do = func(ctx context.Context) error {
		_, err := p.Identity.LogOut(ctx, &identityv1.LogOutRequest{})
		return err
	}
	m.done = func(o outcome, err error) {
		s.busy, s.ended = false, o == ok
		if o != ok {
			p.forget(s) // Ended or not, nobody has acknowledged it.
		}
		if o == failed && !over(err) {
			p.expectNoRefusal("log out", o, err)
		}
	}
	p.attempt(ctx, m, true)
}

// over tells that a session's token is refused because the session or the token has ended.
func over(err error) bool {
	reason := pulse.ReasonOf(err)
	return reason == errorsv1.Reason_REASON_SESSION_REVOKED || reason == errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID
}

func (p *person) refresh(ctx context.Context) {
	s := p.someSession()
	if s == nil || s.ended {
		return
	}
	s.busy = true
	old := s.tokens.GetRefreshToken()
	p.mutate(ctx, "refresh", func(ctx context.Context) error {
		answer, err := p.Identity.Refresh(ctx, &identityv1.RefreshRequest{RefreshToken: old})
		if err == nil {
			s.tokens = answer.GetTokens()
		}
		return err
	}, func(o outcome, err error) {
		s.busy = false
		p.expectNoRefusal("refresh", o, err)
		if o != ok {
			p.forget(s) // Which refresh token is good, nobody knows.
		}
	})
}

// useSession makes a call with a session besides the client's own. One that was logged out must not work.
func (p *person) useSession(ctx context.Context) {
	s := p.someSession()
	if s == nil {
		return
	}
	if s.ended {
		p.probe(ctx, p.Client, s)
		return
	}
	o, err := p.call(ctx, "account", "", s.tokens.GetAccessToken(), p.getAccount(p.Client))
	if o == failed {
		p.forget(s)
		if pulse.ReasonOf(err) != errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID {
			p.expectNoRefusal("account", o, err)
		}
	}
}

func (p *person) getAccount(c *pulse.Client) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := c.Identity.GetAccount(ctx, &identityv1.GetAccountRequest{})
		return err
	}
}

// probe makes a call with a session that was logged out.
func (p *person) probe(ctx context.Context, c *pulse.Client, s *session) {
	refused := func(ctx context.Context) error {
		if err := p.getAccount(c)(ctx); err != nil && outcomeOf(err) == failed {
			return nil // As it must be.
		} else if err != nil {
			return err
		}
		p.history.breaks("a session of %s worked after its logout was acknowledged", p.handle)
		return nil
	}
	_, _ = p.call(ctx, "probe", "", s.tokens.GetAccessToken(), refused)
}

func (p *person) forget(s *session) {
	p.sessions = slices.DeleteFunc(p.sessions, func(other *session) bool { return other == s })
}

package apitest_test

import (
	"fmt"
	"testing"
	"time"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// absentID was never given to anything.
const absentID = 7

// Who calls, by how they relate to the owner of the objects.
const (
	nobody   = "anonymous"
	owner    = "owner"
	stranger = "stranger"
	follower = "follower" // follows the owner
	followee = "followee" // is followed by the owner
	revoked  = "revoked session"
	expired  = "expired token"
	garbage  = "garbage token"
)

var actors = []string{nobody, owner, stranger, follower, followee, revoked, expired, garbage}

// strangers are the callers of a matrix whom no call may let in: their tokens are not good any more.
type strangers struct{ revoked, expired *person }

// newStrangers signs up people and lets their sessions end.
func newStrangers(t *testing.T, p *pulsetest.Pulse, clock *movableClock) strangers {
	t.Helper()
	s := strangers{expired: signUp(t, p, "expired")}
	clock.advance(11 * time.Minute)
	s.revoked = signUp(t, p, "revoked")
	if _, err := s.revoked.Identity.LogOut(t.Context(), &identityv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
	return s
}

// A cast is the people and objects of one wire's part of the matrix: no other part changes them.
type cast struct {
	pulse    *pulsetest.Pulse
	people   map[string]*person
	canaries *canaries
	// public is a post of the owner's; it replies to deleted, and has a deleted reply.
	public, deleted int64
	// refresh is a refresh token of the owner's that was not used yet.
	refresh string
	// spare are sessions that the call of LogIn opened, by actor: one more is another hash of a password.
	spare map[string][]*identityv1.Tokens
}

func newCast(t *testing.T, p *pulsetest.Pulse, ended strangers, secrets *canaries, number int) *cast {
	t.Helper()
	c := &cast{
		pulse: p, canaries: secrets, spare: map[string][]*identityv1.Tokens{},
		people: map[string]*person{revoked: ended.revoked, expired: ended.expired},
	}
	for _, name := range []string{owner, stranger, follower, followee} {
		c.people[name] = signUp(t, p, fmt.Sprintf("%s_%d", name, number))
	}
	for _, who := range c.people {
		secrets.secret(who.password, who.tokens.GetAccessToken(), who.tokens.GetRefreshToken())
	}
	o := c.people[owner]
	c.refresh = o.tokens.GetRefreshToken()
	c.follow(t, c.people[follower], o)
	c.follow(t, o, c.people[followee])

	c.deleted = o.post(t, secrets.text(), 0)
	c.public = o.post(t, "public", c.deleted)
	deletedReply := o.post(t, secrets.text(), c.public)
	for _, id := range []int64{c.deleted, deletedReply} {
		if _, err := o.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: id}); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// token is what an actor sends.
func (c *cast) token(actor string) string {
	switch actor {
	case nobody:
		return ""
	case garbage:
		return "garbage"
	default:
		return c.people[actor].tokens.GetAccessToken()
	}
}

// spareSession answers the tokens of a session of an actor's that nothing else uses.
func (c *cast) spareSession(t *testing.T, actor string) *identityv1.Tokens {
	t.Helper()
	if spare := c.spare[actor]; len(spare) > 0 {
		c.spare[actor] = spare[1:]
		return spare[0]
	}
	tokens := c.people[actor].logIn(t, c.pulse, "spare")
	c.canaries.secret(tokens.GetAccessToken(), tokens.GetRefreshToken())
	return tokens
}

func (c *cast) follow(t *testing.T, who, whom *person) {
	t.Helper()
	if _, err := who.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: whom.id}); err != nil {
		t.Fatal(err)
	}
}

// restore makes an actor relate to the owner as its name says, after a call that may have changed that.
func (c *cast) restore(t *testing.T, actor string) {
	t.Helper()
	who, o := c.people[actor], c.people[owner]
	switch actor {
	case follower:
		c.follow(t, who, o)
	case stranger, followee:
		if _, err := who.Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: o.id}); err != nil {
			t.Fatal(err)
		}
	}
}

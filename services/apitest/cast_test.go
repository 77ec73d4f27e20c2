package apitest_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/pulse-social/pulse/ent/postmention"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// absentID was never given to anything.
const absentID = 7

// Who calls, by how they relate to the owner of the objects.
const (
	nobody        = "anonymous"
	owner         = "owner"
	stranger      = "stranger"
	follower      = "follower"         // follows the owner
	followee      = "followee"         // is followed by the owner
	pending       = "pending follower" // asks to follow the private account
	blocked       = "blocked"          // by the owner and by the private account
	blocker       = "blocker"          // of the owner and of the private account
	moderator     = "moderator"
	administrator = "admin"
	program       = "service" // calls with an API key
	banned        = "suspended caller"
	revoked       = "revoked session"
	expired       = "expired token"
	garbage       = "garbage token"
)

// The follower follows the private account too; everybody else but the pending one is somebody who does not.
var actors = []string{
	nobody, owner, stranger, follower, followee, pending, blocked, blocker, moderator, administrator, program, banned, revoked, expired, garbage,
}

// signedIn are the actors whose sessions live.
var signedIn = []string{owner, stranger, follower, followee, pending, blocked, blocker, moderator, administrator}

// Who never calls.
const (
	recluse = "recluse" // whose account is private
	outcast = "outcast" // whose account is suspended
)

// strangers are the callers of a matrix whom no call may let in: their tokens are not good any more.
type strangers struct{ revoked, expired, banned *person }

// newStrangers signs up people and lets their sessions end.
func newStrangers(t *testing.T, p *pulsetest.Pulse, clock *movableClock) strangers {
	t.Helper()
	s := strangers{expired: signUp(t, p, "expired")}
	clock.advance(11 * time.Minute)
	s.revoked = signUp(t, p, "revoked")
	if _, err := s.revoked.Identity.LogOut(t.Context(), &identityv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
	s.banned = signUp(t, p, "banned")
	p.Suspend(t, s.banned.handle)
	testwait.Until(t, "the suspension takes effect", func() bool { return whoAmI(t, s.banned.Client) != nil })
	return s
}

// A cast is the people and objects of one wire's part of the matrix: no other part changes them.
type cast struct {
	pulse    *pulsetest.Pulse
	people   map[string]*person
	canaries *canaries
	// posts are the posts by what they are; the existing one replies to the deleted one, and has a deleted reply.
	posts map[string]int64
	// events are the meetups by what they are.
	events map[string]int64
	// drafts are drafts of the owner's and the stranger's, that others must not touch.
	drafts map[string]int64
	// refresh is a refresh token of the owner's that was not used yet.
	refresh string
	// victim is a person whom moderators suspend and restore.
	victim *person
	// key is the API key of the service, keyID its id.
	key   string
	keyID int64
	// spare are sessions that the call of LogIn opened, by actor: one more is another hash of a password.
	spare map[string][]*identityv1.Tokens
	// talks are groups, by whose and what they are to them; talkHost is in all of them, and says talkText in those where nobody
	// who calls takes part.
	talks    map[string]talk
	talkHost *person
	talkText string
}

func newCast(t *testing.T, p *pulsetest.Pulse, ended strangers, secrets *canaries, number int) *cast {
	t.Helper()
	c := &cast{
		pulse: p, canaries: secrets, spare: map[string][]*identityv1.Tokens{},
		people: map[string]*person{revoked: ended.revoked, expired: ended.expired, banned: ended.banned},
	}
	for _, name := range append([]string{recluse, outcast}, signedIn...) {
		c.people[name] = signUp(t, p, handleOf(name, number))
	}
	for _, who := range c.people {
		secrets.secret(who.password, who.tokens.GetAccessToken(), who.tokens.GetRefreshToken())
	}
	c.victim = signUp(t, p, fmt.Sprintf("victim_%d", number))
	p.SetRole(t, c.people[moderator].handle, "moderator")
	p.SetRole(t, c.people[administrator].handle, "admin")
	c.keyID, c.key = c.apiKey(t)
	o := c.people[owner]
	c.refresh = o.tokens.GetRefreshToken()
	c.write(t)
	c.announce(t)
	c.seclude(t)
	c.notify(t, c.people[owner])
	c.notify(t, c.people[recluse])
	c.untilFound(t)
	return c
}

// handleOf is an actor's handle, which takes no spaces.
func handleOf(actor string, number int) string {
	return fmt.Sprintf("%s_%d", strings.ReplaceAll(actor, " ", "_"), number)
}

// write writes the posts.
func (c *cast) write(t *testing.T) {
	t.Helper()
	o := c.people[owner]
	c.posts = map[string]int64{deleted: o.post(t, c.canaries.text(), 0)}
	c.posts[present] = o.post(t, "public", c.posts[deleted])
	c.posts[narrow] = c.restricted(t, o, narrow, postv1.Audience_AUDIENCE_FOLLOWERS)
	c.posts[addressed] = c.restricted(t, o, addressed, postv1.Audience_AUDIENCE_MENTIONED)
	c.mention(t, c.posts[addressed])
	c.posts[secluded] = c.restricted(t, c.people[recluse], secluded, postv1.Audience_AUDIENCE_PUBLIC)
	c.posts[suspended] = c.restricted(t, c.people[outcast], suspended, postv1.Audience_AUDIENCE_PUBLIC)
	c.drafts = map[string]int64{}
	for _, whose := range []string{owner, stranger} {
		c.drafts[whose] = c.people[whose].draft(t, "a draft")
	}
	deletedReply := o.post(t, c.canaries.text(), c.posts[present])
	for _, id := range []int64{c.posts[deleted], deletedReply} {
		if _, err := o.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: id}); err != nil {
			t.Fatal(err)
		}
	}
}

// restricted writes a post whose text only some may read.
func (c *cast) restricted(t *testing.T, who *person, object string, audience postv1.Audience) int64 {
	t.Helper()
	text := c.canaries.restricted(sees[object])
	if audience == postv1.Audience_AUDIENCE_MENTIONED {
		text = "@" + c.people[followee].handle + " " + text
	}
	answer, err := who.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text, Audience: audience})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetPost().GetId()
}

// seclude makes one account private and suspends another, and has everybody relate to the owners of the objects as their
// name says.
func (c *cast) seclude(t *testing.T) {
	t.Helper()
	_, err := c.people[recluse].Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{Private: true}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"private"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.suspend(t, c.people[outcast])
	for _, actor := range signedIn {
		c.restore(t, actor, present)
		c.restore(t, actor, secluded)
	}
}

// suspend suspends an account, as moderators can.
func (c *cast) suspend(t *testing.T, who *person) {
	t.Helper()
	c.behind(t, "identity", func(tx *store.Tx) error {
		return tx.Account.UpdateOneID(who.id).SetState(2).Exec(t.Context())
	})
}

// behind changes what a service owns behind its back.
func (c *cast) behind(t *testing.T, service string, change func(tx *store.Tx) error) {
	t.Helper()
	s, err := store.Open(t.Context(), c.pulse.Config(t).Store, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.For(service).Write(t.Context(), change), s.Close()); err != nil {
		t.Fatal(err)
	}
}

// mention has the followee be mentioned by a post.
func (c *cast) mention(t *testing.T, postID int64) {
	t.Helper()
	c.behind(t, "post", func(tx *store.Tx) error {
		is, err := tx.PostMention.Query().Where(postmention.PostID(postID), postmention.UserID(c.people[followee].id)).Exist(t.Context())
		if err != nil || is {
			return err
		}
		return tx.PostMention.Create().SetID(tx.NewID()).SetPostID(postID).SetUserID(c.people[followee].id).Exec(t.Context())
	})
}

// personOf answers whose account an object is.
func (c *cast) personOf(object string) *person {
	switch object {
	case secluded:
		return c.people[recluse]
	case suspended:
		return c.people[outcast]
	default:
		return c.people[owner]
	}
}

// untilFound waits until search finds the owner and their post: it follows writes within moments.
func (c *cast) untilFound(t *testing.T) {
	t.Helper()
	o := c.people[owner]
	testwait.Until(t, "search finds the owner", func() bool {
		posts, err := o.Search.SearchPosts(t.Context(), &searchv1.SearchPostsRequest{Query: "public from:" + o.handle})
		if err != nil {
			t.Fatal(err)
		}
		users, err := o.Search.SearchUsers(t.Context(), &searchv1.SearchUsersRequest{Query: o.handle})
		if err != nil {
			t.Fatal(err)
		}
		return len(posts.GetHits()) > 0 && len(users.GetUsers()) > 0
	})
}

// token is what an actor sends.
func (c *cast) token(actor string) string {
	switch actor {
	case nobody:
		return ""
	case garbage:
		return "garbage"
	case program:
		return c.key
	default:
		return c.people[actor].tokens.GetAccessToken()
	}
}

// caller answers the person of a cell's actor, the owner for actors who are nobody.
func (c *cast) caller(x cell) *person {
	if who := c.people[x.actor]; who != nil {
		return who
	}
	return c.people[owner]
}

// fresh signs somebody up who is in no other cell.
func (c *cast) fresh(t *testing.T) *person {
	t.Helper()
	who := signUp(t, c.pulse, "fresh_"+strings.ToLower(rand.Text()[:20]))
	c.canaries.secret(who.password, who.tokens.GetAccessToken(), who.tokens.GetRefreshToken())
	return who
}

// apiKey makes an API key and answers its id and the key.
func (c *cast) apiKey(t *testing.T) (int64, string) {
	t.Helper()
	made, err := c.people[administrator].Admin.CreateApiKey(t.Context(), &identityv1.CreateApiKeyRequest{Name: "matrix"})
	if err != nil {
		t.Fatal(err)
	}
	c.canaries.secret(made.GetKey())
	return made.GetApiKey().GetId(), made.GetKey()
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

// restore makes an actor relate to the owner of an object as its name says, after a call that may have changed that.
func (c *cast) restore(t *testing.T, actor, object string) {
	t.Helper()
	ctx, who, o := t.Context(), c.people[actor], c.personOf(object)
	if who == o {
		return
	}
	var errs []error
	try := func(_ any, err error) { errs = append(errs, err) }
	switch actor {
	case blocked:
		try(o.Graph.BlockUser(ctx, &graphv1.BlockUserRequest{UserId: who.id}))
	case blocker:
		try(who.Graph.BlockUser(ctx, &graphv1.BlockUserRequest{UserId: o.id}))
	default:
		try(who.Graph.UnblockUser(ctx, &graphv1.UnblockUserRequest{UserId: o.id}))
	}
	switch {
	case actor == follower, actor == pending && object == secluded:
		try(who.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: o.id}))
	case actor != blocked:
		try(who.Graph.Unfollow(ctx, &graphv1.UnfollowRequest{UserId: o.id}))
	}
	switch {
	case actor == follower && object == secluded:
		try(o.Graph.ApproveFollowRequest(ctx, &graphv1.ApproveFollowRequestRequest{UserId: who.id}))
	case actor == followee && object == present:
		try(o.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: who.id}))
		c.invite(t) // A block has ended the invitation.
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("restore %s to %s: %v", actor, object, err)
	}
}

package timeline_test

import (
	"slices"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

const (
	public    = postv1.Audience_AUDIENCE_PUBLIC
	unlisted  = postv1.Audience_AUDIENCE_UNLISTED
	followers = postv1.Audience_AUDIENCE_FOLLOWERS
	mentioned = postv1.Audience_AUDIENCE_MENTIONED
)

// write publishes a post for an audience.
func write(t *testing.T, u *pulsetest.User, audience postv1.Audience, text string) int64 {
	t.Helper()
	answer, err := u.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text, Audience: audience})
	must(t, err)
	return answer.GetPost().GetId()
}

func follow(t *testing.T, who *pulsetest.User, whom ...*pulsetest.User) {
	t.Helper()
	for _, other := range whom {
		_, err := who.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: other.ID})
		must(t, err)
	}
}

// setPrivate makes an account private, or open again.
func setPrivate(t *testing.T, u *pulsetest.User, private bool) {
	t.Helper()
	_, err := u.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{Private: private}, UpdateMask: mask("private"),
	})
	must(t, err)
}

// newList makes a list of people.
func newList(t *testing.T, owner *pulsetest.User, members ...*pulsetest.User) int64 {
	t.Helper()
	created, err := owner.Graph.CreateList(t.Context(), &graphv1.CreateListRequest{Name: "list"})
	must(t, err)
	for _, member := range members {
		_, err := owner.Graph.AddListMember(t.Context(), &graphv1.AddListMemberRequest{ListId: created.GetList().GetId(), UserId: member.ID})
		must(t, err)
	}
	return created.GetList().GetId()
}

// pageOf is a page of any chronological timeline.
type pageOf interface {
	GetPosts() []*postv1.Post
	GetNextPageToken() string
	GetNewerPageToken() string
}

// timelines answer a page of each chronological timeline that there is.
type timeline func(t *testing.T, c *pulse.Client, size int32, token string) pageOf

func homeTimeline(t *testing.T, c *pulse.Client, size int32, token string) pageOf {
	t.Helper()
	answer, err := c.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{PageSize: size, PageToken: token})
	must(t, err)
	return answer
}

func publicTimeline(t *testing.T, c *pulse.Client, size int32, token string) pageOf {
	t.Helper()
	answer, err := c.Timelines.GetPublicTimeline(t.Context(), &timelinev1.GetPublicTimelineRequest{PageSize: size, PageToken: token})
	must(t, err)
	return answer
}

func userTimeline(userID int64) timeline {
	return func(t *testing.T, c *pulse.Client, size int32, token string) pageOf {
		t.Helper()
		answer, err := c.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: userID, PageSize: size, PageToken: token})
		must(t, err)
		return answer
	}
}

func listTimeline(listID int64) timeline {
	return func(t *testing.T, c *pulse.Client, size int32, token string) pageOf {
		t.Helper()
		answer, err := c.Timelines.GetListTimeline(t.Context(), &timelinev1.GetListTimelineRequest{ListId: listID, PageSize: size, PageToken: token})
		must(t, err)
		return answer
	}
}

func hashtagTimeline(tag string) timeline {
	return func(t *testing.T, c *pulse.Client, size int32, token string) pageOf {
		t.Helper()
		answer, err := c.Timelines.GetHashtagTimeline(t.Context(), &timelinev1.GetHashtagTimelineRequest{Tag: tag, PageSize: size, PageToken: token})
		must(t, err)
		return answer
	}
}

// ids answers a timeline, all pages of it.
func (read timeline) ids(t *testing.T, c *pulse.Client, size int32) []int64 {
	t.Helper()
	var ids []int64
	for token := ""; ; {
		page := read(t, c, size, token)
		for _, post := range page.GetPosts() {
			ids = append(ids, post.GetId())
		}
		if token = page.GetNextPageToken(); token == "" {
			return ids
		}
	}
}

// expect fails when a timeline is not what it should be, newest first, whatever the size of its pages.
func (read timeline) expect(t *testing.T, what string, c *pulse.Client, want ...int64) {
	t.Helper()
	for _, size := range []int32{1, 3, 100, 1} { // The last from what the others had kept.
		if got := read.ids(t, c, size); !slices.Equal(got, want) {
			t.Errorf("%s, by pages of %d: %v, want %v", what, size, got, want)
		}
	}
}

// becomes waits until a timeline is what it should be.
func (read timeline) becomes(t *testing.T, what string, c *pulse.Client, want ...int64) {
	t.Helper()
	testwait.Until(t, what, func() bool { return slices.Equal(read.ids(t, c, 10), want) })
}

// A post reaches those for whom it is, and nobody else, whatever home timelines are put together from.
func TestHomeTimelinesKeepToAudiences(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]pulsetest.Option{
		"lists": ways["fan-out"], "SQL": ways["SQL"], "merged on read": ways["merge on read"],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pulsetest.Start(t, options...)
			ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
			follow(t, bob, ada)
			follow(t, eve, ada)
			p.Settle(t)
			timeline(homeTimeline).expect(t, "nothing yet", bob.Client)
			timeline(homeTimeline).expect(t, "nothing yet", eve.Client)

			open, among := write(t, ada, public, "for all"), write(t, ada, followers, "among us")
			toBob := write(t, ada, mentioned, "a word, @bob")
			p.Settle(t)
			timeline(homeTimeline).expect(t, "bob's", bob.Client, toBob, among, open)
			timeline(homeTimeline).expect(t, "eve's", eve.Client, among, open)
			timeline(homeTimeline).expect(t, "ada's", ada.Client, toBob, among, open)

			setPrivate(t, ada, true)
			timeline(homeTimeline).expect(t, "of a private account, eve's", eve.Client, among, open)
			userTimeline(ada.ID).becomes(t, "a private account hides from others", p.Client(t))
		})
	}
}

// What takes sight away takes it away everywhere, from what was kept as well.
func TestTransitionsTakeEffectInTimelines(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	follow(t, bob, ada)
	home, adas, everybodys := timeline(homeTimeline), userTimeline(ada.ID), timeline(publicTimeline)
	listed := listTimeline(newList(t, bob, ada))
	first, second := write(t, ada, public, "first"), write(t, ada, public, "second")
	p.Settle(t)
	all := func(what string, want ...int64) {
		t.Helper()
		for name, read := range map[string]timeline{"home": home, "ada's": adas, "the list's": listed} {
			read.becomes(t, name+" timeline: "+what, bob.Client, want...)
		}
	}
	all("at first", second, first)
	everybodys.expect(t, "at first", eve.Client, second, first)

	_, err := ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: first})
	must(t, err)
	all("a post was deleted", second)
	everybodys.becomes(t, "a post was deleted", eve.Client, second)

	_, err = ada.Posts.EditPost(t.Context(), &postv1.EditPostRequest{PostId: second, Audience: followers, UpdateMask: mask("audience")})
	must(t, err)
	all("the post is for followers", second)
	everybodys.becomes(t, "the post is for followers", eve.Client)
	adas.becomes(t, "the post is for followers", eve.Client)

	_, err = ada.Posts.EditPost(t.Context(), &postv1.EditPostRequest{PostId: second, Audience: mentioned, UpdateMask: mask("audience")})
	must(t, err)
	all("the post is for nobody")
	_, err = ada.Posts.EditPost(t.Context(), &postv1.EditPostRequest{PostId: second, Audience: public, UpdateMask: mask("audience")})
	must(t, err)
	all("the post is for all again", second)
	everybodys.becomes(t, "the post is for all again", eve.Client, second)

	setPrivate(t, ada, true)
	all("the account is private", second)
	everybodys.becomes(t, "the account is private", eve.Client)
	adas.becomes(t, "the account is private", eve.Client)
	_, err = bob.Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: ada.ID})
	must(t, err)
	all("bob has unfollowed")
	setPrivate(t, ada, false)
	follow(t, bob, ada)
	all("bob follows again", second)

	_, err = ada.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: bob.ID})
	must(t, err)
	home.becomes(t, "ada has blocked bob", bob.Client)
	everybodys.becomes(t, "ada has blocked bob", bob.Client)
	listed.becomes(t, "ada has blocked bob", bob.Client)
	if _, err := bob.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.ID}); pulse.ReasonOf(err) != errorsv1.Reason_REASON_USER_NOT_FOUND {
		t.Errorf("the timeline of who has blocked one: %v", err)
	}
	everybodys.expect(t, "the others see it", eve.Client, second)
	p.Settle(t)
}

func TestListTimeline(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	listID := newList(t, ada, bob, eve)
	read := listTimeline(listID)
	read.expect(t, "nobody has posted", ada.Client)
	var want []int64
	for n := range 5 {
		want = append([]int64{write(t, []*pulsetest.User{bob, eve}[n%2], public, "post")}, want...)
		write(t, ada, public, "of one who is not on the list")
	}
	write(t, bob, followers, "for others")
	read.expect(t, "five posts", ada.Client, want...)
	for name, who := range map[string]*pulsetest.User{"another's": bob, "absent": ada} {
		id := listID
		if name == "absent" {
			id++
		}
		_, err := who.Timelines.GetListTimeline(t.Context(), &timelinev1.GetListTimelineRequest{ListId: id})
		if pulse.ReasonOf(err) != errorsv1.Reason_REASON_LIST_NOT_FOUND {
			t.Errorf("%s list: %v", name, err)
		}
	}
}

func TestHashtagTimeline(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	one, two, three := write(t, ada, public, "I like #Go"), write(t, bob, public, "me too: #ＧＯ!"), write(t, ada, public, "#go #GO #golang")
	write(t, ada, unlisted, "#go in a low voice")
	write(t, ada, followers, "#go among us")
	write(t, ada, public, "go, not a tag, and #gopher")
	reply, err := bob.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "so do I #go", ReplyToId: one})
	must(t, err)
	four := reply.GetPost().GetId()
	for _, tag := range []string{"go", "Go", "#GO", "ｇｏ", "＃go"} {
		for name, c := range map[string]*pulse.Client{"signed in": ada.Client, "anonymous": p.Client(t)} {
			hashtagTimeline(tag).expect(t, tag+", "+name, c, four, three, two, one)
		}
	}
	hashtagTimeline("nobody").expect(t, "a tag that nobody uses", ada.Client)
	hashtagTimeline("not a tag").expect(t, "what is no tag", ada.Client)
	setPrivate(t, bob, true)
	hashtagTimeline("go").becomes(t, "a private account's posts are not there", ada.Client, three, one)
	hashtagTimeline("go").becomes(t, "a private account's posts are not there for itself either", bob.Client, three, one)
}

func TestPublicTimeline(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	read := timeline(publicTimeline)
	read.expect(t, "an empty Pulse", p.Client(t))
	one, two := write(t, ada, public, "one"), write(t, bob, public, "two")
	write(t, ada, unlisted, "not listed")
	write(t, ada, followers, "among us")
	_, err := bob.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "a reply", ReplyToId: one})
	must(t, err)
	_, err = bob.Posts.RepostPost(t.Context(), &postv1.RepostPostRequest{PostId: one})
	must(t, err)
	read.expect(t, "anonymous", p.Client(t), two, one)
	read.expect(t, "signed in", ada.Client, two, one)
	setPrivate(t, ada, true)
	read.becomes(t, "private accounts are not there", p.Client(t), two)
}

// A page has a post once, and a repost only while the post is there.
func TestRepostsInTimelines(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	follow(t, eve, ada, bob)
	home, listed := timeline(homeTimeline), listTimeline(newList(t, eve, ada, bob))
	original := write(t, ada, public, "a saying")
	between := write(t, ada, public, "another")
	answer, err := bob.Posts.RepostPost(t.Context(), &postv1.RepostPostRequest{PostId: original})
	must(t, err)
	repost := answer.GetPost().GetId()
	p.Settle(t)
	for name, read := range map[string]timeline{"home": home, "list": listed} {
		page := read(t, eve.Client, 10, "")
		if got := idsOfPosts(page.GetPosts()); !slices.Equal(got, []int64{repost, between}) {
			t.Errorf("%s: %v, want the repost and the other post: %d, %d", name, got, repost, between)
			continue
		}
		if passed := page.GetPosts()[0].GetRepostOf(); passed.GetId() != original || passed.GetText() != "a saying" {
			t.Errorf("%s: the repost passes on %v", name, passed)
		}
	}
	_, err = eve.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: ada.ID})
	must(t, err)
	home.expect(t, "a repost of one whom eve has muted", eve.Client)
	_, err = eve.Graph.UnmuteUser(t.Context(), &graphv1.UnmuteUserRequest{UserId: ada.ID})
	must(t, err)
	_, err = ada.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: eve.ID})
	must(t, err)
	home.becomes(t, "a repost of one who has blocked eve", eve.Client)
	p.Settle(t)
}

func idsOfPosts(posts []*postv1.Post) []int64 {
	var ids []int64
	for _, post := range posts {
		ids = append(ids, post.GetId())
	}
	return ids
}

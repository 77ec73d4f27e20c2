package notification_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// cause names what somebody did that somebody else is notified of.
type cause struct {
	recipient int
	kind      notificationv1.NotificationKind
	actor     int
	object    int64
}

// group is a notification as the history tells of it.
type group struct {
	recipient int
	kind      notificationv1.NotificationKind
	subject   int64
	read      bool
	causes    map[cause]bool // whether it holds
}

// model is what a few people did, and what they are to be notified of by that.
type model struct {
	t      *testing.T
	p      *pulsetest.Pulse
	s      *store.Store
	people []*pulsetest.User
	posts  []int64 // one of each
	groups []*group
	known  map[cause]*group
	blocks map[[2]int]bool
	events []proto.Message // that happened
	reply  map[int64]cause
}

// What people are notified of equals what follows from the history, however they like, follow, repost, reply, take it back,
// block and read, and though old events come again.
func TestNotificationsFollowFromTheHistory(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	s := database(t, p)
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		checks++
		m := &model{t: t, p: p, s: s, known: map[cause]*group{}, blocks: map[[2]int]bool{}, reply: map[int64]cause{}}
		for n := range 3 {
			m.people = append(m.people, p.User(t, fmt.Sprintf("u%d_%d", checks, n)))
			m.posts = append(m.posts, write(t, m.people[n], "a post"))
		}
		for range rapid.IntRange(5, 25).Draw(rt, "steps") {
			actor, other := rapid.IntRange(0, 2).Draw(rt, "actor"), rapid.IntRange(0, 2).Draw(rt, "other")
			m.step(rapid.IntRange(0, 11).Draw(rt, "action"), actor, other, rapid.IntRange(0, 99).Draw(rt, "which"))
		}
		m.compare(rt)
	})
}

// step does one thing. What undoes something, or reads, waits until all before was consumed: what nobody was told of in time is
// not told at all.
func (m *model) step(action, actor, other, which int) {
	ctx, u, o := m.t.Context(), m.people[actor], m.people[other]
	if action >= 4 {
		m.p.Settle(m.t)
	}
	liked := cause{other, likes, actor, m.posts[other]}
	reposted := cause{other, reposts, actor, m.posts[other]}
	followed := cause{other, follows, actor, 0}
	switch action {
	case 0:
		_, err := u.Posts.LikePost(ctx, &postv1.LikePostRequest{PostId: m.posts[other]})
		m.done(err, liked, m.posts[other], &busv1.PostLiked{PostId: m.posts[other], UserId: u.ID, AuthorId: o.ID})
	case 1:
		_, err := u.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: o.ID})
		m.done(err, followed, 0, &busv1.UserFollowed{FollowerId: u.ID, FolloweeId: o.ID})
	case 2:
		answer, err := u.Posts.RepostPost(ctx, &postv1.RepostPostRequest{PostId: m.posts[other]})
		m.done(err, reposted, m.posts[other], &busv1.PostCreated{
			PostId: answer.GetPost().GetId(), AuthorId: u.ID, RepostOfId: m.posts[other],
		})
	case 3:
		answer, err := u.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "a reply", ReplyToId: m.posts[other]})
		id := answer.GetPost().GetId()
		m.done(err, cause{other, replies, actor, id}, id, &busv1.PostCreated{PostId: id, AuthorId: u.ID, ReplyToId: m.posts[other]})
		if err == nil {
			m.reply[id] = cause{other, replies, actor, id}
		}
	case 4:
		_, err := u.Posts.UnlikePost(ctx, &postv1.UnlikePostRequest{PostId: m.posts[other]})
		m.undone(err, liked, &busv1.PostUnliked{PostId: m.posts[other], UserId: u.ID, AuthorId: o.ID})
	case 5:
		_, err := u.Graph.Unfollow(ctx, &graphv1.UnfollowRequest{UserId: o.ID})
		m.undone(err, followed, &busv1.UserUnfollowed{FollowerId: u.ID, FolloweeId: o.ID})
	case 6:
		_, err := u.Posts.UnrepostPost(ctx, &postv1.UnrepostPostRequest{PostId: m.posts[other]})
		m.undone(err, reposted)
	case 7:
		m.deleteReply(actor)
	case 8:
		m.block(actor, other)
	case 9:
		m.readOne(actor, which)
	case 10:
		markAll(m.t, u, 0)
		for _, g := range m.groups {
			g.read = g.read || g.recipient == actor
		}
	case 11:
		m.again(which)
	}
}

// done notes that somebody did something, and was let.
func (m *model) done(err error, c cause, subject int64, event proto.Message) {
	if err != nil || c.recipient == c.actor {
		return
	}
	m.events = append(m.events, event)
	if g := m.known[c]; g != nil {
		g.causes[c] = true
		return
	}
	at := slices.IndexFunc(m.groups, func(g *group) bool {
		return g.recipient == c.recipient && g.kind == c.kind && g.subject == subject && !g.read
	})
	if at < 0 {
		at = len(m.groups)
		m.groups = append(m.groups, &group{c.recipient, c.kind, subject, false, map[cause]bool{}})
	}
	m.known[c] = m.groups[at]
	m.known[c].causes[c] = true
}

// undone notes that somebody took something back.
func (m *model) undone(err error, c cause, events ...proto.Message) {
	if err != nil {
		return
	}
	m.events = append(m.events, events...)
	if g := m.known[c]; g != nil {
		g.causes[c] = false
	}
}

// deleteReply deletes a reply of somebody's, if there is one.
func (m *model) deleteReply(actor int) {
	for id, c := range m.reply {
		if c.actor == actor {
			_, err := m.people[actor].Posts.DeletePost(m.t.Context(), &postv1.DeletePostRequest{PostId: id})
			m.undone(err, c, &busv1.PostDeleted{PostId: id, AuthorId: m.people[actor].ID})
			delete(m.reply, id)
			return
		}
	}
}

// block blocks somebody, or takes the block back.
func (m *model) block(actor, other int) {
	if actor == other || m.blocks[[2]int{other, actor}] { // Whoever is blocked does not find the other.
		return
	}
	if m.blocks[[2]int{actor, other}] {
		_, err := m.people[actor].Graph.UnblockUser(m.t.Context(), &graphv1.UnblockUserRequest{UserId: m.people[other].ID})
		must(m.t, err)
		delete(m.blocks, [2]int{actor, other})
		return
	}
	block(m.t, m.people[actor], m.people[other])
	m.blocks[[2]int{actor, other}] = true
	m.undone(nil, cause{other, follows, actor, 0})
	m.undone(nil, cause{actor, follows, other, 0})
}

// readOne marks a notification of somebody's as read, or as not read when it was and is the only read one of its like.
func (m *model) readOne(who, which int) {
	shown := list(m.t, m.people[who], &notificationv1.ListNotificationsRequest{PageSize: 100})
	if len(shown) == 0 {
		return
	}
	n := shown[which%len(shown)]
	var same []*group
	var open *group
	for _, g := range m.groups {
		if g.recipient != who || g.kind != n.GetKind() || g.subject != n.GetPostId()+n.GetActorPostId() && g.subject != n.GetActorPostId() {
			continue
		}
		if !g.read {
			open = g
		}
		if g.read == n.GetRead() {
			same = append(same, g)
		}
	}
	if len(same) != 1 {
		return
	}
	mark(m.t, m.people[who], n, n.GetRead())
	same[0].read = !n.GetRead()
	if n.GetRead() && open != nil { // What came since belongs to it again.
		for c, holds := range open.causes {
			same[0].causes[c], m.known[c] = holds, same[0]
		}
		m.groups = slices.DeleteFunc(m.groups, func(g *group) bool { return g == open })
	}
}

// again has an event come to the consumer of causes that came before.
func (m *model) again(which int) {
	if len(m.events) == 0 {
		return
	}
	event := m.events[which%len(m.events)]
	payload, err := proto.Marshal(event)
	must(m.t, err)
	aggregate, err := store.AggregateID(event)
	must(m.t, err)
	must(m.t, m.s.For("store").Write(m.t.Context(), func(tx *store.Tx) error {
		id := tx.NewID()
		return tx.OutboxEvent.Create().SetID(id).SetEventID(id).SetType(string(event.ProtoReflect().Descriptor().FullName())).
			SetAggregateID(aggregate).SetPayload(payload).SetTraceParent("").SetConsumer("notification.causes").Exec(m.t.Context())
	}))
}

// compare compares what people are notified of with what follows from the history.
func (m *model) compare(rt *rapid.T) {
	m.p.Settle(m.t)
	for who, u := range m.people {
		var want, got []string
		var wantUnread int32
		for _, g := range m.groups {
			var actors []string
			for c, holds := range g.causes {
				if holds && !m.blocks[[2]int{who, c.actor}] && !m.blocks[[2]int{c.actor, who}] {
					actors = append(actors, m.people[c.actor].Handle)
				}
			}
			if g.recipient != who || len(actors) == 0 {
				continue
			}
			slices.Sort(actors)
			want = append(want, fmt.Sprintf("%v of %d by %v, read %v", g.kind, g.subject, actors, g.read))
			if !g.read {
				wantUnread++
			}
		}
		for _, n := range list(m.t, u, &notificationv1.ListNotificationsRequest{PageSize: 100}) {
			var actors []string
			for _, a := range n.GetActors() {
				actors = append(actors, a.GetHandle())
			}
			slices.Sort(actors)
			subject := n.GetActorPostId()
			if subject == 0 {
				subject = n.GetPostId()
			}
			got = append(got, fmt.Sprintf("%v of %d by %v, read %v", n.GetKind(), subject, actors, n.GetRead()))
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			rt.Errorf("%s is notified of\n%s\nwant\n%s", u.Handle, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if n := unread(m.t, u); n != wantUnread {
			rt.Errorf("%s has %d unread, want %d", u.Handle, n, wantUnread)
		}
		for i, sequence := range sequences(m.t, m.s, u) {
			if sequence != int64(i+1) {
				rt.Errorf("%s: cause %d has number %d", u.Handle, i+1, sequence)
			}
		}
	}
}

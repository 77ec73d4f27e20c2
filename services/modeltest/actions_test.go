package modeltest_test

import (
	"fmt"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"pgregory.net/rapid"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
)

// actions are what people do, by name.
func (m *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"follow": m.follow, "follow again": m.follow, "unfollow": m.unfollow, "approve": m.approve,
		"block": m.block, "unblock": m.unblock, "mute": m.mute, "unmute": m.unmute, "go private or public": m.switchPrivacy,
		"post": m.post, "post again": m.post, "reply": m.reply, "repost": m.repost, "edit the audience": m.editAudience,
		"edit the text": m.editText, "delete": m.delete, "like": m.like, "unlike": m.unlike,
	}
}

func (m *machine) follow(rt *rapid.T) {
	who, whom := someone(rt, "who"), someone(rt, "whom")
	_, err := m.users[who].Graph.Follow(m.t.Context(), &graphv1.FollowRequest{UserId: m.users[whom].ID})
	want := errorsv1.Reason_REASON_UNSPECIFIED
	switch {
	case who == whom:
		want = errorsv1.Reason_REASON_CANNOT_FOLLOW_SELF
	case !m.seesPerson(who, whom):
		want = errorsv1.Reason_REASON_USER_NOT_FOUND
	case m.blocks[pair{who, whom}]:
		want = errorsv1.Reason_REASON_USER_BLOCKED
	}
	if !expect(rt, "follow", err, want) || m.model.follows[pair{who, whom}] {
		return
	}
	if m.people[whom].private {
		m.requests[pair{who, whom}] = true
	} else {
		m.follows[pair{who, whom}] = true
	}
}

func (m *machine) unfollow(rt *rapid.T) {
	who, whom := someone(rt, "who"), someone(rt, "whom")
	_, err := m.users[who].Graph.Unfollow(m.t.Context(), &graphv1.UnfollowRequest{UserId: m.users[whom].ID})
	if expect(rt, "unfollow", err, m.unseen(who, whom)) {
		delete(m.follows, pair{who, whom})
		delete(m.requests, pair{who, whom})
	}
}

// unseen is the reason that answers for a person whom the viewer does not see.
func (m *machine) unseen(viewer, other int) errorsv1.Reason {
	if m.seesPerson(viewer, other) {
		return errorsv1.Reason_REASON_UNSPECIFIED
	}
	return errorsv1.Reason_REASON_USER_NOT_FOUND
}

func (m *machine) approve(rt *rapid.T) {
	who, whom := someone(rt, "who"), someone(rt, "whom")
	_, err := m.users[whom].Graph.ApproveFollowRequest(m.t.Context(), &graphv1.ApproveFollowRequestRequest{UserId: m.users[who].ID})
	want := errorsv1.Reason_REASON_UNSPECIFIED
	if !m.requests[pair{who, whom}] && !m.follows[pair{who, whom}] {
		want = errorsv1.Reason_REASON_FOLLOW_REQUEST_NOT_FOUND
	}
	if !m.seesPerson(whom, who) {
		want = errorsv1.Reason_REASON_USER_NOT_FOUND
	}
	if expect(rt, "approve", err, want) {
		delete(m.requests, pair{who, whom})
		m.follows[pair{who, whom}] = true
	}
}

func (m *machine) block(rt *rapid.T) {
	who, whom := someone(rt, "who"), someone(rt, "whom")
	_, err := m.users[who].Graph.BlockUser(m.t.Context(), &graphv1.BlockUserRequest{UserId: m.users[whom].ID})
	want := m.unseen(who, whom)
	if who == whom {
		want = errorsv1.Reason_REASON_CANNOT_BLOCK_SELF
	}
	if !expect(rt, "block", err, want) {
		return
	}
	m.blocks[pair{who, whom}] = true
	for _, relation := range []pair{{who, whom}, {whom, who}} {
		delete(m.follows, relation)
		delete(m.requests, relation)
	}
}

func (m *machine) unblock(rt *rapid.T) {
	who, whom := someone(rt, "who"), someone(rt, "whom")
	_, err := m.users[who].Graph.UnblockUser(m.t.Context(), &graphv1.UnblockUserRequest{UserId: m.users[whom].ID})
	if expect(rt, "unblock", err, m.unseen(who, whom)) {
		delete(m.blocks, pair{who, whom})
	}
}

func (m *machine) mute(rt *rapid.T) {
	who, whom := someone(rt, "who"), someone(rt, "whom")
	_, err := m.users[who].Graph.MuteUser(m.t.Context(), &graphv1.MuteUserRequest{UserId: m.users[whom].ID})
	want := m.unseen(who, whom)
	if who == whom {
		want = errorsv1.Reason_REASON_CANNOT_MUTE_SELF
	}
	if expect(rt, "mute", err, want) {
		m.mutes[pair{who, whom}] = true
	}
}

func (m *machine) unmute(rt *rapid.T) {
	who, whom := someone(rt, "who"), someone(rt, "whom")
	_, err := m.users[who].Graph.UnmuteUser(m.t.Context(), &graphv1.UnmuteUserRequest{UserId: m.users[whom].ID})
	if expect(rt, "unmute", err, m.unseen(who, whom)) {
		delete(m.mutes, pair{who, whom})
	}
}

// switchPrivacy makes an account private, or public again: then everybody follows who asks to.
func (m *machine) switchPrivacy(rt *rapid.T) {
	who := someone(rt, "who")
	p := m.people[who]
	p.private = !p.private
	_, err := m.users[who].Users.UpdateProfile(m.t.Context(), &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{Private: p.private}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"private"}},
	})
	expect(rt, "update the profile", err, 0)
	if p.private {
		return
	}
	for request := range m.requests {
		if request.whom == who {
			delete(m.requests, request)
			m.follows[request] = true
		}
	}
	m.pulse.Settle(m.t) // They are approved off the caller's path.
}

// audiences are those that a post may have.
var audiences = []postv1.Audience{
	postv1.Audience_AUDIENCE_PUBLIC, postv1.Audience_AUDIENCE_UNLISTED, postv1.Audience_AUDIENCE_FOLLOWERS, postv1.Audience_AUDIENCE_MENTIONED,
}

// says draws what a post says, and answers it with what the model has to know of it.
func (m *machine) says(rt *rapid.T, author int) (text string, p *post) {
	p = &post{author: author, at: nobody, replyTo: none, repostOf: none}
	text = "says"
	if rapid.Bool().Draw(rt, "with a word") {
		p.word = fmt.Sprintf("word%d", m.walk)
		text += " " + p.word
	}
	if rapid.Bool().Draw(rt, "with a tag") {
		p.tag = fmt.Sprintf("tag%d", m.walk)
		text += " #" + p.tag
	}
	if p.at = rapid.IntRange(nobody, people-1).Draw(rt, "mentioned"); p.at != nobody {
		text += " @" + m.handle(p.at)
	}
	m.mention(p)
	return text, p
}

// mention finds out whom a post mentions when it is written or edited.
func (m *machine) mention(p *post) {
	p.mentions = nil
	if p.at != nobody && m.seesPerson(p.author, p.at) {
		p.mentions = []int{p.at}
	}
	if p.replyTo != none && p.audience > postv1.Audience_AUDIENCE_UNLISTED {
		p.mentions = append(p.mentions, m.posts[p.replyTo].author)
	}
}

func (m *machine) post(rt *rapid.T) {
	author := someone(rt, "author")
	text, p := m.says(rt, author)
	p.audience = rapid.SampledFrom(audiences).Draw(rt, "audience")
	answer, err := m.users[author].Posts.CreatePost(m.t.Context(), &postv1.CreatePostRequest{Text: text, Audience: p.audience})
	expect(rt, "post", err, 0)
	p.id = answer.GetPost().GetId()
	m.posts = append(m.posts, p)
}

// reply answers a post; who replies to what is not for everyone replies to no more than see that.
func (m *machine) reply(rt *rapid.T) {
	author, n := someone(rt, "author"), m.somePost(rt)
	to := m.original(n)
	text, p := m.says(rt, author)
	p.audience, p.replyTo = m.posts[to].audience, to
	answer, err := m.users[author].Posts.CreatePost(m.t.Context(), &postv1.CreatePostRequest{
		Text: text, ReplyToId: m.posts[n].id, Audience: p.audience,
	})
	if !expect(rt, "reply", err, m.unseenPost(author, n)) {
		return
	}
	p.id = answer.GetPost().GetId()
	p.audience = answer.GetPost().GetAudience()
	m.mention(p)
	m.posts = append(m.posts, p)
}

// unseenPost is the reason that answers for a post which the viewer does not see.
func (m *machine) unseenPost(viewer, n int) errorsv1.Reason {
	if m.sees(viewer, n) {
		return errorsv1.Reason_REASON_UNSPECIFIED
	}
	return errorsv1.Reason_REASON_POST_NOT_FOUND
}

func (m *machine) repost(rt *rapid.T) {
	who, n := someone(rt, "who"), m.somePost(rt)
	original := m.posts[m.original(n)]
	want := m.unseenPost(who, n)
	if want == 0 && (original.audience > postv1.Audience_AUDIENCE_UNLISTED || m.people[original.author].private) {
		want = errorsv1.Reason_REASON_REPOST_NOT_ALLOWED
	}
	answer, err := m.users[who].Posts.RepostPost(m.t.Context(), &postv1.RepostPostRequest{PostId: m.posts[n].id})
	if !expect(rt, "repost", err, want) {
		return
	}
	for _, p := range m.posts {
		if p.id == answer.GetPost().GetId() {
			return // They had reposted it.
		}
	}
	m.posts = append(m.posts, &post{
		id: answer.GetPost().GetId(), author: who, audience: answer.GetPost().GetAudience(), replyTo: none, repostOf: m.original(n),
	})
}

// ownPost draws a post of its author's that is there and no repost.
func (m *machine) ownPost(rt *rapid.T) (author, n int) {
	n = m.somePost(rt)
	if p := m.posts[n]; p.deleted || p.repostOf != none {
		rt.Skip("not to be edited")
	}
	return m.posts[n].author, n
}

func (m *machine) editAudience(rt *rapid.T) {
	author, n := m.ownPost(rt)
	p := m.posts[n]
	if p.replyTo != none {
		rt.Skip("a reply is for no more than what it answers")
	}
	audience := rapid.SampledFrom(audiences).Draw(rt, "audience")
	_, err := m.users[author].Posts.EditPost(m.t.Context(), &postv1.EditPostRequest{
		PostId: p.id, Audience: audience, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"audience"}},
	})
	expect(rt, "edit the audience", err, 0)
	if p.audience != audience { // What changes nothing does not ask again whom the text names.
		p.audience = audience
		m.mention(p)
	}
}

func (m *machine) editText(rt *rapid.T) {
	author, n := m.ownPost(rt)
	p := m.posts[n]
	text, now := m.says(rt, author)
	_, err := m.users[author].Posts.EditPost(m.t.Context(), &postv1.EditPostRequest{
		PostId: p.id, Text: text, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"text"}},
	})
	expect(rt, "edit the text", err, 0)
	if p.word != now.word || p.tag != now.tag || p.at != now.at {
		p.word, p.tag, p.at = now.word, now.tag, now.at
		m.mention(p)
	}
}

func (m *machine) delete(rt *rapid.T) {
	who, n := someone(rt, "who"), m.somePost(rt)
	want := m.unseenPost(who, n)
	if want == 0 && m.posts[n].author != who {
		want = errorsv1.Reason_REASON_NOT_POST_AUTHOR
	}
	_, err := m.users[who].Posts.DeletePost(m.t.Context(), &postv1.DeletePostRequest{PostId: m.posts[n].id})
	if !expect(rt, "delete", err, want) {
		return
	}
	m.posts[n].deleted = true
	for _, p := range m.posts {
		if p.repostOf == n {
			p.deleted = true
		}
	}
}

func (m *machine) like(rt *rapid.T) {
	who, n := someone(rt, "who"), m.somePost(rt)
	_, err := m.users[who].Posts.LikePost(m.t.Context(), &postv1.LikePostRequest{PostId: m.posts[n].id})
	if expect(rt, "like", err, m.unseenPost(who, n)) {
		m.likes[pair{who, m.original(n)}] = true
	}
}

func (m *machine) unlike(rt *rapid.T) {
	who, n := someone(rt, "who"), m.somePost(rt)
	_, err := m.users[who].Posts.UnlikePost(m.t.Context(), &postv1.UnlikePostRequest{PostId: m.posts[n].id})
	if expect(rt, "unlike", err, m.unseenPost(who, n)) {
		delete(m.likes, pair{who, m.original(n)})
	}
}

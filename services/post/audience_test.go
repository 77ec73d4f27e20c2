package post_test

import (
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestFollowersOnlyPost(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, grace, eve := p.User(t, "ada"), p.User(t, "grace"), p.User(t, "eve")
	if _, err := grace.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: ada.ID}); err != nil {
		t.Fatal(err)
	}
	created, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{
		Text: "among us", Audience: postv1.Audience_AUDIENCE_FOLLOWERS,
	})
	if err != nil {
		t.Fatal(err)
	}
	get := &postv1.GetPostRequest{PostId: created.GetPost().GetId()}
	timeline := &timelinev1.GetUserTimelineRequest{UserId: ada.ID}
	for range 2 { // Whoever reads second must not profit from what was kept for the first.
		for who, want := range map[*pulse.Client]bool{ada.Client: true, grace.Client: true, eve.Client: false, p.Client(t): false} {
			_, err := who.Posts.GetPost(t.Context(), get)
			if want && err != nil || !want && pulse.ReasonOf(err) != errorsv1.Reason_REASON_POST_NOT_FOUND {
				t.Errorf("GetPost: %v, want an answer: %v", err, want)
			}
			page, err := who.Timelines.GetUserTimeline(t.Context(), timeline)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(page.GetPosts()) == 1; got != want {
				t.Errorf("the author's timeline shows it: %v, want %v", got, want)
			}
		}
	}
}

func TestMentionedOnlyPost(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	follow(t, eve, ada)
	post := publish(t, ada, &postv1.CreatePostRequest{Text: "for @bob", Audience: postv1.Audience_AUDIENCE_MENTIONED})
	if !sees(t, bob.Client, post.GetId()) || sees(t, eve.Client, post.GetId()) || sees(t, p.Client(t), post.GetId()) {
		t.Error("want that bob sees it, and neither a follower nor anybody else")
	}
	// A reply takes the audience over, and whom it answers sees it.
	reply := publish(t, bob, &postv1.CreatePostRequest{Text: "thank you", ReplyToId: post.GetId()})
	if reply.GetAudience() != postv1.Audience_AUDIENCE_MENTIONED || !sees(t, ada.Client, reply.GetId()) || sees(t, eve.Client, reply.GetId()) {
		t.Errorf("the reply %v: want it for ada alone", reply)
	}
	for audience, want := range map[postv1.Audience]errorsv1.Reason{
		postv1.Audience_AUDIENCE_PUBLIC:    errorsv1.Reason_REASON_REPLY_AUDIENCE_TOO_WIDE,
		postv1.Audience_AUDIENCE_UNLISTED:  errorsv1.Reason_REASON_REPLY_AUDIENCE_TOO_WIDE,
		postv1.Audience_AUDIENCE_FOLLOWERS: errorsv1.Reason_REASON_REPLY_AUDIENCE_TOO_WIDE,
		postv1.Audience_AUDIENCE_MENTIONED: errorsv1.Reason_REASON_UNSPECIFIED,
	} {
		_, err := bob.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "a reply", ReplyToId: post.GetId(), Audience: audience})
		wantReason(t, audience.String(), err, want)
	}
	wide := &postv1.EditPostRequest{PostId: reply.GetId(), Audience: postv1.Audience_AUDIENCE_PUBLIC, UpdateMask: mask("audience")}
	_, err := bob.Posts.EditPost(t.Context(), wide)
	wantReason(t, "widening the reply", err, errorsv1.Reason_REASON_REPLY_AUDIENCE_TOO_WIDE)
	p.Settle(t)
}

func TestWhoMayReply(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	follow(t, bob, ada)
	for policy, want := range map[postv1.ReplyPolicy]map[*pulsetest.User]bool{
		postv1.ReplyPolicy_REPLY_POLICY_UNSPECIFIED: {ada: true, bob: true, eve: true},
		postv1.ReplyPolicy_REPLY_POLICY_FOLLOWERS:   {ada: true, bob: true, eve: false},
		postv1.ReplyPolicy_REPLY_POLICY_FOLLOWED:    {ada: true, bob: false, eve: false},
		postv1.ReplyPolicy_REPLY_POLICY_MENTIONED:   {ada: true, bob: false, eve: false},
		postv1.ReplyPolicy_REPLY_POLICY_NOBODY:      {ada: true, bob: false, eve: false},
	} {
		post := publish(t, ada, &postv1.CreatePostRequest{Text: "a question", ReplyPolicy: policy})
		for who, may := range want {
			_, err := who.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "an answer", ReplyToId: post.GetId()})
			reason := errorsv1.Reason_REASON_REPLY_NOT_ALLOWED
			if may {
				reason = errorsv1.Reason_REASON_UNSPECIFIED
			}
			wantReason(t, policy.String()+" by "+who.Handle, err, reason)
		}
	}
	asked := publish(t, ada, &postv1.CreatePostRequest{Text: "@eve?", ReplyPolicy: postv1.ReplyPolicy_REPLY_POLICY_MENTIONED})
	publish(t, eve, &postv1.CreatePostRequest{Text: "yes", ReplyToId: asked.GetId()})
}

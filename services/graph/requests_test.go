package graph_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func privacyOf(private bool) *userv1.UpdateProfileRequest {
	return &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{Private: private}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"private"}},
	}
}

// requesters lists who asks to follow a person, as they see it.
func requesters(t *testing.T, who *pulsetest.User, size int32) []int64 {
	t.Helper()
	var ids []int64
	for listing, err := range who.AllFollowRequests(t.Context(), &graphv1.ListFollowRequestsRequest{PageSize: size}) {
		must(t, err)
		ids = append(ids, listing.GetUser().GetId())
	}
	return ids
}

func TestAPrivateAccountIsAskedBeforeItIsFollowed(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	setPrivate(t, ada, true)
	posted, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "for my followers"})
	must(t, err)
	sees := func() bool {
		_, err := bob.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: posted.GetPost().GetId()})
		return err == nil
	}

	for range 2 { // Asking twice is asking once.
		if r := follow(t, bob, ada.ID); r.GetFollowing() || !r.GetRequested() {
			t.Fatalf("after the follow: %v, want a request", r)
		}
	}
	if seen := user(t, bob.Client, ada.ID); !seen.GetPrivate() || !seen.GetViewer().GetRequested() || seen.GetCounts().GetFollowers() != 0 {
		t.Errorf("bob sees %v", seen)
	}
	if r := relationships(t, ada, bob.ID)[0]; !r.GetRequestedBy() || r.GetFollowedBy() {
		t.Errorf("ada sees %v", r)
	}
	if got := requesters(t, ada, 0); !slices.Equal(got, []int64{bob.ID}) || sees() {
		t.Errorf("requests of %v, want bob's; bob sees the post: %t", got, sees())
	}
	sent, err := bob.Graph.ListSentFollowRequests(t.Context(), &graphv1.ListSentFollowRequestsRequest{})
	must(t, err)
	if len(sent.GetFollowRequests()) != 1 || sent.GetFollowRequests()[0].GetUser().GetId() != ada.ID {
		t.Errorf("bob has sent %v", sent)
	}

	for range 2 { // Approving twice is approving once.
		answer, err := ada.Graph.ApproveFollowRequest(t.Context(), &graphv1.ApproveFollowRequestRequest{UserId: bob.ID})
		must(t, err)
		if r := answer.GetRelationship(); !r.GetFollowedBy() || r.GetRequestedBy() {
			t.Errorf("after the approval: %v", r)
		}
	}
	if got := requesters(t, ada, 0); len(got) != 0 || !sees() {
		t.Errorf("requests of %v, want none; bob sees the post: %t", got, sees())
	}
	testwait.Until(t, "the follow is counted", func() bool { return user(t, bob.Client, ada.ID).GetCounts().GetFollowers() == 1 })
	p.Settle(t)

	_, err = ada.Graph.RemoveFollower(t.Context(), &graphv1.RemoveFollowerRequest{UserId: bob.ID})
	must(t, err)
	if r := relationships(t, bob, ada.ID)[0]; r.GetFollowing() || sees() {
		t.Errorf("after being removed: %v; bob sees the post: %t", r, sees())
	}
	p.Settle(t)
}

func TestARequestCanBeRejectedAndWithdrawn(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	setPrivate(t, ada, true)

	follow(t, bob, ada.ID)
	answer, err := ada.Graph.RejectFollowRequest(t.Context(), &graphv1.RejectFollowRequestRequest{UserId: bob.ID})
	must(t, err)
	if r := answer.GetRelationship(); r.GetRequestedBy() || r.GetFollowedBy() || len(requesters(t, ada, 0)) != 0 {
		t.Errorf("after the rejection: %v", r)
	}
	if r := follow(t, bob, ada.ID); !r.GetRequested() {
		t.Errorf("asking again: %v", r)
	}
	unfollow(t, bob, ada.ID)
	if r := relationships(t, bob, ada.ID)[0]; r.GetRequested() || len(requesters(t, ada, 0)) != 0 {
		t.Errorf("after taking the request back: %v", r)
	}
	_, err = ada.Graph.ApproveFollowRequest(t.Context(), &graphv1.ApproveFollowRequestRequest{UserId: bob.ID})
	wantReason(t, "approve what is not asked", err, errorsv1.Reason_REASON_FOLLOW_REQUEST_NOT_FOUND)
	_, err = ada.Graph.ApproveFollowRequest(t.Context(), &graphv1.ApproveFollowRequestRequest{UserId: 4711})
	wantReason(t, "approve nobody", err, errorsv1.Reason_REASON_USER_NOT_FOUND)
	p.Settle(t)
}

func TestGoingPublicApprovesWhoWaits(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, s := p.User(t, "ada"), database(t, p)
	setPrivate(t, ada, true)
	const waiting = 60 // More than are approved in one transaction.
	writeRequests(t, s, ada.ID, crowd(t, s, func(n int) string { return fmt.Sprintf("fan%d", n) }, waiting)...)
	bob := p.User(t, "bob")
	follow(t, bob, ada.ID)
	if got := requesters(t, ada, 100); len(got) != waiting+1 || got[0] != bob.ID {
		t.Fatalf("%d requests, the first of %d, want %d and the first of bob", len(got), got[0], waiting+1)
	}
	setPrivate(t, ada, false)
	testwait.Until(t, "all are approved", func() bool {
		return user(t, bob.Client, ada.ID).GetCounts().GetFollowers() == waiting+1
	})
	if r := relationships(t, bob, ada.ID)[0]; !r.GetFollowing() || r.GetRequested() || len(requesters(t, ada, 0)) != 0 {
		t.Errorf("bob is left with %v", r)
	}
	p.Settle(t)
}

func TestFollowsOfAPrivateAccountAreForItsFollowers(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, fan, stranger := p.User(t, "ada"), p.User(t, "fan"), p.User(t, "stranger")
	follow(t, fan, ada.ID)
	follow(t, ada, stranger.ID)
	setPrivate(t, ada, true)
	for _, test := range []struct {
		who    string
		client *pulse.Client
		may    bool
	}{{"ada", ada.Client, true}, {"fan", fan.Client, true}, {"stranger", stranger.Client, false}, {"nobody", p.Client(t), false}} {
		followers, err := test.client.Graph.ListFollowers(t.Context(), &graphv1.ListFollowersRequest{UserId: ada.ID})
		if test.may && (err != nil || len(followers.GetFollowers()) != 1) {
			t.Errorf("%s gets %v, %v, want the follower", test.who, followers, err)
		}
		_, other := test.client.Graph.ListFollowing(t.Context(), &graphv1.ListFollowingRequest{UserId: ada.ID})
		if !test.may {
			wantReason(t, test.who, err, errorsv1.Reason_REASON_FOLLOWS_PRIVATE)
			wantReason(t, test.who, other, errorsv1.Reason_REASON_FOLLOWS_PRIVATE)
		}
	}
}

// TestFollowsWhileAnAccountTurnsPublic finds a request that nobody approves.
func TestFollowsWhileAnAccountTurnsPublic(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cleo := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cleo")
	for range 10 {
		setPrivate(t, ada, true)
		var group sync.WaitGroup
		for _, who := range []*pulsetest.User{bob, cleo} {
			group.Go(func() {
				if _, err := who.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: ada.ID}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Go(func() {
			if _, err := ada.Users.UpdateProfile(t.Context(), privacyOf(false)); err != nil {
				t.Error(err)
			}
		})
		group.Wait()
		testwait.Until(t, "both follow", func() bool {
			return relationships(t, bob, ada.ID)[0].GetFollowing() && relationships(t, cleo, ada.ID)[0].GetFollowing()
		})
		unfollow(t, bob, ada.ID)
		unfollow(t, cleo, ada.ID)
	}
	p.Settle(t)
}

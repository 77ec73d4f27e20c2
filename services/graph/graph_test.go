package graph_test

import (
	"fmt"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestFollowAndUnfollow(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")

	for range 2 { // Following twice is following once.
		answer, err := ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.ID})
		if err != nil {
			t.Fatal(err)
		}
		if r := answer.GetRelationship(); !r.GetFollowing() || r.GetFollowedBy() || r.GetUserId() != bob.ID {
			t.Errorf("after the follow: %v", r)
		}
	}
	seen := relationships(t, bob, ada.ID, 4711, bob.ID)
	if len(seen) != 2 || seen[0].GetUserId() != ada.ID || seen[0].GetFollowing() || !seen[0].GetFollowedBy() {
		t.Errorf("bob sees %v, want that ada follows him, and nothing of who does not exist", seen)
	}
	testwait.Until(t, "the follow is counted once", func() bool {
		return user(t, bob.Client, bob.ID).GetCounts().GetFollowers() == 1 && user(t, bob.Client, ada.ID).GetCounts().GetFollowing() == 1
	})

	for range 2 {
		if _, err := ada.Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: bob.ID}); err != nil {
			t.Fatal(err)
		}
	}
	if r := relationships(t, ada, bob.ID); r[0].GetFollowing() {
		t.Errorf("after the unfollow: %v", r)
	}
	testwait.Until(t, "the unfollow is counted once", func() bool { return user(t, bob.Client, bob.ID).GetCounts().GetFollowers() == 0 })
	p.Settle(t)
}

func TestFollowRefuses(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	for userID, want := range map[int64]errorsv1.Reason{
		ada.ID: errorsv1.Reason_REASON_CANNOT_FOLLOW_SELF,
		4711:   errorsv1.Reason_REASON_USER_NOT_FOUND,
		0:      errorsv1.Reason_REASON_INVALID_REQUEST,
	} {
		if _, err := ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: userID}); pulse.ReasonOf(err) != want {
			t.Errorf("follow %d: got %v, want %v", userID, err, want)
		}
	}
	if _, err := ada.Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: 4711}); pulse.ReasonOf(err) != errorsv1.Reason_REASON_USER_NOT_FOUND {
		t.Errorf("unfollow nobody: %v", err)
	}
}

func TestListsPageThroughEveryoneNewestFirst(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	star := p.User(t, "star")
	const fans = 7
	var want []int64
	for n := range fans {
		fan := p.User(t, fmt.Sprintf("fan%d", n))
		want = append([]int64{fan.ID}, want...)
		if _, err := fan.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: star.ID}); err != nil {
			t.Fatal(err)
		}
		if _, err := star.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: fan.ID}); err != nil {
			t.Fatal(err)
		}
	}
	anonymous := p.Client(t)
	for _, size := range []int32{1, 2, 6, 7, 8, 0} {
		var followers, following []int64
		for f, err := range anonymous.AllFollowers(t.Context(), &graphv1.ListFollowersRequest{UserId: star.ID, PageSize: size}) {
			if err != nil {
				t.Fatal(err)
			}
			followers = append(followers, f.GetUser().GetId())
		}
		for f, err := range anonymous.AllFollowing(t.Context(), &graphv1.ListFollowingRequest{UserId: star.ID, PageSize: size}) {
			if err != nil {
				t.Fatal(err)
			}
			following = append(following, f.GetUser().GetId())
		}
		if fmt.Sprint(followers) != fmt.Sprint(want) || fmt.Sprint(following) != fmt.Sprint(want) {
			t.Errorf("pages of %d: followers %v, following %v, want %v", size, followers, following, want)
		}
	}
	empty, err := anonymous.Graph.ListFollowers(t.Context(), &graphv1.ListFollowersRequest{UserId: p.User(t, "lonely").ID})
	if err != nil || len(empty.GetFollowers()) != 0 || empty.GetNextPageToken() != "" {
		t.Errorf("followers of nobody: %v, %v", empty, err)
	}
}

func relationships(t *testing.T, viewer *pulsetest.User, userIDs ...int64) []*graphv1.Relationship {
	t.Helper()
	answer, err := viewer.Graph.BatchGetRelationships(t.Context(), &graphv1.BatchGetRelationshipsRequest{UserIds: userIDs})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetRelationships()
}

func user(t *testing.T, c *pulse.Client, userID int64) *userv1.User {
	t.Helper()
	answer, err := c.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: userID}})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetUser()
}

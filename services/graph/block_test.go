package graph_test

import (
	"sync"
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

func block(t *testing.T, who *pulsetest.User, userID int64) *graphv1.Relationship {
	t.Helper()
	answer, err := who.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: userID})
	must(t, err)
	return answer.GetRelationship()
}

func TestABlockPartsTwoPeople(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cleo := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cleo")
	for _, pair := range [][2]*pulsetest.User{{ada, bob}, {bob, ada}, {ada, cleo}, {bob, cleo}, {cleo, ada}, {cleo, bob}} {
		follow(t, pair[0], pair[1].ID)
	}
	posted, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"})
	must(t, err)
	answered, err := bob.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "a reply", ReplyToId: posted.GetPost().GetId()})
	must(t, err)
	adasList, bobsList := newList(t, ada, "friends"), newList(t, bob, "friends")
	addMember(t, ada, adasList, bob.ID)
	addMember(t, bob, bobsList, ada.ID)
	addMember(t, bob, bobsList, cleo.ID)
	p.Settle(t)

	for range 2 { // Blocking twice is blocking once.
		if r := block(t, ada, bob.ID); r.GetFollowing() || r.GetFollowedBy() || !r.GetBlocking() {
			t.Fatalf("after the block: %v", r)
		}
	}
	t.Run("the blocked one does not find the blocker", func(t *testing.T) {
		for what, err := range aboutPerson(t, bob.Client, ada.ID) {
			wantReason(t, what, err, errorsv1.Reason_REASON_USER_NOT_FOUND)
		}
		_, err := bob.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: posted.GetPost().GetId()})
		wantReason(t, "get the post", err, errorsv1.Reason_REASON_POST_NOT_FOUND)
		if r := relationships(t, bob, ada.ID); len(r) != 0 {
			t.Errorf("bob relates to %v", r)
		}
	})
	t.Run("the blocker finds the blocked one, and no posts", func(t *testing.T) {
		if seen := user(t, ada.Client, bob.ID); !seen.GetViewer().GetBlocking() {
			t.Errorf("ada sees %v", seen)
		}
		_, err := ada.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: answered.GetPost().GetId()})
		wantReason(t, "get the reply", err, errorsv1.Reason_REASON_POST_NOT_FOUND)
		timeline, err := ada.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: bob.ID})
		if err != nil || len(timeline.GetPosts()) != 0 {
			t.Errorf("ada reads %v, %v of bob", timeline, err)
		}
		_, err = ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.ID})
		wantReason(t, "follow whom one blocks", err, errorsv1.Reason_REASON_USER_BLOCKED)
		_, err = ada.Graph.AddListMember(t.Context(), &graphv1.AddListMemberRequest{ListId: adasList, UserId: bob.ID})
		wantReason(t, "list whom one blocks", err, errorsv1.Reason_REASON_USER_BLOCKED)
	})
	t.Run("either is off the other's lists", func(t *testing.T) {
		if members(t, ada, adasList) != nil || len(members(t, bob, bobsList)) != 1 {
			t.Errorf("ada lists %v, bob %v", members(t, ada, adasList), members(t, bob, bobsList))
		}
	})
	t.Run("lists of others leave the blocker out", func(t *testing.T) {
		followers, err := bob.Graph.ListFollowers(t.Context(), &graphv1.ListFollowersRequest{UserId: cleo.ID})
		if err != nil || len(followers.GetFollowers()) != 1 || followers.GetFollowers()[0].GetUser().GetId() != bob.ID {
			t.Errorf("bob sees %v, %v of cleo's followers, want himself", followers, err)
		}
	})
	testwait.Until(t, "the ended follows are counted", func() bool {
		c := user(t, cleo.Client, bob.ID).GetCounts()
		return c.GetFollowers() == 1 && c.GetFollowing() == 1
	})
	p.Settle(t)

	listed, err := ada.Graph.ListBlocked(t.Context(), &graphv1.ListBlockedRequest{})
	if err != nil || len(listed.GetBlocked()) != 1 || listed.GetBlocked()[0].GetUser().GetId() != bob.ID {
		t.Errorf("ada blocks %v, %v", listed, err)
	}
	for range 2 {
		_, err := ada.Graph.UnblockUser(t.Context(), &graphv1.UnblockUserRequest{UserId: bob.ID})
		must(t, err)
	}
	if r := relationships(t, bob, ada.ID); len(r) != 1 || r[0].GetFollowing() || r[0].GetFollowedBy() {
		t.Errorf("after the block: %v, want that nobody follows", r)
	}
	p.Settle(t)
}

// aboutPerson makes the calls that name a person, and answers how each ended.
func aboutPerson(t *testing.T, c *pulse.Client, userID int64) map[string]error {
	t.Helper()
	ctx, ended := t.Context(), map[string]error{}
	_, ended["get"] = c.Users.GetUser(ctx, &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: userID}})
	_, ended["follow"] = c.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: userID})
	_, ended["unfollow"] = c.Graph.Unfollow(ctx, &graphv1.UnfollowRequest{UserId: userID})
	_, ended["followers"] = c.Graph.ListFollowers(ctx, &graphv1.ListFollowersRequest{UserId: userID})
	_, ended["following"] = c.Graph.ListFollowing(ctx, &graphv1.ListFollowingRequest{UserId: userID})
	_, ended["block"] = c.Graph.BlockUser(ctx, &graphv1.BlockUserRequest{UserId: userID})
	_, ended["mute"] = c.Graph.MuteUser(ctx, &graphv1.MuteUserRequest{UserId: userID})
	_, ended["dismiss"] = c.Graph.DismissRecommendation(ctx, &graphv1.DismissRecommendationRequest{UserId: userID})
	_, ended["timeline"] = c.Timelines.GetUserTimeline(ctx, &timelinev1.GetUserTimelineRequest{UserId: userID})
	return ended
}

// TestBlocksAndFollowsAtOnce finds a follow across a block: whichever of the two comes first, there is none in the end.
func TestBlocksAndFollowsAtOnce(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	for range 15 {
		var group sync.WaitGroup
		group.Go(func() { block(t, ada, bob.ID) })
		for _, pair := range [][2]*pulsetest.User{{ada, bob}, {bob, ada}} {
			group.Go(func() {
				_, err := pair[0].Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: pair[1].ID})
				switch pulse.ReasonOf(err) {
				case errorsv1.Reason_REASON_USER_BLOCKED, errorsv1.Reason_REASON_USER_NOT_FOUND:
				default:
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if r := relationships(t, ada, bob.ID)[0]; r.GetFollowing() || r.GetFollowedBy() || !r.GetBlocking() {
			t.Fatalf("after a block and follows at once: %v", r)
		}
		_, err := ada.Graph.UnblockUser(t.Context(), &graphv1.UnblockUserRequest{UserId: bob.ID})
		must(t, err)
	}
	p.Settle(t)
}

func TestBlockRefuses(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	_, err := ada.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: ada.ID})
	wantReason(t, "block oneself", err, errorsv1.Reason_REASON_CANNOT_BLOCK_SELF)
	_, err = ada.Graph.UnblockUser(t.Context(), &graphv1.UnblockUserRequest{UserId: 4711})
	wantReason(t, "unblock nobody", err, errorsv1.Reason_REASON_USER_NOT_FOUND)
	empty, err := ada.Graph.ListBlocked(t.Context(), &graphv1.ListBlockedRequest{})
	if err != nil || len(empty.GetBlocked()) != 0 || empty.GetNextPageToken() != "" {
		t.Errorf("ada blocks %v, %v", empty, err)
	}
}

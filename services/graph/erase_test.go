package graph_test

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	entblock "github.com/pulse-social/pulse/ent/block"
	"github.com/pulse-social/pulse/ent/dismissal"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/followrequest"
	entmute "github.com/pulse-social/pulse/ent/mute"
	"github.com/pulse-social/pulse/ent/mutedword"
	"github.com/pulse-social/pulse/ent/profile"
	"github.com/pulse-social/pulse/ent/userlist"
	"github.com/pulse-social/pulse/ent/userlistmember"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestADeletedAccountLeavesNothingInTheGraph(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	s := database(t, p)
	ctx := t.Context()
	const fans = 40 // More than are changed in one transaction.
	var follows [][2]int64
	for _, fan := range crowd(t, s, func(n int) string { return fmt.Sprintf("fan%d", n) }, fans) {
		follows = append(follows, [2]int64{fan, ada.ID})
	}
	writeFollows(t, s, follows...)
	follow(t, ada, bob.ID)
	follow(t, bob, ada.ID)
	dora := crowd(t, s, func(int) string { return "dora" }, 1)[0]
	writeRequests(t, s, ada.ID, dora)
	writeRequests(t, s, dora, ada.ID)
	_, err := ada.Users.UpdateProfile(ctx, &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{Bio: "to be erased"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"bio"}},
	})
	must(t, err)
	for _, who := range []*pulsetest.User{ada, bob} {
		other := ada.ID
		if who == ada {
			other = bob.ID
		}
		addMember(t, who, newList(t, who, "friends"), other)
		_, err := who.Graph.MuteUser(ctx, &graphv1.MuteUserRequest{UserId: other})
		must(t, err)
		_, err = who.Graph.MuteWord(ctx, &graphv1.MuteWordRequest{Text: "word"})
		must(t, err)
		_, err = who.Graph.DismissRecommendation(ctx, &graphv1.DismissRecommendationRequest{UserId: other})
		must(t, err)
	}
	block(t, ada, dora)
	p.Settle(t)

	must(t, s.For("identity").Write(ctx, func(tx *store.Tx) error {
		if err := tx.Account.UpdateOneID(ada.ID).SetState(3).Exec(ctx); err != nil {
			return err
		}
		return tx.Emit(&busv1.AccountDeleted{UserId: ada.ID})
	}))
	db := s.For("test")
	left := func() (n int) {
		for _, count := range []func() (int, error){
			func() (int, error) {
				return db.Follow.Query().Where(entfollow.Or(entfollow.FollowerID(ada.ID), entfollow.FolloweeID(ada.ID))).Count(ctx)
			},
			func() (int, error) {
				return db.FollowRequest.Query().Where(followrequest.Or(followrequest.RequesterID(ada.ID), followrequest.TargetID(ada.ID))).Count(ctx)
			},
			func() (int, error) {
				return db.Block.Query().Where(entblock.Or(entblock.BlockerID(ada.ID), entblock.BlockedID(ada.ID))).Count(ctx)
			},
			func() (int, error) {
				return db.Mute.Query().Where(entmute.Or(entmute.MuterID(ada.ID), entmute.MutedID(ada.ID))).Count(ctx)
			},
			func() (int, error) {
				return db.Dismissal.Query().Where(dismissal.Or(dismissal.UserID(ada.ID), dismissal.DismissedID(ada.ID))).Count(ctx)
			},
			func() (int, error) { return db.MutedWord.Query().Where(mutedword.UserID(ada.ID)).Count(ctx) },
			func() (int, error) { return db.UserList.Query().Where(userlist.OwnerID(ada.ID)).Count(ctx) },
			func() (int, error) { return db.Profile.Query().Where(profile.ID(ada.ID)).Count(ctx) },
		} {
			rows, err := count()
			must(t, err)
			n += rows
		}
		listed, err := db.UserListMember.Query().Where(userlistmember.UserID(ada.ID)).Count(ctx)
		must(t, err)
		return n + listed
	}
	if left() == 0 {
		t.Fatal("nothing was there to erase")
	}
	testwait.Until(t, "all is erased", func() bool { return left() == 0 })
	p.Settle(t)
	if c := user(t, bob.Client, bob.ID).GetCounts(); c.GetFollowers() != 0 || c.GetFollowing() != 0 {
		t.Errorf("bob is left with %v", c)
	}
	if n, err := db.UserList.Query().Count(ctx); err != nil || n != 1 {
		t.Errorf("%d lists are left, %v, want bob's", n, err)
	}
}

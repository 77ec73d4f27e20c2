package graph_test

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// recommended answers the handles that are recommended to a person, with the reasons.
func recommended(t *testing.T, who *pulsetest.User, size int32) (handles []string, by map[string]string) {
	t.Helper()
	answer, err := who.Graph.RecommendUsers(t.Context(), &graphv1.RecommendUsersRequest{PageSize: size})
	must(t, err)
	by = map[string]string{}
	for _, r := range answer.GetRecommendations() {
		handle := r.GetUser().GetHandle()
		handles = append(handles, handle)
		var names []string
		for _, follower := range r.GetFollowedBy() {
			names = append(names, follower.GetHandle())
		}
		by[handle] = fmt.Sprintf("%v of %d", names, r.GetFollowedByCount())
	}
	return handles, by
}

// writeFollows writes follows of people who never sign in, as calls and consumers would have left them.
func writeFollows(t *testing.T, s *store.Store, pairs ...[2]int64) {
	t.Helper()
	must(t, s.For("graph").Write(t.Context(), func(tx *store.Tx) error {
		for _, pair := range pairs {
			if err := tx.Follow.Create().SetID(tx.NewID()).SetFollowerID(pair[0]).SetFolloweeID(pair[1]).Exec(t.Context()); err != nil {
				return err
			}
		}
		return nil
	}))
	must(t, s.For("user").Write(t.Context(), func(tx *store.Tx) error {
		for _, pair := range pairs {
			for i, userID := range pair {
				there, err := tx.UserCount.Get(t.Context(), userID)
				if store.IsNotFound(err) {
					there, err = tx.UserCount.Create().SetID(userID).Save(t.Context())
				}
				if err != nil {
					return err
				}
				if err := tx.UserCount.UpdateOne(there).AddFollowing(int64(1 - i)).AddFollowers(int64(i)).Exec(t.Context()); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// TestRecommendationsComeFromWhomOneFollows has ada follow four people. All of them follow first, three second, one third.
func TestRecommendationsComeFromWhomOneFollows(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	s := database(t, p)
	names := []string{"bea", "cleo", "dora", "emma", "first", "second", "third"}
	ids := crowd(t, s, func(n int) string { return names[n] }, len(names))
	followees, first, second, third := ids[:4], ids[4], ids[5], ids[6]
	for i, followee := range followees {
		follow(t, ada, followee)
		writeFollows(t, s, [2]int64{followee, first}, [2]int64{followee, followees[(i+1)%4]}, [2]int64{followee, ada.ID})
	}
	writeFollows(t, s, [2]int64{followees[0], second}, [2]int64{followees[1], second}, [2]int64{followees[2], second}, [2]int64{followees[3], third})
	p.Settle(t)

	for range 2 { // The same graph gives the same answer.
		handles, by := recommended(t, ada, 0)
		if fmt.Sprint(handles) != "[first second third]" || by["first"] != "[bea cleo dora] of 4" ||
			by["second"] != "[bea cleo dora] of 3" || by["third"] != "[emma] of 1" {
			t.Errorf("recommended %v by %v", handles, by)
		}
	}
	if handles, _ := recommended(t, ada, 2); fmt.Sprint(handles) != "[first second]" {
		t.Errorf("of two: %v", handles)
	}

	// Each of these takes one of them away.
	for range 2 {
		_, err := ada.Graph.DismissRecommendation(t.Context(), &graphv1.DismissRecommendationRequest{UserId: first})
		must(t, err)
	}
	if handles, _ := recommended(t, ada, 0); fmt.Sprint(handles) != "[second third]" {
		t.Errorf("first dismissed: %v", handles)
	}
	_, err := ada.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: second, Ttl: durationpb.New(3600e9)})
	must(t, err)
	if handles, _ := recommended(t, ada, 0); fmt.Sprint(handles) != "[third]" {
		t.Errorf("second muted: %v", handles)
	}
	block(t, ada, third)
	if handles, _ := recommended(t, ada, 0); len(handles) != 0 {
		t.Errorf("third blocked: %v", handles)
	}
	_, err = ada.Graph.UnmuteUser(t.Context(), &graphv1.UnmuteUserRequest{UserId: second})
	must(t, err)
	_, err = ada.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: followees[0]})
	must(t, err)
	if handles, by := recommended(t, ada, 0); fmt.Sprint(handles) != "[second]" || by["second"] != "[cleo dora] of 2" {
		t.Errorf("one who follows second is muted: %v by %v", handles, by)
	}
	follow(t, ada, second)
	if handles, _ := recommended(t, ada, 0); len(handles) != 0 {
		t.Errorf("second followed: %v", handles)
	}
	_, err = ada.Graph.DismissRecommendation(t.Context(), &graphv1.DismissRecommendationRequest{UserId: 4711})
	wantReason(t, "dismiss nobody", err, errorsv1.Reason_REASON_USER_NOT_FOUND)
}

func TestWhoFollowsNobodyIsRecommendedWhoeverHasFollowers(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, star, silent := p.User(t, "ada"), p.User(t, "star"), p.User(t, "silent")
	if handles, _ := recommended(t, ada, 0); len(handles) != 0 {
		t.Errorf("where nobody follows anybody: %v", handles)
	}
	for _, text := range []string{"one", "two"} {
		_, err := star.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text})
		must(t, err)
	}
	follow(t, silent, star.ID)
	follow(t, star, silent.ID)
	p.Settle(t)
	answer, err := ada.Graph.RecommendUsers(t.Context(), &graphv1.RecommendUsersRequest{})
	must(t, err)
	got := answer.GetRecommendations()
	if len(got) != 1 || got[0].GetUser().GetId() != star.ID || got[0].GetReason() != graphv1.RecommendationReason_RECOMMENDATION_REASON_POPULAR {
		t.Errorf("recommended %v, want the one who has posted", got)
	}
	setPrivate(t, star, true) // A private account may be asked.
	if handles, _ := recommended(t, ada, 0); fmt.Sprint(handles) != "[star]" {
		t.Errorf("a private account: %v", handles)
	}
	follow(t, ada, star.ID)
	if handles, _ := recommended(t, ada, 0); len(handles) != 0 {
		t.Errorf("after asking: %v", handles)
	}
}

package apitest_test

import (
	"encoding/base64"
	"fmt"
	"math"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestPageSizes(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	for i := range 101 {
		ada.post(t, fmt.Sprint("post ", i), 0)
	}
	for size, want := range map[int32]int{0: 20, 1: 1, 100: 100, 101: 100, math.MaxInt32: 100} {
		page, err := ada.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.id, PageSize: size})
		if err != nil || len(page.GetPosts()) != want || page.GetNextPageToken() == "" {
			t.Errorf("page_size %d: %d posts, %v; want %d and more to come", size, len(page.GetPosts()), err, want)
		}
	}
	_, err := ada.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.id, PageSize: -1})
	wantReason(t, "page_size -1", err, errorsv1.Reason_REASON_INVALID_REQUEST)
	wantPageTokensBound(t, p, ada)
}

// wantPageTokensBound presents page tokens where they do not belong.
func wantPageTokensBound(t *testing.T, p *pulsetest.Pulse, ada *person) {
	t.Helper()
	bob := signUp(t, p, "bob")
	page, err := ada.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.id, PageSize: 5})
	if err != nil {
		t.Fatal(err)
	}
	good := page.GetNextPageToken()
	timelineOf := func(userID int64, token string) error {
		_, err := ada.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: userID, PageToken: token})
		return err
	}
	const invalid = errorsv1.Reason_REASON_PAGE_TOKEN_INVALID
	wantReason(t, "the token with another page_size", timelineOf(ada.id, good), succeeds)
	wantReason(t, "the token for another person", timelineOf(bob.id, good), invalid)
	_, err = ada.Graph.ListFollowers(t.Context(), &graphv1.ListFollowersRequest{UserId: ada.id, PageToken: good})
	wantReason(t, "the token in another list", err, invalid)
	_, err = ada.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{PageToken: good})
	wantReason(t, "the token in another timeline", err, invalid)
	for _, garbage := range []string{
		"x", "====", good + "A", good[1:], "\x00", "' OR 1=1 --", base64.StdEncoding.EncodeToString([]byte("12345678901234567")),
	} {
		wantReason(t, fmt.Sprintf("the token %q", garbage), timelineOf(ada.id, garbage), invalid)
	}
	// Every token that was made of a good one by turning a bit of its place is as good: it carries no authority.
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1
	wantReason(t, "the token of a place nearby", timelineOf(ada.id, base64.RawURLEncoding.EncodeToString(raw)), succeeds)
}

func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	calls := map[string]func(ids []int64) error{
		"posts": func(ids []int64) error {
			_, err := ada.Posts.BatchGetPosts(t.Context(), &postv1.BatchGetPostsRequest{PostIds: ids})
			return err
		},
		"users": func(ids []int64) error {
			_, err := ada.Users.BatchGetUsers(t.Context(), &userv1.BatchGetUsersRequest{UserIds: ids})
			return err
		},
		"relationships": func(ids []int64) error {
			_, err := ada.Graph.BatchGetRelationships(t.Context(), &graphv1.BatchGetRelationshipsRequest{UserIds: ids})
			return err
		},
	}
	for name, call := range calls {
		for size, want := range map[int]errorsv1.Reason{
			0: errorsv1.Reason_REASON_INVALID_REQUEST, 100: succeeds,
			101: errorsv1.Reason_REASON_INVALID_REQUEST, 10_000: errorsv1.Reason_REASON_INVALID_REQUEST,
		} {
			ids := make([]int64, size)
			for i := range ids {
				ids[i] = int64(i + 1)
			}
			wantReason(t, fmt.Sprintf("%d %s", size, name), call(ids), want)
		}
		wantReason(t, "the same one 100 times, among "+name, call(repeated(ada.id, 100)), succeeds)
		wantReason(t, "a negative id among "+name, call([]int64{1, -1}), errorsv1.Reason_REASON_INVALID_REQUEST)
	}
}

func repeated(id int64, n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = id
	}
	return ids
}

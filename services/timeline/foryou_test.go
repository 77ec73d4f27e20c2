package timeline_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func forYou(t *testing.T, u *pulsetest.User, size int32, token string) *timelinev1.GetForYouTimelineResponse {
	t.Helper()
	answer, err := u.Timelines.GetForYouTimeline(t.Context(), &timelinev1.GetForYouTimelineRequest{PageSize: size, PageToken: token})
	must(t, err)
	return answer
}

func rankedIDs(posts []*timelinev1.RankedPost) []int64 {
	var ids []int64
	for _, post := range posts {
		ids = append(ids, post.GetPost().GetId())
	}
	return ids
}

func likePost(t *testing.T, u *pulsetest.User, post int64) {
	t.Helper()
	_, err := u.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: post})
	must(t, err)
}

func TestForYouTimelineGivesReasons(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve, dan := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve"), p.User(t, "dan")
	if got := forYou(t, ada, 10, ""); len(got.GetPosts()) != 0 || got.GetNextPageToken() != "" || got.GetAlgorithm() != "pulse.v1" {
		t.Errorf("an empty Pulse: %v", got)
	}
	follow(t, ada, bob)
	followed := write(t, bob, public, "by one whom ada follows")
	among := write(t, bob, followers, "among us")
	liked := write(t, eve, public, "liked by one whom ada follows")
	popular := write(t, dan, public, "liked by others")
	write(t, dan, public, "liked by nobody")
	hidden := write(t, eve, followers, "not for ada")
	write(t, ada, public, "ada's own")
	likePost(t, bob, liked)
	likePost(t, eve, popular)
	likePost(t, eve, hidden)
	p.Settle(t)

	got := map[int64]*timelinev1.RankedPost{}
	for _, post := range forYou(t, ada, 10, "").GetPosts() {
		got[post.GetPost().GetId()] = post
	}
	for post, want := range map[int64]timelinev1.RankReason{
		followed: timelinev1.RankReason_RANK_REASON_FOLLOWED, among: timelinev1.RankReason_RANK_REASON_FOLLOWED,
		liked: timelinev1.RankReason_RANK_REASON_LIKED_BY_FOLLOWED, popular: timelinev1.RankReason_RANK_REASON_POPULAR,
	} {
		if got[post].GetReason() != want {
			t.Errorf("%v, want it there because %v", got[post], want)
		}
	}
	if len(got) != 4 {
		t.Errorf("%d posts, want 4: neither one's own, nor what nobody likes, nor what one may not see", len(got))
	}
	if people := got[liked].GetPeople(); len(people) != 1 || people[0].GetHandle() != "bob" || got[liked].GetPeopleCount() != 1 {
		t.Errorf("%v, want bob for it", got[liked])
	}
	likePost(t, ada, popular)
	follow(t, bob, dan)
	p.Settle(t)
	for _, post := range forYou(t, ada, 10, "").GetPosts() {
		if post.GetPost().GetId() == popular {
			if post.GetReason() != timelinev1.RankReason_RANK_REASON_FOLLOWED_BY_FOLLOWED || !post.GetPost().GetViewer().GetLiked() {
				t.Errorf("%v, want it there because bob follows dan, and liked", post)
			}
		}
	}
	// What changes takes effect at once.
	_, err := ada.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: bob.ID})
	must(t, err)
	_, err = eve.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: ada.ID})
	must(t, err)
	if got := rankedIDs(forYou(t, ada, 10, "").GetPosts()); !slices.Equal(got, []int64{popular}) {
		t.Errorf("after a mute and a block: %v, want %d alone", got, popular)
	}
	if _, err := ada.Timelines.GetForYouTimeline(t.Context(), &timelinev1.GetForYouTimelineRequest{Algorithm: "chaos.v1"}); pulse.ReasonOf(err) != errorsv1.Reason_REASON_ALGORITHM_UNKNOWN {
		t.Errorf("an algorithm that there is not: %v", err)
	}
}

// Pages of a ranking fit together while posts and likes go on, with and without what Redis kept of it.
func TestForYouTimelinePagesKeepToTheirRanking(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	p := pulsetest.Start(t, pulsetest.WithClock(func() time.Time {
		return time.Now().UTC().Truncate(time.Millisecond).Add(time.Duration(ahead.Load()))
	}))
	tokens := &pulsetest.Tokens{}
	ada, bob, eve := p.User(t, "ada", pulse.WithTokenStore(tokens)), p.User(t, "bob"), p.User(t, "eve")
	follow(t, ada, bob, eve)
	for range 5 {
		write(t, bob, public, "post")
		write(t, eve, public, "post")
	}
	p.Settle(t)
	ahead.Add(int64(time.Second))
	whole := rankedIDs(forYou(t, ada, 100, "").GetPosts())
	first := forYou(t, ada, 4, "")
	newest := write(t, bob, public, "posted meanwhile")
	second := forYou(t, ada, 4, first.GetNextPageToken())
	p.LoseCaches(t)
	ada.Client = p.Client(t, pulse.WithTokenStore(tokens))
	third := forYou(t, ada, 4, second.GetNextPageToken())
	got := rankedIDs(slices.Concat(first.GetPosts(), second.GetPosts(), third.GetPosts()))
	if !slices.Equal(got, whole) || len(got) != 10 || third.GetNextPageToken() != "" {
		t.Errorf("by pages %v, all at once %v", got, whole)
	}
	if again := rankedIDs(forYou(t, ada, 100, "").GetPosts()); !slices.Contains(again, newest) || len(again) != 11 {
		t.Errorf("ranked anew: %v, want %d among them", again, newest)
	}
	ahead.Add(int64(31 * time.Minute))
	signInAgain(t, p, ada)
	_, err := ada.Timelines.GetForYouTimeline(t.Context(), &timelinev1.GetForYouTimelineRequest{PageSize: 4, PageToken: second.GetNextPageToken()})
	if pulse.ReasonOf(err) != errorsv1.Reason_REASON_PAGE_TOKEN_INVALID {
		t.Errorf("a page of a ranking of half an hour ago: %v", err)
	}
}

package modeltest_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
)

// within is how soon whatever takes sight away must have done so everywhere.
const within = time.Second

// look compares after each step what must be so without waiting for anything, for one viewer: which posts they see at all,
// and that their home timeline has nothing else. Now and then it compares everything.
func (m *machine) look(rt *rapid.T) {
	m.steps++
	viewer := rapid.IntRange(nobody, people-1).Draw(rt, "viewer")
	m.comparePosts(rt, viewer)
	if viewer != nobody {
		m.homeLeaksNothing(rt, viewer)
	}
	if m.steps%compareEvery == 0 {
		m.compare(rt)
	}
}

// comparePosts asks for every post there was.
func (m *machine) comparePosts(rt *rapid.T, viewer int) {
	for first := range slices.Chunk(m.posts, 100) {
		ids := make([]int64, len(first))
		for n, p := range first {
			ids[n] = p.id
		}
		answer, err := m.client(viewer).Posts.BatchGetPosts(m.t.Context(), &postv1.BatchGetPostsRequest{PostIds: ids})
		expect(rt, "get posts", err, 0)
		want := m.newest(viewer, func(_ int, p *post) bool { return slices.Contains(ids, p.id) })
		slices.Reverse(want)
		m.equal(rt, m.named(viewer)+" sees", idsOf(answer.GetPosts()), want)
	}
}

// homeLeaksNothing waits, for as long as is allowed, until a home timeline has only what belongs there.
func (m *machine) homeLeaksNothing(rt *rapid.T, viewer int) {
	want := m.home(viewer)
	var got []int64
	for deadline := time.Now().Add(within); ; time.Sleep(time.Millisecond) {
		got = m.homeOf(rt, viewer)
		if !slices.ContainsFunc(got, func(id int64) bool { return !slices.Contains(want, id) }) {
			return
		}
		if time.Now().After(deadline) {
			rt.Fatalf("home of %s has %v, of which only %v belongs there\n%s", m.named(viewer), got, want, m.describe())
		}
	}
}

// compare waits until all is settled, and compares everything that everybody sees.
func (m *machine) compare(rt *rapid.T) {
	m.pulse.Settle(m.t)
	for viewer := nobody; viewer < people; viewer++ {
		m.comparePosts(rt, viewer)
		m.compareTimelines(rt, viewer)
		m.compareFound(rt, viewer)
		m.compareThreads(rt, viewer)
	}
	m.comparePeople(rt)
}

func (m *machine) compareTimelines(rt *rapid.T, viewer int) {
	if viewer != nobody {
		m.equal(rt, "home of "+m.named(viewer), m.homeOf(rt, viewer), m.home(viewer))
	}
	tag := fmt.Sprintf("tag%d", m.walk)
	var tagged []int64
	for p, err := range m.client(viewer).AllHashtagTimelinePosts(m.t.Context(), &timelinev1.GetHashtagTimelineRequest{Tag: tag, PageSize: 7}) {
		expect(rt, "read a hashtag", err, 0)
		tagged = append(tagged, p.GetId())
	}
	m.equal(rt, "#"+tag+" for "+m.named(viewer), tagged, m.tagged(viewer, tag))
	for author := range people {
		answer, err := m.client(viewer).Timelines.GetUserTimeline(m.t.Context(), &timelinev1.GetUserTimelineRequest{UserId: m.users[author].ID, PageSize: 100})
		if expect(rt, "read a person", err, m.unseen(viewer, author)) {
			m.equal(rt, fmt.Sprintf("posts of %d for %s", author, m.named(viewer)), idsOf(answer.GetPosts()), m.by(viewer, author))
		}
	}
}

func (m *machine) homeOf(rt *rapid.T, viewer int) []int64 {
	answer, err := m.client(viewer).Timelines.GetHomeTimeline(m.t.Context(), &timelinev1.GetHomeTimelineRequest{PageSize: 100})
	expect(rt, "read home", err, 0)
	return idsOf(answer.GetPosts())
}

func (m *machine) compareFound(rt *rapid.T, viewer int) {
	word := fmt.Sprintf("word%d", m.walk)
	var found []int64
	for hit, err := range m.client(viewer).AllFoundPosts(m.t.Context(), &searchv1.SearchPostsRequest{Query: word, Order: searchv1.PostOrder_POST_ORDER_NEWEST, PageSize: 7}) {
		expect(rt, "search", err, 0)
		found = append(found, hit.GetPost().GetId())
	}
	m.equal(rt, word+" for "+m.named(viewer), found, m.found(viewer, word))
}

// compareThreads compares the newest posts' replies and counts.
func (m *machine) compareThreads(rt *rapid.T, viewer int) {
	for n := max(0, len(m.posts)-12); n < len(m.posts); n++ {
		p := m.posts[n]
		answer, err := m.client(viewer).Posts.GetThread(m.t.Context(), &postv1.GetThreadRequest{PostId: p.id, PageSize: 100})
		if !expect(rt, "read a thread", err, m.unseenPost(viewer, n)) {
			continue
		}
		if p.repostOf != none {
			continue
		}
		m.equal(rt, fmt.Sprintf("replies to %d for %s", p.id, m.named(viewer)), idsOf(answer.GetReplies()), m.repliesTo(viewer, n))
		counts, want := answer.GetPost().GetCounts(), &postv1.PostCounts{
			Likes:   related(m.likes, func(like pair) bool { return like.whom == n }),
			Replies: m.count(func(p *post) bool { return p.replyTo == n }),
			Reposts: m.count(func(p *post) bool { return p.repostOf == n }),
		}
		if counts.GetLikes() != want.GetLikes() || counts.GetReplies() != want.GetReplies() || counts.GetReposts() != want.GetReposts() {
			rt.Fatalf("counts of %d: %v, want %v\n%s", p.id, counts, want, m.describe())
		}
		if liked := answer.GetPost().GetViewer().GetLiked(); liked != m.likes[pair{viewer, n}] {
			rt.Fatalf("%s likes %d: %v", m.named(viewer), p.id, liked)
		}
	}
}

// comparePeople compares everybody's counts.
func (m *machine) comparePeople(rt *rapid.T) {
	for who, u := range m.users {
		answer, err := u.Users.GetUser(m.t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: u.ID}})
		expect(rt, "get oneself", err, 0)
		got, want := answer.GetUser().GetCounts(), &userv1.UserCounts{
			Posts:     m.count(func(p *post) bool { return p.author == who }),
			Followers: related(m.follows, func(f pair) bool { return f.whom == who }),
			Following: related(m.follows, func(f pair) bool { return f.who == who }),
		}
		if got.GetPosts() != want.GetPosts() || got.GetFollowers() != want.GetFollowers() || got.GetFollowing() != want.GetFollowing() {
			rt.Fatalf("counts of %s: %v, want %v\n%s", m.named(who), got, want, m.describe())
		}
	}
}

// named names a viewer in failures.
func (m *machine) named(viewer int) string {
	if viewer == nobody {
		return "nobody"
	}
	return m.users[viewer].Handle
}

func idsOf(posts []*postv1.Post) []int64 {
	ids := []int64{}
	for _, p := range posts {
		ids = append(ids, p.GetId())
	}
	return ids
}

// describe lists what the model has, for failures.
func (m *machine) describe() string {
	var text strings.Builder
	for n, p := range m.posts {
		fmt.Fprintf(&text, "post %d: %+v\n", n, *p)
	}
	for what, relations := range map[string]map[pair]bool{
		"follows": m.follows, "requests": m.requests, "blocks": m.blocks, "mutes": m.mutes, "likes": m.likes,
	} {
		fmt.Fprintf(&text, "%s: %v\n", what, relations)
	}
	return text.String()
}

package search_test

import (
	"slices"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// write publishes a public post and answers its id.
func write(t testing.TB, who *pulsetest.User, text string) int64 {
	t.Helper()
	created, err := who.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return created.GetPost().GetId()
}

// found answers the ids of the posts that a query finds for somebody, on one page.
func found(t testing.TB, who *pulse.Client, req *searchv1.SearchPostsRequest) []int64 {
	t.Helper()
	req.PageSize = 100
	answer, err := who.Search.SearchPosts(t.Context(), req)
	if err != nil {
		t.Fatalf("search for %v: %v", req, err)
	}
	ids := []int64{}
	for _, hit := range answer.GetHits() {
		ids = append(ids, hit.GetPost().GetId())
	}
	return ids
}

func finds(t testing.TB, who *pulse.Client, query string, want ...int64) {
	t.Helper()
	slices.Sort(want)
	slices.Reverse(want)
	if got := found(t, who, &searchv1.SearchPostsRequest{Query: query}); !slices.Equal(got, want) {
		t.Errorf("%q finds %v, want %v", query, got, want)
	}
}

func TestSearchPosts(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob_k")
	engine := write(t, ada, "The analytical engine weaves algebraic patterns")
	loom := write(t, bob, "A loom weaves flowers and leaves")
	quoted := write(t, bob, "patterns of an engine, algebraic ones")
	p.Settle(t)

	for _, who := range []*pulse.Client{ada.Client, p.Client(t)} {
		finds(t, who, "weaves", engine, loom)
		finds(t, who, "WEAVES patterns", engine)
		finds(t, who, "engine patterns", engine, quoted)
		finds(t, who, `"algebraic patterns"`, engine)
		finds(t, who, `"algebraic patterns`, engine)
		finds(t, who, "“algebraic patterns”", engine)
		finds(t, who, "weaves -flowers", engine)
		finds(t, who, `engine -"algebraic patterns"`, quoted)
		finds(t, who, "from:bob_k", loom, quoted)
		finds(t, who, "from:@BOB_K engine", quoted)
		finds(t, who, "engine -from:ada", quoted)
		finds(t, who, "from:nobody engine")
		finds(t, who, "weaves since:2026-01-01 until:2999-01-01", engine, loom)
		finds(t, who, "weaves until:2001-01-01")
		finds(t, who, "weave") // Words are whole.
	}
	if _, err := ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: engine}); err != nil {
		t.Fatal(err)
	}
	finds(t, ada.Client, "weaves", loom) // At once, before any consumer.
	p.Settle(t)
	finds(t, ada.Client, "weaves", loom)
}

func TestSearchPostsRefuses(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	for _, query := range []string{"", "   ", "!!! ...", "-word", "since:2026-01-01", "x since:yesterday", "x -until:2026-01-01", "from: x", "x lang:klingonish-1", "a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4 5 6 7"} {
		_, err := p.Client(t).Search.SearchPosts(t.Context(), &searchv1.SearchPostsRequest{Query: query})
		if pulse.ReasonOf(err) != errorsv1.Reason_REASON_QUERY_INVALID {
			t.Errorf("%q: %v, want QUERY_INVALID", query, err)
		}
	}
}

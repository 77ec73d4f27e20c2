package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// all answers the ids of what a query finds, page by page.
func all(t testing.TB, who *pulse.Client, req *searchv1.SearchPostsRequest) []int64 {
	t.Helper()
	ids := []int64{}
	for hit, err := range who.AllFoundPosts(t.Context(), req) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, hit.GetPost().GetId())
	}
	return ids
}

func TestPagesOfPosts(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	var ids []int64
	for n := range 11 {
		ids = append(ids, write(t, ada, fmt.Sprintf("common word, %s number %d", strings.Repeat("common ", n%4), n)))
	}
	p.Settle(t)
	newest := slices.Clone(ids)
	slices.Reverse(newest)
	for _, size := range []int32{1, 3, 11, 100} {
		req := &searchv1.SearchPostsRequest{Query: "common", PageSize: size}
		if got := all(t, ada.Client, req); !slices.Equal(got, newest) {
			t.Errorf("pages of %d: %v, want %v", size, got, newest)
		}
		req.Order = searchv1.PostOrder_POST_ORDER_RELEVANCE
		got := all(t, ada.Client, req)
		if most := []int64{ids[3], ids[7]}; !slices.Contains(most, got[0]) || !slices.Contains(most, got[1]) {
			t.Errorf("pages of %d by relevance: %v, want %v, which say it most, first", size, got, most)
		}
		slices.Sort(got)
		if !slices.Equal(got, ids) {
			t.Errorf("pages of %d by relevance: %v, want each of %v once", size, got, ids)
		}
	}
	first, err := ada.Search.SearchPosts(t.Context(), &searchv1.SearchPostsRequest{Query: "common", PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ada.Search.SearchPosts(t.Context(), &searchv1.SearchPostsRequest{Query: "word", PageToken: first.GetNextPageToken()})
	if pulse.ReasonOf(err) != errorsv1.Reason_REASON_PAGE_TOKEN_INVALID {
		t.Errorf("the token of another query: %v", err)
	}
}

func TestFiltersOfPosts(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	d := open(t, p)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	german, english := write(t, ada, "guten Morgen"), write(t, bob, "good Morgen")
	d.write(t, "post", func(tx *store.Tx) error {
		if err := tx.Post.UpdateOneID(german).SetLanguage("de-CH").SetContentWarning("Ziege").AddVersion(1).Exec(t.Context()); err != nil {
			return err
		}
		return tx.Emit(&busv1.PostEdited{PostId: german, AuthorId: ada.ID})
	})
	p.Settle(t)
	for _, c := range []struct {
		req  *searchv1.SearchPostsRequest
		want []int64
	}{
		{&searchv1.SearchPostsRequest{Query: "lang:de morgen"}, []int64{german}},
		{&searchv1.SearchPostsRequest{Query: "morgen -lang:de"}, []int64{english}},
		{&searchv1.SearchPostsRequest{Query: "morgen", Language: "de-ch"}, []int64{german}},
		{&searchv1.SearchPostsRequest{Query: "morgen", Language: "fr"}, nil},
		{&searchv1.SearchPostsRequest{Query: "ziege"}, []int64{german}},
		{&searchv1.SearchPostsRequest{AuthorId: bob.ID}, []int64{english}},
		{&searchv1.SearchPostsRequest{Query: "guten", AuthorId: bob.ID}, nil},
		{&searchv1.SearchPostsRequest{Query: "morgen", AuthorId: 7}, nil},
		{&searchv1.SearchPostsRequest{Query: "morgen", Since: timestamppb.New(time.Unix(0, 0))}, []int64{english, german}},
		{&searchv1.SearchPostsRequest{Query: "morgen", Until: timestamppb.New(time.Unix(0, 0))}, nil},
		{&searchv1.SearchPostsRequest{Query: "morgen", Since: timestamppb.New(time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC))}, nil},
	} {
		if got := found(t, p.Client(t), c.req); !slices.Equal(got, c.want) {
			t.Errorf("%v finds %v, want %v", c.req, got, c.want)
		}
	}
	_, err := ada.Search.SearchPosts(t.Context(), &searchv1.SearchPostsRequest{Query: "x", Language: "not a language"})
	if pulse.ReasonOf(err) != errorsv1.Reason_REASON_QUERY_INVALID {
		t.Errorf("no language: %v", err)
	}
}

// A post is found within moments of its acknowledgement, and an unlisted one by its author alone.
func TestNewPostsAreFoundWithinMoments(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	post := write(t, ada, "fresh")
	testwait.Until(t, "the new post is found", func() bool {
		return slices.Equal(found(t, p.Client(t), &searchv1.SearchPostsRequest{Query: "fresh"}), []int64{post})
	})
	created, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "quiet", Audience: postv1.Audience_AUDIENCE_UNLISTED})
	if err != nil {
		t.Fatal(err)
	}
	p.Settle(t)
	finds(t, ada.Client, "quiet", created.GetPost().GetId())
	finds(t, p.Client(t), "quiet")
	finds(t, p.User(t, "eve").Client, "quiet")
}

// Long posts have snippets around what was found.
func TestSnippets(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	text := strings.Repeat("läuft und läuft ", 60) + "Nadel im Heuhaufen " + strings.Repeat("und weiter ", 60)
	write(t, ada, text)
	p.Settle(t)
	answer, err := ada.Search.SearchPosts(t.Context(), &searchv1.SearchPostsRequest{Query: "nadel"})
	if err != nil {
		t.Fatal(err)
	}
	s := answer.GetHits()[0].GetSnippet()
	shown := text[s.GetByteStart():s.GetByteEnd()]
	if !strings.Contains(shown, "Nadel im Heuhaufen") || len([]rune(shown)) > 200 || !strings.HasPrefix(shown, "läuft") && !strings.HasPrefix(shown, "und") {
		t.Errorf("the snippet is %q", shown)
	}
}

package search_test

import (
	"slices"
	"testing"

	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/terms"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// tag gives a post a hashtag, whatever its text says.
func (d database) tag(t testing.TB, post *postv1.Post, tag string) {
	t.Helper()
	d.write(t, "post", func(tx *store.Tx) error {
		err := tx.PostTag.Create().SetID(tx.NewID()).SetPostID(post.GetId()).SetTag(tag).SetTagKey(terms.Tag(tag)).Exec(t.Context())
		if err != nil {
			return err
		}
		return tx.Emit(&busv1.PostEdited{PostId: post.GetId(), AuthorId: post.GetAuthor().GetId()})
	})
}

// tags answers the hashtags that a query finds, page by page.
func tags(t testing.TB, who *pulse.Client, query string) []string {
	t.Helper()
	var found []string
	for hit, err := range who.AllFoundTags(t.Context(), &searchv1.SearchTagsRequest{Query: query, PageSize: 1}) {
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		found = append(found, hit.GetTag())
	}
	return found
}

func TestTags(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	d := open(t, p)
	ada, eve := p.User(t, "ada"), p.User(t, "eve")
	posts := map[string]int64{}
	for _, c := range []struct {
		tag      string
		audience postv1.Audience
	}{
		{"Golang", postv1.Audience_AUDIENCE_PUBLIC},
		{"GoLang", postv1.Audience_AUDIENCE_PUBLIC},
		{"go", postv1.Audience_AUDIENCE_PUBLIC},
		{"gold", postv1.Audience_AUDIENCE_FOLLOWERS},
		{"gong", postv1.Audience_AUDIENCE_UNLISTED},
		{"Größe", postv1.Audience_AUDIENCE_PUBLIC},
		{"東京", postv1.Audience_AUDIENCE_PUBLIC},
	} {
		created, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "about it", Audience: c.audience})
		if err != nil {
			t.Fatal(err)
		}
		d.tag(t, created.GetPost(), c.tag)
		posts[c.tag] = created.GetPost().GetId()
	}
	p.Settle(t)
	for query, want := range map[string][]string{
		"#go": {"go", "GoLang"}, "GOL": {"GoLang"}, "＃ｇｏ": {"go", "GoLang"}, "grö": {"Größe"}, "GRÖSS": {"Größe"}, "東": {"東京"}, "x": nil,
	} {
		for _, who := range []*pulse.Client{eve.Client, p.Client(t)} {
			if got := tags(t, who, query); !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", query, got, want)
			}
		}
	}
	if got, want := tags(t, ada.Client, "go"), []string{"go", "GoLang", "gold", "gong"}; !slices.Equal(got, want) {
		t.Errorf("who wrote them finds %v, want %v", got, want)
	}
	if got, want := suggested(t, eve.Client, "#go"), []string{"#go", "#GoLang"}; !slices.Equal(got, want) {
		t.Errorf("suggests %v, want %v", got, want)
	}
	finds(t, eve.Client, "#golang", posts["Golang"], posts["GoLang"])
	finds(t, eve.Client, "about -#GOLANG", posts["go"], posts["Größe"], posts["東京"])
	if got := found(t, eve.Client, &searchv1.SearchPostsRequest{Tag: "#go"}); !slices.Equal(got, []int64{posts["go"]}) {
		t.Errorf("the tag go finds %v, want %d", got, posts["go"])
	}
	if _, err := ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: posts["go"]}); err != nil {
		t.Fatal(err)
	}
	if got, want := tags(t, eve.Client, "#go"), []string{"GoLang"}; !slices.Equal(got, want) {
		t.Errorf("after the deletion: %v, want %v", got, want)
	}
	if _, err := ada.Search.SearchTags(t.Context(), &searchv1.SearchTagsRequest{Query: " # "}); pulse.ReasonOf(err) != errorsv1.Reason_REASON_QUERY_INVALID {
		t.Errorf("no tag: %v", err)
	}
}

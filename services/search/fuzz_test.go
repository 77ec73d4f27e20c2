package search_test

import (
	"testing"
	"unicode/utf8"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// FuzzQuery sends whatever is typed to the database's own engine: it is understood, or refused as no query, and never
// an error of the engine.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"word", `"a phrase"`, `"open`, "-no yes", "from:ada x", "#tag", "lang:de x", "x since:2026-01-01", `""`, "--", `-"`, "from:", "x:y", "東", "東京タワー",
		`NEAR(a b)`, `a AND OR NOT`, `a* ^b {c} : "d`, `'x' & !y | (z) <-> \`, "\x00", "ﷺ", "🚀", "#", "#-", "a\u0301", "ｶﾞ", "İ", "ß", "%_",
	} {
		f.Add(seed)
	}
	p := pulsetest.Start(f)
	ada := p.User(f, "ada")
	write(f, ada, "word a phrase yes x 東京タワー 🚀")
	p.Settle(f)
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > 200 || text == "" {
			t.Skip("refused by the schema")
		}
		calls := map[string]error{}
		_, calls["SearchPosts"] = ada.Search.SearchPosts(t.Context(), &searchv1.SearchPostsRequest{Query: text})
		_, calls["SearchPosts by relevance"] = ada.Search.SearchPosts(t.Context(), &searchv1.SearchPostsRequest{Query: text, Tag: text, Order: searchv1.PostOrder_POST_ORDER_RELEVANCE})
		_, calls["SearchUsers"] = ada.Search.SearchUsers(t.Context(), &searchv1.SearchUsersRequest{Query: text})
		_, calls["SearchTags"] = ada.Search.SearchTags(t.Context(), &searchv1.SearchTagsRequest{Query: text})
		for call, err := range calls {
			if err != nil && pulse.ReasonOf(err) != errorsv1.Reason_REASON_QUERY_INVALID {
				t.Errorf("%s of %q: %v", call, text, err)
			}
		}
		if utf8.RuneCountInString(text) <= 100 {
			if _, err := ada.Search.Suggest(t.Context(), &searchv1.SuggestRequest{Prefix: text}); err != nil {
				t.Errorf("Suggest of %q: %v", text, err)
			}
		}
	})
}

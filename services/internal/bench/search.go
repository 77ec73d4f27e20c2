package bench

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pulse-social/pulse/services/internal/bulk"
)

// SearchMixes are the mixes that search. They need a graph with words.
var SearchMixes = []string{"search", "search-ranked", "search-people", "search-tags", "suggest"}

// postQuery is what is looked for in turn: the commonest words of all, alone and together, words in the middle, rare ones,
// a phrase, what is nowhere, an author, a hashtag, and what leaves out common words. n makes them differ.
func postQuery(n int) string {
	common, usual, rare := bulk.Word(n%5), bulk.Word(50+n%500), bulk.Word(2_000+n%15_000)
	switch n % 9 {
	case 0:
		return common
	case 1:
		return common + " " + bulk.Word(5+n%5)
	case 2:
		return usual
	case 3:
		return usual + " " + common
	case 4:
		return rare
	case 5:
		return fmt.Sprintf("%q", common+" "+bulk.Word(n%7))
	case 6:
		return usual + " " + rare + " nowhere"
	case 7:
		return fmt.Sprintf("from:%s %s", bulk.Handle(n%100), common)
	default:
		return "#" + bulk.Word(n%50) + " -" + common
	}
}

// searching answers the calls of a mix that searches.
func (l *load) searching(mix string) call {
	return func(ctx context.Context, n int) (int, error) {
		var method string
		body := map[string]any{}
		switch mix {
		case "search":
			method, body["query"] = "SearchPosts", postQuery(n)
		case "search-ranked":
			method, body["query"], body["order"] = "SearchPosts", postQuery(n), "POST_ORDER_RELEVANCE"
		case "search-people":
			name := bulk.Name(n % 5_000)
			method, body["query"] = "SearchUsers", name[:1+n%len(name)]
		case "search-tags":
			tag := bulk.Word(n % 1_000)
			method, body["query"] = "SearchTags", tag[:1+n%len(tag)]
		default:
			name := bulk.Name(n % 5_000)
			method, body["prefix"] = "Suggest", name[:1+n%min(len(name), 6)]
		}
		encoded, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		raw, err := l.post(ctx, "search", "/pulse.search.v1.SearchService/"+method, l.readers[n%len(l.readers)].token, encoded)
		return len(raw), err
	}
}

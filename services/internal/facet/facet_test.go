package facet_test

import (
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/pulse-social/pulse/services/internal/facet"
)

func TestFind(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                   nil,
		"nothing here":                       nil,
		"hello @ada":                         {"@ada"},
		"@ada, @bob. and (@eve)!":            {"@ada", "@bob", "@eve"},
		"full width ＠ada":                    {"＠ada"},
		"見て@adaさん":                           {"@ada"},
		"@ada: @ada's":                       {"@ada", "@ada"},
		"ada@example.org":                    nil,
		"first.last+tag@example.org":         nil,
		"почта@example.org":                  nil,
		"@a is too short":                    nil,
		"@ada@example.org":                   nil,
		"@adaé":                              nil,
		"@abcdefghijklmnopqrstuvwxyzabcd":    {"@abcdefghijklmnopqrstuvwxyzabcd"},
		"@abcdefghijklmnopqrstuvwxyzabcde":   nil,
		"🦆@ada🦆":                             {"@ada"},
		"\u202b@ada\u202c שלום":              {"@ada"},
		"#go":                                {"#go"},
		"(#go), #Go!":                        {"#go", "#Go"},
		"＃タグ と #日本語":                         {"＃タグ", "#日本語"},
		"#cafe\u0301 #café":                  {"#cafe\u0301", "#café"},
		"#2026 #2026goals":                   {"#2026goals"},
		"#snake_case #kebab-case":            {"#snake_case", "#kebab"},
		"#می\u200cخواهم":                     {"#می\u200cخواهم"},
		"#ada\u200d ends":                    {"#ada"},
		"#हिन्दी":                            {"#हिन्दी"},
		"a#b &#39; /#c ##d #":                nil,
		"#️⃣ #\ufe0fa":                       nil,
		"#one#two":                           nil,
		"#été2026🦆":                          {"#été2026"},
		"see https://example.org.":           {"https://example.org"},
		"(https://example.org/a_(b))":        {"https://example.org/a_(b)"},
		"HTTPS://EXAMPLE.org/?q=1&r=#frag!":  {"HTTPS://EXAMPLE.org/?q=1&r=#frag"},
		"https://example.org/@ada/#go":       {"https://example.org/@ada/#go"},
		"https://例え.jp/日本。次":                 {"https://例え.jp/日本"},
		"見てhttps://example.org":              {"https://example.org"},
		"http://[2001:db8::1]:8080/x":        {"http://[2001:db8::1]:8080/x"},
		"http://localhost:8080":              {"http://localhost:8080"},
		"https://bank.example@evil.example/": nil,
		"https://":                           nil,
		"xhttps://example.org":               nil,
		"https://exa mple.org":               {"https://exa"},
		"https://example.org:99999/":         nil,
		"https://-bad-.org":                  nil,
		"https://example.org/100%":           {"https://example.org/100"},
		"<https://example.org>":              {"https://example.org"},
		"“https://example.org/a”":            {"https://example.org/a"},
		"ftp://example.org/#x javascript://": nil,
		"example.org readme.md":              nil,
		"@ada #go https://go.dev":            {"@ada", "#go", "https://go.dev"},
	} {
		var got []string
		for _, f := range facet.Find(text) {
			got = append(got, text[f.Start:f.End])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTagKey(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"Go", "GO", "go", "ｇｏ"}, {"cafe\u0301", "CAFÉ", "café"}, {"STRASSE", "straße"}, {"ﾀｸﾞ", "タグ"}, {"می\u200cخواهم", "میخواهم"},
	} {
		for _, tag := range same[1:] {
			if facet.TagKey(tag) != facet.TagKey(same[0]) {
				t.Errorf("%q and %q have different keys: %q, %q", same[0], tag, facet.TagKey(same[0]), facet.TagKey(tag))
			}
		}
	}
	if facet.TagKey("go") == facet.TagKey("do") {
		t.Error("different tags have one key")
	}
}

func FuzzFacets(f *testing.F) {
	for _, seed := range []string{
		"@ada #go https://go.dev", "＠ada＃タグ", "#️⃣", "https://例え.jp/日本。", "(http://a.b/(c)).", "#a\u200d", "@ada@bob", "a\xff#b", "http://[::1]/%zz", "#ǰ\u0345",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, found := range facet.Find(text) {
			if found.Start < end || found.End <= found.Start || found.End > len(text) {
				t.Fatalf("%q: %+v after %d", text, found, end)
			}
			end = found.End
			if !utf8.ValidString(text) {
				continue
			}
			if !utf8.ValidString(text[found.Start:found.End]) || !utf8.ValidString(text[:found.Start]) {
				t.Fatalf("%q: %+v cuts a character", text, found)
			}
			alone := facet.Find(text[found.Start:found.End])
			if len(alone) != 1 || alone[0].Value != found.Value || alone[0].Kind != found.Kind {
				t.Fatalf("%q: %+v is %+v by itself", text, found, alone)
			}
			if key := facet.TagKey(found.Value); found.Kind == facet.Hashtag && (key == "" || facet.TagKey(key) != key) {
				t.Fatalf("%q: the key of %q is %q, and of that %q", text, found.Value, key, facet.TagKey(key))
			}
		}
	})
}

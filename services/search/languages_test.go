package search_test

import (
	"testing"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// texts are posts in several languages, and finds what finds each of them and no other. It runs on each database, which
// all have to find the same.
var languages = map[string]struct {
	text  string
	finds []string
	not   []string
}{
	"English":  {"Don't panic: the e-mail arrived, covid19 didn’t", []string{"don't", "PANIC", "e-mail", "covid19", `"the e mail"`, "didn't"}, []string{"pan", "mail-e", `"mail the"`}},
	"German":   {"Die Straße nach Köln ist gesperrt, ärgerlich!", []string{"strasse", "STRASSE", "straße", "koln", "Köln", "argerlich", "nach -berlin"}, []string{"stras", "nach -köln"}},
	"French":   {"Le café où naïveté et cœur se mêlent", []string{"cafe", "CAFÉ", "ou", "naivete", "coeur", "cœur"}, []string{"caf"}},
	"Polish":   {"Łódź i żółć", []string{"lodz", "ŁÓDŹ", "zolc"}, nil},
	"Turkish":  {"Işık ve ılık su", []string{"isik", "ilik"}, nil},
	"Russian":  {"Ёлка стоит в лесу, Съешь ещё", []string{"елка", "ЁЛКА", "еще", "съешь", `"в лесу"`}, []string{"лес"}},
	"Greek":    {"Καλημέρα, οδός", []string{"καλημερα", "ΟΔΟΣ", "οδος"}, nil},
	"Chinese":  {"我在北京大学学习中文", []string{"北京", "北京大学", "学习", "中", "文", "京大学"}, []string{"京北", "大中", `"北京 中文"`}},
	"Japanese": {"東京タワーで寿司を食べたいｶﾞ", []string{"東京", "タワー", "寿司", "食べたい", "東", "ガ", "東京タワー"}, []string{"京東", "大阪", "タワ寿"}},
	"Korean":   {"서울에서 만나요", []string{"서울", "만나요", "서울에서"}, []string{"부산"}},
	"Thai":     {"สวัสดีครับ กรุงเทพ", []string{"สวัสดี", "ครับ", "กรุงเทพ"}, []string{"เชียงใหม่"}},
	"Arabic":   {"مَدْرَسَةٌ جديدة في المدينة", []string{"مدرسة", "مدرسه", "جديدة", "مَدْرَسَة"}, []string{"كتاب"}},
	"Hebrew":   {"שָׁלוֹם עולם", []string{"שלום", "עולם"}, []string{"תודה"}},
	"Hindi":    {"हिन्दी में लिखा", []string{"हिन्दी", "लिखा"}, []string{"हन्द"}},
	"width":    {"Ｐｕｌｓｅ ２０２６ ①", []string{"pulse", "2026", "ＰＵＬＳＥ"}, nil},
	"symbols":  {"launch 🚀🚀 today 👩‍🚀", []string{"🚀", "launch 🚀", `"🚀 today"`}, []string{"🎉"}},
	"mixed":    {"iPhone買いました", []string{"iphone", "iPhone買い", "買い"}, nil},
	"markup":   {`quote"d 'text' \ % _ & | ! ( ) : * -- ; <-> NEAR AND`, []string{`text`, `near`, "and", `'text'`, "NEAR AND", "text -or"}, []string{"OR"}},
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	ids := map[string]int64{}
	for name, c := range languages {
		ids[name] = write(t, ada, c.text)
	}
	p.Settle(t)
	for name, c := range languages {
		for _, query := range c.finds {
			finds(t, ada.Client, query, ids[name])
		}
		for _, query := range c.not {
			finds(t, ada.Client, query)
		}
	}
}

func TestMatchesAreRangesOfTheText(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	for query, want := range map[string]struct {
		text    string
		matches []string
	}{
		"strasse koln":  {"Von Köln auf die Straße nach KÖLN", []string{"Köln", "Straße", "KÖLN"}},
		"東京":            {"東京と東京都", []string{"東京", "東京"}},
		"桜":             {"桜と夜桜", []string{"桜", "桜"}},
		`"a phrase"`:    {"say a phrase, not phrase a", []string{"a phrase"}},
		"nothing -else": {"Nothing, nothing!", []string{"Nothing", "nothing"}},
	} {
		created, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: want.text})
		if err != nil {
			t.Fatal(err)
		}
		p.Settle(t)
		answer, err := ada.Search.SearchPosts(t.Context(), &searchv1.SearchPostsRequest{Query: query})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, hit := range answer.GetHits() {
			if hit.GetPost().GetId() == created.GetPost().GetId() {
				for _, r := range hit.GetMatches() {
					got = append(got, want.text[r.GetByteStart():r.GetByteEnd()])
				}
				if s := hit.GetSnippet(); s.GetByteStart() != 0 || int(s.GetByteEnd()) != len(want.text) {
					t.Errorf("%q: the snippet is %v, want all of a short text", query, s)
				}
			}
		}
		if len(got) != len(want.matches) {
			t.Fatalf("%q marks %q, want %q", query, got, want.matches)
		}
		for i := range got {
			if got[i] != want.matches[i] {
				t.Errorf("%q marks %q, want %q", query, got, want.matches)
			}
		}
	}
}

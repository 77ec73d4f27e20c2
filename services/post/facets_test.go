package post_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestFacets(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	writeAs(t, elsewhere(t, p, clock.System), "graph", func(ctx context.Context, tx *store.Tx) error {
		return tx.Block.Create().SetID(tx.NewID()).SetBlockerID(eve.ID).SetBlockedID(ada.ID).Exec(ctx)
	})
	text := "🦆 hi ＠BOB, @nobody_at_all and @eve: #Ünï＃ #Ｇｏ https://例え.jp/a_(b)."
	post := publish(t, ada, &postv1.CreatePostRequest{Text: text})
	for i, got := range [][]*postv1.Facet{post.GetFacets(), get(t, bob.Client, post.GetId()).GetFacets()} {
		if len(got) != 3 {
			t.Fatalf("answer %d: %v, want a mention, a hashtag and a link", i, got)
		}
		part := func(n int) string { return text[got[n].GetByteStart():got[n].GetByteEnd()] }
		if part(0) != "＠BOB" || got[0].GetMention().GetUserId() != bob.ID {
			t.Errorf("%q: %v, want the mention of bob", part(0), got[0])
		}
		if part(1) != "#Ｇｏ" || got[1].GetHashtag().GetTag() != "Ｇｏ" || got[1].GetHashtag().GetKey() != "go" {
			t.Errorf("%q: %v, want the hashtag", part(1), got[1])
		}
		if part(2) != "https://例え.jp/a_(b)" || got[2].GetLink().GetUri() != part(2) {
			t.Errorf("%q: %v, want the link", part(2), got[2])
		}
	}
	if facets := publish(t, ada, &postv1.CreatePostRequest{Text: "plain"}).GetFacets(); facets != nil {
		t.Errorf("%v in a text without any", facets)
	}
	p.Settle(t)
}

func TestWhatAPostMaySay(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	post := publish(t, ada, &postv1.CreatePostRequest{Text: "olá", Language: "PT-br", ContentWarning: "greeting"})
	if post.GetLanguage() != "pt-BR" || post.GetContentWarning() != "greeting" || post.GetEtag() == "" || post.GetEditTime() != nil {
		t.Errorf("created %v", post)
	}
	var mentions, tags strings.Builder
	for i := range 51 {
		fmt.Fprintf(&mentions, "@person_%d ", i)
		fmt.Fprintf(&tags, "#tag%d ", i)
	}
	for name, c := range map[string]struct {
		request *postv1.CreatePostRequest
		want    errorsv1.Reason
	}{
		"a language that is none": {&postv1.CreatePostRequest{Text: "x", Language: "not a language"}, errorsv1.Reason_REASON_LANGUAGE_INVALID},
		"a long warning":          {&postv1.CreatePostRequest{Text: "x", ContentWarning: strings.Repeat("w", 201)}, errorsv1.Reason_REASON_INVALID_REQUEST},
		"51 mentions":             {&postv1.CreatePostRequest{Text: mentions.String()}, errorsv1.Reason_REASON_TOO_MANY_MENTIONS},
		"51 hashtags":             {&postv1.CreatePostRequest{Text: tags.String()}, errorsv1.Reason_REASON_TOO_MANY_HASHTAGS},
		"the same hashtag 51 times": {
			&postv1.CreatePostRequest{Text: strings.Repeat("#same #SAME ", 51), ContentWarning: strings.Repeat("ü", 200)}, errorsv1.Reason_REASON_UNSPECIFIED,
		},
	} {
		_, err := ada.Posts.CreatePost(t.Context(), c.request)
		wantReason(t, name, err, c.want)
	}
}

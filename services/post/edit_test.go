package post_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

func edit(t *testing.T, u *pulsetest.User, req *postv1.EditPostRequest) *postv1.Post {
	t.Helper()
	return must[*postv1.EditPostResponse](t)(u.Posts.EditPost(t.Context(), req)).GetPost()
}

// versions answers what somebody sees of a post's versions, by their texts.
func versions(t *testing.T, c *pulse.Client, postID int64) []string {
	t.Helper()
	var texts []string
	for version, err := range c.AllPostVersions(t.Context(), &postv1.ListPostVersionsRequest{PostId: postID, PageSize: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, version.GetText())
	}
	return texts
}

func TestEditPost(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	follow(t, bob, ada)
	first := publish(t, ada, &postv1.CreatePostRequest{Text: "frist #post", Language: "de"})
	p.Settle(t)
	home := func() *postv1.Post {
		page := must[*timelinev1.GetHomeTimelineResponse](t)(bob.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{}))
		return page.GetPosts()[0]
	}
	if home().GetText() != "frist #post" {
		t.Fatalf("home has %v", home())
	}
	second := edit(t, ada, &postv1.EditPostRequest{
		PostId: first.GetId(), Text: "first @bob", Language: "en", ContentWarning: "not named", UpdateMask: mask("text", "language"), Etag: first.GetEtag(),
	})
	if second.GetText() != "first @bob" || second.GetLanguage() != "en" || second.GetContentWarning() != "" || second.GetEditTime() == nil ||
		second.GetEtag() == first.GetEtag() || second.GetFacets()[0].GetMention().GetUserId() != bob.ID {
		t.Errorf("edited to %v", second)
	}
	testwait.Until(t, "the edit shows in a follower's home", func() bool { return home().GetText() == "first @bob" })
	own := must[*timelinev1.GetHomeTimelineResponse](t)(ada.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{}))
	if own.GetPosts()[0].GetText() != "first @bob" {
		t.Error("the author's own home shows what was before")
	}
	if same := edit(t, ada, &postv1.EditPostRequest{PostId: first.GetId(), Text: "first @bob", UpdateMask: mask("text")}); same.GetEtag() != second.GetEtag() {
		t.Error("an edit that changes nothing made a version")
	}
	if got := versions(t, bob.Client, first.GetId()); !slices.Equal(got, []string{"first @bob", "frist #post"}) {
		t.Errorf("versions %q", got)
	}
	for name, c := range map[string]struct {
		who  *pulsetest.User
		req  *postv1.EditPostRequest
		want errorsv1.Reason
	}{
		"an old etag":      {ada, &postv1.EditPostRequest{Text: "x", UpdateMask: mask("text"), Etag: first.GetEtag()}, errorsv1.Reason_REASON_ETAG_MISMATCH},
		"no mask":          {ada, &postv1.EditPostRequest{Text: "x"}, errorsv1.Reason_REASON_UPDATE_MASK_INVALID},
		"everything":       {ada, &postv1.EditPostRequest{Text: "x", UpdateMask: mask("*")}, errorsv1.Reason_REASON_UPDATE_MASK_INVALID},
		"a poll":           {ada, &postv1.EditPostRequest{Text: "x", UpdateMask: mask("poll")}, errorsv1.Reason_REASON_UPDATE_MASK_INVALID},
		"nothing said":     {ada, &postv1.EditPostRequest{Text: " ", UpdateMask: mask("text")}, errorsv1.Reason_REASON_POST_EMPTY},
		"somebody else's":  {bob, &postv1.EditPostRequest{Text: "x", UpdateMask: mask("text")}, errorsv1.Reason_REASON_NOT_POST_AUTHOR},
		"what there isn't": {ada, &postv1.EditPostRequest{PostId: 7, Text: "x", UpdateMask: mask("text")}, errorsv1.Reason_REASON_POST_NOT_FOUND},
	} {
		if c.req.PostId == 0 {
			c.req.PostId = first.GetId()
		}
		_, err := c.who.Posts.EditPost(t.Context(), c.req)
		wantReason(t, name, err, c.want)
	}
	p.Settle(t)
}

// Of edits at once with the same etag one wins, and without one none is lost.
func TestEditsAtOnce(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	post := publish(t, ada, &postv1.CreatePostRequest{Text: "post"})
	var group sync.WaitGroup
	var won atomic.Int32
	for _, text := range []string{"a", "b", "c", "d"} {
		group.Go(func() {
			_, err := ada.Posts.EditPost(t.Context(), &postv1.EditPostRequest{PostId: post.GetId(), Text: text, UpdateMask: mask("text"), Etag: post.GetEtag()})
			if err == nil {
				won.Add(1)
			} else {
				wantReason(t, text, err, errorsv1.Reason_REASON_ETAG_MISMATCH)
			}
		})
		group.Go(func() {
			_, err := ada.Posts.EditPost(t.Context(), &postv1.EditPostRequest{PostId: post.GetId(), ContentWarning: text, UpdateMask: mask("content_warning")})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if won.Load() > 1 {
		t.Errorf("%d edits with one etag succeeded", won.Load())
	}
	if got, want := len(versions(t, ada.Client, post.GetId())), 5+int(won.Load()); got != want {
		t.Errorf("%d versions, want %d", got, want)
	}
}

// An edit decides who sees a post from now on; it neither hides nor shows what the post said before.
func TestEditedAudience(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	follow(t, bob, ada)
	post := publish(t, ada, &postv1.CreatePostRequest{Text: "secret", Audience: postv1.Audience_AUDIENCE_FOLLOWERS}).GetId()
	if sees(t, eve.Client, post) {
		t.Fatal("a stranger sees it")
	}
	edit(t, ada, &postv1.EditPostRequest{PostId: post, Text: "@eve", UpdateMask: mask("text")})
	if !sees(t, eve.Client, post) || !slices.Equal(versions(t, eve.Client, post), []string{"@eve"}) {
		t.Error("want that whom it mentions now sees it, and not what was before")
	}
	edit(t, ada, &postv1.EditPostRequest{PostId: post, Text: "nobody", UpdateMask: mask("text")})
	if sees(t, eve.Client, post) {
		t.Error("whom it mentions no longer sees it still")
	}
	edit(t, ada, &postv1.EditPostRequest{PostId: post, Text: "open", Audience: postv1.Audience_AUDIENCE_PUBLIC, UpdateMask: mask("text", "audience")})
	for who, want := range map[*pulse.Client][]string{
		ada.Client: {"open", "nobody", "@eve", "secret"}, bob.Client: {"open", "nobody", "@eve", "secret"},
		eve.Client: {"open", "@eve"}, p.Client(t): {"open"},
	} {
		if got := versions(t, who, post); !slices.Equal(got, want) {
			t.Errorf("versions %q, want %q", got, want)
		}
	}
	timeline := &timelinev1.GetUserTimelineRequest{UserId: ada.ID}
	if page := must[*timelinev1.GetUserTimelineResponse](t)(eve.Timelines.GetUserTimeline(t.Context(), timeline)); len(page.GetPosts()) != 1 {
		t.Fatalf("a stranger's page has %v", page)
	}
	edit(t, ada, &postv1.EditPostRequest{PostId: post, Audience: postv1.Audience_AUDIENCE_FOLLOWERS, UpdateMask: mask("audience")})
	if sees(t, eve.Client, post) {
		t.Error("a stranger sees it by id after it was narrowed")
	}
	testwait.Until(t, "it is gone from the author's timeline", func() bool {
		page := must[*timelinev1.GetUserTimelineResponse](t)(eve.Timelines.GetUserTimeline(t.Context(), timeline))
		return len(page.GetPosts()) == 0
	})
	_, err := eve.Posts.ListPostVersions(t.Context(), &postv1.ListPostVersionsRequest{PostId: post})
	wantReason(t, "the versions", err, errorsv1.Reason_REASON_POST_NOT_FOUND)
	_, err = eve.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: post})
	wantReason(t, "deleting what one may not see", err, errorsv1.Reason_REASON_POST_NOT_FOUND)
	p.Settle(t)
}

// Who was answered goes on seeing a reply that is for them, when their post is gone and the reply is edited.
func TestEditedReplyStaysAddressed(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	asked := publish(t, ada, &postv1.CreatePostRequest{Text: "@bob when?", Audience: postv1.Audience_AUDIENCE_MENTIONED}).GetId()
	reply := publish(t, bob, &postv1.CreatePostRequest{Text: "at noon", ReplyToId: asked, Audience: postv1.Audience_AUDIENCE_MENTIONED}).GetId()
	must[*postv1.DeletePostResponse](t)(ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: asked}))
	edit(t, bob, &postv1.EditPostRequest{PostId: reply, Text: "at one", UpdateMask: mask("text")})
	if !sees(t, ada.Client, reply) {
		t.Error("whom it answers sees it no longer")
	}
	if sees(t, eve.Client, reply) {
		t.Error("a stranger sees it")
	}
	p.Settle(t)
}

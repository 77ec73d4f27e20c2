package realtime_test

import (
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// told answers the post that the next durable item tells.
func (e *events) told() *postv1.Post {
	e.t.Helper()
	event := e.durable()
	if event.GetTimelinePost() == nil {
		e.t.Fatalf("came %v, want a post", event)
	}
	return event.GetTimelinePost().GetPost()
}

// One read serves all who are told of a post in the same moment, and each is told it as it is, and as theirs.
func TestEachIsToldAPostAsTheirs(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := newPerson(t, p, "ada"), newPerson(t, p, "bob"), newPerson(t, p, "eve")
	bob.follow(t, ada)
	eve.follow(t, ada)
	p.Settle(t)
	bobs, eves := bob.subscribe(t, "").opened(), eve.subscribe(t, "").opened()
	before := bobs.cursor
	post := ada.post(t, "hello")
	for _, stream := range []*events{bobs, eves} {
		if told := stream.told(); told.GetId() != post || told.GetText() != "hello" || told.GetViewer() == nil || told.GetViewer().GetLiked() {
			t.Fatalf("came %v, want what nobody likes yet", told)
		}
	}
	must[*postv1.LikePostResponse](t)(bob.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: post}))
	must[*postv1.BookmarkPostResponse](t)(bob.Posts.BookmarkPost(t.Context(), &postv1.BookmarkPostRequest{PostId: post}))
	if told := bob.subscribe(t, before).opened().told(); !told.GetViewer().GetLiked() || !told.GetViewer().GetBookmarked() || told.GetViewer().GetReposted() {
		t.Errorf("who likes and keeps it is told %v", told.GetViewer())
	}
	must[*postv1.EditPostResponse](t)(ada.Posts.EditPost(t.Context(), &postv1.EditPostRequest{
		PostId: post, Text: "goodbye", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"text"}},
	}))
	if told := bob.subscribe(t, before).opened().told(); told.GetText() != "goodbye" {
		t.Errorf("told %q after it was edited", told.GetText())
	}
	must[*userv1.UpdateProfileResponse](t)(ada.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{DisplayName: "Ada L."}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"display_name"}},
	}))
	testwait.Until(t, "the author's new name is told", func() bool {
		stream := bob.subscribe(t, before).opened()
		defer stream.close()
		return stream.told().GetAuthor().GetDisplayName() == "Ada L."
	})
}

// What a post shows of another is told to each as far as they may see that.
func TestAQuoteIsToldAsFarAsOneMaySeeIt(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve, mia := newPerson(t, p, "ada"), newPerson(t, p, "bob"), newPerson(t, p, "eve"), newPerson(t, p, "mia")
	bob.follow(t, ada)
	eve.follow(t, ada)
	must[*graphv1.BlockUserResponse](t)(mia.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: eve.ID}))
	quoted := mia.post(t, "between us")
	p.Settle(t)
	bobs, eves := bob.subscribe(t, "").opened(), eve.subscribe(t, "").opened()
	post := ada.quote(t, quoted, "look")
	if told := bobs.told(); told.GetId() != post || told.GetQuote().GetText() != "between us" {
		t.Errorf("who may see what is quoted is told %v", told)
	}
	if told := eves.told(); told.GetId() != post || told.GetQuote() != nil || !told.GetQuoteUnavailable() {
		t.Errorf("who is blocked by its author is told %v", told)
	}
}

package timeline_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect/v2/connectinprocess"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// What is joined from encoded posts must be what encoding the messages would have given, in each encoding, and each post
// must be what the post service answers for the same viewer.
func TestJoinedAnswersSayWhatTheMessagesSay(t *testing.T) {
	t.Parallel()
	now := time.Now() // It stands: page tokens say which of the posts are older than some seconds.
	p := pulsetest.Start(t, pulsetest.WithClock(func() time.Time { return now }))
	tokens := &pulsetest.Tokens{}
	ada, bob := p.User(t, "ada", pulse.WithTokenStore(tokens)), p.User(t, "bob")
	_, err := ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.ID})
	must(t, err)
	var last int64
	for _, text := range []string{"plain", "ün häs\n\"quotes\", a \\ and </script> & 🦆", "a reply"} {
		answer, err := bob.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text, ReplyToId: last})
		must(t, err)
		last = answer.GetPost().GetId()
	}
	_, err = ada.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: last})
	must(t, err)
	p.Settle(t)
	inProcess := p.Client(t, pulse.WithTokenStore(tokens), pulse.WithTransport(connectinprocess.New(p.App.Server())))
	access, err := tokens.Load(t.Context())
	must(t, err)

	for round := range 2 { // The second is answered from what the first has kept.
		for _, size := range []int32{1, 20} {
			req := &timelinev1.GetHomeTimelineRequest{PageSize: size}
			binary, err := ada.Timelines.GetHomeTimeline(t.Context(), req)
			must(t, err)
			message, err := inProcess.Timelines.GetHomeTimeline(t.Context(), req)
			must(t, err)
			var text timelinev1.GetHomeTimelineResponse
			postJSON(t, p, "GetHomeTimeline", access.GetAccessToken(), req, &text)
			if !proto.Equal(binary, message) || !proto.Equal(binary, &text) || len(binary.GetPosts()) != int(min(size, 3)) {
				t.Errorf("round %d: binary %v\nin process %v\nJSON %v", round, binary, message, &text)
			}
			for _, post := range binary.GetPosts() {
				alone, err := ada.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: post.GetId()})
				must(t, err)
				if !proto.Equal(post, alone.GetPost()) {
					t.Errorf("round %d: in the timeline %v\nalone %v", round, post, alone.GetPost())
				}
			}
		}
		// Anonymous callers get no viewer, whoever has read before.
		var text timelinev1.GetUserTimelineResponse
		req := &timelinev1.GetUserTimelineRequest{UserId: bob.ID}
		postJSON(t, p, "GetUserTimeline", "", req, &text)
		binary, err := p.Client(t).Timelines.GetUserTimeline(t.Context(), req)
		must(t, err)
		if !proto.Equal(binary, &text) || len(binary.GetPosts()) != 3 || binary.GetPosts()[0].GetViewer() != nil {
			t.Errorf("round %d: anonymous binary %v\nJSON %v", round, binary, &text)
		}
	}
}

// postJSON calls an RPC of the timeline service as curl would.
func postJSON(t *testing.T, p *pulsetest.Pulse, method, access string, req, into proto.Message) {
	t.Helper()
	body, err := protojson.Marshal(req)
	must(t, err)
	call, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL()+"/pulse.timeline.v1.TimelineService/"+method, bytes.NewReader(body))
	must(t, err)
	call.Header.Set("Content-Type", "application/json")
	if access != "" {
		call.Header.Set("Authorization", "Bearer "+access)
	}
	answer, err := shared.Do(call)
	must(t, err)
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	must(t, err)
	if err := protojson.Unmarshal(raw, into); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: HTTP %d %s: %v", method, answer.StatusCode, raw, err)
	}
}

// What a reader does shows in the reader's very next page, though the page before is kept.
func TestOwnChangesShowInTheNextPage(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	_, err := ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.ID})
	must(t, err)
	other, err := bob.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "another's"})
	must(t, err)
	p.Settle(t)
	liked := func() bool { return page(t, ada, 10, "").GetPosts()[0].GetViewer().GetLiked() }
	for range 5 {
		_, err := ada.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: other.GetPost().GetId()})
		must(t, err)
		if !liked() {
			t.Fatal("liked just now, and the page says not")
		}
		_, err = ada.Posts.UnlikePost(t.Context(), &postv1.UnlikePostRequest{PostId: other.GetPost().GetId()})
		must(t, err)
		if liked() {
			t.Fatal("not liked any more, and the page says so still")
		}
		own, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "own"})
		must(t, err)
		if posts := page(t, ada, 10, "").GetPosts(); len(posts) != 2 || posts[0].GetId() != own.GetPost().GetId() {
			t.Fatalf("%v after a post of one's own", posts)
		}
		_, err = ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: own.GetPost().GetId()})
		must(t, err)
		if posts := page(t, ada, 10, "").GetPosts(); len(posts) != 1 {
			t.Fatalf("%v after its deletion", posts)
		}
	}
}

// What others do shows within moments, though the page is kept.
func TestChangesOfOthersShowWithinMoments(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	_, err := ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.ID})
	must(t, err)
	post, err := bob.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "post"})
	must(t, err)
	p.Settle(t)
	id := post.GetPost().GetId()
	first := func() *postv1.Post { return page(t, ada, 10, "").GetPosts()[0] }
	if got := first(); got.GetId() != id || got.GetCounts().GetLikes() != 0 {
		t.Fatalf("got %v, want the post without likes", got)
	}
	_, err = bob.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: id})
	must(t, err)
	testwait.Until(t, "the like is counted", func() bool { return first().GetCounts().GetLikes() == 1 })
	_, err = bob.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "reply", ReplyToId: id})
	must(t, err)
	testwait.Until(t, "the reply is counted", func() bool {
		posts := page(t, ada, 10, "").GetPosts()
		return len(posts) == 2 && posts[1].GetCounts().GetReplies() == 1
	})
	_, err = bob.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{DisplayName: "Bob the Builder"}, UpdateMask: mask("display_name"),
	})
	must(t, err)
	testwait.Until(t, "the new name shows", func() bool { return first().GetAuthor().GetDisplayName() == "Bob the Builder" })
	_, err = bob.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: id})
	must(t, err)
	testwait.Until(t, "the deletion shows", func() bool { return len(page(t, ada, 10, "").GetPosts()) == 1 })
	// And stays so for one who has read nothing yet.
	eve := p.User(t, "eve")
	_, err = eve.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.ID})
	must(t, err)
	if posts := page(t, eve, 10, "").GetPosts(); len(posts) != 1 {
		t.Errorf("%v, want the reply alone", posts)
	}
	if _, err := eve.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{}); err != nil {
		t.Error(err)
	}
}

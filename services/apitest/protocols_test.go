package apitest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/grpcreflect/v2"
	"google.golang.org/protobuf/reflect/protoreflect"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// TestEveryProtocolDoesTheSame lives through the same small story over each protocol.
func TestEveryProtocolDoesTheSame(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	for _, w := range wires {
		if w.get {
			w.dial = overHTTP(connecthttp.WithHTTPGet()) // Reads by GET, all else by POST.
		}
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			suffix := strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(w.name))
			ada := p.User(t, "ada_"+suffix, pulse.WithTransport(w.dial(t, p)))
			bob := p.User(t, "bob_"+suffix, pulse.WithTransport(w.dial(t, p)))
			story(t, ada, bob)
		})
	}
}

// story is what people do: follow, post, reply, like, read, delete, and err.
func story(t *testing.T, ada, bob *pulsetest.User) {
	t.Helper()
	ctx := t.Context()
	followed, err := bob.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: ada.ID})
	if err != nil || !followed.GetRelationship().GetFollowing() {
		t.Fatalf("follow: %v, %v", followed, err)
	}
	const text = "ün häs\n\"quotes\" & 🦆"
	created, err := ada.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	post := created.GetPost()
	reply, err := bob.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "a reply", ReplyToId: post.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Posts.LikePost(ctx, &postv1.LikePostRequest{PostId: post.GetId()}); err != nil {
		t.Errorf("like: %v", err)
	}
	thread, err := bob.Posts.GetThread(ctx, &postv1.GetThreadRequest{PostId: post.GetId(), PageSize: 5})
	if err != nil || thread.GetPost().GetText() != text || !thread.GetPost().GetViewer().GetLiked() ||
		len(thread.GetReplies()) != 1 || thread.GetReplies()[0].GetId() != reply.GetPost().GetId() {
		t.Errorf("thread: %v, %v", thread, err)
	}
	batch, err := bob.Posts.BatchGetPosts(ctx, &postv1.BatchGetPostsRequest{PostIds: []int64{reply.GetPost().GetId(), absentID, post.GetId()}})
	if err != nil || len(batch.GetPosts()) != 2 || batch.GetPosts()[1].GetId() != post.GetId() {
		t.Errorf("batch: %v, %v", batch, err)
	}
	byHandle, err := bob.Users.GetUser(ctx, &userv1.GetUserRequest{User: &userv1.GetUserRequest_Handle{Handle: strings.ToUpper(ada.Handle)}})
	if err != nil || byHandle.GetUser().GetId() != ada.ID || !byHandle.GetUser().GetViewer().GetFollowing() {
		t.Errorf("user by handle: %v, %v", byHandle, err)
	}
	if _, err := ada.Posts.DeletePost(ctx, &postv1.DeletePostRequest{PostId: post.GetId()}); err != nil {
		t.Errorf("delete: %v", err)
	}
	_, err = bob.Posts.GetPost(ctx, &postv1.GetPostRequest{PostId: post.GetId()})
	failed, ok := errorsAs(err)
	if !ok || failed.Code != connect.CodeNotFound || failed.Reason != errorsv1.Reason_REASON_POST_NOT_FOUND || failed.RequestID == "" {
		t.Errorf("a deleted post: %v", err)
	}
	_, err = bob.Posts.GetPost(ctx, &postv1.GetPostRequest{PostId: -1})
	failed, ok = errorsAs(err)
	if !ok || failed.Reason != errorsv1.Reason_REASON_INVALID_REQUEST || len(failed.Violations) != 1 || failed.Violations[0].Field != "post_id" {
		t.Errorf("a negative id: %v, want its violation", err)
	}
	home, err := bob.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
	if err != nil || len(home.GetPosts()) != 1 || home.GetPosts()[0].GetId() != reply.GetPost().GetId() {
		t.Errorf("home: %v, %v; want the reply alone", home, err)
	}
}

// TestReflection lists and describes the services as grpcurl does.
func TestReflection(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	transport := connecthttp.NewTransport(newHTTPClient(t), p.URL(), connecthttp.WithGRPC())
	stream := grpcreflect.NewClient(connect.NewClient(transport)).NewStream(t.Context())
	t.Cleanup(func() { _ = stream.Close() })
	names, err := stream.ListServices()
	if err != nil {
		t.Fatal(err)
	}
	for procedure := range schemaMethods() {
		service := protoreflect.FullName(strings.Split(procedure, "/")[1])
		if !slices.Contains(names, service) {
			t.Errorf("%s is not among %v", service, names)
		}
		if _, err := stream.FileContainingSymbol(service); err != nil {
			t.Errorf("%s cannot be described: %v", service, err)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	client := newHTTP1Client(t)
	check := func(service string) received {
		return send(t, client, http.MethodPost, p.URL()+"/grpc.health.v1.Health/Check", `{"service":"`+service+`"}`)
	}
	for procedure := range schemaMethods() {
		if answer := check(strings.Split(procedure, "/")[1]); !strings.Contains(string(answer.body), `"SERVING_STATUS_SERVING"`) {
			t.Errorf("health of %s: HTTP %d %s", procedure, answer.status, answer.body)
		}
	}
	if answer := check(""); !strings.Contains(string(answer.body), `"SERVING_STATUS_SERVING"`) {
		t.Errorf("health of the process: %s", answer.body)
	}
	if answer := check("pulse.nothing.v1.NothingService"); answer.status != http.StatusNotFound {
		t.Errorf("health of what there is not: HTTP %d %s", answer.status, answer.body)
	}
}

// TestEveryPathIsRouted calls each path of google.api.http with anything at all for its variables.
func TestEveryPathIsRouted(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	client := newHTTP1Client(t)
	for procedure, method := range schemaMethods() {
		for _, rule := range bindings(method) {
			verb, path := verbAndPath(rule)
			body := ""
			if rule.GetBody() != "" {
				body = "{}"
			}
			answer := send(t, client, verb, p.URL()+variable.ReplaceAllString(path, "1"), body)
			// The RPC's interceptors name the request; the router of paths does not.
			if answer.header.Get("X-Request-Id") == "" {
				t.Errorf("%s by %s %s: HTTP %d %s", procedure, verb, path, answer.status, answer.body)
			}
		}
	}
}

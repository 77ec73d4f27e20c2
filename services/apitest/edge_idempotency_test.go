package apitest_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// keyed makes a call with an idempotency key, by nothing but HTTP.
func keyed(t *testing.T, client *http.Client, p *pulsetest.Pulse, procedure, key, access, body string) received {
	t.Helper()
	headers := []string{"Idempotency-Key", key}
	if access != "" {
		headers = append(headers, "Authorization", "Bearer "+access)
	}
	return send(t, client, http.MethodPost, p.URL()+procedure, body, headers...)
}

// posts counts the posts of a person.
func posts(t *testing.T, who *person) int {
	t.Helper()
	page, err := who.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: who.id, PageSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	return len(page.GetPosts())
}

// wantSame fails unless all answers are the same message.
func wantSame(t *testing.T, into func() proto.Message, answers ...received) {
	t.Helper()
	first := into()
	for i, answer := range answers {
		message := into()
		if i == 0 {
			message = first
		}
		if err := protojson.Unmarshal(answer.body, message); err != nil || answer.status != http.StatusOK {
			t.Errorf("answer %d: HTTP %d %s, %v", i, answer.status, answer.body, err)
			continue
		}
		if !proto.Equal(message, first) {
			t.Errorf("answer %d is %v, the first %v", i, message, first)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := signUp(t, p, "ada"), signUp(t, p, "bob")
	client, key := newHTTP1Client(t), rand.Text()
	create := func(who *person, key, text string) received {
		return keyed(t, client, p, createPost, key, who.tokens.GetAccessToken(), `{"text":"`+text+`"}`)
	}
	answers := make([]received, 21)
	atOnce(20, func(i int) { answers[i] = create(ada, key, "once") })
	answers[20] = create(ada, key, "once")
	wantSame(t, func() proto.Message { return &postv1.CreatePostResponse{} }, answers...)
	if got := posts(t, ada); got != 1 {
		t.Errorf("%d posts, want one", got)
	}
	wantFailure(t, create(ada, key, "twice"), errorsv1.Reason_REASON_IDEMPOTENCY_KEY_REUSED)
	if got := posts(t, ada); got != 1 {
		t.Errorf("%d posts, want one still", got)
	}
	if answer := create(bob, key, "mine"); answer.status != http.StatusOK || !strings.Contains(string(answer.body), `"mine"`) || posts(t, bob) != 1 {
		t.Errorf("the key of another caller: HTTP %d %s", answer.status, answer.body)
	}
	for name, bad := range map[string]string{
		"short": "fifteen_letters", "long": strings.Repeat("x", 129), "with spaces": "sixteen letters and more", "not ASCII": strings.Repeat("ü", 16),
	} {
		t.Run(name, func(t *testing.T) {
			wantFailure(t, create(ada, bad, "bad"), errorsv1.Reason_REASON_IDEMPOTENCY_KEY_INVALID)
		})
	}
	if got := posts(t, ada); got != 1 {
		t.Errorf("%d posts, want one still", got)
	}
	p.Settle(t)
}

// TestIdempotentRegister loses the answer to a registration and asks again.
func TestIdempotentRegister(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	client := newHTTP1Client(t)
	register := func(key, handle string) received {
		body := fmt.Sprintf(`{"handle":%q,"email":"%s@example.org","password":"correct horse"}`, handle, handle)
		return keyed(t, client, p, "/pulse.identity.v1.IdentityService/Register", key, "", body)
	}
	into := func() proto.Message { return &identityv1.RegisterResponse{} }
	key := rand.Text()
	wantSame(t, into, register(key, "ada"), register(key, "ada"))
	wantFailure(t, register(key, "bob"), errorsv1.Reason_REASON_IDEMPOTENCY_KEY_REUSED)
	wantFailure(t, register(rand.Text(), "ada"), errorsv1.Reason_REASON_HANDLE_TAKEN)

	answers := make([]received, 10)
	key = rand.Text()
	atOnce(len(answers), func(i int) { answers[i] = register(key, "carol") })
	wantSame(t, into, answers...)
}

// TestIdempotentAfterwards repeats calls whose object is gone since: the answer is still the first one.
func TestIdempotentAfterwards(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	client, post := newHTTP1Client(t), ada.post(t, "hello", 0)
	calls := []string{"LikePost", "UnlikePost", "DeletePost"}
	for _, attempt := range []string{"the first time", "once more"} {
		for _, name := range calls {
			answer := keyed(t, client, p, "/pulse.post.v1.PostService/"+name, "a-key-to-"+name+"-once", ada.tokens.GetAccessToken(), `{"postId":"`+idText(post)+`"}`)
			if answer.status != http.StatusOK {
				t.Errorf("%s %s: HTTP %d %s", name, attempt, answer.status, answer.body)
			}
		}
	}
}

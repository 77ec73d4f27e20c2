package streamtest_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// friends are two people who follow each other, and their conversation.
type friends struct {
	ada, bob     *pulsetest.User
	conversation int64
}

func befriend(t *testing.T, ada, bob *pulsetest.User) *friends {
	t.Helper()
	for _, pair := range [][2]*pulsetest.User{{ada, bob}, {bob, ada}} {
		if _, err := pair[0].Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: pair[1].ID}); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := ada.Messaging.OpenDirectConversation(t.Context(), &messagingv1.OpenDirectConversationRequest{UserId: bob.ID})
	if err != nil {
		t.Fatal(err)
	}
	return &friends{ada: ada, bob: bob, conversation: answer.GetConversation().GetId()}
}

// write has ada send a message, and answers what bob is told of it.
func (f *friends) write(t *testing.T, text string) string {
	t.Helper()
	_, err := f.ada.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{ConversationId: f.conversation, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return "message " + text
}

// post has ada post, and answers what bob is told of it.
func (f *friends) post(t *testing.T, text string) string {
	t.Helper()
	if _, err := f.ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text}); err != nil {
		t.Fatal(err)
	}
	return "post " + text
}

// address is host and port of a Pulse.
func address(t *testing.T, p *pulsetest.Pulse) string {
	t.Helper()
	parsed, err := url.Parse(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Host
}

// through makes somebody's client anew that calls through a wire; its tokens are shared with what else has the store.
func through(t *testing.T, w *wire, tokens pulse.TokenStore, opts ...pulse.Option) *pulse.Client {
	t.Helper()
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	opts = append(opts, pulse.WithTokenStore(tokens), pulse.WithHTTPClient(&http.Client{Transport: transport}))
	client, err := pulse.NewClient(w.url(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// fixed is a store of tokens that were there before.
func fixed(tokens *identityv1.Tokens) pulse.TokenStore {
	kept := new(pulsetest.Tokens)
	_ = kept.Save(context.Background(), tokens) // It is memory.
	return kept
}

// A reader is a loop over Subscribe that notes the durable updates.
type reader struct {
	stop context.CancelFunc
	done chan struct{}

	mu       sync.Mutex
	told     []string
	opened   int
	resyncs  int
	cursor   string
	err      error
	onUpdate func(pulse.Update)
}

// read begins such a loop.
func read(t *testing.T, client *pulse.Client, cursor string, onUpdate func(pulse.Update)) *reader {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r := &reader{stop: cancel, done: make(chan struct{}), cursor: cursor, onUpdate: onUpdate}
	go func() {
		defer close(r.done)
		for update, err := range client.Subscribe(ctx, &realtimev1.SubscribeRequest{Cursor: cursor}) {
			if ctx.Err() == nil { // Nobody asks how it ends when it was ended.
				r.note(update, err)
			}
		}
	}()
	t.Cleanup(r.end)
	return r
}

// end ends the loop.
func (r *reader) end() {
	r.stop()
	<-r.done
}

func (r *reader) note(update pulse.Update, err error) {
	if r.onUpdate != nil && err == nil {
		r.onUpdate(update)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.err = err
		return
	}
	r.cursor = update.Cursor
	switch event := update.Event.(type) {
	case *realtimev1.SubscribeResponse_Opened:
		r.opened++
	case *realtimev1.SubscribeResponse_MessageSent:
		r.told = append(r.told, "message "+event.MessageSent.GetText())
	case *realtimev1.SubscribeResponse_TimelinePost:
		r.told = append(r.told, "post "+event.TimelinePost.GetPost().GetText())
	case *pulse.Resync:
		r.resyncs++
	}
}

// see answers what was noted so far.
func (r *reader) see() (told []string, opened int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.told), r.opened, r.err
}

// waitOpen waits until so many streams were open.
func (r *reader) waitOpen(t *testing.T, streams int) {
	t.Helper()
	testwait.Until(t, "a stream to be open", func() bool { _, opened, _ := r.see(); return opened >= streams })
}

// wait waits until something was told.
func (r *reader) wait(t *testing.T, what string) {
	t.Helper()
	testwait.Until(t, what+" to be told", func() bool { told, _, _ := r.see(); return slices.Contains(told, what) })
}

// want compares all that was told; what belongs to another kind may come before or after.
func (r *reader) want(t *testing.T, want []string) {
	t.Helper()
	told, _, err := r.see()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"message ", "post "} {
		if got, want := only(told, kind), only(want, kind); !slices.Equal(got, want) {
			t.Errorf("told %d of %d: %q\nwant %q", len(got), len(want), got, want)
		}
	}
}

// only answers those of one kind.
func only(told []string, kind string) []string {
	return slices.DeleteFunc(slices.Clone(told), func(what string) bool { return len(what) < len(kind) || what[:len(kind)] != kind })
}

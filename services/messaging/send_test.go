package messaging_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestAConversationOfTwo(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	id := open(t, ada, bob)
	if open(t, ada, bob) != id {
		t.Error("another conversation of the same two was begun")
	}
	strangers(t, bob, id, 7) // He learns of it with the first message.
	if got := list(t, ada, 0); !slices.Equal(got, []int64{id}) {
		t.Errorf("ada's inbox has %v", got)
	}
	first := say(t, ada, id, "hello")
	if first.GetSequence() != 1 || first.GetText() != "hello" || first.GetSender().GetHandle() != "ada" || first.GetKind() != messagingv1.MessageKind_MESSAGE_KIND_TEXT {
		t.Errorf("sent %v", first)
	}
	if got := list(t, bob, messagingv1.Folder_FOLDER_REQUESTS); !slices.Equal(got, []int64{id}) {
		t.Errorf("bob's requests are %v", got)
	}
	if c := get(t, bob, id); c.GetViewer().GetUnreadCount() != 1 || c.GetPeer().GetHandle() != "ada" || c.GetMemberCount() != 2 || c.GetLastMessage().GetText() != "hello" {
		t.Errorf("bob has %v", c)
	}
	reply := must[*messagingv1.SendMessageResponse](t)(bob.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{
		ConversationId: id, Text: "hi", ReplyToMessageId: first.GetId(),
	})).GetMessage()
	if reply.GetSequence() != 2 || reply.GetReplyToMessageId() != first.GetId() {
		t.Errorf("replied %v", reply)
	}
	// To reply is to accept.
	if c := get(t, bob, id); c.GetViewer().GetFolder() != messagingv1.Folder_FOLDER_INBOX || c.GetViewer().GetReadSequence() != 2 || c.GetViewer().GetUnreadCount() != 0 {
		t.Errorf("bob has %v", c)
	}
	if c := get(t, ada, id); c.GetViewer().GetUnreadCount() != 1 || c.GetLastSequence() != 2 {
		t.Errorf("ada has %v", c)
	}
	strangers(t, p.User(t, "eve"), id, first.GetId())
	_, err := ada.Messaging.OpenDirectConversation(t.Context(), &messagingv1.OpenDirectConversationRequest{UserId: ada.ID})
	wantReason(t, "a conversation with oneself", err, errorsv1.Reason_REASON_CANNOT_MESSAGE_SELF)
	_, err = ada.Messaging.OpenDirectConversation(t.Context(), &messagingv1.OpenDirectConversationRequest{UserId: 7})
	wantReason(t, "a conversation with nobody", err, errorsv1.Reason_REASON_USER_NOT_FOUND)
	_, err = ada.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{ConversationId: id, Text: " \n"})
	wantReason(t, "nothing", err, errorsv1.Reason_REASON_MESSAGE_EMPTY)
	other := say(t, ada, form(t, ada, bob), "elsewhere")
	_, err = ada.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{ConversationId: id, Text: "re", ReplyToMessageId: other.GetId()})
	wantReason(t, "a reply to a message of another conversation", err, errorsv1.Reason_REASON_MESSAGE_NOT_FOUND)
	p.Settle(t)
}

func TestMessagesSentAtOnceAreNumberedWithoutAGap(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	id := form(t, ada, bob)
	before := get(t, ada, id).GetLastSequence()
	const each = 25
	var wg sync.WaitGroup
	for n := range each {
		for _, who := range []*pulsetest.User{ada, bob} {
			wg.Go(func() { say(t, who, id, fmt.Sprintf("%s %d", who.Handle, n)) })
		}
	}
	wg.Wait()
	all := history(t, bob, id)
	slices.Reverse(all)
	texts := map[string]bool{}
	for n, m := range all {
		if m.GetSequence() != int64(n)+1 || n > 0 && m.GetId() <= all[n-1].GetId() {
			t.Errorf("at %d: %v after %v", n, m, all[max(0, n-1)])
		}
		if m.GetKind() == messagingv1.MessageKind_MESSAGE_KIND_TEXT {
			texts[m.GetText()] = true
		}
	}
	if len(all) != int(before)+2*each || len(texts) != 2*each {
		t.Errorf("%d messages with %d texts, want %d more than %d", len(all), len(texts), 2*each, before)
	}
	p.Settle(t)
}

func TestAMessageIsSentOnceUnderItsName(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	id := open(t, ada, bob)
	send := func(who *pulsetest.User, conversation int64, text string) *messagingv1.Message {
		answer, err := who.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{ConversationId: conversation, Text: text, ClientId: "one"})
		return must[*messagingv1.SendMessageResponse](t)(answer, err).GetMessage()
	}
	var wg sync.WaitGroup
	answers := make([]*messagingv1.Message, 10)
	for n := range answers {
		wg.Go(func() { answers[n] = send(ada, id, fmt.Sprintf("try %d", n)) })
	}
	wg.Wait()
	for _, m := range answers {
		if m.GetId() != answers[0].GetId() || m.GetSequence() != 1 || m.GetText() != answers[0].GetText() || m.GetClientId() != "one" || m.GetSender().GetId() != ada.ID {
			t.Errorf("answered %v, want %v", m, answers[0])
		}
	}
	if seen := history(t, bob, id); len(seen) != 1 || seen[0].GetClientId() != "" {
		t.Errorf("bob sees %v", seen)
	}
	if m := send(bob, id, "mine"); m.GetText() != "mine" {
		t.Errorf("bob's name is taken by ada's: %v", m)
	}
	if m := send(ada, form(t, ada), "elsewhere"); m.GetText() != "elsewhere" {
		t.Errorf("a name is taken in another conversation: %v", m)
	}
	// A key answers again what was answered, whatever was said since.
	keyed := func() context.Context {
		ctx, call := connect.NewClientContext(t.Context())
		call.RequestHeader().Set("Idempotency-Key", "a-key-that-is-adas-alone")
		return ctx
	}
	req := &messagingv1.SendMessageRequest{ConversationId: id, Text: "keyed"}
	first := must[*messagingv1.SendMessageResponse](t)(ada.Messaging.SendMessage(keyed(), req))
	say(t, ada, id, "in between")
	again := must[*messagingv1.SendMessageResponse](t)(ada.Messaging.SendMessage(keyed(), req))
	if first.GetMessage().GetId() != again.GetMessage().GetId() || again.GetMessage().GetSender().GetHandle() != "ada" {
		t.Errorf("got %v, then %v", first, again)
	}
	// An edited or deleted one is not said again either.
	must[*messagingv1.DeleteMessageResponse](t)(ada.Messaging.DeleteMessage(t.Context(), &messagingv1.DeleteMessageRequest{MessageId: answers[0].GetId()}))
	if m := send(ada, id, "once more"); m.GetId() != answers[0].GetId() || !m.GetDeleted() {
		t.Errorf("said again: %v", m)
	}
	p.Settle(t)
}

func TestHistoryIsPagedBothWaysWhileMessagesArrive(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	id := open(t, ada, bob)
	accept := func() { say(t, bob, id, "0") }
	say(t, ada, id, "begin")
	accept()
	for range 10 {
		say(t, ada, id, "before")
	}
	page := func(token string, from int64) *messagingv1.ListMessagesResponse {
		answer, err := bob.Messaging.ListMessages(t.Context(), &messagingv1.ListMessagesRequest{ConversationId: id, PageSize: 5, PageToken: token, FromSequence: from})
		return must[*messagingv1.ListMessagesResponse](t)(answer, err)
	}
	wantPage := func(what string, got *messagingv1.ListMessagesResponse, want ...int64) {
		t.Helper()
		var numbers []int64
		for _, m := range got.GetMessages() {
			numbers = append(numbers, m.GetSequence())
		}
		if !slices.Equal(numbers, want) {
			t.Errorf("%s: %v, want %v", what, numbers, want)
		}
	}
	newest := page("", 0)
	wantPage("the newest", newest, 12, 11, 10, 9, 8)
	for range 7 {
		say(t, ada, id, "meanwhile")
	}
	older := page(newest.GetNextPageToken(), 0)
	wantPage("older", older, 7, 6, 5, 4, 3)
	last := page(older.GetNextPageToken(), 0)
	wantPage("the oldest", last, 2, 1)
	if last.GetNextPageToken() != "" {
		t.Error("there is a page before the first message")
	}
	wantPage("newer than an old page", page(last.GetNewerPageToken(), 0), 7, 6, 5, 4, 3)
	newer := page(newest.GetNewerPageToken(), 0)
	wantPage("those next to the page", newer, 17, 16, 15, 14, 13)
	newer = page(newer.GetNewerPageToken(), 0)
	wantPage("the rest", newer, 19, 18)
	none := page(newer.GetNewerPageToken(), 0)
	wantPage("none yet", none)
	say(t, ada, id, "then")
	wantPage("one more", page(none.GetNewerPageToken(), 0), 20)
	wantPage("before an empty page", page(none.GetNextPageToken(), 0), 19, 18, 17, 16, 15)
	from := page("", 10)
	wantPage("before a number", from, 9, 8, 7, 6, 5)
	wantPage("from a number on", page(from.GetNewerPageToken(), 10), 14, 13, 12, 11, 10)
	first := page("", 1)
	wantPage("before the first", first)
	wantPage("from the first on", page(first.GetNewerPageToken(), 1), 5, 4, 3, 2, 1)
	_, err := bob.Messaging.ListMessages(t.Context(), &messagingv1.ListMessagesRequest{ConversationId: id + 1, PageToken: newest.GetNextPageToken()})
	wantReason(t, "a token of another conversation", err, errorsv1.Reason_REASON_PAGE_TOKEN_INVALID)
}

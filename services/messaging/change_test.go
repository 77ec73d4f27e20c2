package messaging_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/pulse-social/pulse/ent"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// crowd makes people who never sign in, and answers their ids.
func crowd(t *testing.T, p *pulsetest.Pulse, size int) []int64 {
	t.Helper()
	s, err := store.Open(t.Context(), p.Config(t).Store, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int64, size)
	err = s.For("identity").Write(t.Context(), func(tx *store.Tx) error {
		rows := make([]*ent.AccountCreate, size)
		for n := range rows {
			ids[n] = tx.NewID()
			handle := fmt.Sprintf("crowd%d", n)
			rows[n] = tx.Account.Create().SetID(ids[n]).SetHandle(handle).SetHandleKey(handle)
			if err := tx.Emit(&busv1.AccountRegistered{UserId: ids[n], Handle: handle}); err != nil {
				return err
			}
		}
		return tx.Account.CreateBulk(rows...).Exec(t.Context())
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return ids
}

func react(t *testing.T, who *pulsetest.User, messageID int64, emoji string) (*messagingv1.Message, error) {
	t.Helper()
	answer, err := who.Messaging.AddReaction(t.Context(), &messagingv1.AddReactionRequest{MessageId: messageID, Emoji: emoji})
	return answer.GetMessage(), err
}

func TestAMessageIsEditedAndDeleted(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cyd := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cyd")
	group := form(t, ada, bob, cyd)
	m := say(t, bob, group, "a canary")
	edit := func(who *pulsetest.User, messageID int64, text string) (*messagingv1.Message, error) {
		answer, err := who.Messaging.EditMessage(t.Context(), &messagingv1.EditMessageRequest{MessageId: messageID, Text: text})
		return answer.GetMessage(), err
	}
	remove := func(who *pulsetest.User, messageID int64) error {
		_, err := who.Messaging.DeleteMessage(t.Context(), &messagingv1.DeleteMessageRequest{MessageId: messageID})
		return err
	}
	if same, err := edit(bob, m.GetId(), "a canary"); err != nil || same.GetEditTime() != nil {
		t.Errorf("the same: %v, %v", same, err)
	}
	edited, err := edit(bob, m.GetId(), "another canary")
	if err != nil || edited.GetText() != "another canary" || edited.GetEditTime() == nil || edited.GetSender().GetHandle() != "bob" {
		t.Errorf("edited: %v, %v", edited, err)
	}
	_, err = edit(ada, m.GetId(), "hers")
	wantReason(t, "the owner edits", err, errorsv1.Reason_REASON_NOT_MESSAGE_SENDER)
	_, err = edit(bob, m.GetId(), "\t")
	wantReason(t, "nothing", err, errorsv1.Reason_REASON_MESSAGE_EMPTY)
	begun := history(t, ada, group)
	_, err = edit(ada, begun[len(begun)-1].GetId(), "no")
	wantReason(t, "comings and goings", err, errorsv1.Reason_REASON_MESSAGE_NOT_EDITABLE)
	wantReason(t, "delete comings and goings", remove(ada, begun[len(begun)-1].GetId()), errorsv1.Reason_REASON_MESSAGE_NOT_EDITABLE)
	wantReason(t, "a member deletes", remove(cyd, m.GetId()), errorsv1.Reason_REASON_NOT_MESSAGE_SENDER)
	if _, err := react(t, cyd, m.GetId(), "🎉"); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := remove(ada, m.GetId()); err != nil { // The owner may.
			t.Error(err)
		}
	}
	for _, who := range []*pulsetest.User{ada, bob, cyd} {
		if got := history(t, who, group)[0]; got.GetText() != "" || !got.GetDeleted() || got.GetSequence() != m.GetSequence() || len(got.GetReactions()) > 0 || got.GetEditTime() != nil {
			t.Errorf("%s sees %v", who.Handle, got)
		}
	}
	_, err = edit(bob, m.GetId(), "back")
	wantReason(t, "what was deleted is edited", err, errorsv1.Reason_REASON_MESSAGE_NOT_EDITABLE)
	_, err = react(t, bob, m.GetId(), "🎉")
	wantReason(t, "what was deleted is reacted to", err, errorsv1.Reason_REASON_MESSAGE_NOT_EDITABLE)
	two := open(t, ada, bob)
	theirs := say(t, ada, two, "hers")
	wantReason(t, "the other of two deletes", remove(bob, theirs.GetId()), errorsv1.Reason_REASON_NOT_MESSAGE_SENDER)
	p.Settle(t)
}

func TestReactions(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cyd := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cyd")
	group := form(t, ada, bob, cyd)
	m := say(t, ada, group, "who comes?")
	for _, r := range []struct {
		who   *pulsetest.User
		emoji string
	}{{bob, "👍"}, {cyd, "🎉"}, {ada, "🎉"}, {cyd, "🎉"}} {
		if _, err := react(t, r.who, m.GetId(), r.emoji); err != nil {
			t.Fatal(err)
		}
	}
	want := func(who *pulsetest.User, want string) {
		t.Helper()
		got := ""
		for _, r := range history(t, who, group)[0].GetReactions() {
			got += fmt.Sprintf("%s %d %t ", r.GetEmoji(), r.GetCount(), r.GetReacted())
		}
		if got != want {
			t.Errorf("%s sees %q, want %q", who.Handle, got, want)
		}
	}
	want(ada, "🎉 2 true 👍 1 false ")
	want(bob, "🎉 2 false 👍 1 true ")
	listed := func(who *pulsetest.User) (all []string) {
		t.Helper()
		for r, err := range who.AllReactions(t.Context(), &messagingv1.ListReactionsRequest{MessageId: m.GetId(), PageSize: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r.GetUser().GetHandle()+r.GetEmoji())
		}
		return all
	}
	if got := listed(ada); !slices.Equal(got, []string{"bob👍", "cyd🎉", "ada🎉"}) {
		t.Errorf("ada lists %v", got)
	}
	block(t, cyd, bob)
	want(bob, "👍 1 true 🎉 1 false ")
	want(cyd, "🎉 2 true ")
	if got := listed(bob); !slices.Equal(got, []string{"bob👍", "ada🎉"}) {
		t.Errorf("bob lists %v", got)
	}
	for range 2 {
		must[*messagingv1.RemoveReactionResponse](t)(ada.Messaging.RemoveReaction(t.Context(), &messagingv1.RemoveReactionRequest{MessageId: m.GetId(), Emoji: "🎉"}))
	}
	want(ada, "👍 1 false 🎉 1 false ")
	for _, emoji := range []string{"a", "👍👍", "1", "👍a", "\u200d", "🇩", "<b>"} {
		_, err := react(t, ada, m.GetId(), emoji)
		wantReason(t, emoji, err, errorsv1.Reason_REASON_EMOJI_INVALID)
	}
	many := []string{"❤️", "👩‍👩‍👧", "👍🏽", "🇩🇪", "1️⃣", "☺", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "😀", "😁", "😂", "🤣", "😃", "😄", "😅", "😆", "😉", "😊", "😋", "😎", "😍"}
	for _, emoji := range many {
		if _, err := react(t, ada, m.GetId(), emoji); err != nil {
			t.Errorf("%s: %v", emoji, err)
		}
	}
	_, err := react(t, ada, m.GetId(), "😘")
	wantReason(t, "one more", err, errorsv1.Reason_REASON_TOO_MANY_REACTIONS)
	p.Settle(t)
}

func TestABlockInAGroupLeavesNumbersAlone(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cyd := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cyd")
	group := form(t, ada, bob, cyd)
	m := say(t, bob, group, "a canary of bob's")
	say(t, cyd, group, "a canary of cyd's")
	if _, err := react(t, cyd, m.GetId(), "👍"); err != nil {
		t.Fatal(err)
	}
	block(t, cyd, bob)
	for who, other := range map[*pulsetest.User]*pulsetest.User{bob: cyd, cyd: bob} {
		all := history(t, who, group)
		for n, seen := range all {
			if seen.GetSequence() != int64(len(all)-n) {
				t.Errorf("%s sees number %d at %d", who.Handle, seen.GetSequence(), n)
			}
			if seen.GetSender().GetId() == other.ID || seen.GetText() == "a canary of "+other.Handle+"'s" {
				t.Errorf("%s sees %v", who.Handle, seen)
			}
			if seen.GetUnavailable() && (seen.GetSender() != nil || seen.GetText() != "" || seen.GetReactions() != nil || seen.GetReplyToMessageId() != 0) {
				t.Errorf("%s is told %v", who.Handle, seen)
			}
		}
	}
	if all := history(t, ada, group); all[1].GetText() != "a canary of bob's" || all[1].GetReactions()[0].GetCount() != 1 {
		t.Errorf("ada sees %v", all)
	}
	_, err := react(t, cyd, m.GetId(), "🎉")
	wantReason(t, "react across the block", err, errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED)
	_, err = cyd.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{ConversationId: group, Text: "re", ReplyToMessageId: m.GetId()})
	wantReason(t, "reply across the block", err, errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED)
	if got := must[*messagingv1.ListReactionsResponse](t)(cyd.Messaging.ListReactions(t.Context(), &messagingv1.ListReactionsRequest{MessageId: m.GetId()})); len(got.GetReactions()) > 0 {
		t.Errorf("cyd lists %v", got)
	}
	say(t, cyd, group, "both may go on writing")
	p.Settle(t)
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	group := form(t, ada, bob)
	begun := get(t, bob, group)
	if begun.GetViewer().GetUnreadCount() != 0 { // That he was added is no message of anybody's.
		t.Errorf("bob has %v", begun)
	}
	for range 101 {
		say(t, ada, group, "one more")
	}
	if got := get(t, bob, group).GetViewer().GetUnreadCount(); got != 100 {
		t.Errorf("%d are unread, want 100 for more than 99", got)
	}
	if got := must[*messagingv1.GetUnreadCountsResponse](t)(bob.Messaging.GetUnreadCounts(t.Context(), &messagingv1.GetUnreadCountsRequest{})); got.GetUnreadConversations() != 1 {
		t.Errorf("bob is told of %v", got)
	}
	last := begun.GetLastSequence() + 101
	for _, mark := range []struct{ sequence, read, unread int64 }{{last - 3, last - 3, 3}, {5, last - 3, 3}, {last + 50, last, 0}} {
		got := must[*messagingv1.MarkReadResponse](t)(bob.Messaging.MarkRead(t.Context(), &messagingv1.MarkReadRequest{ConversationId: group, Sequence: mark.sequence}))
		if got.GetReadSequence() != mark.read || int64(got.GetUnreadCount()) != mark.unread {
			t.Errorf("read up to %d: %v, want %d and %d", mark.sequence, got, mark.read, mark.unread)
		}
	}
	for m, err := range ada.AllMembers(t.Context(), &messagingv1.ListMembersRequest{ConversationId: group}) {
		if err != nil || m.GetReadSequence() != last {
			t.Errorf("%v, %v, want read up to %d", m, err, last)
		}
	}
	p.Settle(t)
}

func TestADeletedAccountLeavesNumbersBehind(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cyd := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cyd")
	group, two := form(t, ada, bob, cyd), open(t, ada, bob)
	say(t, ada, group, "a canary")
	say(t, ada, two, "a canary")
	theirs := say(t, bob, group, "bob's")
	if _, err := react(t, ada, theirs.GetId(), "👍"); err != nil {
		t.Fatal(err)
	}
	must[*identityv1.ReauthenticateResponse](t)(ada.Identity.Reauthenticate(t.Context(), &identityv1.ReauthenticateRequest{
		Proof: &identityv1.ReauthenticateRequest_Password{Password: ada.Password},
	}))
	must[*identityv1.DeleteAccountResponse](t)(ada.Accounts.DeleteAccount(t.Context(), &identityv1.DeleteAccountRequest{}))
	p.Settle(t)
	for _, m := range append(history(t, bob, group), history(t, bob, two)...) {
		if m.GetText() == "a canary" || m.GetSender().GetId() == ada.ID || len(m.GetReactions()) > 0 {
			t.Errorf("left behind: %v", m)
		}
	}
	if got := members(t, cyd, group); got != "bob owner, cyd member" {
		t.Errorf("members: %s", got)
	}
	accept(t, bob, two)
	wantReason(t, "bob writes to nobody", trySay(t, bob, two), errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED)
	if c := get(t, bob, two); c.GetPeer() != nil || c.GetMemberCount() != 1 {
		t.Errorf("bob has %v", c)
	}
	say(t, bob, group, "on we go")
	p.Settle(t)
}

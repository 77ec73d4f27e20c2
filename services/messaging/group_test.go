package messaging_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// members answers who takes part in a conversation and as what, as somebody sees it.
func members(t *testing.T, who *pulsetest.User, conversationID int64) string {
	t.Helper()
	var all []string
	for m, err := range who.AllMembers(t.Context(), &messagingv1.ListMembersRequest{ConversationId: conversationID, PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m.GetUser().GetHandle()+" "+strings.ToLower(strings.TrimPrefix(m.GetRole().String(), "MEMBER_ROLE_")))
	}
	return strings.Join(all, ", ")
}

// events answers what messages tell, oldest first.
func events(messages []*messagingv1.Message) string {
	var all []string
	for _, m := range slices.Backward(messages) {
		if m.GetKind() == messagingv1.MessageKind_MESSAGE_KIND_TEXT {
			all = append(all, m.GetText())
			continue
		}
		kind := strings.ToLower(strings.TrimPrefix(m.GetKind().String(), "MESSAGE_KIND_"))
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", m.GetSender().GetHandle(), kind, m.GetSubject().GetHandle(), m.GetText())))
	}
	return strings.Join(all, "; ")
}

func setRole(t *testing.T, who, whom *pulsetest.User, id int64, role messagingv1.MemberRole) error {
	t.Helper()
	_, err := who.Messaging.SetMemberRole(t.Context(), &messagingv1.SetMemberRoleRequest{ConversationId: id, UserId: whom.ID, Role: role})
	return err
}

func remove(t *testing.T, who, whom *pulsetest.User, id int64) error {
	t.Helper()
	_, err := who.Messaging.RemoveMember(t.Context(), &messagingv1.RemoveMemberRequest{ConversationId: id, UserId: whom.ID})
	return err
}

func add(t *testing.T, who *pulsetest.User, id int64, whom ...int64) ([]int64, error) {
	t.Helper()
	answer, err := who.Messaging.AddMembers(t.Context(), &messagingv1.AddMembersRequest{ConversationId: id, UserIds: whom})
	return answer.GetRefusedUserIds(), err
}

func leave(t *testing.T, who *pulsetest.User, id int64) {
	t.Helper()
	must[*messagingv1.LeaveConversationResponse](t)(who.Messaging.LeaveConversation(t.Context(), &messagingv1.LeaveConversationRequest{ConversationId: id}))
}

func TestMembersComeAndGo(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cyd, dan := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cyd"), p.User(t, "dan")
	id := form(t, ada, bob, cyd)
	secret := say(t, ada, id, "a canary of the past")
	if got := members(t, bob, id); got != "ada owner, bob member, cyd member" {
		t.Errorf("members: %s", got)
	}
	wantReason(t, "a member adds", second(add(t, bob, id, dan.ID)), errorsv1.Reason_REASON_MEMBER_ROLE_REQUIRED)
	wantReason(t, "a member removes", remove(t, bob, cyd, id), errorsv1.Reason_REASON_MEMBER_ROLE_REQUIRED)
	if err := setRole(t, ada, bob, id, messagingv1.MemberRole_MEMBER_ROLE_ADMIN); err != nil {
		t.Fatal(err)
	}
	wantReason(t, "an admin gives a role", setRole(t, bob, cyd, id, messagingv1.MemberRole_MEMBER_ROLE_ADMIN), errorsv1.Reason_REASON_MEMBER_ROLE_REQUIRED)
	wantReason(t, "an admin removes the owner", remove(t, bob, ada, id), errorsv1.Reason_REASON_MEMBER_ROLE_REQUIRED)
	wantReason(t, "the owner gives up without an heir", setRole(t, ada, ada, id, messagingv1.MemberRole_MEMBER_ROLE_MEMBER), errorsv1.Reason_REASON_MEMBER_ROLE_REQUIRED)
	wantReason(t, "a stranger is removed", remove(t, bob, dan, id), errorsv1.Reason_REASON_MEMBER_NOT_FOUND)
	if err := remove(t, bob, cyd, id); err != nil {
		t.Fatal(err)
	}
	strangers(t, cyd, id, secret.GetId())
	say(t, ada, id, "without cyd")
	if refused, err := add(t, bob, id, cyd.ID, dan.ID, ada.ID); err != nil || len(refused) > 0 {
		t.Fatalf("%v were refused, %v", refused, err)
	}
	if got := events(history(t, cyd, id)); got != "bob member_added cyd; bob member_added dan" {
		t.Errorf("cyd, who is back, sees: %s", got)
	}
	if messages := must[*messagingv1.BatchGetMessagesResponse](t)(cyd.Messaging.BatchGetMessages(t.Context(), &messagingv1.BatchGetMessagesRequest{MessageIds: []int64{secret.GetId()}})); len(messages.GetMessages()) > 0 {
		t.Errorf("cyd, who is back, gets %v", messages)
	}
	if c := get(t, cyd, id); c.GetViewer().GetFirstSequence() != c.GetLastSequence()-1 || c.GetMemberCount() != 4 {
		t.Errorf("cyd has %v", c)
	}
	const want = "ada member_added ada; ada member_added bob; ada member_added cyd; a canary of the past; ada role_changed bob; " +
		"bob member_removed cyd; without cyd; bob member_added cyd; bob member_added dan"
	if got := events(history(t, ada, id)); got != want {
		t.Errorf("ada sees: %s\nwant: %s", got, want)
	}
	p.Settle(t)
}

// second answers the error of a call.
func second[T any](_ T, err error) error { return err }

func TestAnOwnerWhoLeavesIsSucceeded(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cyd, dan := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cyd"), p.User(t, "dan")
	id := form(t, ada, bob, cyd, dan)
	if err := setRole(t, ada, dan, id, messagingv1.MemberRole_MEMBER_ROLE_ADMIN); err != nil {
		t.Fatal(err)
	}
	leave(t, ada, id)
	if got := members(t, bob, id); got != "bob member, cyd member, dan owner" {
		t.Errorf("the admin succeeds: %s", got)
	}
	leave(t, dan, id)
	if got := members(t, bob, id); got != "bob owner, cyd member" {
		t.Errorf("who has been there longest succeeds: %s", got)
	}
	if err := setRole(t, bob, cyd, id, messagingv1.MemberRole_MEMBER_ROLE_OWNER); err != nil {
		t.Fatal(err)
	}
	if got := members(t, bob, id); got != "bob admin, cyd owner" {
		t.Errorf("made the owner: %s", got)
	}
	if err := remove(t, bob, bob, id); err != nil { // To remove oneself is to leave.
		t.Fatal(err)
	}
	leave(t, cyd, id)
	for _, who := range []*pulsetest.User{ada, bob, cyd, dan} {
		strangers(t, who, id, 7)
	}
	p.Settle(t)
}

func TestAGroupIsRenamed(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	id := form(t, ada, bob)
	rename := func(who *pulsetest.User, id int64, title, etag string, paths ...string) (*messagingv1.Conversation, error) {
		answer, err := who.Messaging.UpdateConversation(t.Context(), &messagingv1.UpdateConversationRequest{
			ConversationId: id, Title: title, Etag: etag, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
		})
		return answer.GetConversation(), err
	}
	before := get(t, ada, id)
	renamed, err := rename(ada, id, "another", before.GetEtag(), "title")
	if err != nil || renamed.GetTitle() != "another" || renamed.GetEtag() == before.GetEtag() || renamed.GetLastMessage().GetText() != "another" {
		t.Errorf("renamed: %v, %v", renamed, err)
	}
	same, err := rename(ada, id, "another", "")
	if err != nil || same.GetLastSequence() != renamed.GetLastSequence() {
		t.Errorf("the same name is told again: %v, %v", same, err)
	}
	_, err = rename(ada, id, "third", before.GetEtag())
	wantReason(t, "an old etag", err, errorsv1.Reason_REASON_ETAG_MISMATCH)
	_, err = rename(bob, id, "third", "")
	wantReason(t, "a member", err, errorsv1.Reason_REASON_MEMBER_ROLE_REQUIRED)
	_, err = rename(ada, id, "third", "", "kind")
	wantReason(t, "another field", err, errorsv1.Reason_REASON_UPDATE_MASK_INVALID)
	two := open(t, ada, bob)
	_, err = rename(ada, two, "third", "")
	wantReason(t, "a conversation of two", err, errorsv1.Reason_REASON_NOT_A_GROUP)
	_, err = ada.Messaging.LeaveConversation(t.Context(), &messagingv1.LeaveConversationRequest{ConversationId: two})
	wantReason(t, "to leave one of two", err, errorsv1.Reason_REASON_NOT_A_GROUP)
	p.Settle(t)
}

func TestWhoDoesNotWantToBeAddedIsNot(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	open, shy, closed, knows, blocks, blocked := p.User(t, "open"), p.User(t, "shy"), p.User(t, "closed"), p.User(t, "knows"), p.User(t, "blocks"), p.User(t, "blocked")
	wants(t, open, messagingv1.MessageAudience_MESSAGE_AUDIENCE_EVERYONE)
	wants(t, closed, messagingv1.MessageAudience_MESSAGE_AUDIENCE_NOBODY)
	wants(t, knows, messagingv1.MessageAudience_MESSAGE_AUDIENCE_FOLLOWED)
	block(t, blocks, ada)
	block(t, ada, blocked)
	const never = 7
	ids := []int64{open.ID, shy.ID, closed.ID, knows.ID, blocks.ID, blocked.ID, never, ada.ID}
	answer := must[*messagingv1.CreateGroupResponse](t)(ada.Messaging.CreateGroup(t.Context(), &messagingv1.CreateGroupRequest{UserIds: ids}))
	if want := []int64{closed.ID, knows.ID, blocks.ID, blocked.ID, never}; !slices.Equal(answer.GetRefusedUserIds(), want) {
		t.Errorf("%v were refused, want %v", answer.GetRefusedUserIds(), want)
	}
	id := answer.GetConversation().GetId()
	if got := get(t, open, id).GetViewer().GetFolder(); got != messagingv1.Folder_FOLDER_INBOX {
		t.Errorf("open has it in %v", got)
	}
	if got := get(t, shy, id).GetViewer().GetFolder(); got != messagingv1.Folder_FOLDER_REQUESTS {
		t.Errorf("shy has it in %v", got)
	}
	follow(t, knows, ada)
	if refused, err := add(t, ada, id, knows.ID); err != nil || len(refused) > 0 || get(t, knows, id).GetViewer().GetFolder() != messagingv1.Folder_FOLDER_INBOX {
		t.Errorf("who follows ada: %v, %v", refused, err)
	}
	before := get(t, ada, id).GetLastSequence()
	must[*messagingv1.DeclineConversationResponse](t)(shy.Messaging.DeclineConversation(t.Context(), &messagingv1.DeclineConversationRequest{ConversationId: id}))
	strangers(t, shy, id, 7)
	if c := get(t, ada, id); c.GetLastSequence() != before || c.GetMemberCount() != 3 {
		t.Errorf("ada is told of it: %v", c)
	}
	p.Settle(t)
}

func TestAGroupIsBounded(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	many := crowd(t, p, 256)
	answer := must[*messagingv1.CreateGroupResponse](t)(ada.Messaging.CreateGroup(t.Context(), &messagingv1.CreateGroupRequest{UserIds: many[:254]}))
	c := answer.GetConversation()
	if c.GetMemberCount() != 255 || c.GetLastSequence() != 255 {
		t.Fatalf("began %v", c)
	}
	_, err := add(t, ada, c.GetId(), many[254:]...)
	wantReason(t, "one too many", err, errorsv1.Reason_REASON_GROUP_FULL)
	if _, err := add(t, ada, c.GetId(), many[254]); err != nil {
		t.Errorf("the last one: %v", err)
	}
}

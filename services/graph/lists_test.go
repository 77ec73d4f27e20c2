package graph_test

import (
	"fmt"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func newList(t *testing.T, who *pulsetest.User, name string) int64 {
	t.Helper()
	answer, err := who.Graph.CreateList(t.Context(), &graphv1.CreateListRequest{Name: name})
	must(t, err)
	return answer.GetList().GetId()
}

func addMember(t *testing.T, who *pulsetest.User, listID, userID int64) {
	t.Helper()
	_, err := who.Graph.AddListMember(t.Context(), &graphv1.AddListMemberRequest{ListId: listID, UserId: userID})
	must(t, err)
}

func members(t *testing.T, who *pulsetest.User, listID int64) (ids []int64) {
	t.Helper()
	for member, err := range who.AllListMembers(t.Context(), &graphv1.ListListMembersRequest{ListId: listID, PageSize: 100}) {
		must(t, err)
		ids = append(ids, member.GetUser().GetId())
	}
	return ids
}

func TestListsAreKeptByTheirOwner(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	empty, err := ada.Graph.ListLists(t.Context(), &graphv1.ListListsRequest{})
	if err != nil || len(empty.GetLists()) != 0 || empty.GetNextPageToken() != "" {
		t.Errorf("before: %v, %v", empty, err)
	}
	listID := newList(t, ada, "friends")
	for range 2 { // Adding twice is adding once. One may list oneself.
		addMember(t, ada, listID, bob.ID)
		addMember(t, ada, listID, ada.ID)
	}
	if got := members(t, ada, listID); len(got) != 2 || got[0] != ada.ID || got[1] != bob.ID {
		t.Errorf("members %v, want ada, bob", got)
	}
	read, err := ada.Graph.GetList(t.Context(), &graphv1.GetListRequest{ListId: listID})
	must(t, err)
	renamed, err := ada.Graph.UpdateList(t.Context(), &graphv1.UpdateListRequest{ListId: listID, Name: "best friends", Etag: read.GetList().GetEtag()})
	if err != nil || renamed.GetList().GetName() != "best friends" {
		t.Errorf("renamed: %v, %v", renamed, err)
	}
	_, err = ada.Graph.UpdateList(t.Context(), &graphv1.UpdateListRequest{ListId: listID, Name: "late", Etag: read.GetList().GetEtag()})
	wantReason(t, "rename what was renamed meanwhile", err, errorsv1.Reason_REASON_ETAG_MISMATCH)
	for range 2 {
		_, err = ada.Graph.RemoveListMember(t.Context(), &graphv1.RemoveListMemberRequest{ListId: listID, UserId: bob.ID})
		must(t, err)
	}
	if got := members(t, ada, listID); len(got) != 1 || got[0] != ada.ID {
		t.Errorf("members %v, want ada", got)
	}
	_, err = ada.Graph.AddListMember(t.Context(), &graphv1.AddListMemberRequest{ListId: listID, UserId: 4711})
	wantReason(t, "add nobody", err, errorsv1.Reason_REASON_USER_NOT_FOUND)

	_, err = ada.Graph.DeleteList(t.Context(), &graphv1.DeleteListRequest{ListId: listID})
	must(t, err)
	_, err = ada.Graph.DeleteList(t.Context(), &graphv1.DeleteListRequest{ListId: listID})
	wantReason(t, "delete twice", err, errorsv1.Reason_REASON_LIST_NOT_FOUND)
}

// TestAnothersListIsNoList makes every call that names a list, for one that there is and one that there is not.
func TestAnothersListIsNoList(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	own := newList(t, ada, "friends")
	addMember(t, ada, own, bob.ID)
	for _, listID := range []int64{own, 4711} {
		ctx, ended := t.Context(), map[string]error{}
		_, ended["get"] = bob.Graph.GetList(ctx, &graphv1.GetListRequest{ListId: listID})
		_, ended["update"] = bob.Graph.UpdateList(ctx, &graphv1.UpdateListRequest{ListId: listID, Name: "mine"})
		_, ended["delete"] = bob.Graph.DeleteList(ctx, &graphv1.DeleteListRequest{ListId: listID})
		_, ended["add"] = bob.Graph.AddListMember(ctx, &graphv1.AddListMemberRequest{ListId: listID, UserId: bob.ID})
		_, ended["remove"] = bob.Graph.RemoveListMember(ctx, &graphv1.RemoveListMemberRequest{ListId: listID, UserId: bob.ID})
		_, ended["members"] = bob.Graph.ListListMembers(ctx, &graphv1.ListListMembersRequest{ListId: listID})
		for what, err := range ended {
			wantReason(t, what, err, errorsv1.Reason_REASON_LIST_NOT_FOUND)
		}
	}
	if got := members(t, ada, own); len(got) != 1 {
		t.Errorf("ada's list has %v", got)
	}
}

func TestListsHaveLimits(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.InProcess())
	ada := p.User(t, "ada")
	var last int64
	for n := range 100 {
		last = newList(t, ada, fmt.Sprintf("list %d", n))
	}
	_, err := ada.Graph.CreateList(t.Context(), &graphv1.CreateListRequest{Name: "one more"})
	wantReason(t, "the 101st list", err, errorsv1.Reason_REASON_TOO_MANY_LISTS)
	n := 0
	for list, err := range ada.AllLists(t.Context(), &graphv1.ListListsRequest{PageSize: 30}) {
		must(t, err)
		if n++; list.GetName() != fmt.Sprintf("list %d", 100-n) {
			t.Errorf("list %d is %q", n, list.GetName())
		}
	}
	if n != 100 {
		t.Errorf("%d lists", n)
	}

	crowd := crowd(t, database(t, p), func(n int) string { return fmt.Sprintf("member%d", n) }, 501)
	for _, userID := range crowd[:500] {
		addMember(t, ada, last, userID)
	}
	_, err = ada.Graph.AddListMember(t.Context(), &graphv1.AddListMemberRequest{ListId: last, UserId: crowd[500]})
	wantReason(t, "the 501st member", err, errorsv1.Reason_REASON_LIST_FULL)
	addMember(t, ada, last, crowd[7]) // Who is on it already does not make it longer.
	if got := members(t, ada, last); len(got) != 500 || got[0] != crowd[499] || got[499] != crowd[0] {
		t.Errorf("%d members", len(got))
	}
}

package event_test

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// restricted announces a meetup that not everyone sees.
func restricted(t *testing.T, host *pulsetest.User, title string, to eventv1.Visibility) int64 {
	t.Helper()
	said := draft(t, title, 0)
	said.Visibility = to
	return create(t, host, said).GetId()
}

// sees answers who of people sees a meetup; the others must be told that there is none.
func sees(t *testing.T, eventID int64, people ...*pulsetest.User) []string {
	t.Helper()
	handles := []string{}
	for _, who := range people {
		err := tryGet(t, who.Client, eventID)
		if err == nil {
			handles = append(handles, who.Handle)
			continue
		}
		wantReason(t, who.Handle, err, errorsv1.Reason_REASON_EVENT_NOT_FOUND)
	}
	return handles
}

// Who may see a meetup does, and to others it is not there.
func TestWhoSeesAMeetup(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cem, dan := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cem"), p.User(t, "dan")
	follow(t, bob, ada)
	all := []*pulsetest.User{ada, bob, cem, dan}
	open := restricted(t, ada, "open", eventv1.Visibility_VISIBILITY_PUBLIC)
	followers := restricted(t, ada, "followers", eventv1.Visibility_VISIBILITY_FOLLOWERS)
	closed := restricted(t, ada, "closed", eventv1.Visibility_VISIBILITY_INVITED)
	want := func(what string, eventID int64, handles ...string) {
		t.Helper()
		if got := sees(t, eventID, all...); !slices.Equal(got, handles) {
			t.Errorf("%s see %s, want %s", got, what, handles)
		}
	}
	want("the open one", open, "ada", "bob", "cem", "dan")
	want("that of followers", followers, "ada", "bob")
	want("the closed one", closed, "ada")
	invite(t, ada, closed, cem)
	addCoHost(t, ada, followers, dan)
	want("the closed one", closed, "ada", "cem")
	want("that of followers", followers, "ada", "bob", "dan")
	must[*userv1.UpdateProfileResponse](t)(ada.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{Private: true}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"private"}},
	}))
	want("what is open of a private account", open, "ada", "bob")
	must[*eventv1.WithdrawInviteResponse](t)(ada.Events.WithdrawInvite(t.Context(), &eventv1.WithdrawInviteRequest{EventId: closed, UserId: cem.ID}))
	want("the closed one", closed, "ada")
	block(t, dan, ada)
	want("that of followers", followers, "ada", "bob")
	p.Suspend(t, "ada")
	if got := sees(t, open, bob, cem); len(got) != 0 {
		t.Errorf("%s see what is of a suspended account", got)
	}
}

// Co-hosts do what the host does, but cancel and choose co-hosts.
func TestCoHosts(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cem := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cem")
	id := create(t, ada, draft(t, "tea", 0)).GetId()
	addCoHost(t, ada, id, bob)
	addCoHost(t, ada, id, bob)
	e := get(t, bob, id)
	if !e.GetViewer().GetMayEdit() || len(e.GetCoHosts()) != 1 || e.GetCoHosts()[0].GetId() != bob.ID {
		t.Errorf("bob sees %v", e)
	}
	update(t, bob, id, &eventv1.EventDraft{Title: "coffee"}, "title")
	invite(t, bob, id, cem)
	respond(t, cem, id, no, no)
	if got := attendees(t, bob, id, no); !slices.Equal(got, []string{"cem"}) {
		t.Errorf("%v do not come", got)
	}
	invites := must[*eventv1.ListInvitesResponse](t)(bob.Events.ListInvites(t.Context(), &eventv1.ListInvitesRequest{EventId: id})).GetInvites()
	if len(invites) != 1 || invites[0].GetUser().GetId() != cem.ID || invites[0].GetAnswer() != no {
		t.Errorf("invited are %v", invites)
	}
	_, err := bob.Events.CancelEvent(t.Context(), &eventv1.CancelEventRequest{EventId: id})
	wantReason(t, "a co-host cancels", err, errorsv1.Reason_REASON_EVENT_HOST_REQUIRED)
	_, err = bob.Events.AddCoHost(t.Context(), &eventv1.AddCoHostRequest{EventId: id, UserId: cem.ID})
	wantReason(t, "a co-host chooses another", err, errorsv1.Reason_REASON_EVENT_HOST_REQUIRED)
	_, err = cem.Events.ListInvites(t.Context(), &eventv1.ListInvitesRequest{EventId: id})
	wantReason(t, "a guest lists invitations", err, errorsv1.Reason_REASON_EVENT_HOST_REQUIRED)
	_, err = cem.Events.ListAttendees(t.Context(), &eventv1.ListAttendeesRequest{EventId: id, Answer: no})
	wantReason(t, "a guest lists who does not come", err, errorsv1.Reason_REASON_EVENT_HOST_REQUIRED)
	must[*eventv1.RemoveCoHostResponse](t)(bob.Events.RemoveCoHost(t.Context(), &eventv1.RemoveCoHostRequest{EventId: id, UserId: bob.ID}))
	if e := get(t, bob, id); e.GetViewer().GetMayEdit() || len(e.GetCoHosts()) != 0 {
		t.Errorf("bob sees %v", e)
	}
}

// Lists of people leave out those between whom and the reader there is a block; counts do not.
func TestListsLeaveOutWhomOneBlocks(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cem, dan := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cem"), p.User(t, "dan")
	id := create(t, ada, draft(t, "tea", 0)).GetId()
	for _, who := range []*pulsetest.User{bob, cem, dan} {
		respond(t, who, id, yes, yes)
	}
	block(t, bob, cem)
	for _, test := range []struct {
		who  *pulsetest.User
		want []string
	}{{ada, []string{"bob", "cem", "dan"}}, {bob, []string{"bob", "dan"}}, {cem, []string{"cem", "dan"}}} {
		if got := attendees(t, test.who, id, yes); !slices.Equal(got, test.want) {
			t.Errorf("%s sees %v, want %v", test.who.Handle, got, test.want)
		}
		wantCounts(t, get(t, test.who, id), 3, 0, 0)
	}
	answer := must[*eventv1.InviteToEventResponse](t)(ada.Events.InviteToEvent(t.Context(),
		&eventv1.InviteToEventRequest{EventId: id, UserIds: []int64{ada.ID, 7, dan.ID}}))
	if got := answer.GetRefusedUserIds(); !slices.Equal(got, []int64{7, ada.ID}) {
		t.Errorf("%v were refused, want nobody and the host", got)
	}
}

// Who blocks a host, or is blocked by one, gives the seat up: it goes to who waits.
func TestABlockEndsAnAnswer(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cem := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cem")
	id := create(t, ada, draft(t, "tea", 1)).GetId()
	invite(t, ada, id, bob)
	respond(t, bob, id, yes, yes)
	respond(t, cem, id, yes, waiting)
	block(t, bob, ada)
	testwait.Until(t, "cem has the seat", func() bool { return get(t, cem, id).GetViewer().GetAnswer() == yes })
	wantCounts(t, get(t, ada, id), 1, 0, 0)
	withdraw(t, cem, id)
	p.Settle(t)
}

// Who does not see a meetup any more gives the seat up all the same.
func TestAnAnswerIsTakenBackUnseen(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	id := create(t, ada, draft(t, "tea", 1)).GetId()
	respond(t, bob, id, yes, yes)
	update(t, ada, id, &eventv1.EventDraft{Visibility: eventv1.Visibility_VISIBILITY_INVITED}, "visibility")
	wantReason(t, "bob", tryGet(t, bob.Client, id), errorsv1.Reason_REASON_EVENT_NOT_FOUND)
	withdraw(t, bob, id)
	_, err := bob.Events.WithdrawAnswer(t.Context(), &eventv1.WithdrawAnswerRequest{EventId: id})
	wantReason(t, "once more", err, errorsv1.Reason_REASON_EVENT_NOT_FOUND)
	wantCounts(t, get(t, ada, id), 0, 0, 0)
}

package event_test

import (
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testmain"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// TestMain makes rapid check less often than it does by itself, unless it is told how often.
func TestMain(m *testing.M) { testmain.Run(m, "rapid.checks=20") }

const (
	yes     = eventv1.Answer_ANSWER_YES
	maybe   = eventv1.Answer_ANSWER_MAYBE
	no      = eventv1.Answer_ANSWER_NO
	waiting = eventv1.Answer_ANSWER_WAITING
)

// must answers what a call answered.
func must[T any](t *testing.T) func(T, error) T {
	return func(answer T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

// wantReason fails unless a call was refused for that reason.
func wantReason(t *testing.T, what string, err error, want errorsv1.Reason) {
	t.Helper()
	if got := pulse.ReasonOf(err); got != want || err == nil {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// A movableClock runs as the machine's does, and a test may put it forward.
type movableClock struct{ ahead atomic.Int64 }

func (c *movableClock) now() time.Time {
	return time.Now().Add(time.Duration(c.ahead.Load())).UTC().Truncate(time.Millisecond)
}

func (c *movableClock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// berlin is a zone whose clocks are put forward and back.
const berlin = "Europe/Berlin"

// at is a schedule of an hour in Berlin that begins at a time, to the minute.
func at(t *testing.T, start time.Time) *eventv1.Schedule {
	t.Helper()
	zone, err := time.LoadLocation(berlin)
	if err != nil {
		t.Fatal(err)
	}
	const layout = "2006-01-02T15:04"
	return &eventv1.Schedule{TimeZone: berlin, Start: start.In(zone).Format(layout), End: start.Add(time.Hour).In(zone).Format(layout)}
}

// summer is a time far ahead at which no clock is put forward or back.
func summer() time.Time { return time.Date(time.Now().Year()+2, 7, 1, 17, 0, 0, 0, time.UTC) }

// draft is a meetup of a title and so many seats.
func draft(t *testing.T, title string, capacity int32) *eventv1.EventDraft {
	t.Helper()
	return &eventv1.EventDraft{Title: title, Schedule: at(t, summer()), Capacity: capacity}
}

// create announces a meetup.
func create(t *testing.T, host *pulsetest.User, said *eventv1.EventDraft) *eventv1.Event {
	t.Helper()
	return must[*eventv1.CreateEventResponse](t)(host.Events.CreateEvent(t.Context(), &eventv1.CreateEventRequest{Event: said})).GetEvent()
}

// get answers a meetup as somebody sees it.
func get(t *testing.T, who *pulsetest.User, eventID int64) *eventv1.Event {
	t.Helper()
	return must[*eventv1.GetEventResponse](t)(who.Events.GetEvent(t.Context(), &eventv1.GetEventRequest{EventId: eventID})).GetEvent()
}

// tryGet answers how reading a meetup went.
func tryGet(t *testing.T, who *pulse.Client, eventID int64) error {
	t.Helper()
	_, err := who.Events.GetEvent(t.Context(), &eventv1.GetEventRequest{EventId: eventID})
	return err
}

// respond answers to a meetup, and fails unless the server takes it as wanted.
func respond(t *testing.T, who *pulsetest.User, eventID int64, answer, want eventv1.Answer) {
	t.Helper()
	got := must[*eventv1.RespondToEventResponse](t)(who.Events.RespondToEvent(t.Context(), &eventv1.RespondToEventRequest{EventId: eventID, Answer: answer}))
	if got.GetEvent().GetViewer().GetAnswer() != want {
		t.Errorf("%s answered %v and has %v, want %v", who.Handle, answer, got.GetEvent().GetViewer().GetAnswer(), want)
	}
}

func withdraw(t *testing.T, who *pulsetest.User, eventID int64) {
	t.Helper()
	must[*eventv1.WithdrawAnswerResponse](t)(who.Events.WithdrawAnswer(t.Context(), &eventv1.WithdrawAnswerRequest{EventId: eventID}))
}

// update changes fields of a meetup.
func update(t *testing.T, who *pulsetest.User, eventID int64, said *eventv1.EventDraft, paths ...string) *eventv1.Event {
	t.Helper()
	return must[*eventv1.UpdateEventResponse](t)(who.Events.UpdateEvent(t.Context(), &eventv1.UpdateEventRequest{
		EventId: eventID, Event: said, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
	})).GetEvent()
}

func cancel(t *testing.T, who *pulsetest.User, eventID int64) *eventv1.Event {
	t.Helper()
	return must[*eventv1.CancelEventResponse](t)(who.Events.CancelEvent(t.Context(), &eventv1.CancelEventRequest{EventId: eventID})).GetEvent()
}

func invite(t *testing.T, who *pulsetest.User, eventID int64, whom ...*pulsetest.User) {
	t.Helper()
	req := &eventv1.InviteToEventRequest{EventId: eventID}
	for _, one := range whom {
		req.UserIds = append(req.UserIds, one.ID)
	}
	answer := must[*eventv1.InviteToEventResponse](t)(who.Events.InviteToEvent(t.Context(), req))
	if refused := answer.GetRefusedUserIds(); len(refused) > 0 {
		t.Fatalf("%v were refused", refused)
	}
}

func addCoHost(t *testing.T, host *pulsetest.User, eventID int64, whom *pulsetest.User) {
	t.Helper()
	must[*eventv1.AddCoHostResponse](t)(host.Events.AddCoHost(t.Context(), &eventv1.AddCoHostRequest{EventId: eventID, UserId: whom.ID}))
}

// attendees answers the handles of those who answered so, as somebody sees them.
func attendees(t *testing.T, who *pulsetest.User, eventID int64, answer eventv1.Answer) []string {
	t.Helper()
	handles := []string{}
	for one, err := range who.AllAttendees(t.Context(), &eventv1.ListAttendeesRequest{EventId: eventID, Answer: answer, PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		handles = append(handles, one.GetUser().GetHandle())
	}
	return handles
}

func block(t *testing.T, who, whom *pulsetest.User) {
	t.Helper()
	must[*graphv1.BlockUserResponse](t)(who.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: whom.ID}))
}

func follow(t *testing.T, who, whom *pulsetest.User) {
	t.Helper()
	must[*graphv1.FollowResponse](t)(who.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: whom.ID}))
}

// ids are the ids of meetups.
func ids(events []*eventv1.Event) []int64 {
	all := []int64{}
	for _, e := range events {
		all = append(all, e.GetId())
	}
	return all
}

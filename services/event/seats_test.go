package event_test

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// wantCounts fails unless a meetup counts so many seats taken, perhaps and waited for.
func wantCounts(t *testing.T, e *eventv1.Event, yes, maybe, waiting int64) {
	t.Helper()
	if c := e.GetCounts(); c.GetYes() != yes || c.GetMaybe() != maybe || c.GetWaiting() != waiting {
		t.Errorf("counts are %v, want %d yes, %d maybe, %d waiting", c, yes, maybe, waiting)
	}
}

// Who comes when all seats are taken waits, and the first who waits gets the seat that is given up.
func TestWaitlist(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cem, dan, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cem"), p.User(t, "dan"), p.User(t, "eve")
	id := create(t, ada, draft(t, "tea", 1)).GetId()
	respond(t, bob, id, yes, yes)
	respond(t, bob, id, yes, yes) // Once more is no other answer.
	respond(t, cem, id, yes, waiting)
	respond(t, dan, id, yes, waiting)
	respond(t, eve, id, maybe, maybe)
	respond(t, cem, id, yes, waiting) // It keeps the place.
	wantCounts(t, get(t, ada, id), 1, 1, 2)
	if got := get(t, dan, id).GetViewer().GetWaitlistPosition(); got != 2 {
		t.Errorf("dan is number %d on the waitlist, want 2", got)
	}
	if got := attendees(t, ada, id, waiting); !slices.Equal(got, []string{"cem", "dan"}) {
		t.Errorf("%v wait", got)
	}
	respond(t, bob, id, maybe, maybe) // Gives the seat up.
	wantCounts(t, get(t, ada, id), 1, 2, 1)
	if got := get(t, cem, id).GetViewer(); got.GetAnswer() != yes || got.GetWaitlistPosition() != 0 {
		t.Errorf("cem has %v, want the seat", got)
	}
	if got := get(t, dan, id).GetViewer().GetWaitlistPosition(); got != 1 {
		t.Errorf("dan is number %d, want 1", got)
	}
	respond(t, bob, id, yes, waiting) // Now behind dan.
	withdraw(t, cem, id)
	withdraw(t, cem, id)
	if got := attendees(t, eve, id, yes); !slices.Equal(got, []string{"dan"}) {
		t.Errorf("%v have a seat, want dan", got)
	}
	respond(t, dan, id, no, no)
	if got := attendees(t, ada, id, yes); !slices.Equal(got, []string{"bob"}) {
		t.Errorf("%v have a seat, want bob", got)
	}
	wantCounts(t, get(t, ada, id), 1, 1, 0)
	p.Settle(t)
}

// More seats go to those who wait, in their order; fewer take nobody's away.
func TestCapacityChanges(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	id := create(t, ada, draft(t, "tea", 1)).GetId()
	var people []*pulsetest.User
	for i := range 5 {
		people = append(people, p.User(t, fmt.Sprintf("guest_%d", i)))
	}
	respond(t, people[0], id, yes, yes)
	for _, one := range people[1:] {
		respond(t, one, id, yes, waiting)
	}
	wantCounts(t, update(t, ada, id, &eventv1.EventDraft{Capacity: 3}, "capacity"), 3, 0, 2)
	if got := attendees(t, ada, id, yes); !slices.Equal(got, []string{"guest_0", "guest_1", "guest_2"}) {
		t.Errorf("%v have a seat", got)
	}
	wantCounts(t, update(t, ada, id, &eventv1.EventDraft{Capacity: 1}, "capacity"), 3, 0, 2)
	withdraw(t, people[0], id)
	withdraw(t, people[1], id) // Still as many as there are seats.
	wantCounts(t, get(t, ada, id), 1, 0, 2)
	withdraw(t, people[2], id)
	wantCounts(t, get(t, ada, id), 1, 0, 1)
	wantCounts(t, update(t, ada, id, &eventv1.EventDraft{Capacity: 0}, "capacity"), 2, 0, 0) // As many as come.
	p.Settle(t)
}

// A hundred who want one seat at once: one has it, and the others wait in one order.
func TestManyAtOnceForOneSeat(t *testing.T) {
	t.Parallel()
	const many = 100
	// All are let in at once: a slow machine would refuse those who wait at its gate, and they are to meet at the seat.
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_CALLS_AT_ONCE", strconv.Itoa(many)))
	ada := p.User(t, "ada")
	id := create(t, ada, draft(t, "tea", 1)).GetId()
	people := make([]*pulsetest.User, many)
	for i := range people {
		people[i] = p.User(t, fmt.Sprintf("guest_%d", i))
	}
	var all sync.WaitGroup
	answers := make([]*eventv1.EventViewer, many)
	errs := make([]error, many)
	for i, one := range people {
		all.Go(func() {
			answer, err := one.Events.RespondToEvent(t.Context(), &eventv1.RespondToEventRequest{EventId: id, Answer: yes})
			answers[i], errs[i] = answer.GetEvent().GetViewer(), err
		})
	}
	all.Wait()
	seats := 0
	for i, err := range errs {
		if err != nil {
			t.Fatalf("guest_%d: %v", i, err)
		}
		if answers[i].GetAnswer() == yes {
			seats++
		}
	}
	wantCounts(t, get(t, ada, id), 1, 0, many-1)
	if seats != 1 {
		t.Errorf("%d were told that they have the seat, want one", seats)
	}
	// All give up what they have, at once: each seat goes on to somebody, until nobody is left.
	waits := attendees(t, ada, id, waiting)
	if len(waits) != many-1 {
		t.Errorf("%d wait, want %d", len(waits), many-1)
	}
	for i, one := range people {
		all.Go(func() {
			_, errs[i] = one.Events.WithdrawAnswer(t.Context(), &eventv1.WithdrawAnswerRequest{EventId: id})
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("guest_%d: %v", i, err)
		}
	}
	wantCounts(t, get(t, ada, id), 0, 0, 0)
	p.Settle(t)
}

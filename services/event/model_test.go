package event_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// room is what a meetup is to be: who has a seat, perhaps comes, does not, and waits, in the order in which they said so.
type room struct {
	capacity int
	answers  []said
}

// said is what somebody answered.
type said struct {
	who    string
	answer eventv1.Answer
}

// of answers who answered so.
func (r *room) of(answer eventv1.Answer) []string {
	who := []string{}
	for _, one := range r.answers {
		if one.answer == answer {
			who = append(who, one.who)
		}
	}
	return who
}

// say has somebody answer; unspecified takes the answer back.
func (r *room) say(who string, answer eventv1.Answer) {
	is := slices.IndexFunc(r.answers, func(one said) bool { return one.who == who })
	if is >= 0 {
		if was := r.answers[is].answer; was == answer || answer == yes && was == waiting {
			return
		}
		r.answers = slices.Delete(r.answers, is, is+1)
	}
	if answer == yes && r.capacity > 0 && len(r.of(yes)) >= r.capacity {
		answer = waiting
	}
	if answer != eventv1.Answer_ANSWER_UNSPECIFIED {
		r.answers = append(r.answers, said{who, answer})
	}
	r.fill()
}

// fill gives the free seats away.
func (r *room) fill() {
	for i := range r.answers {
		if r.answers[i].answer == waiting && (r.capacity == 0 || len(r.of(yes)) < r.capacity) {
			r.answers[i].answer = yes
		}
	}
}

// Whatever people answer and the host makes of the seats, who has one and who waits is as a list on paper would have it.
func TestSeatsAreAsOnPaper(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.InProcess())
	ada := p.User(t, "ada")
	people := make([]*pulsetest.User, 5)
	for i := range people {
		people[i] = p.User(t, fmt.Sprintf("guest_%d", i))
	}
	answers := []eventv1.Answer{eventv1.Answer_ANSWER_UNSPECIFIED, yes, yes, yes, maybe, no}
	rapid.Check(t, func(r *rapid.T) {
		paper := &room{capacity: rapid.IntRange(0, 3).Draw(r, "capacity")}
		id := create(t, ada, draft(t, "tea", int32(paper.capacity))).GetId()
		for range rapid.IntRange(1, 15).Draw(r, "steps") {
			if rapid.IntRange(0, 5).Draw(r, "what") == 0 {
				paper.capacity = rapid.IntRange(0, 4).Draw(r, "seats")
				paper.fill()
				update(t, ada, id, &eventv1.EventDraft{Capacity: int32(paper.capacity)}, "capacity")
				continue
			}
			who, answer := rapid.SampledFrom(people).Draw(r, "who"), rapid.SampledFrom(answers).Draw(r, "answer")
			paper.say(who.Handle, answer)
			if answer == eventv1.Answer_ANSWER_UNSPECIFIED {
				withdraw(t, who, id)
			} else {
				must[*eventv1.RespondToEventResponse](t)(who.Events.RespondToEvent(t.Context(), &eventv1.RespondToEventRequest{EventId: id, Answer: answer}))
			}
		}
		for _, answer := range []eventv1.Answer{yes, maybe, no, waiting} {
			if got, want := attendees(t, ada, id, answer), paper.of(answer); !slices.Equal(got, want) {
				r.Errorf("%v is answered by %v, on paper by %v", answer, got, want)
			}
		}
		wantCounts(t, get(t, ada, id), int64(len(paper.of(yes))), int64(len(paper.of(maybe))), int64(len(paper.of(waiting))))
	})
	p.Settle(t)
}

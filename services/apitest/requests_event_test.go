package apitest_test

import (
	"maps"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/gen/pulse/event/v1/eventv1connect"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	"github.com/pulse-social/pulse/gen/pulse/search/v1/searchv1connect"
)

func init() { maps.Copy(recipes, eventRecipes) }

// meetup is what one says of a meetup of a title.
func meetup(title string, to eventv1.Visibility) *eventv1.EventDraft {
	day := time.Now().AddDate(1, 0, 0).Format("2006-01-02")
	return &eventv1.EventDraft{Title: title, Visibility: to, Schedule: &eventv1.Schedule{TimeZone: "UTC", AllDay: true, Start: day, End: day}}
}

// announce announces a meetup and answers its id.
func (who *person) announce(t *testing.T, title string, to eventv1.Visibility) int64 {
	t.Helper()
	answer, err := who.Events.CreateEvent(t.Context(), &eventv1.CreateEventRequest{Event: meetup(title, to)})
	if err != nil {
		t.Fatalf("announce %q: %v", title, err)
	}
	return answer.GetEvent().GetId()
}

// announce announces the meetups of the cast; the followee is invited to one.
func (c *cast) announce(t *testing.T) {
	t.Helper()
	o := c.people[owner]
	text := func(object string) string { return c.canaries.restricted(sees[object]) }
	c.events = map[string]int64{
		present:   o.announce(t, "public", eventv1.Visibility_VISIBILITY_PUBLIC),
		narrow:    o.announce(t, text(narrow), eventv1.Visibility_VISIBILITY_FOLLOWERS),
		addressed: o.announce(t, text(addressed), eventv1.Visibility_VISIBILITY_INVITED),
		secluded:  c.people[recluse].announce(t, text(secluded), eventv1.Visibility_VISIBILITY_PUBLIC),
		suspended: c.people[outcast].announce(t, text(suspended), eventv1.Visibility_VISIBILITY_PUBLIC),
	}
	c.invite(t)
}

// invite has the followee be invited.
func (c *cast) invite(t *testing.T) {
	t.Helper()
	_, err := c.people[owner].Events.InviteToEvent(t.Context(), &eventv1.InviteToEventRequest{
		EventId: c.events[addressed], UserIds: []int64{c.people[followee].id},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// eventID answers the meetup that the cell's request names.
func (x cell) eventID(t *testing.T, c *cast) int64 {
	t.Helper()
	if x.recipe.uses && x.succeeds() {
		return c.people[owner].announce(t, "to be used up", eventv1.Visibility_VISIBILITY_PUBLIC)
	}
	return c.events[x.object]
}

// hosts is a recipe for what only hosts may do, and that fails for a reason, unspecified for none, when the owner does it.
func hosts(fails errorsv1.Reason, request func(id int64) proto.Message) recipe {
	r := simple(request)
	r.refuses = func(x cell) errorsv1.Reason {
		if x.actor != owner {
			return errorsv1.Reason_REASON_EVENT_HOST_REQUIRED
		}
		return fails
	}
	return r
}

// eventRecipes are those of EventService, and of the search for meetups.
var eventRecipes = map[string]recipe{
	eventv1connect.EventServiceCreateEventProcedure: simple(func(int64) proto.Message {
		return &eventv1.CreateEventRequest{Event: meetup("another", eventv1.Visibility_VISIBILITY_INVITED)}
	}),
	eventv1connect.EventServiceGetEventProcedure: simple(func(id int64) proto.Message { return &eventv1.GetEventRequest{EventId: id} }),
	eventv1connect.EventServiceBatchGetEventsProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message {
			return &eventv1.BatchGetEventsRequest{EventIds: []int64{id}}
		},
		omits: true,
	},
	eventv1connect.EventServiceUpdateEventProcedure: hosts(0, func(id int64) proto.Message {
		return &eventv1.UpdateEventRequest{
			EventId: id, Event: &eventv1.EventDraft{Capacity: 5000}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"capacity"}},
		}
	}),
	eventv1connect.EventServiceCancelEventProcedure: func() recipe {
		r := hosts(0, func(id int64) proto.Message { return &eventv1.CancelEventRequest{EventId: id} })
		r.uses = true
		return r
	}(),
	eventv1connect.EventServiceRespondToEventProcedure: simple(func(id int64) proto.Message {
		return &eventv1.RespondToEventRequest{EventId: id, Answer: eventv1.Answer_ANSWER_YES}
	}),
	eventv1connect.EventServiceWithdrawAnswerProcedure: simple(func(id int64) proto.Message { return &eventv1.WithdrawAnswerRequest{EventId: id} }),
	eventv1connect.EventServiceListAttendeesProcedure:  simple(func(id int64) proto.Message { return &eventv1.ListAttendeesRequest{EventId: id} }),
	eventv1connect.EventServiceInviteToEventProcedure: hosts(0, func(id int64) proto.Message {
		return &eventv1.InviteToEventRequest{EventId: id, UserIds: []int64{absentID}}
	}),
	eventv1connect.EventServiceWithdrawInviteProcedure: hosts(0, func(id int64) proto.Message {
		return &eventv1.WithdrawInviteRequest{EventId: id, UserId: absentID}
	}),
	eventv1connect.EventServiceListInvitesProcedure: hosts(0, func(id int64) proto.Message { return &eventv1.ListInvitesRequest{EventId: id} }),
	eventv1connect.EventServiceAddCoHostProcedure: hosts(errorsv1.Reason_REASON_USER_NOT_FOUND, func(id int64) proto.Message {
		return &eventv1.AddCoHostRequest{EventId: id, UserId: absentID}
	}),
	eventv1connect.EventServiceRemoveCoHostProcedure: hosts(0, func(id int64) proto.Message {
		return &eventv1.RemoveCoHostRequest{EventId: id, UserId: absentID}
	}),
	eventv1connect.EventServiceListEventsProcedure:         simple(func(int64) proto.Message { return &eventv1.ListEventsRequest{} }),
	eventv1connect.EventServiceDiscoverEventsProcedure:     simple(func(int64) proto.Message { return &eventv1.DiscoverEventsRequest{PageSize: 100} }),
	eventv1connect.EventServiceGetCalendarFeedProcedure:    simple(func(int64) proto.Message { return &eventv1.GetCalendarFeedRequest{} }),
	eventv1connect.EventServiceResetCalendarFeedProcedure:  simple(func(int64) proto.Message { return &eventv1.ResetCalendarFeedRequest{} }),
	eventv1connect.EventServiceDeleteCalendarFeedProcedure: simple(func(int64) proto.Message { return &eventv1.DeleteCalendarFeedRequest{} }),
	searchv1connect.SearchServiceSearchEventsProcedure: simple(func(int64) proto.Message {
		return &searchv1.SearchEventsRequest{Query: "canary", PageSize: 100}
	}),
}

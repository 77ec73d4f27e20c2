package event

import (
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/services/internal/id"
)

// newCalendar begins a calendar in the format of RFC 5545.
func newCalendar(name string) *ics.Calendar {
	calendar := ics.NewCalendar()
	calendar.SetProductId("-//Pulse//Meetups//EN")
	calendar.SetMethod(ics.MethodPublish)
	calendar.SetXWRCalName(name)
	return calendar
}

// add adds a meetup to a calendar, as somebody has it who answered so. Moments are written in UTC, so that no reader needs to know
// the zone; days as they are. Texts are escaped as they are written, and hold no control characters but line feeds and tabs.
func add(calendar *ics.Calendar, row *ent.Event, answer int32) {
	e := calendar.AddEvent("event-" + id.String(row.ID) + "@pulse")
	e.SetDtStampTime(row.ChangedAt)
	e.SetLastModifiedAt(row.ChangedAt)
	e.SetCreatedTime(id.Time(row.ID))
	e.SetSequence(int(row.Version - 1))
	e.SetSummary(row.Title)
	if row.Description != "" {
		e.SetDescription(row.Description)
	}
	setTimes(e, row)
	setPlace(e, row)
	switch {
	case row.Cancelled:
		e.SetStatus(ics.ObjectStatusCancelled)
	case answer == maybe || answer == waiting:
		e.SetStatus(ics.ObjectStatusTentative)
		e.SetTimeTransparency(ics.TransparencyTransparent)
	default:
		e.SetStatus(ics.ObjectStatusConfirmed)
	}
}

func setTimes(e *ics.VEvent, row *ent.Event) {
	if !row.AllDay {
		e.SetStartAt(row.StartsAt)
		e.SetEndAt(row.EndsAt)
		return
	}
	first, err := time.Parse(dateLayout, row.Starts)
	last, err2 := time.Parse(dateLayout, row.Ends)
	if err != nil || err2 != nil { // They were read when they were written.
		return
	}
	e.SetAllDayStartAt(first)
	e.SetAllDayEndAt(last.AddDate(0, 0, 1)) // The first day after it.
}

func setPlace(e *ics.VEvent, row *ent.Event) {
	var lines []string
	for _, line := range []string{row.PlaceName, row.PlaceAddress} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) > 0 {
		e.SetLocation(strings.Join(lines, ", "))
	}
	if row.Latitude != nil && row.Longitude != nil {
		degrees := func(d float64) string { return strconv.FormatFloat(d, 'f', 6, 64) }
		e.SetGeo(degrees(*row.Latitude), degrees(*row.Longitude))
	}
	if row.OnlineURL != "" {
		e.SetURL(row.OnlineURL)
	}
}

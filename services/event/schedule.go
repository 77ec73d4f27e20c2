package event

import (
	"time"
	_ "time/tzdata" // The image has no time zones of its own.

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// What the wall clock shows, as callers write it.
const (
	clockLayout = "2006-01-02T15:04"
	dateLayout  = "2006-01-02"
)

// longest is how long a meetup takes at most.
const longest = 31 * 24 * time.Hour

// schedule is when a meetup is: as its hosts said it, and the moments that follow from that.
type schedule struct {
	zone         string
	allDay       bool
	starts, ends string
	from, to     time.Time // to is the first moment after it.
}

// scheduleOf reads a schedule, which must not be over yet.
func scheduleOf(said *eventv1.Schedule, now time.Time) (schedule, error) {
	s := schedule{zone: said.GetTimeZone(), allDay: said.GetAllDay(), starts: said.GetStart(), ends: said.GetEnd()}
	zone, err := time.LoadLocation(s.zone)
	if err != nil || s.zone == "" || s.zone == time.Local.String() {
		return s, rpc.Fail(errorsv1.Reason_REASON_TIME_ZONE_UNKNOWN,
			"there is no time zone %q: use a name of the IANA database, such as Europe/Berlin", s.zone).With("time_zone", s.zone)
	}
	read := clockTime
	if s.allDay {
		read = dayStart
	}
	if s.from, err = read(zone, "start", s.starts, 0); err != nil {
		return s, err
	}
	after := 0
	if s.allDay { // The last day is part of it.
		after = 1
	}
	if s.to, err = read(zone, "end", s.ends, after); err != nil {
		return s, err
	}
	switch took := s.to.Sub(s.from); {
	case took <= 0:
		return s, invalidTime("end", "the meetup ends at %s, which is not after its start", s.ends)
	case took > longest+time.Hour: // A day may be longer.
		return s, invalidTime("end", "the meetup takes until %s: it may take 31 days at most", s.ends)
	case !s.to.After(now):
		return s, invalidTime("end", "the meetup ends at %s, which has passed", s.ends)
	}
	return s, nil
}

// clockTime answers the moment at which the wall clock of a zone shows a time.
func clockTime(zone *time.Location, field, text string, _ int) (time.Time, error) {
	wall, err := time.Parse(clockLayout, text)
	if err != nil {
		return wall, invalidTime(field, "the %s %q is no time: write what the clock shows there, such as 2027-03-27T19:30", field, text)
	}
	at, skipped := moment(zone, wall)
	if skipped {
		return at, invalidTime(field, "clocks in %s skip %s, for they are put forward then", zone, text)
	}
	return at, nil
}

// dayStart answers the first moment of a day in a zone, or of one that is some days later.
func dayStart(zone *time.Location, field, text string, later int) (time.Time, error) {
	day, err := time.Parse(dateLayout, text)
	if err != nil {
		return day, invalidTime(field, "the %s %q is no day: write it as 2027-03-27", field, text)
	}
	at, _ := moment(zone, day.AddDate(0, 0, later)) // Where midnight is skipped, the day begins with what comes instead.
	return at, nil
}

// moment answers when the wall clock of a zone shows what wall is in UTC: the first time, when it does so twice. When it never
// does, because the clock is put forward, moment answers when that is, if wall is the first time that is skipped.
func moment(zone *time.Location, wall time.Time) (at time.Time, skipped bool) {
	const around = 36 * time.Hour // A zone is less than that away from UTC.
	_, before := wall.Add(-around).In(zone).Zone()
	_, after := wall.Add(around).In(zone).Zone()
	for _, offset := range []int{max(before, after), min(before, after)} { // The larger offset is the earlier moment.
		at = wall.Add(-time.Duration(offset) * time.Second)
		if _, there := at.In(zone).Zone(); there == offset {
			return at.UTC(), false
		}
	}
	return wall.Add(-time.Duration(before) * time.Second).UTC(), true
}

func invalidTime(field, format string, args ...any) error {
	return rpc.Fail(errorsv1.Reason_REASON_EVENT_TIME_INVALID, format, args...).With("field", field)
}

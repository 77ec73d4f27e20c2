package notification

import (
	"context"
	"fmt"
	"time"
	_ "time/tzdata" // The image has no time zones of its own.

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/quiethours"
)

// day is how long the wall clock takes to show the same again.
const day = 24 * time.Hour

// quiet is when somebody is left alone: between two times of the wall clock of a place, the first included. An end before the
// start is on the next day.
type quiet struct {
	start, end time.Duration // since midnight, on the wall clock
	zone       *time.Location
}

// quietOf reads a row. The zone may be one that the database of zones has no longer; then there are no quiet hours.
func quietOf(row *ent.QuietHours) (quiet, bool) {
	if row == nil || !row.Enabled || row.StartMinute == row.EndMinute {
		return quiet{}, false
	}
	zone, err := time.LoadLocation(row.TimeZone)
	if err != nil {
		return quiet{}, false
	}
	return quiet{start: time.Duration(row.StartMinute) * time.Minute, end: time.Duration(row.EndMinute) * time.Minute, zone: zone}, true
}

// until answers when the quiet hours that last at a time are over, or the time itself when there are none then.
//
// Only what the wall clock shows counts. When it is set forward over their end, they end at that moment; when it is set back
// into them, they go on, and come twice when it is set back past their end.
func (q quiet) until(now time.Time) time.Time {
	for at := now; ; {
		shown, change := q.wall(at)
		if !q.covers(shown) {
			return at
		}
		left := (q.end - shown + day) % day
		if over := at.Add(left); change.IsZero() || over.Before(change) {
			return over
		}
		at = change
	}
}

// wall answers what the wall clock shows, since midnight, and when it is set next; the zero time is never.
func (q quiet) wall(at time.Time) (shown time.Duration, change time.Time) {
	local := at.In(q.zone)
	hour, minute, second := local.Clock()
	_, change = local.ZoneBounds()
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(local.Nanosecond()), change
}

// covers tells whether the wall clock shows a time between the two.
func (q quiet) covers(shown time.Duration) bool {
	if q.start < q.end {
		return q.start <= shown && shown < q.end
	}
	return shown >= q.start || shown < q.end
}

// quietOnes reads the quiet hours of people who have any, by person.
func quietOnes(ctx context.Context, db *ent.Client, people []int64) (map[int64]quiet, error) {
	rows, err := db.QuietHours.Query().Where(quiethours.IDIn(people...), quiethours.Enabled(true)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read quiet hours: %w", err)
	}
	found := make(map[int64]quiet, len(rows))
	for _, row := range rows {
		if q, ok := quietOf(row); ok {
			found[row.ID] = q
		}
	}
	return found, nil
}

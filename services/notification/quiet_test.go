package notification

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestQuietUntil has times around those at which the wall clock is set. What is expected is from the zones' own rules.
func TestQuietUntil(t *testing.T) {
	t.Parallel()
	const clock = "15:04"
	for _, test := range []struct{ zone, start, end, now, until string }{
		{"UTC", "22:00", "07:00", "2026-03-10T21:59:59Z", ""},
		{"UTC", "22:00", "07:00", "2026-03-10T22:00:00Z", "2026-03-11T07:00:00Z"},
		{"UTC", "22:00", "07:00", "2026-03-11T06:59:59Z", "2026-03-11T07:00:00Z"},
		{"UTC", "22:00", "07:00", "2026-03-11T07:00:00Z", ""},
		{"UTC", "13:00", "14:30", "2026-03-11T13:10:00Z", "2026-03-11T14:30:00Z"},
		{"UTC", "00:00", "23:59", "2026-03-11T00:00:00Z", "2026-03-11T23:59:00Z"},
		{"UTC", "07:01", "07:00", "2026-03-11T07:00:30Z", ""},
		{"UTC", "07:01", "07:00", "2026-03-11T07:01:00Z", "2026-03-12T07:00:00Z"},
		{"Asia/Kathmandu", "22:00", "07:00", "2026-03-10T16:15:00Z", "2026-03-11T01:15:00Z"},
		// On 2026-03-29 the clocks go from 02:00 to 03:00 in Berlin, on 2026-10-25 from 03:00 back to 02:00.
		{"Europe/Berlin", "22:00", "07:00", "2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z"},
		{"Europe/Berlin", "22:00", "07:00", "2026-10-24T20:00:00Z", "2026-10-25T06:00:00Z"},
		{"Europe/Berlin", "22:00", "02:30", "2026-03-28T22:00:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "02:30", "05:00", "2026-03-29T00:59:59Z", ""},
		{"Europe/Berlin", "02:30", "05:00", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"},
		{"Europe/Berlin", "02:00", "03:00", "2026-03-29T01:00:00Z", ""},
		{"Europe/Berlin", "22:00", "02:30", "2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z"},
		{"Europe/Berlin", "22:00", "02:30", "2026-10-25T00:45:00Z", ""},
		{"Europe/Berlin", "22:00", "02:30", "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"},
		{"Europe/Berlin", "22:00", "03:00", "2026-10-25T00:59:00Z", "2026-10-25T02:00:00Z"},
		// New York: 2026-03-08 and 2026-11-01, at 02:00.
		{"America/New_York", "23:00", "06:30", "2026-03-08T04:00:00Z", "2026-03-08T10:30:00Z"},
		{"America/New_York", "23:00", "06:30", "2026-11-01T03:00:00Z", "2026-11-01T11:30:00Z"},
		{"America/New_York", "01:30", "01:45", "2026-11-01T05:31:00Z", "2026-11-01T05:45:00Z"},
		{"America/New_York", "01:30", "01:45", "2026-11-01T06:31:00Z", "2026-11-01T06:45:00Z"},
		// Lord Howe sets the clock by half an hour: 2026-04-05 at 02:00 back, 2026-10-04 at 02:00 forward.
		{"Australia/Lord_Howe", "22:00", "07:00", "2026-04-04T11:00:00Z", "2026-04-04T20:30:00Z"},
		{"Australia/Lord_Howe", "22:00", "07:00", "2026-10-03T11:30:00Z", "2026-10-03T20:00:00Z"},
		{"Australia/Lord_Howe", "22:00", "02:15", "2026-10-03T11:30:00Z", "2026-10-03T15:30:00Z"},
		// Casablanca leaves its time for Ramadan: 2026-02-15 at 03:00 back by an hour, 2026-03-22 at 02:00 forward.
		{"Africa/Casablanca", "22:00", "07:00", "2026-02-14T21:00:00Z", "2026-02-15T07:00:00Z"},
		{"Africa/Casablanca", "22:00", "07:00", "2026-03-21T22:00:00Z", "2026-03-22T06:00:00Z"},
		// There was no midnight in Sao Paulo on 2018-11-04, and there is none in Beirut on 2026-03-29.
		{"America/Sao_Paulo", "22:00", "00:00", "2018-11-04T01:00:00Z", "2018-11-04T03:00:00Z"},
		{"America/Sao_Paulo", "22:00", "00:30", "2018-11-04T01:00:00Z", "2018-11-04T03:00:00Z"},
		{"America/Sao_Paulo", "00:00", "06:00", "2018-11-04T03:00:00Z", "2018-11-04T08:00:00Z"},
		{"Asia/Beirut", "00:00", "06:00", "2026-03-28T22:00:00Z", "2026-03-29T03:00:00Z"},
		{"Asia/Beirut", "21:00", "00:00", "2026-03-28T21:00:00Z", "2026-03-28T22:00:00Z"},
		// Samoa went without 2011-12-30, a whole day.
		{"Pacific/Apia", "22:00", "07:00", "2011-12-30T09:00:00Z", "2011-12-30T17:00:00Z"},
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		start, _ := time.Parse(clock, test.start)
		end, _ := time.Parse(clock, test.end)
		midnight, _ := time.Parse(clock, "00:00")
		now, err := time.Parse(time.RFC3339, test.now)
		if err != nil {
			t.Fatal(err)
		}
		want := now
		if test.until != "" {
			if want, err = time.Parse(time.RFC3339, test.until); err != nil {
				t.Fatal(err)
			}
		}
		q := quiet{start: start.Sub(midnight), end: end.Sub(midnight), zone: zone}
		if got := q.until(now); !got.Equal(want) {
			t.Errorf("%s, %s to %s, at %s: until %s, want %s", test.zone, test.start, test.end, test.now, got.UTC().Format(time.RFC3339), want.Format(time.RFC3339))
		}
	}
}

// TestQuietUntilIsTheFirstMinute compares with looking at the wall clock minute by minute.
func TestQuietUntilIsTheFirstMinute(t *testing.T) {
	t.Parallel()
	names := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo", "Asia/Beirut", "America/St_Johns", "Pacific/Chatham", "Pacific/Apia"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(names).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		minute := rapid.IntRange(0, 1439)
		start, end := minute.Draw(t, "start"), minute.Draw(t, "end")
		if start == end {
			return
		}
		now := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 20*366*24*60).Draw(t, "now")) * time.Minute)
		// Most of the time around the next moment at which the clock is set.
		if _, change := now.In(zone).ZoneBounds(); !change.IsZero() && rapid.IntRange(0, 9).Draw(t, "near") > 0 {
			now = change.Add(time.Duration(rapid.IntRange(-600, 600).Draw(t, "minutes")) * time.Minute).Truncate(time.Minute)
		}
		quietAt := func(at time.Time) bool {
			hour, m, _ := at.In(zone).Clock()
			shown := hour*60 + m
			if start < end {
				return start <= shown && shown < end
			}
			return shown >= start || shown < end
		}
		want := now
		for quietAt(want) {
			want = want.Add(time.Minute)
		}
		q := quiet{start: time.Duration(start) * time.Minute, end: time.Duration(end) * time.Minute, zone: zone}
		if got := q.until(now); !got.Equal(want) {
			t.Fatalf("%s, %d to %d, at %s: until %s, want %s", zone, start, end, now, got.UTC(), want)
		}
	})
}

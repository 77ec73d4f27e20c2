package event

import (
	"math"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/pulse-social/pulse/ent"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/terms"
)

// Paths that a mask of a meetup may have.
const (
	pathTitle       = "title"
	pathDescription = "description"
	pathSchedule    = "schedule"
	pathPlace       = "place"
	pathOnlineURL   = "online_url"
	pathCapacity    = "capacity"
	pathVisibility  = "visibility"
)

// allPaths are what one says of a new meetup.
var allPaths = []string{pathTitle, pathDescription, pathSchedule, pathPlace, pathOnlineURL, pathCapacity, pathVisibility}

// say writes into a row what its hosts say, as far as paths name it, or answers what is wrong with that.
func say(row *ent.Event, said *eventv1.EventDraft, paths []string, now time.Time) error {
	for _, path := range paths {
		if err := sayOne(row, said, path, now); err != nil {
			return err
		}
	}
	row.FoldedPlace = terms.Fold(row.PlaceName + "\n" + row.PlaceAddress)
	row.Folded = terms.Fold(row.Title+"\n"+row.Description) + "\n" + row.FoldedPlace
	return nil
}

// sayOne is [say] for one field.
func sayOne(row *ent.Event, said *eventv1.EventDraft, path string, now time.Time) error {
	switch path {
	case pathTitle:
		if row.Title = line(said.GetTitle()); row.Title == "" {
			return rpc.Fail(errorsv1.Reason_REASON_EVENT_TITLE_EMPTY, "the meetup has no title")
		}
	case pathDescription:
		row.Description = plain(said.GetDescription())
	case pathSchedule:
		s, err := scheduleOf(said.GetSchedule(), now)
		if err != nil {
			return err
		}
		row.TimeZone, row.AllDay, row.Starts, row.Ends, row.StartsAt, row.EndsAt = s.zone, s.allDay, s.starts, s.ends, s.from, s.to
	case pathPlace:
		return sayPlace(row, said.GetPlace())
	case pathOnlineURL:
		return sayLink(row, said.GetOnlineUrl())
	case pathCapacity:
		row.Capacity = said.GetCapacity()
	case pathVisibility:
		row.Visibility = max(int32(said.GetVisibility()), public)
	default:
		return rpc.Fail(errorsv1.Reason_REASON_UPDATE_MASK_INVALID,
			"update_mask names %q: only %s can be changed", path, strings.Join(allPaths, ", ")).With("path", path)
	}
	return nil
}

// plain is a text without control characters but for line feeds and tabs: a database may refuse them, and a calendar must not have them.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

// line is a text of one line, without white space around it.
func line(text string) string { return strings.TrimSpace(terms.Clean(text)) }

func sayPlace(row *ent.Event, place *eventv1.Place) error {
	row.PlaceName, row.PlaceAddress = line(place.GetName()), strings.TrimSpace(plain(place.GetAddress()))
	row.Latitude, row.Longitude, row.X, row.Y, row.Z = nil, nil, nil, nil, nil
	if point := place.GetCoordinates(); point != nil {
		x, y, z := onSphere(point)
		row.Latitude, row.Longitude, row.X, row.Y, row.Z = new(point.GetLatitude()), new(point.GetLongitude()), &x, &y, &z
	}
	if place != nil && row.PlaceName == "" && row.PlaceAddress == "" && row.Latitude == nil {
		return rpc.Fail(errorsv1.Reason_REASON_EVENT_PLACE_INVALID, "the place says nothing: give it a name, an address or coordinates, or leave it out")
	}
	return nil
}

func sayLink(row *ent.Event, link string) error {
	row.OnlineURL = link
	if link == "" {
		return nil
	}
	if u, err := url.Parse(link); err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return rpc.Fail(errorsv1.Reason_REASON_EVENT_LINK_INVALID, "the link is no https address, such as https://example.org/room")
	}
	return nil
}

// earthRadius is the mean radius of the Earth in kilometres (IUGG).
const earthRadius = 6371.0

// onSphere answers where a point of the Earth is on a sphere of radius 1.
func onSphere(point *eventv1.Coordinates) (x, y, z float64) {
	latitude, longitude := point.GetLatitude()*math.Pi/180, point.GetLongitude()*math.Pi/180
	return math.Cos(latitude) * math.Cos(longitude), math.Cos(latitude) * math.Sin(longitude), math.Sin(latitude)
}

// chord answers how far apart two points of that sphere are, straight through it, whose distance along the surface of the Earth is
// so many kilometres.
func chord(kilometres float64) float64 { return 2 * math.Sin(kilometres/earthRadius/2) }

package app_test

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/app"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testbackend"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// fleet is a process for each service, each with a database user who may do what its service may.
type fleet map[string]*pulsetest.Pulse

func startFleet(t *testing.T) fleet {
	t.Helper()
	database := testbackend.Database(t)
	if database == "" {
		t.Skip("processes that share a database need Postgres: task test:backends starts one")
	}
	config := app.Config{Store: store.Config{DatabaseURL: database, MaxConns: 2}}
	if _, err := app.Migrate(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if _, err := app.GrantRoles(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	redis, nats, media := testbackend.Redis(t), testbackend.StartNATS(t, 1).URL(), "file://"+t.TempDir()
	f := fleet{}
	// One brings its schema up to date at the start, which it is; the others only look.
	for migrate, service := range app.ServiceNames() {
		options := []pulsetest.Option{
			pulsetest.WithServices(service), pulsetest.WithEnv("PULSE_DATABASE_URL", testbackend.User(t, database, store.Role(service))),
			pulsetest.WithEnv("PULSE_REDIS_URL", redis), pulsetest.WithEnv("PULSE_NATS_URL", nats), pulsetest.WithEnv("PULSE_MEDIA_URL", media),
		}
		if migrate > 0 {
			options = append(options, pulsetest.WithEnv("PULSE_MIGRATE", "false"))
		}
		var peers []string // Those that run already; none calls one that comes after it in the catalog.
		for name, process := range f {
			peers = append(peers, name+":"+strings.TrimPrefix(process.URL(), "http://"))
		}
		options = append(options, pulsetest.WithEnv("PULSE_PEERS", strings.Join(peers, ",")))
		f[service] = pulsetest.Start(t, options...)
	}
	return f
}

// person is somebody with a client for each process.
type person struct {
	id int64
	at map[string]*pulse.Client
}

func (f fleet) person(t *testing.T, handle string) person {
	t.Helper()
	tokens := pulse.WithTokenStore(&pulsetest.Tokens{})
	p := person{id: f["identity"].User(t, handle, tokens).ID, at: map[string]*pulse.Client{}}
	for service, process := range f {
		p.at[service] = process.Client(t, tokens)
	}
	return p
}

// showPicture uploads a picture and posts it.
func showPicture(t *testing.T, who person) {
	t.Helper()
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	picture, err := who.at["media"].UploadPicture(t.Context(), pulse.Picture{Content: file.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := who.at["post"].Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{MediaIds: []int64{picture.GetId()}}); err != nil {
		t.Fatal(err)
	}
	opened, err := who.at["media"].OpenMedia(t.Context(), picture.GetVariants()[0].GetUrl())
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Error(err)
	}
}

// meet announces a meetup that somebody else comes to.
func meet(t *testing.T, host, guest person) {
	t.Helper()
	day := time.Now().AddDate(0, 1, 0).Format(time.DateOnly)
	announced, err := host.at["event"].Events.CreateEvent(t.Context(), &eventv1.CreateEventRequest{Event: &eventv1.EventDraft{
		Title: "tea", Schedule: &eventv1.Schedule{TimeZone: "Europe/Vienna", AllDay: true, Start: day, End: day},
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = guest.at["event"].Events.RespondToEvent(t.Context(), &eventv1.RespondToEventRequest{
		EventId: announced.GetEvent().GetId(), Answer: eventv1.Answer_ANSWER_YES,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Processes, each of which Postgres keeps to what its service owns, do all that one does.
func TestEachServiceWorksAsItsOwnDatabaseUser(t *testing.T) {
	t.Parallel()
	f := startFleet(t)
	ada, bob := f.person(t, "ada"), f.person(t, "bob")
	if _, err := ada.at["graph"].Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.id}); err != nil {
		t.Fatal(err)
	}
	postID := write(t, bob.at["post"], "hello")
	if _, err := ada.at["post"].Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: postID}); err != nil {
		t.Fatal(err)
	}
	_, err := bob.at["user"].Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{DisplayName: "Bob"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"display_name"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := home(t, ada.at["timeline"]); len(got) != 1 || got[0] != postID {
		t.Errorf("home timeline %v, want the post %d", got, postID)
	}
	showPicture(t, ada)
	meet(t, ada, bob)
	testwait.Until(t, "the follow is counted", func() bool { return counts(t, ada.at["user"], bob.id).GetFollowers() == 1 })
	for service, process := range f {
		process.Settle(t)
		if log := process.Log(); strings.Contains(log, "permission denied") || strings.Contains(log, "42501") {
			t.Errorf("service %s lacks a right:\n%s", service, log)
		}
	}
	if _, err := ada.at["identity"].Identity.LogOut(t.Context(), &identityv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
}

package realtime_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/pulse-social/pulse/ent/streamhead"
	"github.com/pulse-social/pulse/ent/streamitem"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// database opens the database of a Pulse beside it.
func database(t *testing.T, p *pulsetest.Pulse) *store.DB {
	t.Helper()
	s := must[*store.Store](t)(store.Open(t.Context(), p.Config(t).Store, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System}))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.For("check")
}

// signIn begins a new session, such as after all have expired.
func (a *person) signIn(t *testing.T) {
	t.Helper()
	a.tokens = &pulsetest.Tokens{}
	a.Client = a.p.Client(t, pulse.WithTokenStore(a.tokens))
	must[*identityv1.Account](t)(a.LogIn(t.Context(), &identityv1.LogInRequest{Login: a.Handle, Password: a.Password}))
}

// What is older than it is kept for goes: a cursor from before is expired, and one from after goes on.
func TestACursorOfWhatIsNotKeptIsExpired(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())).UTC().Truncate(time.Millisecond) }
	p := pulsetest.Start(t, pulsetest.WithClock(now), pulsetest.WithEnv("PULSE_STREAM_KEEP", "3h"))
	ada, eve := newPerson(t, p, "ada"), newPerson(t, p, "eve")
	before := ada.subscribe(t, "").opened().cursor
	eves := eve.subscribe(t, "").opened().cursor
	stream := ada.subscribe(t, before).opened()
	stream.wantPost(ada.post(t, "old"))
	between := stream.cursor

	ahead.Add(int64(2 * time.Hour))
	ada.signIn(t)
	again := ada.subscribe(t, between).opened() // The log is still in use.
	again.wantPost(ada.post(t, "newer"))

	ahead.Add(int64(2 * time.Hour))
	p.Restart(t, nil) // What is old is looked for at start.
	db := database(t, p)
	testwait.Until(t, "what is old is gone", func() bool {
		items, err := db.StreamItem.Query().Where(streamitem.UserID(ada.ID)).Count(t.Context())
		heads, headsErr := db.StreamHead.Query().Count(t.Context())
		return err == nil && headsErr == nil && items == 1 && heads == 2 // The log that all share, and Ada's.
	})
	ada.signIn(t)
	eve.signIn(t)
	for who, stream := range map[string]*events{"of an item that is gone": ada.subscribe(t, before), "of a log that is gone": eve.subscribe(t, eves)} {
		if reason := reasonOf(stream.ended()); reason != "CURSOR_EXPIRED" {
			t.Errorf("the cursor from before %s is refused for %q, want CURSOR_EXPIRED", who, reason)
		}
	}
	ada.subscribe(t, again.cursor).opened().wantPost(ada.post(t, "newest"))
	eve.subscribe(t, "").opened().wantPost(eve.post(t, "anew"))
}

// Posts of authors with very many followers are logged once for all, and told to those who follow, in order with the rest.
func TestPostsOfMergedAuthorsComeToThoseWhoFollow(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_TIMELINE_MERGE_FOLLOWERS", "2"))
	famous, ada, bob, eve := newPerson(t, p, "famous"), newPerson(t, p, "ada"), newPerson(t, p, "bob"), newPerson(t, p, "eve")
	ada.follow(t, famous, eve)
	bob.follow(t, famous)
	p.Settle(t)
	famous.post(t, "the first that is merged")
	p.Settle(t)
	db := database(t, p)
	if merged := must[int](t)(db.MergedAuthor.Query().Count(t.Context())); merged != 1 {
		t.Fatalf("%d authors are merged, want one", merged)
	}
	adas, eves := ada.subscribe(t, "").opened(), eve.subscribe(t, "").opened()
	first := famous.post(t, "to all")
	adas.wantPost(first)
	own := eve.post(t, "to one")
	adas.wantPost(own)
	eves.wantPost(own) // And nothing of an author whom she does not follow.
	if shared := must[int](t)(db.StreamItem.Query().Where(streamitem.UserID(0)).Count(t.Context())); shared != 1 {
		t.Errorf("the post is logged %d times in the log that all share, want once", shared)
	}

	cursor := adas.cursor
	adas.close()
	missed := []int64{famous.post(t, "while nobody listens"), eve.post(t, "as well")}
	p.Settle(t)
	again := ada.subscribe(t, cursor).opened()
	told := map[int64]bool{}
	for range missed {
		told[again.durable().GetTimelinePost().GetPost().GetId()] = true
	}
	if !told[missed[0]] || !told[missed[1]] {
		t.Errorf("told %v, want %v", told, missed)
	}
	last := famous.post(t, "last")
	again.wantPost(last)
}

// A deleted account leaves no log, and how it appears to others is forgotten.
func TestADeletedAccountLeavesNoLog(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := newPerson(t, p, "ada"), newPerson(t, p, "bob")
	bob.follow(t, ada)
	stream, bobs := ada.subscribe(t, "").opened(), bob.subscribe(t, "").opened()
	bobs.wantPost(ada.post(t, "hello"))
	ada.appear(t, realtimev1.PresenceState_PRESENCE_STATE_AWAY)
	must[*identityv1.DeleteAccountResponse](t)(ada.Accounts.DeleteAccount(t.Context(), &identityv1.DeleteAccountRequest{}))
	if reason := reasonOf(stream.ended()); reason != "SESSION_REVOKED" {
		t.Errorf("the stream ends for %q, want SESSION_REVOKED", reason)
	}
	p.Settle(t)
	db := database(t, p)
	items := must[int](t)(db.StreamItem.Query().Where(streamitem.UserID(ada.ID)).Count(t.Context()))
	heads := must[int](t)(db.StreamHead.Query().Where(streamhead.ID(ada.ID)).Count(t.Context()))
	settings := must[int](t)(db.PresenceSetting.Query().Count(t.Context()))
	if items+heads+settings != 0 {
		t.Errorf("%d items, %d logs and %d settings are left", items, heads, settings)
	}
	bobs.wantPost(bob.post(t, "the others go on"))
}

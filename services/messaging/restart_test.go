package messaging_test

import (
	"errors"
	"testing"

	entmessage "github.com/pulse-social/pulse/ent/message"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestConversationsOutliveARestartAndLostCaches(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	tokens := &pulsetest.Tokens{}
	ada, bob := p.User(t, "ada", pulse.WithTokenStore(tokens)), p.User(t, "bob")
	group := form(t, ada, bob)
	say(t, ada, group, "before")
	before := events(history(t, ada, group))
	p.LoseCaches(t)
	ada.Client = p.Client(t, pulse.WithTokenStore(tokens))
	if after := events(history(t, ada, group)); after != before {
		t.Errorf("%q, want %q", after, before)
	}
	if m := say(t, ada, group, "after"); m.GetSequence() != 4 {
		t.Errorf("numbers go on with %d, want 4", m.GetSequence())
	}
	p.Settle(t)
}

// TestAMissingNumberIsNoticed proves that the invariant about numbers can break.
func TestAMissingNumberIsNoticed(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	two := open(t, ada, bob)
	gone := say(t, ada, two, "one")
	say(t, ada, two, "two")
	p.Settle(t)
	s, err := store.Open(t.Context(), p.Config(t).Store, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	if err != nil {
		t.Fatal(err)
	}
	err = s.For("messaging").Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Message.Delete().Where(entmessage.ID(gone.GetId())).Exec(t.Context())
		return err
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	results, err := p.App.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.OK() == (r.ID == "I4") {
			t.Errorf("%s: %d broken, %v", r.ID, r.Broken, r.Violations)
		}
	}
}

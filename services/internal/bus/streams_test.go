package bus

import (
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/pulse-social/pulse/services/internal/testbackend"
)

func TestStreamsAreUpdatedOnlyWhenTheyChange(t *testing.T) {
	t.Parallel()
	broker := testbackend.StartNATS(t, 1)
	watcher, err := nats.Connect(broker.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(watcher.Close)
	updates, err := watcher.SubscribeSync("$JS.EVENT.ADVISORY.STREAM.UPDATED." + EventStream)
	if err != nil {
		t.Fatal(err)
	}
	open := func(maxAge time.Duration) {
		t.Helper()
		c := Config{URL: broker.URL(), Replicas: 1, MaxAge: maxAge}
		b, err := Open(t.Context(), c, "", slog.New(slog.NewTextHandler(t.Output(), nil)))
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		// A round trip behind the update brings its advisory before the count.
		if err := b.conn.Flush(); err != nil {
			t.Fatal(err)
		}
		stream, err := b.js.Stream(t.Context(), EventStream)
		if err != nil {
			t.Fatal(err)
		}
		if got := stream.CachedInfo().Config.MaxAge; got != maxAge {
			t.Errorf("events stay %v, want %v", got, maxAge)
		}
	}
	for range 3 {
		open(24 * time.Hour)
	}
	open(48 * time.Hour)
	if _, err := updates.NextMsg(5 * time.Second); err != nil {
		t.Fatalf("the broker tells of no update: %v", err)
	}
	if count, _, err := updates.Pending(); err != nil || count != 0 {
		t.Errorf("%d updates more than the one that was needed (%v)", count, err)
	}
}

package store_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/pulse-social/pulse/ent"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/store"
)

func TestAnEventIsPendingUntilTheStreamThatTookItIsStillThere(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	is := func(created string) store.Incarnation { return store.Incarnation{Stream: "EVENTS", Created: created} }
	known := func(i store.Incarnation, want bool) {
		t.Helper()
		if lost, err := s.StreamIncarnation(ctx, i); err != nil || lost != want {
			t.Fatalf("%v: lost %v (%v), want %v", i, lost, err, want)
		}
	}
	pending := func(want int) {
		t.Helper()
		if b, err := s.Backlog(ctx); err != nil || b.Pending != want {
			t.Errorf("%d events wait (%v), want %d", b.Pending, err, want)
		}
	}
	known(is("first"), false)
	err := s.For("post").Write(ctx, func(tx *store.Tx) error {
		return tx.Emit(&busv1.PostDeleted{PostId: 1, AuthorId: 2})
	})
	if err != nil {
		t.Fatal(err)
	}
	committed := <-s.Committed()
	if len(committed) != 1 {
		t.Fatalf("the relay is handed %d events, want 1", len(committed))
	}
	event := []int64{committed[0].ID}

	if err := s.MarkPublished(ctx, is("another"), event); !errors.Is(err, store.ErrOtherIncarnation) {
		t.Errorf("marked for a stream that is not there: %v", err)
	}
	pending(1)
	if err := s.MarkPublished(ctx, is("first"), event); err != nil {
		t.Fatal(err)
	}
	pending(0)
	known(is("second"), true)
	pending(1)
	if err := s.MarkPublished(ctx, is("first"), event); !errors.Is(err, store.ErrOtherIncarnation) {
		t.Errorf("marked for the stream that was lost: %v", err)
	}
	pending(1)

	taken := func(_ context.Context, rows []*ent.OutboxEvent) ([]int64, error) {
		if len(rows) != 1 || rows[0].ID != event[0] || rows[0].Type != "pulse.bus.v1.PostDeleted" {
			t.Errorf("handed over: %v", rows)
		}
		return event, nil
	}
	if n, err := s.Relay(ctx, is("second"), event[0], 10, taken); err != nil || n != 0 {
		t.Errorf("%d events are older than the event itself (%v)", n, err)
	}
	if n, err := s.Relay(ctx, is("second"), math.MaxInt64, 10, taken); err != nil || n != 1 {
		t.Errorf("%d events handed over (%v), want 1", n, err)
	}
	pending(0)
}

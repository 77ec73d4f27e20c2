package store_test

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/outboxevent"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/store"
)

func TestPruneDeletesWhatHasServedItsTime(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	start := clock.System()
	var passed atomic.Int64
	s := openAt(t, configFor(t), func() time.Time { return start.Add(time.Duration(passed.Load())) })
	stream := store.Incarnation{Stream: "EVENTS", Created: "once"}
	if _, err := s.StreamIncarnation(ctx, stream); err != nil {
		t.Fatal(err)
	}
	emit := func(post int64) *ent.OutboxEvent {
		t.Helper()
		err := s.For("post").Write(ctx, func(tx *store.Tx) error { return tx.Emit(&busv1.PostDeleted{PostId: post, AuthorId: 1}) })
		if err != nil {
			t.Fatal(err)
		}
		return (<-s.Committed())[0]
	}
	publish := func(events ...*ent.OutboxEvent) {
		t.Helper()
		ids := make([]int64, len(events))
		for i, e := range events {
			ids[i] = e.ID
		}
		if err := s.MarkPublished(ctx, stream, ids); err != nil {
			t.Fatal(err)
		}
	}
	plain, buried, late := emit(1), emit(2), emit(3)
	publish(plain, buried)
	if err := s.Bury(ctx, store.FailedEvent{Consumer: "one", EventID: buried.EventID, Type: buried.Type, Payload: buried.Payload, Err: errors.New("no use")}); err != nil {
		t.Fatal(err)
	}
	letter := (<-s.Committed())[0]
	publish(letter)
	fresh := func(want bool) {
		t.Helper()
		err := s.For("post").Write(ctx, func(tx *store.Tx) error {
			got, err := tx.Fresh(ctx, "one", []int64{plain.EventID})
			if err == nil && got[plain.EventID] != want {
				t.Errorf("after %s the event is fresh: %v", time.Duration(passed.Load()), !want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	fresh(true)
	for _, step := range []struct {
		at   time.Duration
		kept []*ent.OutboxEvent
		then func()
	}{
		{store.OutboxKept - time.Minute, []*ent.OutboxEvent{plain, buried, late, letter}, nil},
		{store.OutboxKept + time.Minute, []*ent.OutboxEvent{buried, late}, func() { publish(late) }},
		{2*store.OutboxKept - time.Minute, []*ent.OutboxEvent{buried, late}, nil},
		{2*store.OutboxKept + 2*time.Minute, []*ent.OutboxEvent{buried}, nil},
		{store.InboxKept - time.Minute, []*ent.OutboxEvent{buried}, func() { fresh(false) }},
		{store.InboxKept + time.Minute, []*ent.OutboxEvent{buried}, func() { fresh(true) }},
	} {
		passed.Store(int64(step.at))
		if err := s.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		kept, err := s.For("post").OutboxEvent.Query().Order(outboxevent.ByID()).IDs(ctx)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]int64, len(step.kept))
		for i, e := range step.kept {
			want[i] = e.ID
		}
		if !slices.Equal(kept, want) {
			t.Errorf("after %s the outbox has %d, want %d", step.at, kept, want)
		}
		if step.then != nil {
			step.then()
		}
	}
}

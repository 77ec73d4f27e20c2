package bus

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func TestAConsumerTakesALoneEventAtOnceAndManyTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		arrived, began := make(chan jetstream.Msg, 10), time.Now()
		type batch struct {
			at   time.Duration
			size int
		}
		var batches []batch
		handle := func(messages []jetstream.Msg) {
			batches = append(batches, batch{time.Since(began), len(messages)})
			time.Sleep(10 * time.Millisecond)
		}
		done := make(chan error)
		go func() { done <- receive(ctx, arrived, nil, handle, Consumer{Pace: 50 * time.Millisecond}) }()
		for range 4 { // At 0, 15, 30 and 45 ms.
			arrived <- nil
			time.Sleep(15 * time.Millisecond)
		}
		time.Sleep(140 * time.Millisecond)
		arrived <- nil // At 200 ms, long after the batch before.
		synctest.Wait()
		arrived <- nil
		cancel() // What has arrived does not wait for its time.
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		for len(arrived) > 0 {
			<-arrived
			batches = append(batches, batch{time.Since(began), 1})
		}
		want := []batch{{0, 1}, {50 * time.Millisecond, 3}, {200 * time.Millisecond, 1}, {210 * time.Millisecond, 1}}
		if !slices.Equal(batches, want) {
			t.Errorf("batches at %v, want %v", batches, want)
		}
	})
}

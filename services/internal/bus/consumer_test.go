package bus

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// queued are messages that lie at the broker.
type queued chan jetstream.Msg

func (q queued) await(ctx context.Context) (jetstream.Msg, error) {
	select {
	case m := <-q:
		return m, nil
	case <-ctx.Done():
		return nil, nil
	}
}

func (q queued) more() (batch []jetstream.Msg) {
	for len(q) > 0 {
		batch = append(batch, <-q)
	}
	return batch
}

func TestAConsumerTakesALoneEventAtOnceAndManyTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		arrived, began := make(queued, 10), time.Now()
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
		go func() { done <- receive(ctx, arrived, handle, 50*time.Millisecond) }()
		type message struct{ jetstream.Msg }
		for range 4 { // At 0, 15, 30 and 45 ms.
			arrived <- message{}
			time.Sleep(15 * time.Millisecond)
		}
		time.Sleep(140 * time.Millisecond)
		arrived <- message{} // At 200 ms, long after the batch before.
		synctest.Wait()
		arrived <- message{} // It stays at the broker.
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		want := []batch{{0, 1}, {50 * time.Millisecond, 3}, {200 * time.Millisecond, 1}}
		if !slices.Equal(batches, want) || len(arrived) != 1 {
			t.Errorf("batches at %v, want %v; %d were not taken, want one", batches, want, len(arrived))
		}
	})
}

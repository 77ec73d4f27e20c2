package bus

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// queued are messages that lie at the broker, of which so many are taken at once.
type queued struct {
	messages chan jetstream.Msg
	limit    int
}

func (q queued) await(ctx context.Context) (jetstream.Msg, error) {
	select {
	case m := <-q.messages:
		return m, nil
	case <-ctx.Done():
		return nil, nil
	}
}

func (q queued) more() (batch []jetstream.Msg) {
	for len(q.messages) > 0 && len(batch) < q.limit {
		batch = append(batch, <-q.messages)
	}
	return batch
}

func TestAConsumerTakesALoneEventAtOnceAndManyTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := Consumer{Pace: 50 * time.Millisecond, Batch: 4}
		arrived, began := queued{make(chan jetstream.Msg, 20), c.Batch}, time.Now()
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
		go func() { done <- receive(ctx, arrived, handle, c) }()
		send := func(messages int) {
			for range messages {
				arrived.messages <- struct{ jetstream.Msg }{}
			}
		}
		for range 4 { // At 0, 15, 30 and 45 ms.
			send(1)
			time.Sleep(15 * time.Millisecond)
		}
		time.Sleep(140 * time.Millisecond)
		send(11) // At 200 ms, long after the batch before.
		time.Sleep(200 * time.Millisecond)
		send(1)
		synctest.Wait()
		send(1) // It stays at the broker.
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		const ms = time.Millisecond
		want := []batch{{0, 1}, {50 * ms, 3}, {200 * ms, 1}, {250 * ms, 4}, {260 * ms, 4}, {270 * ms, 2}, {400 * ms, 1}}
		if !slices.Equal(batches, want) || len(arrived.messages) != 1 {
			t.Errorf("batches at %v, want %v; %d were not taken, want one", batches, want, len(arrived.messages))
		}
	})
}

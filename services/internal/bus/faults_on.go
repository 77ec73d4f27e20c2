//go:build failpoint

package bus

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/services/internal/failpoint"
)

// What a trial does to the bus of its process.
var (
	holding   atomic.Bool
	repeating atomic.Bool
	unlucky   atomic.Value // consumer:aggregate
)

func init() {
	unlucky.Store("")
	failpoint.Switch("relay.hold", func(on string) error { holding.Store(on != ""); return nil })
	failpoint.Switch("publish.repeat", func(on string) error { repeating.Store(on != ""); return nil })
	failpoint.Switch("consumer.fail", func(on string) error { unlucky.Store(on); return nil })
}

// offerFaults offers to break the embedded broker.
func offerFaults(e *embedded) {
	failpoint.Switch("nats.down", func(on string) error {
		if on == "" {
			return e.start()
		}
		e.stop()
		return nil
	})
	failpoint.Switch("nats.lose", func(on string) error {
		if on == "" {
			return e.start()
		}
		e.stop()
		return os.RemoveAll(e.dir)
	})
}

// held tells whether nothing is to be published.
func held() bool { return holding.Load() }

// failing fails for the events that the consumer is to fail for.
func failing(c Consumer, events []Event) error {
	for _, e := range events {
		if what := c.Name + ":" + strconv.FormatInt(e.AggregateID, 10); what == unlucky.Load() {
			return fmt.Errorf("%s fails on purpose", what)
		}
	}
	return nil
}

// repeated is each event three times, in any order.
func repeated(rows []*ent.OutboxEvent) []*ent.OutboxEvent {
	if !repeating.Load() {
		return rows
	}
	many := append(append(append([]*ent.OutboxEvent{}, rows...), rows...), rows...)
	rand.Shuffle(len(many), func(i, j int) { many[i], many[j] = many[j], many[i] })
	return many
}

// distinct keeps the broker from dropping what comes again.
func distinct(m *nats.Msg) *nats.Msg {
	if repeating.Load() {
		m.Header.Del(jetstream.MsgIDHeader)
	}
	return m
}

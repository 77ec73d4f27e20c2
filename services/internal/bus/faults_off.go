//go:build !failpoint

package bus

import (
	"github.com/nats-io/nats.go"

	"github.com/pulse-social/pulse/ent"
)

// These are the places where trials break the bus.

func offerFaults(*embedded) {}

func held() bool { return false }

func failing(Consumer, []Event) error { return nil }

func repeated(rows []*ent.OutboxEvent) []*ent.OutboxEvent { return rows }

func distinct(m *nats.Msg) *nats.Msg { return m }

package bus

import (
	"fmt"

	"github.com/nats-io/nats.go"
)

// The topics of signals.
const (
	// TypingSignal tells that somebody types: its payload is the ids of the conversation and of the person, each 8 bytes,
	// big-endian.
	TypingSignal Topic = "typing"
	// PresenceSignal tells that somebody came or went. Who sends it says what its payload is.
	PresenceSignal Topic = "presence"
)

// signalPrefix begins the subjects of signals.
const signalPrefix = "pulse.signal."

// Signals tell every process what is so just now and is stored nowhere, such as that somebody types. They come within a
// millisecond or not at all, and nothing that is kept may depend on them.
type Signals struct{ conn *nats.Conn }

// Send tells every process, this one included. A signal that cannot be sent is lost.
func (s *Signals) Send(topic Topic, payload []byte) {
	_ = s.conn.Publish(signalPrefix+string(topic), payload)
}

// Watch calls received with the payload of every signal on a topic, one at a time and in the order in which a process sent
// them, until the bus is closed. Whoever is slow to receive misses some.
func (s *Signals) Watch(topic Topic, received func(payload []byte)) error {
	_, err := s.conn.Subscribe(signalPrefix+string(topic), func(m *nats.Msg) { received(m.Data) })
	if err != nil {
		return fmt.Errorf("watch signals: %w", err)
	}
	return nil
}

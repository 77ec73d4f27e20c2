package bus

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/nats-io/nats.go"
)

// A Topic is what a hint is about.
type Topic string

// The topics.
const (
	// PostChanged tells that a post, or what stands beside it, is not what it was: its ids are those of posts.
	PostChanged Topic = "post"
	// PersonChanged tells that a person's name is not what it was: its ids are those of people.
	PersonChanged Topic = "person"
	// StreamAdvanced tells that there is more to tell on people's streams: its ids are those of the first and the last item that
	// was logged, then those of the people, 0 for all of them.
	StreamAdvanced Topic = "stream"
	// SessionsEnded tells that sessions have ended: its ids are theirs.
	SessionsEnded Topic = "session"
)

// hintPrefix begins the subjects of hints.
const hintPrefix = "pulse.hint."

// Hints tell every process at once that something changed of which it may hold a copy. They come within a millisecond or
// not at all: what must not be missed is an event. A process whose connection was lost knows that it may have missed some.
type Hints struct {
	conn      *nats.Conn
	connected atomic.Bool

	mu   sync.Mutex
	gaps []func()
}

// Arriving tells whether hints arrive now. While they do not, nothing may be answered from a copy.
func (h *Hints) Arriving() bool { return h.connected.Load() }

// Announce tells every process, this one included. A hint that cannot be sent is lost.
func (h *Hints) Announce(topic Topic, ids ...int64) {
	if len(ids) == 0 {
		return
	}
	payload := make([]byte, 0, 8*len(ids))
	for _, id := range ids {
		payload = binary.BigEndian.AppendUint64(payload, uint64(id))
	}
	_ = h.conn.Publish(hintPrefix+string(topic), payload)
}

// Watch calls changed with the ids of every hint on a topic, and gap when some may have been missed.
func (h *Hints) Watch(topic Topic, changed func(ids []int64), gap func()) error {
	h.mu.Lock()
	h.gaps = append(h.gaps, gap)
	h.mu.Unlock()
	_, err := h.conn.Subscribe(hintPrefix+string(topic), func(m *nats.Msg) {
		ids := make([]int64, len(m.Data)/8)
		for i := range ids {
			ids[i] = int64(binary.BigEndian.Uint64(m.Data[8*i:]))
		}
		changed(ids)
	})
	if err != nil {
		return fmt.Errorf("watch hints: %w", err)
	}
	return nil
}

// lost notes that hints do not arrive, or did not for a moment.
func (h *Hints) lost(connected bool) {
	h.connected.Store(connected)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, gap := range h.gaps {
		gap()
	}
}

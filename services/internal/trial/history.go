package trial

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"
)

// outcome is what a client knows of a call.
type outcome string

const (
	// ok: the call was answered, and has had its effect.
	ok outcome = "ok"
	// failed: the call was refused, and has no effect.
	failed outcome = "failed"
	// unknown: there was no answer, or one that does not say.
	unknown outcome = "unknown"
)

// A line of the log of calls.
type line struct {
	At     time.Time `json:"at"`
	Person string    `json:"person"`
	Call   int64     `json:"call"`
	Kind   string    `json:"kind"`
	Key    string    `json:"key,omitempty"`
	Event  string    `json:"event"` // invoked, or an outcome
	Error  string    `json:"error,omitempty"`
}

// history logs the calls of all clients, counts them, and collects what breaks a promise.
type history struct {
	mu       sync.Mutex
	out      *json.Encoder
	calls    int64
	outcomes map[outcome]int
	// pending are the calls that have not ended.
	pending map[int64]bool
	// unhappy is when a call last ended without success.
	unhappy time.Time
	broken  []string
	errs    map[string]int
}

func newHistory(out io.Writer) *history {
	return &history{out: json.NewEncoder(out), outcomes: map[outcome]int{}, pending: map[int64]bool{}, errs: map[string]int{}}
}

// invoked logs that a call begins, and answers its number.
func (h *history) invoked(person, kind, key string) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls++
	h.pending[h.calls] = true
	_ = h.out.Encode(line{At: time.Now(), Person: person, Call: h.calls, Kind: kind, Key: key, Event: "invoked"})
	return h.calls
}

// ended logs how a call ended.
func (h *history) ended(call int64, person, kind string, o outcome, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := line{At: time.Now(), Person: person, Call: call, Kind: kind, Event: string(o)}
	if err != nil {
		l.Error = err.Error()
	}
	_ = h.out.Encode(l)
	h.outcomes[o]++
	delete(h.pending, call)
	if o != ok {
		h.unhappy = l.At
		h.errs[kind+": "+l.Error]++
	}
}

// waiting answers the calls that have not ended.
func (h *history) waiting() map[int64]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.pending)
}

// breaks notes that a promise is broken.
func (h *history) breaks(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = append(h.broken, fmt.Sprintf(format, args...))
}

// lastUnhappy is when a call last ended without success.
func (h *history) lastUnhappy() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.unhappy
}

// unsuccessful is how many calls were not answered with success.
func (h *history) unsuccessful() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.outcomes[failed] + h.outcomes[unknown]
}

package bus

import (
	"testing"
	"time"
)

func TestASignalReachesThoseWhoWatchItsTopicAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	typing, presence := make(chan string, 8), make(chan string, 8)
	for topic, into := range map[Topic]chan string{TypingSignal: typing, PresenceSignal: presence} {
		if err := s.bus.Signals().Watch(topic, func(payload []byte) { into <- string(payload) }); err != nil {
			t.Fatal(err)
		}
	}
	s.bus.Signals().Send(TypingSignal, []byte("one"))
	s.bus.Signals().Send(TypingSignal, []byte("two"))
	s.bus.Signals().Send(PresenceSignal, []byte("three"))
	for _, want := range []struct {
		from chan string
		text string
	}{{typing, "one"}, {typing, "two"}, {presence, "three"}} {
		select {
		case got := <-want.from:
			if got != want.text {
				t.Errorf("got %q, want %q", got, want.text)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%q did not come", want.text)
		}
	}
}

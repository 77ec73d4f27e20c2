package messaging_test

import (
	"encoding/binary"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// broker starts a NATS that a Pulse and its test share, and answers its URL.
func broker(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("no NATS")
	}
	return s.ClientURL()
}

func TestTypingIsSignalledToThoseWhoMayKnow(t *testing.T) {
	t.Parallel()
	url := broker(t)
	listener, err := bus.Open(t.Context(), bus.Config{URL: url, Replicas: 1, Tries: 1, MaxAge: 720 * time.Hour, RetryDelay: time.Millisecond}, "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(listener.Close)
	type signal struct{ conversation, user int64 }
	signals := make(chan signal, 16)
	err = listener.Signals().Watch(bus.TypingSignal, func(payload []byte) {
		if len(payload) != 16 {
			t.Errorf("a payload of %d bytes", len(payload))
			return
		}
		signals <- signal{int64(binary.BigEndian.Uint64(payload)), int64(binary.BigEndian.Uint64(payload[8:]))}
	})
	if err != nil {
		t.Fatal(err)
	}
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_NATS_URL", url))
	ada, bob, cyd := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cyd")
	types := func(who *pulsetest.User, id int64) {
		t.Helper()
		must[*messagingv1.SendTypingResponse](t)(who.Messaging.SendTyping(t.Context(), &messagingv1.SendTypingRequest{ConversationId: id}))
	}
	group, two := form(t, ada, bob), open(t, ada, bob)
	asked := open(t, ada, cyd)
	say(t, ada, asked, "hello?")
	types(ada, group)
	types(bob, group)
	types(ada, two)
	types(cyd, asked) // She has not accepted it.
	block(t, bob, ada)
	types(ada, two)
	types(ada, group)
	for _, want := range []signal{{group, ada.ID}, {group, bob.ID}, {two, ada.ID}, {group, ada.ID}} {
		select {
		case got := <-signals:
			if got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%v did not come", want)
		}
	}
}

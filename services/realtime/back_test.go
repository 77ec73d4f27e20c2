package realtime_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/pulse-social/pulse/services/pulsetest"
)

// Who was away finds what came in turns, in its order.
func TestWhoComesBackIsToldInOrder(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	reader, writer := newPerson(t, p, "reader"), newPerson(t, p, "writer")
	reader.follow(t, writer)
	conversation := reader.open(t, writer)
	reader.say(t, conversation, "hello") // Only then the other finds it.
	p.Settle(t)
	before := reader.subscribe(t, "").opened()
	first := writer.post(t, "first")
	before.wantPost(first)
	before.close()

	var want []int64
	for n := range 3 {
		want = append(want, writer.post(t, "post "+strconv.Itoa(n)))
		p.Settle(t) // Each is logged by itself, in its turn.
		want = append(want, writer.say(t, conversation, "message "+strconv.Itoa(n)))
		p.Settle(t)
	}
	stream := reader.subscribe(t, before.cursor).opened()
	var came []int64
	for len(came) < len(want) {
		switch event := stream.durable(); {
		case event.GetTimelinePost() != nil:
			came = append(came, event.GetTimelinePost().GetPost().GetId())
		case event.GetMessageSent() != nil:
			came = append(came, event.GetMessageSent().GetId())
		}
	}
	if !slices.Equal(came, want) {
		t.Errorf("came %v, want %v", came, want)
	}
}

package realtime_test

import (
	"testing"

	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestAPostComesToThoseWhoFollow(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := newPerson(t, p, "ada"), newPerson(t, p, "bob")
	bob.follow(t, ada)
	p.Settle(t) // Ada is notified of that before her stream begins.
	stream, own := bob.subscribe(t, "").opened(), ada.subscribe(t, "").opened()
	first := ada.post(t, "hello")
	stream.wantPost(first)
	own.wantPost(first)

	// What comes while nobody reads is told to whoever comes back, once.
	cursor := stream.cursor
	stream.close()
	missed := []int64{ada.post(t, "one"), ada.post(t, "two")}
	again := bob.subscribe(t, cursor).opened()
	for _, post := range missed {
		again.wantPost(post)
	}
	last := ada.post(t, "three")
	again.wantPost(last)
}

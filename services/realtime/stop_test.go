package realtime_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestStreamsSayThatTheServerStops(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := newPerson(t, p, "ada")
	stream := ada.subscribe(t, "").opened()
	began := time.Now()
	p.Stop(t)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("the stop took %s: it waited for the stream", took)
	}
	closing := stream.next().GetClosing()
	if closing.GetReason() != realtimev1.CloseReason_CLOSE_REASON_SERVER_STOPPING || closing.GetRetryDelay().AsDuration() > 2*time.Second {
		t.Errorf("came %v, want that the server stops, and to wait for 2 s at most", closing)
	}
	if reason := reasonOf(stream.ended()); reason != "SERVER_STOPPING" {
		t.Errorf("the stream ended for %q, want SERVER_STOPPING", reason)
	}
}

// Whoever comes back with their last cursor, however often and at whatever moment they were cut off, is told everything once.
func TestComingBackMissesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	reader := newPerson(t, p, "reader")
	var writers []*person
	for n := range 3 {
		writers = append(writers, newPerson(t, p, fmt.Sprintf("w%d", n)))
	}
	reader.follow(t, writers...)
	stream := reader.subscribe(t, "").opened()
	const each = 20
	written := make(chan int64, each*len(writers))
	var writing sync.WaitGroup
	for _, w := range writers {
		writing.Go(func() {
			for n := range each {
				written <- w.post(t, fmt.Sprintf("post %d", n))
			}
		})
	}
	told := map[int64]int{}
	for n := 1; len(told) < each*len(writers); n++ {
		told[stream.durable().GetTimelinePost().GetPost().GetId()]++
		if n%7 == 0 { // What is under way then is lost, and comes again.
			stream.close()
			stream = reader.subscribe(t, stream.cursor).opened()
		}
	}
	writing.Wait()
	close(written)
	for post := range written {
		if told[post] != 1 {
			t.Errorf("the post %d was told %d times", post, told[post])
		}
	}
	last := writers[0].post(t, "last")
	stream.wantPost(last)
}

func TestCursorsAreOfOnePersonAndOneLog(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := newPerson(t, p, "ada"), newPerson(t, p, "bob")
	cursor := ada.subscribe(t, "").opened().cursor
	for _, bad := range []string{cursor, cursor + "A", "x", "AAAA"} {
		if reason := reasonOf(bob.subscribe(t, bad).ended()); reason != "CURSOR_INVALID" {
			t.Errorf("the cursor %q is refused for %q, want CURSOR_INVALID", bad, reason)
		}
	}
}

func TestOneMayHaveSoManyStreams(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_STREAMS_PER_PERSON", "2"))
	ada := newPerson(t, p, "ada")
	first := ada.subscribe(t, "").opened()
	ada.subscribe(t, "").opened()
	if reason := reasonOf(ada.subscribe(t, "").ended()); reason != "TOO_MANY_STREAMS" {
		t.Errorf("a third stream is refused for %q, want TOO_MANY_STREAMS", reason)
	}
	first.close()
	for {
		again := ada.subscribe(t, "")
		select {
		case <-again.came:
			return
		case err := <-again.failed: // The server has not noticed yet that the first has gone.
			if reason := reasonOf(err); reason != "TOO_MANY_STREAMS" {
				t.Fatalf("another stream is refused: %v", err)
			}
		}
	}
}

func TestSomethingComesWhileNothingHappens(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_STREAM_HEARTBEAT", "1s"))
	ada := newPerson(t, p, "ada")
	stream := ada.subscribe(t, "").opened()
	if event := stream.next(); event.GetHeartbeat() == nil || event.GetCursor() == "" {
		t.Errorf("came %v, want a heartbeat with a cursor", event)
	}
}

func TestPresenceAndTypingAreTold(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := newPerson(t, p, "ada"), newPerson(t, p, "bob")
	bob.follow(t, ada) // Bob shows it to those whom he follows.
	watching := ada.subscribe(t, "", bob.ID).opened()
	ada.follow(t, bob)
	bobs := bob.subscribe(t, "", ada.ID).opened()
	watching.wantPresence(bob.ID, realtimev1.PresenceState_PRESENCE_STATE_ONLINE)
	bobs.wantPresence(ada.ID, realtimev1.PresenceState_PRESENCE_STATE_ONLINE)
	bob.appear(t, realtimev1.PresenceState_PRESENCE_STATE_INVISIBLE)
	gone := watching.wantPresence(bob.ID, realtimev1.PresenceState_PRESENCE_STATE_OFFLINE)
	if gone.GetLastSeenTime() == nil {
		t.Error("it is not told when somebody was last seen who appears not to be there")
	}
	bob.appear(t, realtimev1.PresenceState_PRESENCE_STATE_AWAY)
	watching.wantPresence(bob.ID, realtimev1.PresenceState_PRESENCE_STATE_AWAY)
	talk := bob.open(t, ada)
	bob.say(t, talk, "hello")
	ada.say(t, talk, "hello, bob")
	bob.typeIn(t, talk)
	for event := watching.next(); ; event = watching.next() {
		if typing := event.GetTyping(); typing != nil {
			if typing.GetConversationId() != talk || typing.GetUser().GetId() != bob.ID {
				t.Errorf("came %v, want that bob types", typing)
			}
			break
		}
	}
	bobs.close()
	watching.wantPresence(bob.ID, realtimev1.PresenceState_PRESENCE_STATE_OFFLINE)
}

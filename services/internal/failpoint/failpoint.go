// Package failpoint lets trials end a process at a chosen place, and break what is inside of it. All of it is there only
// in programs built with the tag failpoint; in others nothing of it is compiled in.
//
// With the tag, PULSE_FAILPOINT=store.commit.after:7 makes the process end itself with SIGKILL when it comes past that
// point for the seventh time, and the operators' port takes POST /debug/faults/<name>?on=<value> to begin a fault, without
// a value to end it:
//
//	redis.flush    the embedded Redis loses everything
//	redis.down     the embedded Redis closes its connections and refuses new ones
//	redis.hang     the embedded Redis takes connections and never answers
//	nats.down      the embedded broker is stopped
//	nats.lose      the embedded broker is stopped and its store deleted
//	relay.hold     no event is published
//	publish.repeat each event is published three times, in any order, as three different messages
//	consumer.fail  the consumer fails for every event about one thing: on=post.counts:<aggregate id>
//	clock.shift    the clock is set forward by a duration, for good
package failpoint

// A Point is a place that a process can be made to end at.
type Point string

// The points.
const (
	BeforeCommit  Point = "store.commit.before"
	AfterCommit   Point = "store.commit.after"
	BeforePublish Point = "bus.publish.before"
	AfterPublish  Point = "bus.publish.after"
	BeforeApply   Point = "bus.apply.before"
	BeforeAck     Point = "bus.ack.before"
	AfterAck      Point = "bus.ack.after"
)

// Points lists the points in the order in which an event comes past them.
func Points() []Point {
	return []Point{BeforeCommit, AfterCommit, BeforePublish, AfterPublish, BeforeApply, BeforeAck, AfterAck}
}

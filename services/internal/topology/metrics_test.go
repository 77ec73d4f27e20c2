package topology_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulse-social/pulse/services/internal/testwait"
)

// What is away is told by those that are left: alerts hang on these series.
func TestMetricsTellWhatIsAway(t *testing.T) {
	s := split(t)
	ada := register(t, s, "metrics_ada")
	tells := func(lines ...string) func() bool {
		return func() bool {
			metrics, err := s.Running("timeline")[0].Metrics(t.Context())
			must(t, err)
			told := strings.Split(string(metrics), "\n")
			return !slices.ContainsFunc(lines, func(line string) bool { return !slices.Contains(told, line) })
		}
	}
	testwait.Until(t, "all is there", tells("pulse_redis_up 1", "pulse_nats_up 1", "pulse_outbox_pending_events 0"))

	s.ToRedis.Cut()
	testwait.Until(t, "Redis is away", tells("pulse_redis_up 0", "pulse_nats_up 1"))
	must(t, s.ToRedis.Join())
	testwait.Until(t, "Redis is back", tells("pulse_redis_up 1"))

	s.ToNATS.Cut()
	testwait.Until(t, "the broker is away", tells("pulse_nats_up 0", "pulse_redis_up 1"))
	write(t, ada.Client, "nobody is told of this yet")
	testwait.Until(t, "the event waits in the outbox", tells("pulse_outbox_pending_events 1"))
	if tells("pulse_outbox_oldest_age_seconds 0")() {
		t.Error("an event waits, and the outbox has no age")
	}
	must(t, s.ToNATS.Join())
	testwait.Until(t, "the event is sent", tells("pulse_nats_up 1", "pulse_outbox_pending_events 0", "pulse_outbox_oldest_age_seconds 0"))
}

package app_test

import (
	"testing"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/testbackend"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// The server of a NATS cluster that leads the stream of events is away for a while. Writes are answered and events
// consumed meanwhile, Pulse can be started again meanwhile, and nothing is missing when the server is back.
func TestAServerOfTheNATSClusterMayBeAway(t *testing.T) {
	t.Parallel()
	cluster := testbackend.StartNATS(t, 3)
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_NATS_URL", cluster.URL()), pulsetest.WithEnv("PULSE_NATS_REPLICAS", "3"))
	tokens := &pulsetest.Tokens{}
	ada, bob := p.User(t, "ada"), p.User(t, "bob", pulse.WithTokenStore(tokens))
	if _, err := ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.ID}); err != nil {
		t.Fatal(err)
	}
	posts := int64(0)
	posting := func(c *pulse.Client, when string) {
		write(t, c, when)
		posts++
		testwait.Until(t, when+": the post is counted", func() bool { return counts(t, c, bob.ID).GetPosts() == posts })
	}

	posting(bob.Client, "all servers run")
	leader := cluster.StreamLeader(t, bus.EventStream)
	cluster.Stop(leader)
	posting(bob.Client, "the leader is away")
	p.Settle(t)
	p.Restart(t, nil)
	again := p.Client(t, pulse.WithTokenStore(tokens))
	posting(again, "started without it")
	cluster.Start(t, leader)
	posting(again, "it is back")
	p.Settle(t)
}

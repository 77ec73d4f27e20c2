package topology_test

import (
	"regexp"
	"slices"
	"strconv"
	"testing"

	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// While Redis is away, nobody can say there that a person has posted; and who would say so afterwards may be gone by then.
func TestOwnPostsAreSeenThoughRedisWasAwayWhenTheyWereWritten(t *testing.T) {
	s := split(t)
	ada := register(t, s, "away_ada")
	replicas := s.Running("timeline")
	clients := make([]*pulse.Client, len(replicas))
	for n, replica := range replicas {
		clients[n] = at(t, replica.URL(), pulse.WithTokenStore(ada.tokens))
		if posts := home(t, clients[n]); len(posts) > 0 { // From now on the replica remembers that there is none.
			t.Fatalf("%s has %d, who has not posted", replica.Name, len(posts))
		}
	}
	s.ToRedis.Cut()
	t.Cleanup(func() { _ = s.ToRedis.Join() }) // It is back already, unless the test has failed.
	for n := range replicas {
		home(t, clients[n])
	}
	id := write(t, ada.Client, "Redis is not told of this")
	for _, p := range s.Running("post") {
		p.Kill()
		must(t, p.Start(nil))
	}
	must(t, s.ToRedis.Join())
	must(t, s.WaitRouted(t.Context()))
	for n, replica := range replicas {
		before := fromRedis(t, replica)
		testwait.Until(t, "Redis is asked again", func() bool {
			if posts := home(t, clients[n]); !slices.Equal(posts, []int64{id}) {
				t.Fatalf("%s answers %d, want the post that its reader has written", replica.Name, posts)
			}
			return fromRedis(t, replica) > before
		})
	}
}

var fromList = regexp.MustCompile(`(?m)^pulse_timeline_home_reads\S*source="(?:list|rebuilt)"\S* (\d+)$`)

// fromRedis is how many home timelines a replica has answered with Redis.
func fromRedis(t *testing.T, p *topology.Process) (reads int) {
	t.Helper()
	metrics, err := p.Metrics(t.Context())
	must(t, err)
	for _, sample := range fromList.FindAllSubmatch(metrics, -1) {
		value, err := strconv.Atoi(string(sample[1]))
		must(t, err)
		reads += value
	}
	return reads
}

package app_test

import (
	"testing"
	"time"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/app"
	"github.com/pulse-social/pulse/services/internal/bulk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// A graph that was written around the API must be one that the API could have left: all invariants hold, people can log
// in, and everybody's timeline has what the graph says.
func TestAGeneratedGraphIsAsTheAPIWouldHaveLeftIt(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_TIMELINE_MERGE_FOLLOWERS", "20"))
	graph := bulk.Graph{People: 60, Friends: 6, Celebrities: 2, Fans: 40, Posts: 3, Span: 24 * time.Hour}
	p.Restart(t, func(string) {
		if err := app.Fill(t.Context(), p.Config(t), graph, "password of all", func(string, int, int) {}); err != nil {
			t.Fatal(err)
		}
	})
	p.Settle(t)
	for person, followers := range map[int]int64{30: 6, graph.Celebrity(0): 46} {
		client := p.Client(t)
		account, err := client.LogIn(t.Context(), &identityv1.LogInRequest{Login: bulk.Handle(person), Password: "password of all"})
		if err != nil {
			t.Fatal(err)
		}
		got := counts(t, client, account.GetId())
		if got.GetFollowers() != followers || got.GetPosts() != int64(graph.Posts) {
			t.Errorf("person %d: %v, want %d followers and %d posts", person, got, followers, graph.Posts)
		}
		if n := len(home(t, client)); n != graph.Posts*int(got.GetFollowing()+1) {
			t.Errorf("person %d: %d posts in the home timeline of one who follows %d", person, n, got.GetFollowing())
		}
	}
	if err := app.Fill(t.Context(), p.Config(t), graph, "again", func(string, int, int) {}); err == nil {
		t.Error("filled a database that was not empty")
	}
}

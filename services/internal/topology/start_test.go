package topology_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pulse-social/pulse/services/internal/testbackend"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// A process that is started because somebody calls must not keep them waiting. The figures are printed; the bound is far
// above them, for other work may go on beside the test.
func TestStartToFirstAnswer(t *testing.T) {
	if _, ok := topology.ServersFromEnvironment(); !ok {
		t.Skip("needs Postgres and Redis: run it under .tools/with-backends.sh")
	}
	for name, env := range map[string]map[string]string{
		"everything embedded": {},
		"on Postgres, Redis and NATS": {
			"PULSE_DATABASE_URL": testbackend.Database(t), "PULSE_REDIS_URL": testbackend.Redis(t),
			"PULSE_NATS_URL": testbackend.StartNATS(t, 1).URL(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := start(t, env) // It makes the schema and the first signing key.
			must(t, err)
			write(t, register(t, s, "start_ada").Client, "hello")
			p := s.Processes[0]
			p.Setenv("PULSE_MIGRATE", "false")
			var took []time.Duration
			for range 7 {
				must(t, p.Stop(t.Context()))
				took = append(took, firstAnswer(t, p))
			}
			slices.Sort(took)
			t.Logf("from start to first answer: %s to %s, median %s", took[0].Round(time.Millisecond),
				took[len(took)-1].Round(time.Millisecond), took[len(took)/2].Round(time.Millisecond))
			const bound = 5 * time.Second
			if took[0] > bound {
				t.Errorf("the fastest start took %s, more than %s", took[0], bound)
			}
		})
	}
}

// firstAnswer starts a process and answers how long it took until a read was answered.
func firstAnswer(t *testing.T, p *topology.Process) time.Duration {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	began := time.Now()
	must(t, p.Start(nil))
	for time.Since(began) < time.Minute {
		got, err := try(t.Context(), client, http.MethodGet, p.URL()+"/v1/handles/start_ada", nil)
		if err == nil && got.status == http.StatusOK {
			return time.Since(began)
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("no answer within a minute")
	return 0
}

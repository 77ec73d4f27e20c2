package app_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/pulse-social/pulse/services/internal/testbackend"
)

// noBackend is what is not what it should be: a web server, and a port that accepts and says nothing.
func noBackend(t *testing.T) (web, silent string) {
	t.Helper()
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // The system accepts connections for it until then.
	return strings.TrimPrefix(s.URL, "http://"), l.Addr().String()
}

// as answers a URL with another user.
func as(t *testing.T, at, user, password string) string {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, password)
	return u.String()
}

// cannotUse starts Pulse with a variable, and wants it to say why it cannot in a line and soon.
func cannotUse(t *testing.T, name, value, want string, more ...string) {
	t.Helper()
	env := map[string]string{name: value}
	for i := 0; i < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	began := time.Now()
	err := startWith(t, nil, env)
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line with %q", err, want)
	}
	// A start waits 20 s for a cluster that has no leader, and for nothing that waiting does not help.
	if took := time.Since(began); took > 19*time.Second {
		t.Errorf("it took %s to say so", took)
	}
}

func TestAPostgresThatCannotBeUsedSaysWhyInALine(t *testing.T) {
	t.Parallel()
	web, silent := noBackend(t)
	const check = ": check that it runs and that user, password and database are right"
	for _, address := range []string{web, silent} {
		cannotUse(t, "PULSE_DATABASE_URL", "postgres://pulse@"+address+"/pulse?sslmode=disable", check)
	}
	database := testbackend.Database(t)
	if database == "" {
		t.Skip("the rest needs a Postgres: task test:backends starts one")
	}
	user, err := url.Parse(testbackend.User(t, database))
	if err != nil {
		t.Fatal(err)
	}
	cannotUse(t, "PULSE_DATABASE_URL", as(t, database, user.User.Username(), "wrong"), `password authentication failed for user`)
	cannotUse(t, "PULSE_DATABASE_URL", strings.Replace(database, "/pulse_test_", "/no_", 1), `does not exist`)
	cannotUse(t, "PULSE_DATABASE_URL", user.String(), "may not change the schema")
}

func TestARedisThatCannotBeUsedSaysWhyInALine(t *testing.T) {
	t.Parallel()
	web, silent := noBackend(t)
	for _, address := range []string{web, silent, silent + "," + web} {
		cannotUse(t, "PULSE_REDIS_URL", "redis://"+address, "PULSE_REDIS_URL: cannot reach Redis")
	}
	redis := testbackend.Redis(t)
	if redis == "" {
		t.Skip("the rest needs a Redis: task test:backends starts one")
	}
	cannotUse(t, "PULSE_REDIS_URL", as(t, redis, "ada", "wrong"), "PULSE_REDIS_URL: Redis refuses (WRONGPASS invalid username-password pair or user is disabled): check user, password")
	cannotUse(t, "PULSE_REDIS_URL", redis[:strings.LastIndex(redis, "/")]+"/1000000", "PULSE_REDIS_URL: Redis refuses (DB index is out of range): check")
}

func TestANATSThatCannotBeUsedSaysWhyInALine(t *testing.T) {
	t.Parallel()
	web, silent := noBackend(t)
	for _, address := range []string{web, silent} {
		cannotUse(t, "PULSE_NATS_URL", "nats://"+address, "PULSE_NATS_URL: cannot reach NATS")
	}
	bare := testbackend.StartNATS(t, 1, func(o *server.Options) { o.JetStream = false })
	cannotUse(t, "PULSE_NATS_URL", bare.URL(), "PULSE_NATS_URL: this NATS has no JetStream (")
	locked := testbackend.StartNATS(t, 1, func(o *server.Options) { o.Username, o.Password = "pulse", "secret" })
	cannotUse(t, "PULSE_NATS_URL", locked.URL(), "PULSE_NATS_URL: NATS refuses (nats: Authorization Violation): check user and password")
	cannotUse(t, "PULSE_NATS_URL", as(t, locked.URL(), "pulse", "wrong"), "PULSE_NATS_URL: NATS refuses (nats: Authorization Violation): check user and password")
	single := testbackend.StartNATS(t, 1)
	cannotUse(t, "PULSE_NATS_URL", single.URL(), "PULSE_NATS_REPLICAS=3: this NATS has too few servers", "PULSE_NATS_REPLICAS", "3")
	cannotUse(t, "PULSE_NATS_REPLICAS", "3", "PULSE_NATS_REPLICAS=3: this NATS has too few servers")
	cluster := testbackend.StartNATS(t, 3)
	cannotUse(t, "PULSE_NATS_URL", cluster.URL(), "PULSE_NATS_REPLICAS=5: this NATS has too few servers", "PULSE_NATS_REPLICAS", "5")
}

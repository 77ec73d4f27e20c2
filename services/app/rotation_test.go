package app_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/nats-io/nats-server/v2/server"

	"github.com/pulse-social/pulse/services/internal/testbackend"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// secretFile is a file that holds a secret, as Kubernetes mounts one.
func secretFile(t *testing.T, secret string) (path string, change func(secret string)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "secret")
	change = func(secret string) {
		if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	change(secret)
	return path, change
}

func TestANewPasswordOfTheBrokerNeedsNoRestart(t *testing.T) {
	t.Parallel()
	broker := testbackend.StartNATS(t, 1, func(o *server.Options) { o.Username, o.Password = "pulse", "first" })
	file, change := secretFile(t, as(t, broker.URL(), "pulse", "first"))
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_NATS_URL_FILE", file))
	ada := p.User(t, "ada")
	write(t, ada.Client, "with the first password")
	p.Settle(t)

	change(as(t, broker.URL(), "pulse", "second"))
	broker.Stop(0)
	broker.Change(0, func(o *server.Options) { o.Password = "second" })
	broker.Start(t, 0)
	write(t, ada.Client, "with the second")
	testwait.Until(t, "both posts are counted", func() bool { return counts(t, ada.Client, ada.ID).GetPosts() == 2 })
}

func TestANewPasswordOfRedisNeedsNoRestart(t *testing.T) {
	t.Parallel()
	redis := miniredis.NewMiniRedis()
	redis.RequireUserAuth("pulse", "first")
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Close)
	at := func(password string) string {
		return (&url.URL{Scheme: "redis", Host: redis.Addr(), User: url.UserPassword("pulse", password)}).String()
	}
	file, change := secretFile(t, at("first"))
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_REDIS_URL_FILE", file))
	p.User(t, "ada")

	change(at("second"))
	redis.Close()
	redis.RequireUserAuth("pulse", "second")
	if err := redis.Restart(); err != nil {
		t.Fatal(err)
	}
	redis.FlushAll()
	ada := p.User(t, "bob")
	testwait.Until(t, "Redis is used again", func() bool {
		write(t, ada.Client, "hello")
		return len(redis.Keys()) > 0
	})
}

func TestANewPasswordOfPostgresNeedsNoRestart(t *testing.T) {
	t.Parallel()
	database := testbackend.Database(t)
	if database == "" {
		t.Skip("this test is about Postgres: run task test:backends")
	}
	user := testbackend.User(t, database)
	testbackend.Exec(t, database, "GRANT ALL ON SCHEMA public TO PUBLIC")
	u, err := url.Parse(user)
	if err != nil {
		t.Fatal(err)
	}
	name := u.User.Username()
	file, change := secretFile(t, user)
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_DATABASE_URL_FILE", file))
	ada := p.User(t, "ada")

	change(as(t, user, name, "second"))
	testbackend.Exec(t, database, "ALTER ROLE "+name+" PASSWORD 'second'",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"+name+"'")
	write(t, ada.Client, "with the second password")
}

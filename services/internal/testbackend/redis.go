package testbackend

import (
	"context"
	"net/url"
	"os"
	"strconv"
	"testing"

	"github.com/redis/rueidis"
)

// databasesDrawn counts, in database 0 of the Redis of the environment, the databases that tests have drawn.
const databasesDrawn = "pulse_test_databases_drawn"

// Redis draws an empty database of the Redis of the environment, empties it when the test has ended, and answers its
// URL, empty without a Redis. After the last database comes the first again.
func Redis(t testing.TB) string {
	t.Helper()
	server := os.Getenv("PULSE_TEST_REDIS_URL")
	if server == "" {
		return ""
	}
	at, err := url.Parse(server)
	if err != nil {
		t.Fatalf("PULSE_TEST_REDIS_URL: %v", err)
	}
	redis := dialRedis(t, server)
	defer redis.Close()
	databases, err := redis.Do(t.Context(), redis.B().ConfigGet().Parameter("databases").Build()).AsStrMap()
	if err != nil {
		t.Fatalf("ask Redis how many databases it has: %v", err)
	}
	count, err := strconv.ParseInt(databases["databases"], 10, 64)
	if err != nil || count < 2 {
		t.Fatalf("this Redis has %q databases: start it with --databases 4096", databases["databases"])
	}
	drawn, err := redis.Do(t.Context(), redis.B().Incr().Key(databasesDrawn).Build()).AsInt64()
	if err != nil {
		t.Fatalf("draw a database of Redis: %v", err)
	}
	at.Path = "/" + strconv.FormatInt(1+drawn%(count-1), 10)
	FlushRedis(t, at.String()) // A test that was killed may have left something.
	t.Cleanup(func() { FlushRedis(t, at.String()) })
	return at.String()
}

// RedisCluster answers the address of the Redis Cluster of the environment, empty without one. Tests share it: their
// keys must be their own.
func RedisCluster() string { return os.Getenv("PULSE_TEST_REDIS_CLUSTER_URL") }

// FlushRedis deletes everything from the database that the URL names.
func FlushRedis(t testing.TB, at string) {
	t.Helper()
	redis := dialRedis(t, at)
	defer redis.Close()
	if err := redis.Do(context.WithoutCancel(t.Context()), redis.B().Flushdb().Build()).Error(); err != nil {
		t.Errorf("flush the test's Redis: %v", err)
	}
}

func dialRedis(t testing.TB, at string) rueidis.Client {
	t.Helper()
	option, err := rueidis.ParseURL(at)
	if err != nil {
		t.Fatalf("PULSE_TEST_REDIS_URL: %v", err)
	}
	option.DisableCache, option.ForceSingleClient = true, true
	redis, err := rueidis.NewClient(option)
	if err != nil {
		t.Fatalf("PULSE_TEST_REDIS_URL: %v", err)
	}
	return redis
}

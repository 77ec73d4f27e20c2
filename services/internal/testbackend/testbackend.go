// Package testbackend gives tests backends of their own on the real servers that the environment names, which
// .tools/with-backends.sh starts:
//
//   - PULSE_TEST_DATABASE_URL is a Postgres whose user may create databases: [Database].
//   - PULSE_TEST_REDIS_URL is a Redis with many databases: [Redis].
//   - PULSE_TEST_REDIS_CLUSTER_URL is a Redis Cluster, which tests share: [RedisCluster].
//   - PULSE_TEST_NATS=tcp starts a NATS in the test's process that is reached over TCP: [Broker].
//
// Without a variable the answer is empty, which stands for what Pulse embeds.
package testbackend

import "os"

// Embedded tells that tests run on what Pulse embeds: the environment names no database.
func Embedded() bool { return os.Getenv("PULSE_TEST_DATABASE_URL") == "" }

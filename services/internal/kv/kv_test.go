package kv_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/rueidis"

	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/testbackend"
)

// A pipeline that is larger than the buffers on the way must not wait for its own answers: the embedded connection has no
// system in between that would hold them.
func TestEmbeddedTakesPipelinesOfAnySize(t *testing.T) {
	t.Parallel()
	k, err := kv.Open(t.Context(), kv.Config{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	elements := make([]string, 20_000)
	for n := range elements {
		elements[n] = strconv.Itoa(1_000_000_000_000_000_000 + n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err = k.Dedicated(ctx, func(ctx context.Context, c rueidis.DedicatedClient) error {
		for _, r := range c.DoMulti(ctx,
			c.B().Multi().Build(),
			c.B().Rpush().Key("list").Element(elements...).Build(),
			c.B().Lrange().Key("list").Start(0).Stop(-1).Build(),
			c.B().Exec().Build(),
		) {
			if err := r.Error(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// silent accepts connections and never answers.
func silent(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	return l.Addr().String()
}

func TestARedisThatNeverAnswersIsAnErrorSoon(t *testing.T) {
	t.Parallel()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	k, err := kv.Open(ctx, kv.Config{URL: "redis://" + silent(t), Timeout: time.Second})
	if err == nil {
		k.Close()
		t.Fatal("opened a Redis that never answers")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s to notice (%v)", took, err)
	}
}

// Nobody else waits for a Redis that was late; who insists does, and tells the others that it answers.
func TestWhoInsistsIsHeardByARedisThatIsLate(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	k, err := kv.Open(t.Context(), kv.Config{URL: "redis://" + redis.Addr(), Timeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	redis.Server().SetPreHook(func(*server.Peer, string, ...string) bool {
		time.Sleep(400 * time.Millisecond)
		return false
	})
	set := func(value string) rueidis.Completed { return k.B().Set().Key("k").Value(value).Build() }
	if err := k.DoMulti(t.Context(), set("late")); err == nil {
		t.Fatal("an answer that is late is waited for")
	}
	if err := k.DoMulti(t.Context(), set("resting")); !errors.Is(err, kv.ErrDown) || k.Failures() != 1 || k.DownFor() == 0 {
		t.Errorf("after a late answer: %v, %d failures, down for %s", err, k.Failures(), k.DownFor())
	}
	if err := k.Insist(t.Context(), 10*time.Second, set("insisted"), set("and again")); err != nil {
		t.Fatalf("who insists: %v", err)
	}
	if value, err := redis.Get("k"); err != nil || value != "and again" || k.DownFor() != 0 {
		t.Errorf("Redis has %q (%v), down for %s", value, err, k.DownFor())
	}
	redis.Server().SetPreHook(nil)
	if err := k.DoMulti(t.Context(), set("others")); errors.Is(err, kv.ErrDown) {
		t.Error("after an answer Redis is not asked")
	}
}

func TestWhoInsistsInVainIsToldSo(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	k, err := kv.Open(t.Context(), kv.Config{URL: "redis://" + redis.Addr(), Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	redis.Close()
	began := time.Now()
	if err := k.Insist(t.Context(), 300*time.Millisecond, k.B().Set().Key("k").Value("v").Build()); err == nil {
		t.Error("heard by a Redis that is not there")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s to say so", took)
	}
}

func TestACallersOwnErrorDoesNotMakeRedisDown(t *testing.T) {
	t.Parallel()
	k, err := kv.Open(t.Context(), kv.Config{URL: testbackend.Redis(t), Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	own := errors.New("own")
	err = k.Dedicated(t.Context(), func(context.Context, rueidis.DedicatedClient) error { return kv.CallerError(own) })
	if !errors.Is(err, own) {
		t.Errorf("got %v, want %v", err, own)
	}
	if _, err := k.Do(t.Context(), k.B().Ping().Build()); err != nil {
		t.Errorf("after a caller's error: %v", err)
	}
}

// The nodes of a cluster refuse commands and transactions over keys of several of them; what Pulse sends is answered.
func TestAClusterAnswersWhateverNodesHaveTheKeys(t *testing.T) {
	t.Parallel()
	cluster := testbackend.RedisCluster()
	if cluster == "" {
		t.Skip("it needs a Redis Cluster: task test:backends starts one")
	}
	k, err := kv.Open(t.Context(), kv.Config{URL: cluster, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	const keys = 30
	var fill, count, drop rueidis.Commands
	for range keys {
		key := "test:{" + rand.Text() + "}"
		fill = append(fill, k.B().Rpush().Key(key).Element("a", "b").Build())
		count = append(count, k.B().Lpushx().Key(key).Element("c").Build())
		drop = append(drop, k.B().Del().Key(key).Build())
		if err := k.Dedicated(t.Context(), func(ctx context.Context, c rueidis.DedicatedClient) error { return transact(ctx, c, key) }); err != nil {
			t.Error(err)
		}
	}
	if err := k.DoMulti(t.Context(), fill...); err != nil {
		t.Error(err)
	}
	lengths, err := k.Ints(t.Context(), count...)
	if want := slices.Repeat([]int64{3}, keys); err != nil || !slices.Equal(lengths, want) {
		t.Errorf("lengths %v, %v, want %v", lengths, err, want)
	}
	if err := k.DoMulti(t.Context(), drop...); err != nil {
		t.Error(err)
	}
}

// transact watches a key and changes it in a transaction, as a timeline that is rebuilt does.
func transact(ctx context.Context, c rueidis.DedicatedClient, key string) error {
	for _, r := range c.DoMulti(ctx,
		c.B().Watch().Key(key).Build(), c.B().Multi().Build(), c.B().Set().Key(key).Value("x").Build(), c.B().Del().Key(key).Build(), c.B().Exec().Build(),
	) {
		if err := r.Error(); err != nil {
			return err
		}
	}
	return nil
}

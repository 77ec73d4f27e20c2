package stamp_test

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/testwait"
)

// Another process may have cached under the old stamp, and reach Redis before this one does again.
func TestAStampThatCouldNotBeSetIsSetWhenRedisIsBack(t *testing.T) {
	t.Parallel()
	redis, k, b := book(t, time.Second)
	before, err := b.Begin(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	redis.Close()
	b.Changed(t.Context(), 1, stamp.Posts)
	began := time.Now()
	b.Changed(t.Context(), 1, stamp.Likes)
	if took := time.Since(began); took > time.Second {
		t.Errorf("a change waited for %s, though Redis had been away for seconds", took)
	}
	if err := redis.Restart(); err != nil {
		t.Fatal(err)
	}
	testwait.Until(t, "both stamps are new", func() bool {
		after, err := stampsOf(t, k, b)
		return err == nil && after[stamp.Posts] != before[stamp.Posts] && after[stamp.Likes] != before[stamp.Likes] &&
			after[stamp.Follows] == before[stamp.Follows]
	})
}

// Others may reach a Redis that is late for this process.
func TestAChangeIsNotAcknowledgedBeforeALateRedisIsToldOfIt(t *testing.T) {
	t.Parallel()
	redis, _, b := book(t, 50*time.Millisecond)
	var before stamp.Stamps
	testwait.Until(t, "there are stamps", func() bool {
		var err error
		before, err = b.Begin(t.Context(), 1)
		return err == nil
	})
	gap := b.Gap()
	redis.Server().SetPreHook(func(*server.Peer, string, ...string) bool {
		time.Sleep(300 * time.Millisecond)
		return false
	})
	b.Changed(t.Context(), 1, stamp.Posts)
	if now := redis.HGet("stamps:{1}", "posts"); now == before[stamp.Posts] {
		t.Error("the change was acknowledged under the old stamp")
	}
	if b.Gap() != gap {
		t.Error("who waited for Redis is told that it was away")
	}
}

// book is a book of stamps in a Redis of its own.
func book(t *testing.T, timeout time.Duration) (*miniredis.Miniredis, *kv.KV, *stamp.Book) {
	t.Helper()
	redis := miniredis.RunT(t)
	k, err := kv.Open(t.Context(), kv.Config{URL: "redis://" + redis.Addr(), Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return redis, k, stamp.NewBook(k)
}

func stampsOf(t *testing.T, k *kv.KV, b *stamp.Book) (stamp.Stamps, error) {
	t.Helper()
	replies, err := k.Replies(t.Context(), b.Read(1))
	if err != nil {
		return stamp.Stamps{}, err
	}
	return stamp.Parse(replies[0])
}

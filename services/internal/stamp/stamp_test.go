package stamp_test

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/testwait"
)

// Another process may have cached under the old stamp, and reach Redis before this one does again.
func TestAStampThatCouldNotBeSetIsSetWhenRedisIsBack(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	k, err := kv.Open(t.Context(), kv.Config{URL: "redis://" + redis.Addr(), Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	b := stamp.NewBook(k)
	before, err := b.Begin(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	redis.Close()
	b.Changed(t.Context(), 1, stamp.Posts)
	b.Changed(t.Context(), 1, stamp.Likes)
	if err := redis.Restart(); err != nil {
		t.Fatal(err)
	}
	testwait.Until(t, "both stamps are new", func() bool {
		after, err := stampsOf(t, k, b)
		return err == nil && after[stamp.Posts] != before[stamp.Posts] && after[stamp.Likes] != before[stamp.Likes] &&
			after[stamp.Follows] == before[stamp.Follows]
	})
}

func stampsOf(t *testing.T, k *kv.KV, b *stamp.Book) (stamp.Stamps, error) {
	t.Helper()
	replies, err := k.Replies(t.Context(), b.Read(1))
	if err != nil {
		return stamp.Stamps{}, err
	}
	return stamp.Parse(replies[0])
}

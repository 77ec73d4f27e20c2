package limit_test

import (
	"testing"
	"time"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/limit"
)

// BenchmarkTake is what a limit costs a call, on the embedded Redis: a read by its lease, a sign-in without.
func BenchmarkTake(b *testing.B) {
	k, err := kv.Open(b.Context(), kv.Config{Timeout: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(k.Close)
	l := limit.New(all(limit.Rate{Calls: 1_000_000, Window: time.Second}), k, clock.System)
	for _, class := range []limit.Class{limit.Read, limit.SignIn} {
		b.Run(class.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Take(b.Context(), class, "somebody")
			}
		})
	}
}

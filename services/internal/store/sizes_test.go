package store_test

import (
	"testing"

	"github.com/pulse-social/pulse/services/internal/store"
)

// TestSizes looks for every table of the schema that a post leaves rows in, and how long those stay.
func TestSizes(t *testing.T) {
	t.Parallel()
	sizes, err := open(t).Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]store.TableSize{}
	for _, size := range sizes {
		got[size.Table] = size
	}
	for table, kept := range map[string]int64{
		"posts": 0, "post_counts": 0, "outbox_events": int64(store.OutboxKept),
		"inbox_entries": int64(store.InboxKept), "idempotency_records": int64(store.AnswersKept),
	} {
		if size := got[table]; size.Bytes <= 0 || int64(size.Kept) != kept {
			t.Errorf("%s takes %d bytes, kept for %s", table, size.Bytes, size.Kept)
		}
	}
}

package realtime

import (
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// FuzzCursor looks for cursors that are taken and mean something else than they say.
func FuzzCursor(f *testing.F) {
	known := position{userID: 7, own: place{3, 4}, shared: place{5, 6}}.cursor()
	f.Add(known, int64(7))
	f.Add(known[:4]+"\n"+known[4:], int64(7)) // Which decoders of base64 read over.
	f.Add("", int64(1))
	f.Add("AQAAAAAAAAAH", int64(7))
	f.Fuzz(func(t *testing.T, cursor string, userID int64) {
		at, err := readCursor(cursor, userID)
		if err != nil {
			if !rpc.Failed(err, errorsv1.Reason_REASON_CURSOR_INVALID) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if at.userID != userID || at.cursor() != cursor {
			t.Fatalf("%q of %d was read as %+v, which is %q", cursor, userID, at, at.cursor())
		}
	})
}

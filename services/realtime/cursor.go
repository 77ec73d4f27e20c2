package realtime

import (
	"encoding/base64"
	"encoding/binary"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

const (
	// cursorVersion begins every cursor.
	cursorVersion = 1
	// cursorBytes is how long a cursor is before it is encoded.
	cursorBytes = 1 + 5*8
)

// A place is where in a log one is at: everything up to the item of that number was dealt with.
type place struct{ epoch, sequence int64 }

// A position is where a person is at: in their own log, and in the one that all share.
type position struct {
	userID      int64
	own, shared place
}

// cursor writes a position for clients. It is no secret and carries no authority: only its person can use it, and what they
// may see is asked each time.
func (p position) cursor() string {
	raw := make([]byte, 1, cursorBytes)
	raw[0] = cursorVersion
	for _, n := range [...]int64{p.userID, p.own.epoch, p.own.sequence, p.shared.epoch, p.shared.sequence} {
		raw = binary.BigEndian.AppendUint64(raw, uint64(n))
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// readCursor reads a person's cursor. It fails with CURSOR_INVALID when it is none, or that of somebody else.
func readCursor(cursor string, userID int64) (position, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	// The decoder reads over line breaks and bits that stand for nothing: a cursor is written in one way only.
	if err != nil || base64.RawURLEncoding.EncodeToString(raw) != cursor || len(raw) != cursorBytes || raw[0] != cursorVersion {
		return position{}, errCursorInvalid()
	}
	var numbers [5]int64
	for i := range numbers {
		numbers[i] = int64(binary.BigEndian.Uint64(raw[1+8*i:]))
		if numbers[i] < 0 {
			return position{}, errCursorInvalid()
		}
	}
	p := position{userID: numbers[0], own: place{numbers[1], numbers[2]}, shared: place{numbers[3], numbers[4]}}
	if p.userID != userID || p.cursor() != cursor { // There is one way to write a cursor.
		return position{}, errCursorInvalid()
	}
	return p, nil
}

func errCursorInvalid() error {
	return rpc.Fail(errorsv1.Reason_REASON_CURSOR_INVALID, "the cursor is none of your streams: subscribe without one")
}

func errCursorExpired() error {
	return rpc.Fail(errorsv1.Reason_REASON_CURSOR_EXPIRED,
		"what came after the cursor is not all kept any more: subscribe without a cursor, and read timelines, conversations and notifications anew")
}

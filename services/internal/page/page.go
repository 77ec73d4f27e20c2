// Package page makes and reads page tokens. A token is opaque, holds where the page before ended and a hash of the
// request it belongs to, and carries no authority: whoever presents it is asked again what they may see.
package page

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	// DefaultSize is how many items a page has when the request does not say.
	DefaultSize = 20
	// MaxSize is how many items a page has at most.
	MaxSize = 100

	// bindingBytes is how much of the request's hash a token holds: enough to notice a mix-up.
	bindingBytes = 8
	tokenBytes   = 1 + bindingBytes + 8
)

// ErrToken tells that a page token was not made for the request it came with.
var ErrToken = errors.New("page token does not belong to this request")

// A Direction is which way a page goes on.
type Direction byte

// The directions.
const (
	// Onward goes on in the order of the list.
	Onward Direction = 0
	// Back goes on against the order of the list.
	Back Direction = 1
)

// A Request is a request for a page of a list.
type Request interface {
	proto.Message
	// GetPageSize is how many items are asked for; 0 leaves it to the server.
	GetPageSize() int32
	// GetPageToken says where to go on; empty is the start.
	GetPageToken() string
}

// A Cursor is where a page begins.
type Cursor struct {
	// Size is how many items the page has at most.
	Size int
	// After is the id of the last item before the page, in its direction; 0 means from the start.
	After int64
	// Direction is which way the page goes.
	Direction Direction

	binding [bindingBytes]byte
}

// Read answers where the page that is asked for begins, or [ErrToken].
func Read(r Request) (Cursor, error) {
	c := Cursor{Size: int(r.GetPageSize()), binding: bindingOf(r)}
	if c.Size == 0 {
		c.Size = DefaultSize
	}
	c.Size = min(c.Size, MaxSize)
	if r.GetPageToken() == "" {
		return c, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(r.GetPageToken())
	if err != nil || len(raw) != tokenBytes || raw[0] > byte(Back) || [bindingBytes]byte(raw[1:]) != c.binding {
		return c, ErrToken
	}
	c.Direction = Direction(raw[0])
	c.After = int64(binary.BigEndian.Uint64(raw[1+bindingBytes:]))
	if c.After < 0 {
		return c, ErrToken
	}
	return c, nil
}

// Token makes the token of the page that goes on after an item.
func (c Cursor) Token(after int64, d Direction) string {
	raw := make([]byte, 0, tokenBytes)
	raw = append(raw, byte(d))
	raw = append(raw, c.binding[:]...)
	raw = binary.BigEndian.AppendUint64(raw, uint64(after))
	return base64.RawURLEncoding.EncodeToString(raw)
}

// bindingOf hashes the arguments that a token is bound to: the type of the request and all fields but those of paging.
func bindingOf(r Request) [bindingBytes]byte {
	m := proto.Clone(r).ProtoReflect()
	for _, name := range []protoreflect.Name{"page_size", "page_token"} {
		if field := m.Descriptor().Fields().ByName(name); field != nil {
			m.Clear(field)
		}
	}
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(m.Interface())
	if err != nil { // Only invalid UTF-8, which no decoder lets in.
		encoded = nil
	}
	sum := sha256.Sum256(append([]byte(m.Descriptor().FullName()), encoded...))
	return [bindingBytes]byte(sum[:])
}

// Package page makes and reads page tokens. A token is opaque, holds where the page before ended and a hash of the
// request it belongs to, and carries no authority: whoever presents it is asked again what they may see.
package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"slices"

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
	rankedBytes  = tokenBytes + 8

	// MostMet bounds how many items a token can name besides the one that it goes on after. A token of so many has 256
	// characters at most.
	MostMet = 32
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
	// Rank is the rank of the last item before the page, in a list that is ordered by rank and then by id.
	Rank int64
	// Met are ids of items beyond After that the caller has had already, ascending: the page leaves them out.
	Met []int64

	binding [bindingBytes]byte
}

// Read answers where the page that is asked for begins, or [ErrToken].
func Read(r Request) (Cursor, error) { return ReadSized(r, DefaultSize, MaxSize) }

// ReadSized is [Read] for a list whose pages have other sizes.
func ReadSized(r Request, defaultSize, maxSize int) (Cursor, error) {
	c := Cursor{Size: int(r.GetPageSize()), binding: bindingOf(r)}
	if c.Size == 0 {
		c.Size = defaultSize
	}
	c.Size = min(c.Size, maxSize)
	if r.GetPageToken() == "" {
		return c, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(r.GetPageToken())
	// The decoder reads over line breaks and bits that stand for nothing: a token is written in one way only.
	if err != nil || base64.RawURLEncoding.EncodeToString(raw) != r.GetPageToken() || len(raw) < tokenBytes || raw[0] > byte(Back) || [bindingBytes]byte(raw[1:]) != c.binding {
		return c, ErrToken
	}
	c.Direction = Direction(raw[0])
	c.After = int64(binary.BigEndian.Uint64(raw[1+bindingBytes:]))
	if c.After < 0 {
		return c, ErrToken
	}
	return c.withRest(raw)
}

// withRest reads what a token has besides its fixed part: a rank onward, and what the caller has had on the way back.
func (c Cursor) withRest(raw []byte) (Cursor, error) {
	rest := raw[tokenBytes:]
	switch {
	case c.Direction == Back:
		c.Met = readMet(c.After, rest)
		if !bytes.Equal(raw, c.raw(c.After, Back, c.Met...)) { // There is one way to write a token.
			return c, ErrToken
		}
	case len(raw) == rankedBytes:
		c.Rank = int64(binary.BigEndian.Uint64(rest))
	case len(rest) > 0:
		return c, ErrToken
	}
	return c, nil
}

// RankedToken makes the token of the page that goes on after an item of a list that is ordered by rank.
func (c Cursor) RankedToken(rank, after int64) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(c.raw(after, Onward), uint64(rank)))
}

// Token makes the token of the page that goes on after an item. Items beyond it that the caller has had already, at most
// [MostMet], are left out of that page; only pages that go back can leave any out.
func (c Cursor) Token(after int64, d Direction, met ...int64) string {
	slices.Sort(met)
	return base64.RawURLEncoding.EncodeToString(c.raw(after, d, met...))
}

// raw is a token before it is encoded. The ids of met are written as their distances, for they are close to each other.
func (c Cursor) raw(after int64, d Direction, met ...int64) []byte {
	raw := make([]byte, 0, rankedBytes+len(met)*binary.MaxVarintLen32)
	raw = append(raw, byte(d))
	raw = append(raw, c.binding[:]...)
	raw = binary.BigEndian.AppendUint64(raw, uint64(after))
	for _, id := range met {
		raw = binary.AppendUvarint(raw, uint64(id-after))
		after = id
	}
	return raw
}

// readMet reads what the caller has had; what is no such thing comes out as something else than was written.
func readMet(after int64, raw []byte) []int64 {
	var met []int64
	for len(raw) > 0 && len(met) < MostMet {
		distance, size := binary.Uvarint(raw)
		if size <= 0 || distance > uint64(math.MaxInt64-after) {
			return nil
		}
		after += int64(distance)
		met, raw = append(met, after), raw[size:]
	}
	return met
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

package timeline

import (
	"encoding/json"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pulse-social/pulse/services/internal/engagement"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// Field numbers of pulse.timeline.v1 and pulse.post.v1, which never change; a test decodes what is joined by them. The
// two timelines answer with the same fields.
const (
	fieldPosts     = 1
	fieldNextPage  = 2
	fieldNewerPage = 3
	fieldViewer    = 8 // of a post
)

// viewersProto and viewersJSON are the ends of a post, by what its viewer has done with it.
var viewersProto, viewersJSON [engagement.States][]byte

func init() { //nolint:gochecknoinits // Two tables that are read for every post.
	acts := []struct {
		state engagement.State
		field protowire.Number // of a viewer
		name  string
	}{{engagement.Liked, 1, "liked"}, {engagement.Bookmarked, 2, "bookmarked"}, {engagement.Reposted, 3, "reposted"}}
	for state := range engagement.State(engagement.States) {
		var message []byte
		members := map[string]bool{}
		for _, act := range acts {
			if state.Has(act.state) {
				message = protowire.AppendVarint(protowire.AppendTag(message, act.field, protowire.VarintType), 1)
				members[act.name] = true
			}
		}
		viewersProto[state] = protowire.AppendBytes(protowire.AppendTag(nil, fieldViewer, protowire.BytesType), message)
		object, _ := json.Marshal(members) // Booleans always encode.
		viewersJSON[state] = append([]byte(`,"viewer":`), object...)
	}
}

// joined is the page as an answer that is put together from encoded posts.
func (p pageOfPosts) joined() *rpc.Joined {
	return &rpc.Joined{AppendProto: p.appendProto, AppendJSON: p.appendJSON}
}

func (p pageOfPosts) appendProto(b []byte) []byte {
	for _, post := range p.posts {
		var viewer []byte
		if p.signedIn && !post.whole {
			viewer = viewersProto[post.done]
		}
		b = protowire.AppendTag(b, fieldPosts, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(len(post.proto)+len(viewer)))
		b = append(append(b, post.proto...), viewer...)
	}
	for _, token := range []struct {
		field protowire.Number
		value string
	}{{fieldNextPage, p.older}, {fieldNewerPage, p.newer}} {
		if token.value != "" {
			b = protowire.AppendString(protowire.AppendTag(b, token.field, protowire.BytesType), token.value)
		}
	}
	return b
}

func (p pageOfPosts) appendJSON(b []byte) []byte {
	b = append(b, '{')
	for i, post := range p.posts {
		if i == 0 {
			b = append(b, `"posts":[`...)
		} else {
			b = append(b, ',')
		}
		b = append(b, post.json...)
		if p.signedIn && !post.whole {
			b = append(b, viewersJSON[post.done]...)
		}
		b = append(b, '}')
	}
	if len(p.posts) > 0 {
		b = append(b, ']')
	}
	b = appendToken(b, "nextPageToken", p.older)
	b = appendToken(b, "newerPageToken", p.newer)
	return append(b, '}')
}

// appendToken appends a member of an object unless it is empty. Tokens need no escapes.
func appendToken(b []byte, name, token string) []byte {
	if token == "" {
		return b
	}
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	value, _ := json.Marshal(token) // A string always encodes.
	b = append(append(append(b, '"'), name...), `":`...)
	return append(b, value...)
}

package timeline

import (
	"encoding/json"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pulse-social/pulse/services/internal/rpc"
)

// Field numbers of pulse.timeline.v1 and pulse.post.v1, which never change; a test decodes what is joined by them. The
// two timelines answer with the same fields.
const (
	fieldPosts     = 1
	fieldNextPage  = 2
	fieldNewerPage = 3
	fieldViewer    = 8 // of a post
	fieldLiked     = 1 // of a viewer
)

// joined is the page as an answer that is put together from encoded posts.
func (p pageOfPosts) joined() *rpc.Joined {
	return &rpc.Joined{AppendProto: p.appendProto, AppendJSON: p.appendJSON}
}

func (p pageOfPosts) appendProto(b []byte) []byte {
	liked := protowire.AppendVarint(protowire.AppendTag(nil, fieldLiked, protowire.VarintType), 1)
	for _, post := range p.posts {
		var viewer []byte
		if p.signedIn {
			viewer = protowire.AppendTag(viewer, fieldViewer, protowire.BytesType)
			if post.liked {
				viewer = protowire.AppendBytes(viewer, liked)
			} else {
				viewer = protowire.AppendVarint(viewer, 0)
			}
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
		switch {
		case p.signedIn && post.liked:
			b = append(b, `,"viewer":{"liked":true}`...)
		case p.signedIn:
			b = append(b, `,"viewer":{}`...)
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

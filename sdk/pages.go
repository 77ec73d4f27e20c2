package pulse

import (
	"context"
	"iter"

	"google.golang.org/protobuf/proto"
)

// pageRequest is a request for a page of a list.
type pageRequest interface {
	proto.Message
	GetPageToken() string
}

// pageResponse is a page of a list.
type pageResponse interface {
	proto.Message
	GetNextPageToken() string
}

// A pager knows one RPC that answers pages.
type pager[Req pageRequest, Res pageResponse, Item any] struct {
	get      func(context.Context, Req) (Res, error)
	setToken func(Req, string)
	items    func(Res) []Item
}

// all ranges over the items of the page that req names and of all pages after it. A page is asked for when the items
// before it are used up. The first error is yielded with a zero item and ends the sequence.
func (p pager[Req, Res, Item]) all(ctx context.Context, req Req) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		// Each range works on a copy: the request stays the caller's, and a second range starts where the first did.
		req := copyRequest(req)
		for {
			page, err := p.get(ctx, req)
			if err != nil {
				var none Item
				yield(none, err)
				return
			}
			for _, item := range p.items(page) {
				if !yield(item, nil) {
					return
				}
			}
			if page.GetNextPageToken() == "" {
				return
			}
			p.setToken(req, page.GetNextPageToken())
		}
	}
}

// copyRequest copies a request; nil becomes an empty one, as it does in the RPC itself.
func copyRequest[Req proto.Message](req Req) Req {
	empty := req.ProtoReflect().New().Interface()
	proto.Merge(empty, req)
	return empty.(Req) // New answers a message of the same type.
}

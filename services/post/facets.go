package post

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/facet"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// maxMentions and maxTags bound how many different people a text may mention, and how many different hashtags it may have:
// each is a row, and somebody who is told.
const (
	maxMentions = 50
	maxTags     = 50
)

// references are what a text refers to, as it is stored.
type references struct {
	// facets are null when there are none.
	facets    []byte
	mentioned []int64
	tags      []*postv1.Hashtag
}

// resolve finds out whom the mentions of a text name, as its author sees people. A handle that nobody has whom the author
// sees is plain text.
func resolve(ctx context.Context, seen *visibility.Policy, author int64, found []facet.Facet) (references, error) {
	var refs references
	if len(found) == 0 {
		return refs, nil
	}
	people, err := mentionedPeople(ctx, seen, author, found)
	if err != nil {
		return refs, err
	}
	var facets []*postv1.Facet
	for _, f := range found {
		part := &postv1.Facet{ByteStart: int32(f.Start), ByteEnd: int32(f.End)}
		switch f.Kind {
		case facet.Mention:
			person := people[strings.ToLower(f.Value)]
			if person == nil {
				continue
			}
			part.Feature = &postv1.Facet_Mention{Mention: &postv1.Mention{UserId: person.ID}}
			if !slices.Contains(refs.mentioned, person.ID) {
				refs.mentioned = append(refs.mentioned, person.ID)
			}
		case facet.Hashtag:
			part.Feature = &postv1.Facet_Hashtag{Hashtag: refs.tag(f.Value)}
		case facet.Link:
			part.Feature = &postv1.Facet_Link{Link: &postv1.Link{Uri: f.Value}}
		}
		facets = append(facets, part)
	}
	if len(refs.tags) > maxTags {
		return refs, rpc.Fail(errorsv1.Reason_REASON_TOO_MANY_HASHTAGS, "the text has more than %d different hashtags: leave some out", maxTags).With("limit", maxTags)
	}
	if len(facets) > 0 {
		refs.facets, err = proto.Marshal(&postv1.Post{Facets: facets})
	}
	return refs, err
}

// tag notes a hashtag, each once by what it is compared by.
func (r *references) tag(written string) *postv1.Hashtag {
	tag := &postv1.Hashtag{Tag: written, Key: facet.TagKey(written)}
	if !slices.ContainsFunc(r.tags, func(t *postv1.Hashtag) bool { return t.GetKey() == tag.GetKey() }) {
		r.tags = append(r.tags, tag)
	}
	return tag
}

// mentionedPeople answers the people whom the mentions name, by handle in lower case.
func mentionedPeople(ctx context.Context, seen *visibility.Policy, author int64, found []facet.Facet) (map[string]*ent.Account, error) {
	var handles []string
	for _, f := range found {
		if key := strings.ToLower(f.Value); f.Kind == facet.Mention && !slices.Contains(handles, key) {
			handles = append(handles, key)
		}
	}
	if len(handles) == 0 {
		return nil, nil
	}
	if len(handles) > maxMentions {
		return nil, rpc.Fail(errorsv1.Reason_REASON_TOO_MANY_MENTIONS, "the text mentions more than %d different people: leave some out", maxMentions).With("limit", maxMentions)
	}
	return seen.UsersByHandle(ctx, author, handles)
}

// write writes the rows by which a post is found for those whom it mentions, and under its hashtags.
func (r *references) write(ctx context.Context, tx *store.Tx, postID int64) error {
	if len(r.mentioned) > 0 {
		rows := make([]*ent.PostMentionCreate, len(r.mentioned))
		for i, userID := range r.mentioned {
			rows[i] = tx.PostMention.Create().SetID(tx.NewID()).SetPostID(postID).SetUserID(userID)
		}
		if err := tx.PostMention.CreateBulk(rows...).Exec(ctx); err != nil {
			return fmt.Errorf("write mentions: %w", err)
		}
	}
	if len(r.tags) > 0 {
		rows := make([]*ent.PostTagCreate, len(r.tags))
		for i, tag := range r.tags {
			rows[i] = tx.PostTag.Create().SetID(tx.NewID()).SetPostID(postID).SetTag(tag.GetTag()).SetTagKey(tag.GetKey())
		}
		if err := tx.PostTag.CreateBulk(rows...).Exec(ctx); err != nil {
			return fmt.Errorf("write hashtags: %w", err)
		}
	}
	return nil
}

// facetsOf decodes the facets of a row; only Pulse itself writes them.
func facetsOf(encoded []byte) []*postv1.Facet {
	var post postv1.Post
	if len(encoded) == 0 || proto.Unmarshal(encoded, &post) != nil {
		return nil
	}
	return post.GetFacets()
}

// mentionedIn answers whom facets mention.
func mentionedIn(facets []*postv1.Facet) []int64 {
	var people []int64
	for _, f := range facets {
		if mention := f.GetMention(); mention != nil {
			people = append(people, mention.GetUserId())
		}
	}
	return people
}

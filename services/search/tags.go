package search

import (
	"cmp"
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/types/known/timestamppb"

	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/posttag"
	"github.com/pulse-social/pulse/ent/searchtag"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/terms"
)

// SearchTags finds hashtags by how they begin.
func (h *handler) SearchTags(ctx context.Context, req *searchv1.SearchTagsRequest) (*searchv1.SearchTagsResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	prefix := terms.Tag(terms.Clean(req.GetQuery()))
	if prefix == "" {
		return nil, invalid(req.GetQuery(), "%q holds no character of a hashtag: write how it begins", req.GetQuery())
	}
	after, err := h.tagAfter(ctx, cursor.After)
	if err != nil {
		return nil, err
	}
	found, err := h.tags(ctx, prefix, after, cursor.Size+1)
	if err != nil {
		return nil, err
	}
	answer := &searchv1.SearchTagsResponse{}
	if len(found) > cursor.Size {
		found = found[:cursor.Size]
		answer.NextPageToken = cursor.Token(found[len(found)-1].id, page.Onward)
	}
	answer.Tags, err = h.tagHits(ctx, found)
	return answer, err
}

// tagAfter answers the key of the hashtag that a page goes on after.
func (h *handler) tagAfter(ctx context.Context, tagID int64) ([]byte, error) {
	if tagID == 0 {
		return nil, nil
	}
	row, err := h.db.SearchTag.Get(ctx, tagID)
	if store.IsNotFound(err) {
		return nil, page.ErrToken
	}
	if err != nil {
		return nil, err
	}
	return row.Key, nil
}

// foundTag is a hashtag, and the newest post that the caller would find by it.
type foundTag struct {
	id, newest int64
	key        string
}

// tags answers up to limit hashtags that begin so, in the order of their keys, of which the caller would find a post.
func (h *handler) tags(ctx context.Context, prefix string, after []byte, limit int) ([]foundTag, error) {
	var found []foundTag
	for {
		looked, last, more, err := h.tagsOnce(ctx, prefix, after, limit)
		if err != nil {
			return nil, fmt.Errorf("look for hashtags: %w", err)
		}
		if found = append(found, more...); len(found) >= limit || looked < limit {
			return found[:min(len(found), limit)], nil
		}
		after = last
	}
}

// tagsOnce looks at one chunk of hashtags, and answers how many there were, the key of the last, and those to be found.
func (h *handler) tagsOnce(ctx context.Context, prefix string, after []byte, chunk int) (looked int, last []byte, found []foundTag, err error) {
	from, to := keyRange(prefix)
	var rows []struct {
		ID     int64
		Key    []byte
		TagKey string `sql:"tag_key"`
		Newest *int64
	}
	err = h.db.SearchTag.Query().
		Where(searchtag.KeyGTE(from), searchtag.KeyLT(to), func(s *entsql.Selector) {
			if after != nil {
				s.Where(entsql.GT(s.C(searchtag.FieldKey), after))
			}
		}).
		Order(byColumn(searchtag.FieldKey)).Limit(chunk).
		Modify(func(s *entsql.Selector) { s.AppendSelectExprAs(h.newestWith(s, auth.Caller(ctx).UserID), "newest") }).
		Scan(ctx, &rows)
	for _, row := range rows {
		if last = row.Key; row.Newest != nil {
			found = append(found, foundTag{id: row.ID, newest: *row.Newest, key: row.TagKey})
		}
	}
	return len(rows), last, found, err
}

// newestWith answers, for a selection of hashtags, the newest post with the hashtag that the viewer would find.
func (h *handler) newestWith(tags *entsql.Selector, viewer int64) *entsql.Selector {
	posts, tagged := entsql.Table(entpost.Table), entsql.Table(posttag.Table).As("tagged")
	newest := entsql.Dialect(tags.Dialect()).Select(tagged.C(posttag.FieldPostID)).From(posts).
		Join(tagged).On(tagged.C(posttag.FieldPostID), posts.C(entpost.FieldID)).
		Where(entsql.ColumnsEQ(tagged.C(posttag.FieldTagKey), tags.C(searchtag.FieldTagKey))).
		OrderBy(entsql.Desc(tagged.C(posttag.FieldPostID))).Limit(1)
	h.findable(viewer)(newest)
	return newest
}

// tagHits answers hashtags as they are written in their newest posts.
func (h *handler) tagHits(ctx context.Context, found []foundTag) ([]*searchv1.TagHit, error) {
	if len(found) == 0 {
		return nil, nil
	}
	posts := make([]int64, len(found))
	for i, tag := range found {
		posts[i] = tag.newest
	}
	rows, err := h.db.PostTag.Query().Where(posttag.PostIDIn(posts...)).All(ctx)
	if err != nil {
		return nil, err
	}
	type use struct {
		post int64
		key  string
	}
	written := make(map[use]string, len(rows))
	for _, row := range rows {
		written[use{row.PostID, row.TagKey}] = row.Tag
	}
	hits := make([]*searchv1.TagHit, len(found))
	for i, tag := range found {
		// An edit that comes just now may have taken the hashtag away.
		hits[i] = &searchv1.TagHit{Tag: cmp.Or(written[use{tag.newest, tag.key}], tag.key), LastUsedTime: timestamppb.New(id.Time(tag.newest))}
	}
	return hits, nil
}

// byColumn orders by a column of bytes, for which ent has no name.
func byColumn(column string) func(*entsql.Selector) {
	return func(s *entsql.Selector) { s.OrderBy(s.C(column)) }
}

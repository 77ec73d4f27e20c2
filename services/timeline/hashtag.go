package timeline

import (
	"context"
	"fmt"
	"strings"

	entsql "entgo.io/ent/dialect/sql"

	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/posttag"
	"github.com/pulse-social/pulse/ent/predicate"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/facet"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// GetHashtagTimeline answers the public posts with a hashtag.
func (h *handler) GetHashtagTimeline(ctx context.Context, req *timelinev1.GetHashtagTimelineRequest) (*timelinev1.GetHashtagTimelineResponse, error) {
	p, err := h.answer(ctx, req, func(page.Cursor) (opened, error) { return h.openHashtag(ctx, tagKey(req.GetTag())), nil })
	if err != nil {
		return nil, err
	}
	return rpc.AnswerWith(ctx, &timelinev1.GetHashtagTimelineResponse{}, p.joined()), nil
}

// tagKey is a hashtag as it is compared.
func tagKey(tag string) string {
	return strings.TrimPrefix(facet.TagKey(tag), "#") // A full-width # is one by then.
}

// openHashtag opens the timeline of a hashtag. It goes along the index of the tag: what others post costs nothing.
func (h *handler) openHashtag(ctx context.Context, key string) opened {
	timeline, viewer := h.matching(ctx, nil), auth.Caller(ctx).UserID
	timeline.ids = func(ctx context.Context, r span, limit int) ([]int64, error) {
		ids, err := h.db.Post.Query().Where(
			tagged(key, r), entpost.Audience(audiencePublic), entpost.RepostOfID(0),
			visibility.SeenPosts(0), visibility.SeenPosts(viewer), h.notMuted(viewer),
		).Limit(limit).IDs(ctx)
		if err != nil {
			return nil, fmt.Errorf("read posts: %w", err)
		}
		return ids, nil
	}
	return timeline
}

// tagged matches the posts with a tag in a span, nearest to its edge first.
func tagged(key string, r span) predicate.Post {
	return func(s *entsql.Selector) {
		tags := entsql.Table(posttag.Table).As("tags")
		s.Join(tags).On(s.C(entpost.FieldID), tags.C(posttag.FieldPostID))
		postID := tags.C(posttag.FieldPostID)
		s.Where(entsql.EQ(tags.C(posttag.FieldTagKey), key))
		if r.newer {
			s.Where(entsql.GT(postID, r.edge)).OrderBy(entsql.Asc(postID))
		} else {
			s.Where(entsql.LT(postID, r.edge)).OrderBy(entsql.Desc(postID))
		}
	}
}

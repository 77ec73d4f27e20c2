package timeline

import (
	"context"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/predicate"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// audiencePublic is the audience of posts that are shown to those who did not ask for their author.
const audiencePublic = int32(postv1.Audience_AUDIENCE_PUBLIC)

// GetPublicTimeline answers what everybody has posted in public, from an index that has nothing else.
func (h *handler) GetPublicTimeline(ctx context.Context, req *timelinev1.GetPublicTimelineRequest) (*timelinev1.GetPublicTimelineResponse, error) {
	p, err := h.answer(ctx, req, func(page.Cursor) (opened, error) { return h.matching(ctx, publicPosts()), nil })
	if err != nil {
		return nil, err
	}
	return rpc.AnswerWith(ctx, &timelinev1.GetPublicTimelineResponse{}, p.joined()), nil
}

// publicPosts matches the public posts that are no replies and no reposts, of accounts that are not private. The values
// stand in the text of the query as they do in that of the index posts_public: a database does not use it for parameters,
// which might be others.
func publicPosts() predicate.Post {
	return func(s *entsql.Selector) {
		s.Where(entsql.ExprP("posts.audience = 1 AND posts.reply_to_id = 0 AND posts.repost_of_id = 0 AND NOT posts.deleted"))
		visibility.SeenPosts(0)(s)
	}
}

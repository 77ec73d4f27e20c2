package search

import (
	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/predicate"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/mute"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// findable matches the posts that a person is to find: what they may see, but not what is unlisted and somebody else's, and
// not what is by people whom they mute.
func (h *handler) findable(viewer int64) predicate.Post {
	return func(s *entsql.Selector) {
		visibility.SeenPosts(viewer)(s)
		listed := entsql.NEQ(s.C(post.FieldAudience), int32(postv1.Audience_AUDIENCE_UNLISTED))
		if viewer == 0 {
			s.Where(listed)
			return
		}
		mute.NotIn(viewer, post.FieldAuthorID, h.now())(s)
		s.Where(entsql.Or(listed, entsql.EQ(s.C(post.FieldAuthorID), viewer)))
	}
}

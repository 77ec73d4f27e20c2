package visibility

import (
	"context"
	"fmt"
	"slices"

	"github.com/pulse-social/pulse/ent"
)

// Versions answers a function that tells which versions of a post a viewer may see who may see the post: those whose own
// audience and mentions let them. So an edit that opens a post does not open what it said before.
func (p *Policy) Versions(ctx context.Context, viewer int64, of *ent.Post) (func(audience int32, mentioned []int64) bool, error) {
	if viewer != 0 && viewer == of.AuthorID {
		return func(int32, []int64) bool { return true }, nil
	}
	following := false
	if viewer != 0 {
		var err error
		if following, err = p.follows(ctx, viewer, of.AuthorID); err != nil {
			return nil, fmt.Errorf("look whether they follow: %w", err)
		}
	}
	return func(audience int32, mentioned []int64) bool {
		return audience <= audienceUnlisted || audience <= audienceFollowers && following ||
			viewer != 0 && slices.Contains(mentioned, viewer)
	}, nil
}

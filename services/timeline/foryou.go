package timeline

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/engagement"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/rank"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

const (
	// rankedFor is how long pages of a ranking are answered.
	rankedFor = 30 * time.Minute
	// mostRanked bounds how many posts a ranking has.
	mostRanked = 500
)

// GetForYouTimeline answers a page of a ranking. The token of a page says which ranking it is of, by the time it was made
// at, and where the page ends in it.
func (h *handler) GetForYouTimeline(ctx context.Context, req *timelinev1.GetForYouTimelineRequest) (*timelinev1.GetForYouTimelineResponse, error) {
	if name := req.GetAlgorithm(); name != "" && name != rank.Name {
		return nil, rpc.Fail(errorsv1.Reason_REASON_ALGORITHM_UNKNOWN, "there is no algorithm %q: ask for %q, or name none", name, rank.Name).
			With("algorithms", rank.Name)
	}
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx)
	ranked, place, err := h.rankingAt(ctx, caller.UserID, cursor)
	if err != nil {
		return nil, err
	}
	answer := &timelinev1.GetForYouTimelineResponse{Algorithm: rank.Name}
	r := reader{id: caller.UserID, view: h.viewerOf(ctx, caller)}
	for place < len(ranked.Posts) && len(answer.Posts) < cursor.Size {
		part := ranked.Posts[place:min(place+cursor.Size-len(answer.Posts), len(ranked.Posts))]
		place += len(part)
		posts, err := h.rendered(ctx, r, part)
		if err != nil {
			return nil, err
		}
		answer.Posts = append(answer.Posts, posts...)
	}
	if err := h.namePeople(ctx, caller.UserID, answer.GetPosts()); err != nil {
		return nil, err
	}
	if place < len(ranked.Posts) {
		answer.NextPageToken = cursor.RankedToken(int64(place), ranked.At.UnixMilli())
	}
	return answer, nil
}

// rankingAt answers the ranking that a page is of, and the place that the page begins at.
func (h *handler) rankingAt(ctx context.Context, viewer int64, cursor page.Cursor) (*forYou, int, error) {
	now := h.now()
	if cursor.After == 0 {
		ranked, err := h.rankFor(ctx, viewer, now)
		if err == nil {
			h.keepRanking(ctx, viewer, ranked)
		}
		return ranked, 0, err
	}
	at, place := time.UnixMilli(cursor.After).UTC(), int(cursor.Rank)
	if age := now.Sub(at); age > rankedFor || age < -time.Minute || place <= 0 || place > mostRanked {
		return nil, 0, page.ErrToken
	}
	if kept := h.keptRanking(ctx, viewer, at); kept != nil {
		return kept, place, nil
	}
	// Redis has lost it, or is away. What can be told of that time is ranked again.
	ranked, err := h.rankFor(ctx, viewer, at)
	return ranked, place, err
}

// rendered answers ranked posts as the reader may see them now.
func (h *handler) rendered(ctx context.Context, r reader, part []rankedPost) ([]*timelinev1.RankedPost, error) {
	ids := make([]int64, len(part))
	why := make(map[int64]rankedPost, len(part))
	for i, post := range part {
		ids[i], why[post.ID] = post.ID, post
	}
	found, err := h.unmuted(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	posts := make([]*timelinev1.RankedPost, len(found))
	for i, post := range found {
		message := &postv1.Post{}
		if err := proto.Unmarshal(post.proto, message); err != nil {
			return nil, fmt.Errorf("decode post: %w", err)
		}
		if !post.whole {
			message.Viewer = &postv1.PostViewer{
				Liked: post.done.Has(engagement.Liked), Bookmarked: post.done.Has(engagement.Bookmarked), Reposted: post.done.Has(engagement.Reposted),
			}
		}
		posts[i] = why[post.id].toProto(message)
	}
	return posts, nil
}

// namePeople puts the people in whom reasons speak of, as far as the viewer sees them, with one look for all.
func (h *handler) namePeople(ctx context.Context, viewer int64, posts []*timelinev1.RankedPost) error {
	var named []int64
	for _, post := range posts {
		for _, person := range post.GetPeople() {
			named = append(named, person.GetId())
		}
	}
	if len(named) == 0 {
		return nil
	}
	summaries, err := people.Summaries(ctx, h.db, viewer, named)
	if err != nil {
		return err
	}
	for _, post := range posts {
		seen := post.People[:0]
		for _, person := range post.GetPeople() {
			if summary := summaries[person.GetId()]; summary != nil {
				seen = append(seen, summary)
			}
		}
		post.People = seen
	}
	return nil
}

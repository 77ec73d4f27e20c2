package post

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/postcount"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/engagement"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/people"
)

// etag is how a version is called in the API.
func etag(version int64) string { return strconv.FormatInt(version, 36) }

// toProto is what a post's row says by itself; render and complete add the rest.
func toProto(post *ent.Post) *postv1.Post {
	p := &postv1.Post{
		Id:         post.ID,
		Author:     &userv1.UserSummary{Id: post.AuthorID},
		Text:       post.Text,
		ReplyToId:  post.ReplyToID,
		ThreadId:   post.ThreadID,
		CreateTime: timestamppb.New(id.Time(post.ID)),

		Audience:       postv1.Audience(post.Audience),
		ReplyPolicy:    postv1.ReplyPolicy(post.ReplyPolicy),
		Facets:         facetsOf(post.Facets),
		ContentWarning: post.ContentWarning,
		Language:       post.Language,
		Etag:           etag(post.Version),
		Media:          attachment.Named(post.Media),
	}
	if post.EditedAt != nil {
		p.EditTime = timestamppb.New(*post.EditedAt)
	}
	if post.HasPoll {
		p.Poll = &postv1.Poll{}
	}
	return p
}

// renderOne is render for one post.
func (h *handler) renderOne(ctx context.Context, row *ent.Post) (*postv1.Post, error) {
	posts, err := h.render(ctx, []*ent.Post{row})
	if err != nil {
		return nil, err
	}
	return posts[0], nil
}

// render answers posts completed, in the given order, with the posts that they show.
func (h *handler) render(ctx context.Context, rows []*ent.Post) ([]*postv1.Post, error) {
	shown, err := h.shown(ctx, rows)
	if err != nil {
		return nil, err
	}
	posts, all := make([]*postv1.Post, len(rows)), make([]*postv1.Post, 0, len(rows))
	for i, row := range rows {
		posts[i] = toProto(row)
		all = append(all, posts[i])
		quoting := posts[i]
		if repeated := shown[row.RepostOfID]; repeated != nil {
			row, quoting = repeated, toProto(repeated)
			posts[i].RepostOf = quoting
			all = append(all, quoting)
		}
		if row.QuoteOfID == 0 {
			continue
		}
		if quoted := shown[row.QuoteOfID]; quoted != nil {
			quoting.Quote = toProto(quoted)
			all = append(all, quoting.GetQuote())
		} else {
			quoting.QuoteUnavailable = true
		}
	}
	return posts, h.complete(ctx, all...)
}

// shown answers the posts that posts show and the caller may see, by id: those that they pass on, and those that they or
// these comment on.
func (h *handler) shown(ctx context.Context, rows []*ent.Post) (map[int64]*ent.Post, error) {
	var wanted []int64
	for _, row := range rows {
		if row.RepostOfID != 0 {
			wanted = append(wanted, row.RepostOfID)
		}
		if row.QuoteOfID != 0 {
			wanted = append(wanted, row.QuoteOfID)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	viewer := auth.Caller(ctx).UserID
	shown, err := h.visibility.Posts(ctx, viewer, wanted)
	if err != nil {
		return nil, err
	}
	wanted = nil
	for _, row := range rows {
		if repeated := shown[row.RepostOfID]; repeated != nil && repeated.QuoteOfID != 0 {
			wanted = append(wanted, repeated.QuoteOfID)
		}
	}
	if len(wanted) == 0 {
		return shown, nil
	}
	quoted, err := h.visibility.Posts(ctx, viewer, wanted)
	maps.Copy(shown, quoted)
	return shown, err
}

// completeNew is complete for a post of the caller's that was written just now: nobody has done anything with it.
func (h *handler) completeNew(ctx context.Context, post *postv1.Post) error {
	caller := auth.Caller(ctx).UserID
	authors, err := people.Summaries(ctx, h.db, caller, []int64{caller})
	if err != nil {
		return err
	}
	if author := authors[caller]; author != nil {
		post.Author = author
	}
	post.Counts, post.Viewer = &postv1.PostCounts{}, &postv1.PostViewer{}
	return attachment.Fill(ctx, h.db.Client, &post.Media)
}

// complete adds author, pictures, counts, polls and viewer to posts, with one query for each kind whatever the number of posts.
func (h *handler) complete(ctx context.Context, posts ...*postv1.Post) error {
	if len(posts) == 0 {
		return nil
	}
	viewer := auth.Caller(ctx).UserID
	postIDs, authorIDs, media := make([]int64, len(posts)), make([]int64, len(posts)), make([]*[]*mediav1.Media, len(posts))
	for i, post := range posts {
		postIDs[i], authorIDs[i], media[i] = post.GetId(), post.GetAuthor().GetId(), &post.Media
	}
	if err := attachment.Fill(ctx, h.db.Client, media...); err != nil {
		return err
	}
	authors, err := people.Summaries(ctx, h.db, viewer, authorIDs)
	if err != nil {
		return err
	}
	counts, err := h.counts(ctx, postIDs)
	if err != nil {
		return err
	}
	done, err := engagement.Of(ctx, h.db, viewer, postIDs)
	if err != nil {
		return err
	}
	for _, post := range posts {
		if author := authors[post.GetAuthor().GetId()]; author != nil {
			post.Author = author
		}
		post.Counts = &postv1.PostCounts{}
		if c := counts[post.GetId()]; c != nil {
			post.Counts = &postv1.PostCounts{Likes: c.Likes, Replies: c.Replies, Reposts: c.Reposts, Quotes: c.Quotes}
		}
		if viewer != 0 {
			state := done[post.GetId()]
			post.Viewer = &postv1.PostViewer{
				Liked: state.Has(engagement.Liked), Bookmarked: state.Has(engagement.Bookmarked), Reposted: state.Has(engagement.Reposted),
			}
		}
	}
	return h.completePolls(ctx, viewer, posts)
}

// counts answers the counts of posts, by id.
func (h *handler) counts(ctx context.Context, postIDs []int64) (map[int64]*ent.PostCount, error) {
	rows, err := h.db.PostCount.Query().Where(postcount.IDIn(postIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	counts := make(map[int64]*ent.PostCount, len(rows))
	for _, row := range rows {
		counts[row.ID] = row
	}
	return counts, nil
}

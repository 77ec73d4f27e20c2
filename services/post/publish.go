package post

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// PublishDraft publishes a draft of the caller now.
func (h *handler) PublishDraft(ctx context.Context, req *postv1.PublishDraftRequest) (*postv1.PublishDraftResponse, error) {
	author := auth.Caller(ctx).UserID
	var created *ent.Post
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.PublishDraftResponse, error) {
		row, err := ownDraft(ctx, tx, author, req.GetDraftId())
		if err != nil {
			return nil, err
		}
		if created, err = h.publishDraft(ctx, tx, row); err != nil {
			return nil, err
		}
		return &postv1.PublishDraftResponse{Post: toProto(created)}, nil
	})
	if err != nil {
		return nil, err
	}
	h.stamps.Changed(ctx, author, stamp.Posts)
	answer.Post, err = h.published(ctx, created, answer.GetPost())
	return answer, err
}

// publishDraft makes a post of a draft. Both happen, once, or neither.
func (h *handler) publishDraft(ctx context.Context, tx *store.Tx, row *ent.Draft) (*ent.Post, error) {
	if err := claim(ctx, tx, row); err != nil {
		return nil, err
	}
	post, err := decodeDraft(row)
	if err != nil {
		return nil, err
	}
	says, err := h.config.content(post.GetText(), post.GetContentWarning(), post.GetLanguage(), post.GetMediaIds())
	if err != nil {
		return nil, err
	}
	return h.publish(ctx, tx, row.AuthorID, post, says)
}

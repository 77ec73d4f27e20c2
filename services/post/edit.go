package post

import (
	"context"
	"slices"

	"github.com/pulse-social/pulse/ent"
	entpost "github.com/pulse-social/pulse/ent/post"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// EditPost changes a post of the caller and keeps what it was.
func (h *handler) EditPost(ctx context.Context, req *postv1.EditPostRequest) (*postv1.EditPostResponse, error) {
	if err := checkEdit(req.GetUpdateMask().GetPaths()); err != nil {
		return nil, err
	}
	author := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.EditPostResponse, error) {
		post, err := visible(ctx, h.visibility.In(tx.Client), author, req.GetPostId())
		if err != nil {
			return nil, err
		}
		if err := editable(post, author, req.GetEtag()); err != nil {
			return nil, err
		}
		return &postv1.EditPostResponse{Post: toProto(post)}, h.edit(ctx, tx, post, req)
	})
	if err != nil {
		return nil, err
	}
	h.stamps.Changed(ctx, author, stamp.Posts, stamp.Edits)
	h.hints.Announce(bus.PostChanged, req.GetPostId())
	answer.Post, err = h.published(ctx, nil, answer.GetPost())
	return answer, err
}

// checkEdit refuses paths that name nothing that an author may change.
func checkEdit(paths []string) error {
	if len(paths) == 0 {
		return rpc.Fail(errorsv1.Reason_REASON_UPDATE_MASK_INVALID,
			"update_mask names nothing: name text, content_warning, language, audience, reply_policy or media_ids")
	}
	for _, path := range paths {
		switch path {
		case "text", "content_warning", "language", "audience", "reply_policy", "media_ids":
		default:
			return rpc.Fail(errorsv1.Reason_REASON_UPDATE_MASK_INVALID,
				"update_mask names %q: only text, content_warning, language, audience, reply_policy and media_ids can be changed", path).With("path", path)
		}
	}
	return nil
}

// editable refuses an edit of what is not the caller's, is a repost, or is not what the caller has read.
func editable(post *ent.Post, author int64, wanted string) error {
	switch {
	case post.AuthorID != author:
		return rpc.Fail(errorsv1.Reason_REASON_NOT_POST_AUTHOR, "only its author can edit a post")
	case post.RepostOfID != 0:
		return rpc.Fail(errorsv1.Reason_REASON_POST_NOT_EDITABLE, "a repost says nothing of its own: edit the post that it passes on, if it is yours")
	case wanted != "" && wanted != etag(post.Version):
		return rpc.Fail(errorsv1.Reason_REASON_ETAG_MISMATCH, "the post was changed since you read it: read it again and repeat your change")
	}
	return nil
}

// edit writes what an edit changes, and what was there before as a version. An edit that changes nothing leaves no trace.
func (h *handler) edit(ctx context.Context, tx *store.Tx, before *ent.Post, req *postv1.EditPostRequest) error {
	after := *before
	for _, path := range req.GetUpdateMask().GetPaths() {
		switch path {
		case "text":
			after.Text = req.GetText()
		case "content_warning":
			after.ContentWarning = req.GetContentWarning()
		case "language":
			after.Language = req.GetLanguage()
		case "audience":
			after.Audience = int32(max(req.GetAudience(), postv1.Audience_AUDIENCE_PUBLIC))
		case "reply_policy":
			after.ReplyPolicy = int32(max(req.GetReplyPolicy(), postv1.ReplyPolicy_REPLY_POLICY_EVERYONE))
		case "media_ids":
			after.Media = req.GetMediaIds()
		}
	}
	p, err := h.replan(ctx, tx, before, &after)
	if err != nil {
		return err
	}
	after.Language = p.language
	if same(before, &after) {
		return nil
	}
	if err := keepVersion(ctx, tx, before); err != nil {
		return err
	}
	change := tx.Post.Update().Where(notDeleted(before.ID), entpost.Version(before.Version)).
		SetText(after.Text).SetContentWarning(after.ContentWarning).SetLanguage(after.Language).
		SetAudience(after.Audience).SetReplyPolicy(after.ReplyPolicy).AddVersion(1).SetEditedAt(tx.Now)
	if p.facets != nil {
		change.SetFacets(p.facets)
	} else {
		change.ClearFacets()
	}
	if len(after.Media) > 0 {
		change.SetMedia(after.Media)
	} else {
		change.ClearMedia()
	}
	changed, err := change.Save(ctx)
	if err != nil {
		return err
	}
	if changed == 0 {
		return store.ErrRaceLost
	}
	if err := unreference(ctx, tx, before.ID); err != nil {
		return err
	}
	if err := p.write(ctx, tx, before.ID); err != nil {
		return err
	}
	if err := reattach(ctx, tx, before, after.Media); err != nil {
		return err
	}
	return tx.Emit(&busv1.PostEdited{PostId: before.ID, AuthorId: before.AuthorID})
}

// replan finds out whether a post may become what an edit makes of it, and what it then refers to.
func (h *handler) replan(ctx context.Context, tx *store.Tx, before, after *ent.Post) (*plan, error) {
	says, err := h.config.content(after.Text, after.ContentWarning, after.Language, after.Media)
	if err != nil {
		return nil, err
	}
	seen := h.visibility.In(tx.Client)
	p := &plan{content: says, audience: postv1.Audience(after.Audience)}
	if before.ReplyToID != 0 {
		parent, err := visible(ctx, seen, before.AuthorID, before.ReplyToID)
		widest := postv1.Audience(before.Audience) // Who cannot see what they reply to cannot tell how far it reaches.
		if err == nil {
			widest = postv1.Audience(parent.Audience)
		} else if !rpc.Failed(err, errorsv1.Reason_REASON_POST_NOT_FOUND) {
			return nil, err
		} else if parent, err = addressed(ctx, tx, before); err != nil {
			return nil, err
		}
		if after.Audience != before.Audience {
			if _, err := replyAudience(p.audience, widest); err != nil {
				return nil, err
			}
		}
		p.parent = parent
	}
	if p.references, err = resolve(ctx, seen, before.AuthorID, says.found); err != nil {
		return nil, err
	}
	p.addParent(before.AuthorID, p.parent)
	added := slices.DeleteFunc(slices.Clone(after.Media), func(mediaID int64) bool { return slices.Contains(before.Media, mediaID) })
	return p, attachment.Check(ctx, tx.Client, before.AuthorID, added...)
}

// same tells whether an edit changes nothing.
func same(before, after *ent.Post) bool {
	return before.Text == after.Text && before.ContentWarning == after.ContentWarning && before.Language == after.Language &&
		before.Audience == after.Audience && before.ReplyPolicy == after.ReplyPolicy && slices.Equal(before.Media, after.Media)
}

// keepVersion keeps what a post is before an edit.
func keepVersion(ctx context.Context, tx *store.Tx, post *ent.Post) error {
	written := id.Time(post.ID)
	if post.EditedAt != nil {
		written = *post.EditedAt
	}
	row := tx.PostVersion.Create().SetID(tx.NewID()).SetPostID(post.ID).SetVersion(post.Version).SetText(post.Text).
		SetContentWarning(post.ContentWarning).SetLanguage(post.Language).SetAudience(post.Audience).SetWrittenAt(written)
	if len(post.Facets) > 0 {
		row.SetFacets(post.Facets)
	}
	if len(post.Media) > 0 {
		row.SetMedia(post.Media)
	}
	return row.Exec(ctx)
}

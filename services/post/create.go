package post

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// CreatePost publishes a post or a reply. The post and the event that tells of it are one transaction; everything that
// follows from a post (timelines, counts) follows from the event.
func (h *handler) CreatePost(ctx context.Context, req *postv1.CreatePostRequest) (*postv1.CreatePostResponse, error) {
	says, err := h.config.content(req.GetText(), req.GetContentWarning(), req.GetLanguage(), req.GetMediaIds())
	if err != nil {
		return nil, err
	}
	author := auth.Caller(ctx).UserID
	if req.GetScheduledTime() != nil {
		return store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.CreatePostResponse, error) {
			draft, err := h.newDraft(ctx, tx, author, req)
			return &postv1.CreatePostResponse{Draft: draft}, err
		})
	}
	var created *ent.Post
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.CreatePostResponse, error) {
		created, err = h.publish(ctx, tx, author, req, says)
		if err != nil {
			return nil, err
		}
		return &postv1.CreatePostResponse{Post: toProto(created)}, nil
	})
	if err != nil {
		return nil, err
	}
	h.stamps.Changed(ctx, author, stamp.Posts)
	answer.Post, err = h.published(ctx, created, answer.GetPost())
	return answer, err
}

// published completes the answer to a call that published a post; created is nil when a kept answer is given again.
func (h *handler) published(ctx context.Context, created *ent.Post, answer *postv1.Post) (*postv1.Post, error) {
	if created != nil && created.QuoteOfID == 0 && !created.HasPoll {
		return answer, h.completeNew(ctx, answer)
	}
	// A kept answer to an idempotent call is completed from what is there now, as reads are.
	row, err := visible(ctx, h.visibility, auth.Caller(ctx).UserID, answer.GetId())
	if rpc.Failed(err, errorsv1.Reason_REASON_POST_NOT_FOUND) {
		return answer, h.complete(ctx, answer)
	}
	if err != nil {
		return nil, err
	}
	return h.renderOne(ctx, row)
}

// A plan is a post that may be published, with all that it refers to.
type plan struct {
	content
	references
	audience postv1.Audience
	parent   *ent.Post // nil when it replies to none.
	quoted   *ent.Post // nil when it quotes none.
}

// plan finds out whether an author may publish what a request asks for, and what it refers to.
func (h *handler) plan(ctx context.Context, tx *store.Tx, author int64, req *postv1.CreatePostRequest, says content) (*plan, error) {
	seen := h.visibility.In(tx.Client)
	p := &plan{content: says, audience: cmp.Or(req.GetAudience(), postv1.Audience_AUDIENCE_PUBLIC)}
	var err error
	if req.GetReplyToId() != 0 {
		if p.parent, err = h.repliable(ctx, seen, author, req.GetReplyToId()); err != nil {
			return nil, err
		}
		if p.audience, err = replyAudience(req.GetAudience(), postv1.Audience(p.parent.Audience)); err != nil {
			return nil, err
		}
	}
	if req.GetQuoteOfId() != 0 {
		if p.quoted, err = h.quotable(ctx, seen, author, req.GetQuoteOfId()); err != nil {
			return nil, err
		}
	}
	if p.references, err = resolve(ctx, seen, author, says.found); err != nil {
		return nil, err
	}
	p.addParent(author, p.parent)
	return p, attachment.Check(ctx, tx.Client, author, says.media...)
}

// addParent lets the one who is answered see a reply that not everyone sees.
func (p *plan) addParent(author int64, parent *ent.Post) {
	if parent != nil && restricted(p.audience) && parent.AuthorID != author && !slices.Contains(p.mentioned, parent.AuthorID) {
		p.mentioned = append(p.mentioned, parent.AuthorID)
	}
}

// publish writes a new post with all that belongs to it, and the event; a reply joins the thread of the post it replies to.
func (h *handler) publish(ctx context.Context, tx *store.Tx, author int64, req *postv1.CreatePostRequest, says content) (*ent.Post, error) {
	p, err := h.plan(ctx, tx, author, req, says)
	if err != nil {
		return nil, err
	}
	postID := tx.NewID()
	row := tx.Post.Create().
		SetID(postID).
		SetAuthorID(author).
		SetText(p.text).
		SetContentWarning(p.warning).
		SetLanguage(p.language).
		SetThreadID(postID).
		SetAudience(int32(p.audience)).
		SetReplyPolicy(int32(cmp.Or(req.GetReplyPolicy(), postv1.ReplyPolicy_REPLY_POLICY_EVERYONE))).
		SetHasPoll(req.GetPoll() != nil)
	if p.facets != nil {
		row.SetFacets(p.facets)
	}
	if len(p.media) > 0 {
		row.SetMedia(p.media)
	}
	if p.parent != nil {
		row.SetReplyToID(p.parent.ID).SetThreadID(p.parent.ThreadID)
	}
	if p.quoted != nil {
		row.SetQuoteOfID(p.quoted.ID)
	}
	post, err := row.Save(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.write(ctx, tx, postID); err != nil {
		return nil, err
	}
	if err := attach(ctx, tx, postID, true, p.media); err != nil {
		return nil, err
	}
	if err := writePoll(ctx, tx, postID, req.GetPoll()); err != nil {
		return nil, err
	}
	return post, emitCreated(tx, post, len(p.mentioned) == 0 && len(p.tags) == 0)
}

// emitCreated tells of a new post. A plain one has neither mentions nor hashtags.
func emitCreated(tx *store.Tx, post *ent.Post, plain bool) error {
	return tx.Emit(&busv1.PostCreated{
		PostId:     post.ID,
		AuthorId:   post.AuthorID,
		ReplyToId:  post.ReplyToID,
		CreateTime: timestamppb.New(id.Time(post.ID)),
		RepostOfId: post.RepostOfID,
		QuoteOfId:  post.QuoteOfID,
		Plain:      plain,
	})
}

package post

import (
	"context"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// CreatePost publishes a post or a reply. The post and the event that tells of it are one transaction; everything that
// follows from a post (timelines, counts) follows from the event.
func (h *handler) CreatePost(ctx context.Context, req *postv1.CreatePostRequest) (*postv1.CreatePostResponse, error) {
	if err := h.config.checkText(req.GetText()); err != nil {
		return nil, err
	}
	author, written := auth.Caller(ctx).UserID, false
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.CreatePostResponse, error) {
		post, err := h.insert(ctx, tx, author, req)
		if err != nil {
			return nil, err
		}
		written = true
		return &postv1.CreatePostResponse{Post: toProto(post)}, tx.Emit(&busv1.PostCreated{
			PostId:     post.ID,
			AuthorId:   author,
			ReplyToId:  post.ReplyToID,
			CreateTime: timestamppb.New(id.Time(post.ID)),
		})
	})
	if err != nil {
		return nil, err
	}
	h.stamps.Changed(ctx, author, stamp.Posts)
	if written {
		return answer, h.completeNew(ctx, answer.GetPost())
	}
	// A kept answer to an idempotent call is completed from what is there now, as reads are.
	return answer, h.complete(ctx, answer.GetPost())
}

// insert writes the row of a new post; a reply joins the thread of the post it replies to.
func (h *handler) insert(ctx context.Context, tx *store.Tx, author int64, req *postv1.CreatePostRequest) (*ent.Post, error) {
	postID := tx.NewID()
	threadID := postID
	if req.GetReplyToId() != 0 {
		parent, err := visible(ctx, h.visibility.In(tx.Client), req.GetReplyToId())
		if err != nil {
			return nil, err
		}
		threadID = parent.ThreadID
	}
	return tx.Post.Create().
		SetID(postID).
		SetAuthorID(author).
		SetText(req.GetText()).
		SetReplyToID(req.GetReplyToId()).
		SetThreadID(threadID).
		Save(ctx)
}

// checkText refuses texts that say nothing and texts that say too much.
func (c Config) checkText(text string) error {
	if strings.TrimSpace(text) == "" {
		return rpc.Fail(errorsv1.Reason_REASON_POST_EMPTY, "the post says nothing: write at least one visible character")
	}
	if length := utf8.RuneCountInString(text); length > c.MaxChars {
		return rpc.Fail(errorsv1.Reason_REASON_POST_TOO_LONG, "the post is %d characters long: at most %d are accepted", length, c.MaxChars).
			With("length", length).With("limit", c.MaxChars)
	}
	return nil
}

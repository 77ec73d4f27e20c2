package post

import (
	"context"
	"fmt"

	entpoll "github.com/pulse-social/pulse/ent/poll"
	"github.com/pulse-social/pulse/ent/polloption"
	"github.com/pulse-social/pulse/ent/pollvote"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// VotePoll votes for the caller, once. The vote and the results that it changes are one transaction, so that they are exact
// and the voter sees their own vote among them.
func (h *handler) VotePoll(ctx context.Context, req *postv1.VotePollRequest) (*postv1.VotePollResponse, error) {
	user := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.VotePollResponse, error) {
		post, err := original(ctx, h.visibility.In(tx.Client), user, req.GetPostId())
		if err != nil {
			return nil, err
		}
		return &postv1.VotePollResponse{Post: toProto(post)}, vote(ctx, tx, user, post.ID, req.GetChoices())
	})
	if err != nil {
		return nil, err
	}
	h.stamps.Changed(ctx, user, stamp.Likes)
	answer.Post, err = h.published(ctx, nil, answer.GetPost())
	return answer, err
}

// vote votes in the poll of a post.
func vote(ctx context.Context, tx *store.Tx, user, postID int64, choices []int32) error {
	poll, err := tx.Poll.Query().Where(entpoll.ID(postID)).Only(ctx)
	if store.IsNotFound(err) {
		return rpc.Fail(errorsv1.Reason_REASON_POLL_NOT_FOUND, "the post has no poll")
	}
	if err != nil {
		return fmt.Errorf("look for the poll: %w", err)
	}
	if !tx.Now.Before(poll.EndsAt) {
		return rpc.Fail(errorsv1.Reason_REASON_POLL_ENDED, "the poll has ended: its results are with the post")
	}
	options, err := tx.PollOption.Query().Where(polloption.PostID(postID)).Count(ctx)
	if err != nil {
		return fmt.Errorf("look for the options: %w", err)
	}
	bits := 0
	for _, choice := range choices {
		if int(choice) >= options || len(choices) > 1 && !poll.Multiple {
			return rpc.Fail(errorsv1.Reason_REASON_POLL_CHOICE_INVALID,
				"the poll has %d options, from 0, of which one may choose several: %v", options, poll.Multiple).With("options", options)
		}
		bits |= 1 << choice
	}
	voted, err := tx.PollVote.Query().Where(pollvote.UserID(user), pollvote.PostID(postID)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for a vote: %w", err)
	}
	if voted {
		return rpc.Fail(errorsv1.Reason_REASON_POLL_ALREADY_VOTED, "you have voted in this poll: a vote is for good")
	}
	if err := tx.PollVote.Create().SetID(tx.NewID()).SetUserID(user).SetPostID(postID).SetChoices(bits).Exec(ctx); err != nil {
		return err
	}
	return addVotes(ctx, tx, postID, bits, 1)
}

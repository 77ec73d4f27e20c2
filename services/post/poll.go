package post

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	entpoll "github.com/pulse-social/pulse/ent/poll"
	"github.com/pulse-social/pulse/ent/polloption"
	"github.com/pulse-social/pulse/ent/pollvote"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/store"
)

// writePoll writes the poll of a new post, if it is to have one.
func writePoll(ctx context.Context, tx *store.Tx, postID int64, poll *postv1.NewPoll) error {
	if poll == nil {
		return nil
	}
	err := tx.Poll.Create().SetID(postID).SetMultiple(poll.GetMultiple()).SetEndsAt(tx.Now.Add(poll.GetDuration().AsDuration())).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the poll: %w", err)
	}
	rows := make([]*ent.PollOptionCreate, len(poll.GetOptions()))
	for position, text := range poll.GetOptions() {
		rows[position] = tx.PollOption.Create().SetID(tx.NewID()).SetPostID(postID).SetPosition(position).SetText(text)
	}
	if err := tx.PollOption.CreateBulk(rows...).Exec(ctx); err != nil {
		return fmt.Errorf("write the options of the poll: %w", err)
	}
	return nil
}

// completePolls adds the polls to posts that have some, as the viewer may see them.
func (h *handler) completePolls(ctx context.Context, viewer int64, posts []*postv1.Post) error {
	var postIDs []int64
	for _, post := range posts {
		if post.GetPoll() != nil {
			postIDs = append(postIDs, post.GetId())
		}
	}
	if len(postIDs) == 0 {
		return nil
	}
	polls, err := h.polls(ctx, postIDs)
	if err != nil {
		return err
	}
	votes, err := h.votes(ctx, viewer, postIDs)
	if err != nil {
		return err
	}
	for _, post := range posts {
		if post.GetPoll() == nil {
			continue
		}
		choices := votes[post.GetId()]
		post.Poll = polls[post.GetId()]
		if choices == 0 && !post.GetPoll().GetEnded() && post.GetAuthor().GetId() != viewer {
			post.Poll = withoutResults(post.GetPoll())
		}
		if viewer != 0 {
			post.Viewer.PollVotes = chosen(choices)
		}
	}
	return nil
}

// polls answers polls with their results, by post.
func (h *handler) polls(ctx context.Context, postIDs []int64) (map[int64]*postv1.Poll, error) {
	rows, err := h.db.Poll.Query().Where(entpoll.IDIn(postIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read polls: %w", err)
	}
	polls, now := make(map[int64]*postv1.Poll, len(rows)), h.now()
	for _, row := range rows {
		polls[row.ID] = &postv1.Poll{
			Multiple: row.Multiple, EndTime: timestamppb.New(row.EndsAt), Ended: !now.Before(row.EndsAt), Voters: proto.Int64(row.Voters),
		}
	}
	options, err := h.db.PollOption.Query().Where(polloption.PostIDIn(postIDs...)).
		Order(polloption.ByPostID(), polloption.ByPosition()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the options of polls: %w", err)
	}
	for _, option := range options {
		if poll := polls[option.PostID]; poll != nil {
			poll.Options = append(poll.Options, &postv1.PollOption{Text: option.Text, Votes: proto.Int64(option.Votes)})
		}
	}
	return polls, nil
}

// votes answers how a person voted, as bits of the options, by post.
func (h *handler) votes(ctx context.Context, userID int64, postIDs []int64) (map[int64]int, error) {
	if userID == 0 {
		return nil, nil
	}
	rows, err := h.db.PollVote.Query().Where(pollvote.UserID(userID), pollvote.PostIDIn(postIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read votes: %w", err)
	}
	votes := make(map[int64]int, len(rows))
	for _, row := range rows {
		votes[row.PostID] = row.Choices
	}
	return votes, nil
}

// withoutResults answers a poll as those see it who may not see how others voted.
func withoutResults(poll *postv1.Poll) *postv1.Poll {
	if poll == nil { // The post went while it was read.
		return nil
	}
	hidden := &postv1.Poll{Multiple: poll.GetMultiple(), EndTime: poll.GetEndTime(), Ended: poll.GetEnded()}
	for _, option := range poll.GetOptions() {
		hidden.Options = append(hidden.Options, &postv1.PollOption{Text: option.GetText()})
	}
	return hidden
}

// chosen answers the options that bits stand for.
func chosen(choices int) []int32 {
	var options []int32
	for position := int32(0); choices>>position != 0; position++ {
		if choices>>position&1 == 1 {
			options = append(options, position)
		}
	}
	return options
}

// addVotes adds to the votes of options, and by how many people.
func addVotes(ctx context.Context, tx *store.Tx, postID int64, choices int, by int64) error {
	positions := make([]int, 0, len(chosen(choices)))
	for _, position := range chosen(choices) {
		positions = append(positions, int(position))
	}
	// Always the poll first: whoever votes at the same time waits for it, instead of for each other.
	if _, err := tx.Poll.Update().Where(entpoll.ID(postID)).AddVoters(by).Save(ctx); err != nil {
		return err
	}
	_, err := tx.PollOption.Update().Where(polloption.PostID(postID), func(s *entsql.Selector) {
		polloption.PositionIn(positions...)(s)
	}).AddVotes(by).Save(ctx)
	return err
}

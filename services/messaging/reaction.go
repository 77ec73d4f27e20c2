package messaging

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/messagereaction"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/messages"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

const (
	// maxReactions bounds how many different emoji somebody reacts to a message with.
	maxReactions = 20
	// reactionsByDefault is how many reactions a page has when the request does not say.
	reactionsByDefault = 50
)

// AddReaction reacts to a message with an emoji, once.
func (h *handler) AddReaction(ctx context.Context, req *messagingv1.AddReactionRequest) (*messagingv1.AddReactionResponse, error) {
	if !isEmoji(req.GetEmoji()) {
		return nil, rpc.Fail(errorsv1.Reason_REASON_EMOJI_INVALID, "%q is not one emoji", req.GetEmoji())
	}
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.AddReactionResponse, error) {
		m, err := h.written(ctx, tx, caller, req.GetMessageId())
		if err != nil {
			return nil, err
		}
		if m.Deleted {
			return nil, notEditable()
		}
		if err := h.mayTouch(ctx, tx, caller, m); err != nil {
			return nil, err
		}
		return &messagingv1.AddReactionResponse{Message: messages.ToProto(m, caller)}, react(ctx, tx, m, caller, req.GetEmoji())
	})
	if err != nil {
		return nil, err
	}
	answer.Message, err = h.refreshed(ctx, caller, answer.GetMessage())
	return answer, err
}

// react writes a reaction, unless it is there.
func react(ctx context.Context, tx *store.Tx, m *ent.Message, userID int64, emoji string) error {
	if err := tx.Lock(ctx, "reactions", m.ID, userID); err != nil {
		return err
	}
	there, err := tx.MessageReaction.Query().Where(messagereaction.MessageID(m.ID), messagereaction.UserID(userID)).
		Select(messagereaction.FieldEmoji).Strings(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(there, emoji) {
		return nil
	}
	if len(there) >= maxReactions {
		return rpc.Fail(errorsv1.Reason_REASON_TOO_MANY_REACTIONS,
			"you reacted to the message with %d emoji, which is as many as one may: take one back first", len(there)).With("limit", maxReactions)
	}
	err = tx.MessageReaction.Create().SetID(tx.NewID()).SetMessageID(m.ID).SetUserID(userID).SetEmoji(emoji).Exec(ctx)
	if err != nil {
		return err
	}
	return changed(tx, m)
}

// RemoveReaction takes a reaction of the caller's back, if there is one.
func (h *handler) RemoveReaction(ctx context.Context, req *messagingv1.RemoveReactionRequest) (*messagingv1.RemoveReactionResponse, error) {
	caller := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.RemoveReactionResponse, error) {
		answer := &messagingv1.RemoveReactionResponse{}
		m, err := visible(ctx, h.visibility.In(tx.Client), caller, req.GetMessageId())
		if err != nil {
			return nil, err
		}
		taken, err := tx.MessageReaction.Delete().Where(
			messagereaction.MessageID(m.ID), messagereaction.UserID(caller), messagereaction.Emoji(req.GetEmoji()),
		).Exec(ctx)
		if err != nil || taken == 0 {
			return answer, err
		}
		return answer, changed(tx, m)
	})
}

// ListReactions lists who reacted to a message, as far as the caller may see, oldest first.
func (h *handler) ListReactions(ctx context.Context, req *messagingv1.ListReactionsRequest) (*messagingv1.ListReactionsResponse, error) {
	cursor, err := page.ReadSized(req, reactionsByDefault, page.MaxSize)
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx).UserID
	m, err := visible(ctx, h.visibility, caller, req.GetMessageId())
	if err != nil {
		return nil, err
	}
	answer := &messagingv1.ListReactionsResponse{}
	hidden, err := h.isAcross(ctx, caller, m)
	if err != nil || hidden {
		return answer, err
	}
	rows, err := h.db.MessageReaction.Query().
		Where(
			messagereaction.MessageID(m.ID), messagereaction.IDGT(cursor.After),
			visibility.SeenPersonIn(caller, messagereaction.FieldUserID), visibility.NotAcrossIn(caller, messagereaction.FieldUserID),
		).
		Order(messagereaction.ByID()).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read reactions: %w", err)
	}
	if len(rows) > cursor.Size {
		rows = rows[:cursor.Size]
		answer.NextPageToken = cursor.Token(rows[len(rows)-1].ID, page.Onward)
	}
	answer.Reactions, err = h.reactions(ctx, caller, rows)
	return answer, err
}

// isAcross tells whether a message stands between a viewer and its sender across a block, in a group.
func (h *handler) isAcross(ctx context.Context, viewer int64, m *ent.Message) (bool, error) {
	across, err := h.visibility.Across(ctx, viewer, []int64{m.SenderID})
	if err != nil || !across[m.SenderID] {
		return false, err
	}
	return h.renderer.InGroup(ctx, m)
}

// reactions answers reactions with their people; who has gone meanwhile is left out.
func (h *handler) reactions(ctx context.Context, viewer int64, rows []*ent.MessageReaction) ([]*messagingv1.Reaction, error) {
	userIDs := make([]int64, len(rows))
	for i, row := range rows {
		userIDs[i] = row.UserID
	}
	users, err := people.Summaries(ctx, h.db, viewer, userIDs)
	if err != nil {
		return nil, err
	}
	var reactions []*messagingv1.Reaction
	for _, row := range rows {
		if user := users[row.UserID]; user != nil {
			reactions = append(reactions, &messagingv1.Reaction{User: user, Emoji: row.Emoji, CreateTime: timestamppb.New(id.Time(row.ID))})
		}
	}
	return reactions, nil
}

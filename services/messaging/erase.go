package messaging

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	entconversation "github.com/pulse-social/pulse/ent/conversation"
	"github.com/pulse-social/pulse/ent/conversationmember"
	entmessage "github.com/pulse-social/pulse/ent/message"
	"github.com/pulse-social/pulse/ent/messagereaction"
	"github.com/pulse-social/pulse/ent/messagingsetting"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// eraseAtOnce bounds how many rows are erased in one transaction: others write meanwhile.
const eraseAtOnce = 200

// eraseConsumer erases what a person said and took part in when their account is deleted. It goes in steps of a transaction
// each, before the event is recorded as consumed: one that is repeated finds less or nothing to do.
func (h *handler) eraseConsumer() bus.Consumer {
	return bus.Consumer{Name: "messaging.erase", Events: []proto.Message{&busv1.AccountDeleted{}}, Prepare: h.erase}
}

func (h *handler) erase(ctx context.Context, events []bus.Event) error {
	for _, event := range events {
		deleted, ok := event.Message.(*busv1.AccountDeleted)
		if !ok {
			continue
		}
		steps := []func(context.Context, *store.Tx, int64) (bool, error){h.eraseMembership, eraseMessages, eraseReactions, eraseSettings}
		for _, step := range steps {
			for more := true; more; {
				err := h.db.Write(ctx, func(tx *store.Tx) (err error) {
					more, err = step(ctx, tx, deleted.GetUserId())
					return err
				})
				if err != nil {
					// There may be more than one try has time for; the next goes on where this ended.
					return bus.Later(fmt.Errorf("erase %d: %w", deleted.GetUserId(), err))
				}
			}
		}
	}
	return nil
}

// eraseMembership takes a person out of one conversation: out of a group as if they left it.
func (h *handler) eraseMembership(ctx context.Context, tx *store.Tx, userID int64) (more bool, err error) {
	m, err := tx.ConversationMember.Query().Where(conversationmember.UserID(userID)).Order(conversationmember.ByID()).First(ctx)
	if store.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	of, err := tx.Conversation.Query().Where(entconversation.ID(m.ConversationID)).Only(ctx)
	if err != nil {
		return false, err
	}
	if of.Kind == direct || m.Folder == visibility.FolderNowhere {
		if err := part(ctx, tx, m); err != nil {
			return false, err
		}
		return true, tx.Emit(&busv1.ConversationChanged{ConversationId: of.ID})
	}
	c, err := h.hold(ctx, tx, userID, of.ID)
	if err != nil {
		return false, err
	}
	return true, leave(ctx, tx, c)
}

// eraseMessages empties what a person wrote. The numbers stay.
func eraseMessages(ctx context.Context, tx *store.Tx, userID int64) (more bool, err error) {
	rows, err := tx.Message.Query().
		Where(entmessage.SenderID(userID), entmessage.Kind(text), entmessage.Deleted(false)).Limit(eraseAtOnce).All(ctx)
	if err != nil {
		return false, err
	}
	return len(rows) == eraseAtOnce, empty(ctx, tx, rows...)
}

// eraseReactions takes back what a person reacted with.
func eraseReactions(ctx context.Context, tx *store.Tx, userID int64) (more bool, err error) {
	rows, err := tx.MessageReaction.Query().Where(messagereaction.UserID(userID)).Limit(eraseAtOnce).All(ctx)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	reactionIDs, messageIDs := make([]int64, len(rows)), make([]int64, len(rows))
	for i, row := range rows {
		reactionIDs[i], messageIDs[i] = row.ID, row.MessageID
	}
	if _, err := tx.MessageReaction.Delete().Where(messagereaction.IDIn(reactionIDs...)).Exec(ctx); err != nil {
		return false, err
	}
	messages, err := tx.Message.Query().Where(entmessage.IDIn(id.Unique(messageIDs)...)).All(ctx)
	if err != nil {
		return false, err
	}
	for _, m := range messages {
		if err := changed(tx, m); err != nil {
			return false, err
		}
	}
	return len(rows) == eraseAtOnce, nil
}

func eraseSettings(ctx context.Context, tx *store.Tx, userID int64) (more bool, err error) {
	_, err = tx.MessagingSetting.Delete().Where(messagingsetting.ID(userID)).Exec(ctx)
	return false, err
}

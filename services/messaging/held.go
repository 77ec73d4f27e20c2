package messaging

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	entconversation "github.com/pulse-social/pulse/ent/conversation"
	"github.com/pulse-social/pulse/ent/conversationmember"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// held is a conversation whose row a transaction holds: who takes part in it, and as what, stays as it is until then.
type held struct {
	*ent.Conversation
	// members are all who have a row, those who have been there longest first.
	members []*ent.ConversationMember
	// me is the caller's.
	me *ent.ConversationMember
}

// hold holds a conversation for somebody who takes part in it.
func (h *handler) hold(ctx context.Context, tx *store.Tx, caller, conversationID int64) (*held, error) {
	// Who does not take part must not keep those waiting who do.
	if _, err := membership(ctx, h.visibility.In(tx.Client), caller, conversationID); err != nil {
		return nil, err
	}
	query := tx.Conversation.Query().Where(entconversation.ID(conversationID))
	if tx.Store().IsPostgres() { // On SQLite all transactions come one after the other.
		query.ForUpdate()
	}
	row, err := query.Only(ctx)
	if err != nil {
		return nil, err
	}
	c := &held{Conversation: row}
	c.members, err = tx.ConversationMember.Query().Where(conversationmember.ConversationID(conversationID)).
		Order(conversationmember.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	if c.me = c.member(caller); c.me == nil || c.me.Folder == visibility.FolderNowhere {
		return nil, noConversation()
	}
	return c, nil
}

// member answers what somebody takes part by, nil when they do not.
func (c *held) member(userID int64) *ent.ConversationMember {
	for _, m := range c.members {
		if m.UserID == userID {
			return m
		}
	}
	return nil
}

// holdGroup is hold for what only groups have, and takes a role.
func (h *handler) holdGroup(ctx context.Context, tx *store.Tx, caller, conversationID int64, role int32) (*held, error) {
	c, err := h.hold(ctx, tx, caller, conversationID)
	if err != nil {
		return nil, err
	}
	if c.Kind != group {
		return nil, rpc.Fail(errorsv1.Reason_REASON_NOT_A_GROUP, "this is a conversation of two: only groups have a name, and members who come and go")
	}
	if c.me.Role < role {
		return nil, roleRequired(role)
	}
	return c, nil
}

// roleRequired is the failure for what takes another role.
func roleRequired(role int32) error {
	name := "admin"
	if role == owner {
		name = "owner"
	}
	return rpc.Fail(errorsv1.Reason_REASON_MEMBER_ROLE_REQUIRED, "only an %s of the group can do this", name).With("role", name)
}

// other answers another member whom the caller may see.
func (h *handler) other(ctx context.Context, tx *store.Tx, c *held, userID int64) (*ent.ConversationMember, error) {
	_, err := h.visibility.In(tx.Client).User(ctx, c.me.UserID, userID)
	m := c.member(userID)
	if store.IsNotFound(err) || err == nil && m == nil {
		return nil, rpc.Fail(errorsv1.Reason_REASON_MEMBER_NOT_FOUND, "this person does not take part")
	}
	return m, err
}

package messaging

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
)

// LeaveConversation takes the caller out of a group.
func (h *handler) LeaveConversation(ctx context.Context, req *messagingv1.LeaveConversationRequest) (*messagingv1.LeaveConversationResponse, error) {
	caller := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.LeaveConversationResponse, error) {
		c, err := h.holdGroup(ctx, tx, caller, req.GetConversationId(), plain)
		if err != nil {
			return nil, err
		}
		return &messagingv1.LeaveConversationResponse{}, leave(ctx, tx, c)
	})
}

// leave takes the one who holds a group out of it. An owner is succeeded. A group that nobody is left in stays as it is, and is
// reached by nobody.
func leave(ctx context.Context, tx *store.Tx, c *held) error {
	notes := []note{{kind: int32(messagingv1.MessageKind_MESSAGE_KIND_MEMBER_LEFT), subject: c.me.UserID}}
	if heir := c.heir(); c.me.Role == owner && heir != nil {
		if err := tx.ConversationMember.UpdateOneID(heir.ID).SetRole(owner).Exec(ctx); err != nil {
			return err
		}
		notes = append(notes, note{kind: int32(messagingv1.MessageKind_MESSAGE_KIND_ROLE_CHANGED), subject: heir.UserID})
	}
	// It is told while they take part.
	if err := tell(ctx, tx, c.ID, c.me.UserID, notes...); err != nil {
		return err
	}
	return part(ctx, tx, c.me)
}

// part ends a membership.
func part(ctx context.Context, tx *store.Tx, m *ent.ConversationMember) error {
	if err := tx.ConversationMember.DeleteOneID(m.ID).Exec(ctx); err != nil {
		return err
	}
	return tx.Emit(&busv1.ConversationLeft{ConversationId: m.ConversationID, UserId: m.UserID})
}

// heir answers who becomes the owner of a group when the caller leaves it, nil when there is nobody: the admin, or else the
// member, who has been there longest; those who have not accepted the conversation only when nobody has.
func (c *held) heir() *ent.ConversationMember {
	var heir *ent.ConversationMember
	for _, m := range c.members { // Those who have been there longest come first.
		switch {
		case m.ID == c.me.ID:
		case heir == nil, m.Folder < heir.Folder, m.Folder == heir.Folder && m.Role > heir.Role:
			heir = m
		}
	}
	return heir
}

// RemoveMember takes somebody out of a group. Whoever removes themselves leaves it.
func (h *handler) RemoveMember(ctx context.Context, req *messagingv1.RemoveMemberRequest) (*messagingv1.RemoveMemberResponse, error) {
	caller := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.RemoveMemberResponse, error) {
		answer := &messagingv1.RemoveMemberResponse{}
		c, err := h.holdGroup(ctx, tx, caller, req.GetConversationId(), plain)
		if err != nil {
			return nil, err
		}
		if req.GetUserId() == caller {
			return answer, leave(ctx, tx, c)
		}
		if c.me.Role < admin {
			return nil, roleRequired(admin)
		}
		m, err := h.other(ctx, tx, c, req.GetUserId())
		if err != nil {
			return nil, err
		}
		if m.Role >= admin && c.me.Role < owner {
			return nil, roleRequired(owner)
		}
		err = tell(ctx, tx, c.ID, caller, note{kind: int32(messagingv1.MessageKind_MESSAGE_KIND_MEMBER_REMOVED), subject: m.UserID})
		if err != nil {
			return nil, err
		}
		return answer, part(ctx, tx, m)
	})
}

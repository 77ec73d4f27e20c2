package messaging

import (
	"context"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// SetMemberRole changes what a member of a group may do.
func (h *handler) SetMemberRole(ctx context.Context, req *messagingv1.SetMemberRoleRequest) (*messagingv1.SetMemberRoleResponse, error) {
	caller := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.SetMemberRoleResponse, error) {
		answer, role := &messagingv1.SetMemberRoleResponse{}, int32(req.GetRole())
		c, err := h.holdGroup(ctx, tx, caller, req.GetConversationId(), owner)
		if err != nil {
			return nil, err
		}
		m, err := h.other(ctx, tx, c, req.GetUserId())
		if err != nil || m.Role == role {
			return answer, err
		}
		if m.UserID == caller {
			return nil, rpc.Fail(errorsv1.Reason_REASON_MEMBER_ROLE_REQUIRED, "a group has an owner: make somebody else the owner").With("role", "owner")
		}
		if role == owner {
			if err := tx.ConversationMember.UpdateOneID(c.me.ID).SetRole(admin).Exec(ctx); err != nil {
				return nil, err
			}
		}
		if err := tx.ConversationMember.UpdateOneID(m.ID).SetRole(role).Exec(ctx); err != nil {
			return nil, err
		}
		return answer, tell(ctx, tx, c.ID, caller, note{kind: int32(messagingv1.MessageKind_MESSAGE_KIND_ROLE_CHANGED), subject: m.UserID})
	})
}

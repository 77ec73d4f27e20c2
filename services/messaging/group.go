package messaging

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	entconversation "github.com/pulse-social/pulse/ent/conversation"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// CreateGroup begins a group of the caller and those who want it.
func (h *handler) CreateGroup(ctx context.Context, req *messagingv1.CreateGroupRequest) (*messagingv1.CreateGroupResponse, error) {
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.CreateGroupResponse, error) {
		row, err := tx.Conversation.Create().SetID(tx.NewID()).SetKind(group).SetTitle(req.GetTitle()).SetCreatorID(caller).Save(ctx)
		if err != nil {
			return nil, err
		}
		me, err := tx.ConversationMember.Create().SetID(tx.NewID()).SetConversationID(row.ID).SetUserID(caller).
			SetRole(owner).SetFolder(visibility.FolderInbox).Save(ctx)
		if err != nil {
			return nil, err
		}
		made := note{kind: int32(messagingv1.MessageKind_MESSAGE_KIND_MEMBER_ADDED), subject: caller}
		refused, err := h.add(ctx, tx, &held{Conversation: row, members: []*ent.ConversationMember{me}, me: me}, req.GetUserIds(), made)
		return &messagingv1.CreateGroupResponse{Conversation: &messagingv1.Conversation{Id: row.ID}, RefusedUserIds: refused}, err
	})
	if err != nil {
		return nil, err
	}
	answer.Conversation, err = h.current(ctx, caller, answer.GetConversation())
	return answer, err
}

// AddMembers adds people to a group, who see what is written from then on.
func (h *handler) AddMembers(ctx context.Context, req *messagingv1.AddMembersRequest) (*messagingv1.AddMembersResponse, error) {
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.AddMembersResponse, error) {
		c, err := h.holdGroup(ctx, tx, caller, req.GetConversationId(), admin)
		if err != nil {
			return nil, err
		}
		refused, err := h.add(ctx, tx, c, req.GetUserIds())
		return &messagingv1.AddMembersResponse{Conversation: &messagingv1.Conversation{Id: c.ID}, RefusedUserIds: refused}, err
	})
	if err != nil {
		return nil, err
	}
	answer.Conversation, err = h.current(ctx, caller, answer.GetConversation())
	return answer, err
}

// add adds people who do not take part yet and want to, and answers who does not. The notes come before those of who was added.
func (h *handler) add(ctx context.Context, tx *store.Tx, c *held, userIDs []int64, notes ...note) (refused []int64, err error) {
	reach, err := h.visibility.In(tx.Client).Reach(ctx, c.me.UserID, userIDs)
	if err != nil {
		return nil, err
	}
	var rows []*ent.ConversationMemberCreate
	for _, userID := range userIDs {
		if c.member(userID) != nil {
			continue
		}
		folder, reached := reach[userID]
		if !reached {
			refused = append(refused, userID)
			continue
		}
		rows = append(rows, tx.ConversationMember.Create().SetID(tx.NewID()).SetConversationID(c.ID).SetUserID(userID).
			SetRole(plain).SetFolder(folder).SetFirstSequence(c.LastSequence+1).SetReadSequence(c.LastSequence))
		notes = append(notes, note{kind: int32(messagingv1.MessageKind_MESSAGE_KIND_MEMBER_ADDED), subject: userID})
	}
	if len(c.members)+len(rows) > maxMembers {
		return nil, rpc.Fail(errorsv1.Reason_REASON_GROUP_FULL, "the group would have %d members: at most %d may take part",
			len(c.members)+len(rows), maxMembers).With("limit", maxMembers)
	}
	if len(notes) == 0 {
		return refused, nil
	}
	if err := tx.ConversationMember.CreateBulk(rows...).Exec(ctx); err != nil {
		return nil, err
	}
	return refused, tell(ctx, tx, c.ID, c.me.UserID, notes...)
}

// UpdateConversation renames a group.
func (h *handler) UpdateConversation(ctx context.Context, req *messagingv1.UpdateConversationRequest) (*messagingv1.UpdateConversationResponse, error) {
	if err := checkMask(req.GetUpdateMask().GetPaths(), "title"); err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.UpdateConversationResponse, error) {
		c, err := h.holdGroup(ctx, tx, caller, req.GetConversationId(), admin)
		if err != nil {
			return nil, err
		}
		return &messagingv1.UpdateConversationResponse{Conversation: &messagingv1.Conversation{Id: c.ID}}, rename(ctx, tx, c, req)
	})
	if err != nil {
		return nil, err
	}
	answer.Conversation, err = h.current(ctx, caller, answer.GetConversation())
	return answer, err
}

// rename gives a group another name. The one that it has leaves no trace.
func rename(ctx context.Context, tx *store.Tx, c *held, req *messagingv1.UpdateConversationRequest) error {
	if req.GetEtag() != "" && req.GetEtag() != etag(c.Version) {
		return rpc.Fail(errorsv1.Reason_REASON_ETAG_MISMATCH, "the group was renamed since you read it: read it again and repeat your change")
	}
	if req.GetTitle() == c.Title {
		return nil
	}
	err := tx.Conversation.Update().Where(entconversation.ID(c.ID)).SetTitle(req.GetTitle()).AddVersion(1).Exec(ctx)
	if err != nil {
		return err
	}
	return tell(ctx, tx, c.ID, c.me.UserID, note{kind: int32(messagingv1.MessageKind_MESSAGE_KIND_RENAMED), text: req.GetTitle()})
}

// checkMask refuses paths that name anything but what can be changed.
func checkMask(paths []string, changeable string) error {
	for _, path := range paths {
		if path != changeable {
			return rpc.Fail(errorsv1.Reason_REASON_UPDATE_MASK_INVALID, "update_mask names %q: only %s can be changed", path, changeable).With("path", path)
		}
	}
	return nil
}

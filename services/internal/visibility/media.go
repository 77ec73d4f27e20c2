package visibility

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/conversation"
	"github.com/pulse-social/pulse/ent/media"
	"github.com/pulse-social/pulse/ent/message"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
)

// Media answers a picture that the viewer may see, and whether everybody may; the error is ent's not-found when the viewer may not.
// It first looks what has the picture, which mostly is one thing, and asks about that alone: one query about all that may have it
// takes Postgres many times as long to plan.
func (p *Policy) Media(ctx context.Context, viewer, mediaID int64) (found *ent.Media, public bool, err error) {
	found, err = p.db.Media.Query().Where(media.ID(mediaID), media.State(attachment.Ready)).Only(ctx)
	if err != nil {
		return nil, false, annotate("look for the picture", err)
	}
	on, err := p.holders(ctx, mediaID)
	if err != nil {
		return nil, false, err
	}
	if public, err = p.seesAny(ctx, 0, on); err != nil {
		return nil, false, err
	}
	seen := public
	if viewer != 0 { // A block hides even what everybody else sees.
		seen = viewer == found.OwnerID
		if !seen {
			if seen, err = p.seesAny(ctx, viewer, on); err != nil {
				return nil, false, err
			}
		}
	}
	if !seen {
		return nil, false, &ent.NotFoundError{}
	}
	return found, public, nil
}

// holders are what has a picture.
type holders struct{ posts, people, messages []int64 }

// holders looks what has a picture.
func (p *Policy) holders(ctx context.Context, mediaID int64) (holders, error) {
	var on holders
	rows, err := p.db.QueryContext(ctx, `SELECT 1, post_id FROM post_media WHERE media_id = $1 AND shown
		UNION ALL SELECT 2, id FROM profiles WHERE avatar_id = $1 AND avatar_id <> 0
		UNION ALL SELECT 2, id FROM profiles WHERE header_id = $1 AND header_id <> 0
		UNION ALL SELECT 3, message_id FROM message_media WHERE media_id = $1`, mediaID)
	if err != nil {
		return on, fmt.Errorf("look what has the picture: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind int
		var holder int64
		if err := rows.Scan(&kind, &holder); err != nil {
			return on, fmt.Errorf("look what has the picture: %w", err)
		}
		of := map[int]*[]int64{1: &on.posts, 2: &on.people, 3: &on.messages}[kind]
		*of = append(*of, holder)
	}
	return on, rows.Err()
}

// seesAny tells whether the viewer may see anything of what has a picture.
func (p *Policy) seesAny(ctx context.Context, viewer int64, on holders) (bool, error) {
	if posts, err := p.Posts(ctx, viewer, on.posts); err != nil || len(posts) > 0 {
		return err == nil, err
	}
	if len(on.people) > 0 {
		if people, err := p.Users(ctx, viewer, on.people); err != nil || len(people) > 0 {
			return err == nil, err
		}
	}
	if viewer == 0 || len(on.messages) == 0 {
		return false, nil
	}
	return p.seesAnyMessage(ctx, viewer, on.messages)
}

// seesAnyMessage tells whether the viewer may see what any of the messages shows: in a group not across a block.
func (p *Policy) seesAnyMessage(ctx context.Context, viewer int64, messageIDs []int64) (bool, error) {
	messages, err := p.db.Message.Query().Where(message.IDIn(messageIDs...), SeenMessages(viewer)).All(ctx)
	if err != nil {
		return false, fmt.Errorf("look for messages: %w", err)
	}
	for _, m := range messages {
		across, err := p.Across(ctx, viewer, []int64{m.SenderID})
		if err != nil || !across[m.SenderID] {
			return err == nil, err
		}
		direct, err := p.db.Conversation.Query().
			Where(conversation.ID(m.ConversationID), conversation.Kind(int32(messagingv1.ConversationKind_CONVERSATION_KIND_DIRECT))).Exist(ctx)
		if err != nil || direct {
			return err == nil, annotate("look for the conversation", err)
		}
	}
	return false, nil
}

package visibility

import (
	"context"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/conversation"
	"github.com/pulse-social/pulse/ent/media"
	"github.com/pulse-social/pulse/ent/message"
	"github.com/pulse-social/pulse/ent/messagemedia"
	"github.com/pulse-social/pulse/ent/postmedia"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/profile"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
)

// Media answers a picture that the viewer may see; the error is ent's not-found otherwise.
func (p *Policy) Media(ctx context.Context, viewer, mediaID int64) (*ent.Media, error) {
	found, err := p.db.Media.Query().Where(media.ID(mediaID), media.State(attachment.Ready), seenMedia(viewer)).Only(ctx)
	return found, annotate("look for the picture", err)
}

// seenMedia matches the pictures that the viewer may see: their own, and those attached to what they may see.
func seenMedia(viewer int64) predicate.Media {
	return func(s *entsql.Selector) {
		mediaID := s.C(media.FieldID)
		seen := []*entsql.Predicate{onSeenPost(viewer, mediaID), onSeenProfile(viewer, mediaID)}
		if viewer != 0 {
			seen = append(seen, entsql.EQ(s.C(media.FieldOwnerID), viewer), onSeenMessage(viewer, mediaID))
		}
		s.Where(entsql.Or(seen...))
	}
}

// onSeenPost tells that a picture goes with a post that the viewer may see.
func onSeenPost(viewer int64, mediaID string) *entsql.Predicate {
	attached := entsql.Table(postmedia.Table)
	rows := entsql.Select(attached.C(postmedia.FieldID)).From(attached).Where(entsql.And(
		entsql.ColumnsEQ(attached.C(postmedia.FieldMediaID), mediaID),
		entsql.EQ(attached.C(postmedia.FieldShown), true),
	))
	SeenPostIn(viewer, postmedia.FieldPostID)(rows)
	return entsql.Exists(rows)
}

// onSeenProfile tells that a picture is the avatar or the header of a person whom the viewer may see.
func onSeenProfile(viewer int64, mediaID string) *entsql.Predicate {
	profiles := entsql.Table(profile.Table)
	rows := entsql.Select(profiles.C(profile.FieldID)).From(profiles).Where(entsql.Or(
		entsql.ColumnsEQ(profiles.C(profile.FieldAvatarID), mediaID),
		entsql.ColumnsEQ(profiles.C(profile.FieldHeaderID), mediaID),
	))
	SeenPersonIn(viewer, profile.FieldID)(rows)
	return entsql.Exists(rows)
}

// onSeenMessage tells that a picture goes with a message that the viewer may see, and not, in a group, across a block.
func onSeenMessage(viewer int64, mediaID string) *entsql.Predicate {
	attached, messages := entsql.Table(messagemedia.Table), entsql.Table(message.Table)
	direct := entsql.Table(conversation.Table)
	rows := entsql.Select(messages.C(message.FieldID)).From(messages).
		Join(attached).On(attached.C(messagemedia.FieldMessageID), messages.C(message.FieldID)).
		Where(entsql.ColumnsEQ(attached.C(messagemedia.FieldMediaID), mediaID))
	SeenMessages(viewer)(rows)
	apart := entsql.Select(messages.C(message.FieldSenderID)).From(messages)
	NotAcrossIn(viewer, message.FieldSenderID)(apart)
	rows.Where(entsql.Or(
		entsql.Exists(entsql.Select(direct.C(conversation.FieldID)).From(direct).Where(entsql.And(
			entsql.ColumnsEQ(direct.C(conversation.FieldID), messages.C(message.FieldConversationID)),
			entsql.EQ(direct.C(conversation.FieldKind), int32(messagingv1.ConversationKind_CONVERSATION_KIND_DIRECT)),
		))),
		apart.P(),
	))
	return entsql.Exists(rows)
}

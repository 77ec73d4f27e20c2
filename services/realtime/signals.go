package realtime

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent/conversationmember"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

const (
	// typingKept bounds how many who type a stream has yet to tell; more are not told.
	typingKept = 16
	// lookAgain is how often a stream looks at whom it watches, for those whose process ended without a word.
	lookAgain = time.Minute
	// typingTimeout bounds the look for whom somebody's typing concerns.
	typingTimeout = 2 * time.Second
)

// typing is that somebody types in a conversation.
type typing struct{ conversation, user int64 }

// typed tells the streams of those who take part in a conversation that somebody types there.
func (h *handler) typed(payload []byte) {
	if len(payload) != 16 || h.hub.count() == 0 {
		return
	}
	what := typing{int64(binary.BigEndian.Uint64(payload)), int64(binary.BigEndian.Uint64(payload[8:]))}
	ctx, cancel := context.WithTimeout(context.Background(), typingTimeout)
	defer cancel()
	var members []int64
	err := h.db.ConversationMember.Query().Where(
		conversationmember.ConversationID(what.conversation), conversationmember.Folder(visibility.FolderInbox), conversationmember.UserIDNEQ(what.user),
	).Select(conversationmember.FieldUserID).Scan(ctx, &members)
	if err != nil {
		h.logger.WarnContext(ctx, "somebody's typing is not told", "error", err)
		return
	}
	for _, s := range h.hub.of(members) {
		s.mu.Lock()
		if s.typing == nil {
			s.typing = map[typing]bool{}
		}
		if len(s.typing) < typingKept {
			s.typing[what] = true
		}
		s.mu.Unlock()
		s.wake()
	}
}

// appeared has the streams that watch a person look again.
func (h *handler) appeared(payload []byte) {
	if len(payload) != 8 {
		return
	}
	userID := int64(binary.BigEndian.Uint64(payload))
	for _, s := range h.hub.watching(userID) {
		s.mu.Lock()
		if s.appeared == nil {
			s.appeared = map[int64]bool{}
		}
		s.appeared[userID] = true
		s.mu.Unlock()
		s.wake()
	}
}

// tellSignals tells what is so just now. What cannot be read is not told.
func (s *stream) tellSignals(ctx context.Context) error {
	s.mu.Lock()
	typing, appeared := s.typing, s.appeared
	s.typing, s.appeared = nil, nil
	s.mu.Unlock()
	for what := range typing {
		if err := s.tellTyping(ctx, what); err != nil {
			return err
		}
	}
	if len(s.watched) > 0 && s.now().Sub(s.looked) > lookAgain {
		return s.tellPresence(ctx, s.watched)
	}
	look := make([]int64, 0, len(appeared))
	for userID := range appeared {
		look = append(look, userID)
	}
	return s.tellPresence(ctx, look)
}

// tellTyping tells that somebody types, unless there is a block between them and the viewer, or one of the two does not take
// part any more.
func (s *stream) tellTyping(ctx context.Context, what typing) error {
	told, err := s.typist(ctx, what)
	if err != nil {
		s.logger.WarnContext(ctx, "somebody's typing is not told", "error", err)
		return nil
	}
	if told == nil {
		return nil
	}
	return s.send(&realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_Typing{Typing: told}})
}

func (s *stream) typist(ctx context.Context, what typing) (*realtimev1.Typing, error) {
	both, err := s.db.ConversationMember.Query().Where(
		conversationmember.ConversationID(what.conversation), conversationmember.Folder(visibility.FolderInbox),
		conversationmember.UserIDIn(what.user, s.userID),
	).Count(ctx)
	if err != nil || both < 2 {
		return nil, err
	}
	across, err := s.visibility.Across(ctx, s.userID, []int64{what.user})
	if err != nil || across[what.user] {
		return nil, err
	}
	found, err := people.Summaries(ctx, s.db, s.userID, []int64{what.user})
	if err != nil || found[what.user] == nil {
		return nil, err
	}
	return &realtimev1.Typing{ConversationId: what.conversation, User: found[what.user]}, nil
}

// tellPresence tells of those people who appear otherwise than was told. At the begin, nobody was told to be there.
func (s *stream) tellPresence(ctx context.Context, whom []int64) error {
	if len(whom) == 0 {
		return nil
	}
	found, err := s.presence.of(ctx, s.userID, whom)
	if err != nil {
		s.logger.WarnContext(ctx, "it is not told who is there", "error", err)
		return nil
	}
	s.looked = s.now()
	for _, userID := range whom {
		p := found[userID]
		if p == nil {
			delete(s.appears, userID)
			continue
		}
		before := s.appears[userID]
		if p.GetState() == before || before == 0 && p.GetState() == realtimev1.PresenceState_PRESENCE_STATE_OFFLINE {
			continue
		}
		s.appears[userID] = p.GetState()
		if err := s.send(&realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_Presence{Presence: p}}); err != nil {
			return fmt.Errorf("tell who is there: %w", err)
		}
	}
	return nil
}

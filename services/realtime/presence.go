package realtime

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/presencesetting"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

const (
	// presenceLife is how long a process that has ended without a word still counts as one that somebody is connected to.
	presenceLife = time.Minute
	// presenceRefresh is how often a process says who is connected to it.
	presenceRefresh = 20 * time.Second
	// seenKept is how long it is known when somebody was last there. It is in Redis alone, and lost with it.
	seenKept = 30 * 24 * time.Hour
)

// presence knows who is connected, on all processes. For each person Redis has the processes that they have a stream on, each
// with the time until which that holds; and when they were last there.
type presence struct {
	db         *store.DB
	kv         *kv.KV
	visibility *visibility.Policy
	signals    *bus.Signals
	now        clock.Clock
	// process names this one.
	process string
}

func presenceKey(userID int64) string { return "presence:{" + id.String(userID) + "}" }

func seenKey(userID int64) string { return "seen:{" + id.String(userID) + "}" }

// score is the time as Redis has it: in Unix milliseconds.
func (p *presence) score() string { return strconv.FormatInt(p.now().UnixMilli(), 10) }

// connected notes that people have a stream on this process, and tells all processes of those who had none anywhere.
func (p *presence) connected(ctx context.Context, people ...int64) error {
	if len(people) == 0 {
		return nil
	}
	b, commands := p.kv.B, make(rueidis.Commands, 0, 4*len(people))
	for _, userID := range people {
		commands = append(commands,
			b().Zcount().Key(presenceKey(userID)).Min(p.score()).Max("+inf").Build(),
			b().Zadd().Key(presenceKey(userID)).ScoreMember().ScoreMember(float64(p.now().Add(presenceLife).UnixMilli()), p.process).Build(),
			b().Pexpire().Key(presenceKey(userID)).Milliseconds(2*presenceLife.Milliseconds()).Build(),
			b().Set().Key(seenKey(userID)).Value(p.score()).Ex(seenKept).Build(),
		)
	}
	replies, err := p.kv.Replies(ctx, commands...)
	if err != nil {
		return fmt.Errorf("note who is connected: %w", err)
	}
	for i, userID := range people {
		if before, _ := replies[4*i].AsInt64(); before == 0 {
			p.changed(userID)
		}
	}
	return nil
}

// disconnected notes that people have no stream on this process any more.
func (p *presence) disconnected(ctx context.Context, people ...int64) error {
	if len(people) == 0 {
		return nil
	}
	b, commands := p.kv.B, make(rueidis.Commands, 0, 3*len(people))
	for _, userID := range people {
		commands = append(commands,
			b().Zrem().Key(presenceKey(userID)).Member(p.process).Build(),
			b().Set().Key(seenKey(userID)).Value(p.score()).Ex(seenKept).Build(),
			b().Zcount().Key(presenceKey(userID)).Min(p.score()).Max("+inf").Build(),
		)
	}
	replies, err := p.kv.Replies(ctx, commands...)
	if err != nil {
		return fmt.Errorf("note who is not connected: %w", err)
	}
	for i, userID := range people {
		if left, _ := replies[3*i+2].AsInt64(); left == 0 {
			p.changed(userID)
		}
	}
	return nil
}

// changed tells all processes that somebody came or went, or appears otherwise.
func (p *presence) changed(userID int64) {
	p.signals.Send(bus.PresenceSignal, binary.BigEndian.AppendUint64(nil, uint64(userID)))
}

// of answers whether people are there, as a viewer may know it, by id. Those who do not show it to the viewer are missing.
func (p *presence) of(ctx context.Context, viewer int64, people []int64) (map[int64]*realtimev1.Presence, error) {
	if len(people) == 0 {
		return nil, nil
	}
	settings, err := p.shown(ctx, viewer, people)
	if err != nil || len(settings) == 0 {
		return nil, err
	}
	shown, commands := make([]int64, 0, len(settings)), make(rueidis.Commands, 0, 2*len(settings))
	for userID := range settings {
		shown = append(shown, userID)
		commands = append(commands,
			p.kv.B().Zcount().Key(presenceKey(userID)).Min(p.score()).Max("+inf").Build(),
			p.kv.B().Get().Key(seenKey(userID)).Build())
	}
	replies, err := p.kv.Replies(ctx, commands...)
	if err != nil {
		return nil, fmt.Errorf("look who is connected: %w", err)
	}
	answer := make(map[int64]*realtimev1.Presence, len(shown))
	for i, userID := range shown {
		streams, _ := replies[2*i].AsInt64() // Nil is none.
		seen, _ := replies[2*i+1].AsInt64()
		answer[userID] = appearance(userID, settings[userID], streams > 0, seen, userID == viewer)
	}
	return answer, nil
}

// appearance is how a person appears who is connected or not, and was last seen then, in Unix milliseconds.
func appearance(userID int64, setting *ent.PresenceSetting, connected bool, seen int64, self bool) *realtimev1.Presence {
	state := realtimev1.PresenceState(setting.State)
	invisible := state == realtimev1.PresenceState_PRESENCE_STATE_INVISIBLE
	if connected && (self || !invisible) {
		return &realtimev1.Presence{UserId: userID, State: state}
	}
	if since := setting.InvisibleAt; invisible && since != nil && !self {
		seen = min(seen, since.UnixMilli())
	}
	answer := &realtimev1.Presence{UserId: userID, State: realtimev1.PresenceState_PRESENCE_STATE_OFFLINE}
	if seen > 0 {
		answer.LastSeenTime = timestamppb.New(time.UnixMilli(seen))
	}
	return answer
}

// shown answers the settings of those people who show the viewer whether they are there: who can be seen, with no block between
// them, and whose audience the viewer is in.
func (p *presence) shown(ctx context.Context, viewer int64, people []int64) (map[int64]*ent.PresenceSetting, error) {
	seen, err := p.visibility.Users(ctx, viewer, people)
	if err != nil {
		return nil, err
	}
	across, err := p.visibility.Across(ctx, viewer, people)
	if err != nil {
		return nil, err
	}
	rows, err := p.db.PresenceSetting.Query().Where(presencesetting.IDIn(people...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read presence settings: %w", err)
	}
	settings := make(map[int64]*ent.PresenceSetting, len(people))
	for _, row := range rows {
		settings[row.ID] = row
	}
	followers, err := p.db.Follow.Query().Where(entfollow.FollowerIDIn(people...), entfollow.FolloweeID(viewer)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read follows: %w", err)
	}
	follows := make(map[int64]bool, len(followers))
	for _, row := range followers {
		follows[row.FollowerID] = true
	}
	shown := make(map[int64]*ent.PresenceSetting, len(people))
	for _, userID := range people {
		setting := settings[userID]
		if setting == nil {
			setting = defaultPresence(userID)
		}
		audience := realtimev1.PresenceAudience(setting.Audience)
		mayKnow := audience == realtimev1.PresenceAudience_PRESENCE_AUDIENCE_EVERYONE ||
			audience == realtimev1.PresenceAudience_PRESENCE_AUDIENCE_FOLLOWED && follows[userID]
		if userID == viewer || seen[userID] != nil && !across[userID] && mayKnow {
			shown[userID] = setting
		}
	}
	return shown, nil
}

// defaultPresence is how those appear who never said how.
func defaultPresence(userID int64) *ent.PresenceSetting {
	return &ent.PresenceSetting{
		ID: userID, State: int32(realtimev1.PresenceState_PRESENCE_STATE_ONLINE),
		Audience: int32(realtimev1.PresenceAudience_PRESENCE_AUDIENCE_FOLLOWED),
	}
}

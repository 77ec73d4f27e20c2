package timeline

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/id"
)

// forYou is a ranking for one viewer, as Redis keeps it for the pages to come.
type forYou struct {
	At    time.Time    `json:"-"`
	Posts []rankedPost `json:"posts"`
}

// rankedPost is a post of a ranking and why it is there.
type rankedPost struct {
	ID     int64                 `json:"id"`
	Reason timelinev1.RankReason `json:"reason"`
	// People are the first of those that the reason speaks of, Count how many they are.
	People []int64 `json:"people,omitempty"`
	Count  int     `json:"count,omitempty"`
}

// toProto is the post as it is answered; the people are only ids yet.
func (p rankedPost) toProto(post *postv1.Post) *timelinev1.RankedPost {
	answer := &timelinev1.RankedPost{Post: post, Reason: p.Reason, PeopleCount: int32(p.Count)}
	for _, person := range p.People {
		answer.People = append(answer.People, &userv1.UserSummary{Id: person})
	}
	return answer
}

// rankingKey is the key of the ranking that was made for a viewer at a time.
func rankingKey(viewer int64, at time.Time) string {
	return "foryou:{" + id.String(viewer) + "}:" + strconv.FormatInt(at.UnixMilli(), 10)
}

// keepRanking keeps a ranking for its pages. Without Redis they are ranked again.
func (h *handler) keepRanking(ctx context.Context, viewer int64, ranked *forYou) {
	encoded, err := json.Marshal(ranked)
	if err != nil {
		return
	}
	kv := h.lists.kv
	_, _ = kv.Do(ctx, kv.B().Set().Key(rankingKey(viewer, ranked.At)).Value(string(encoded)).ExSeconds(int64(rankedFor.Seconds())).Build())
}

// keptRanking answers a ranking that was kept, nil when there is none.
func (h *handler) keptRanking(ctx context.Context, viewer int64, at time.Time) *forYou {
	kv := h.lists.kv
	reply, err := kv.Do(ctx, kv.B().Get().Key(rankingKey(viewer, at)).Build())
	if err != nil {
		return nil
	}
	ranked := &forYou{At: at}
	if err := reply.DecodeJSON(ranked); err != nil {
		return nil
	}
	return ranked
}

package messages

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/messagereaction"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// tally is how many reacted to a message with the same, and the id of the first such reaction, as somebody sees it.
type tally struct {
	look  visibility.Sight
	count *messagingv1.ReactionCount
	first int64
}

// reactionsTo answers what people reacted with to messages, but for people across a block from who looks: what is most frequent
// first, and of what is equally frequent what somebody reacted with first.
func (r *Renderer) reactionsTo(ctx context.Context, looks []visibility.Sight) (map[visibility.Sight][]*messagingv1.ReactionCount, error) {
	if len(looks) == 0 {
		return nil, nil
	}
	query, args := reactionsQuery(r.db.Store().Dialect(), looks).Query()
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("count reactions: %w", err)
	}
	defer rows.Close()
	var tallies []tally
	for rows.Next() {
		t := tally{count: &messagingv1.ReactionCount{}}
		if err := rows.Scan(&t.look.ViewerID, &t.look.ObjectID, &t.count.Emoji, &t.count.Count, &t.first, &t.count.Reacted); err != nil {
			return nil, fmt.Errorf("count reactions: %w", err)
		}
		tallies = append(tallies, t)
	}
	slices.SortFunc(tallies, func(a, b tally) int {
		return cmp.Or(cmp.Compare(b.count.GetCount(), a.count.GetCount()), cmp.Compare(a.first, b.first))
	})
	counts := make(map[visibility.Sight][]*messagingv1.ReactionCount, len(looks))
	for _, t := range tallies {
		counts[t.look] = append(counts[t.look], t.count)
	}
	return counts, rows.Err()
}

// reactionsQuery selects tallies.
func reactionsQuery(dialect string, looks []visibility.Sight) *entsql.Selector {
	builder := entsql.Dialect(dialect)
	reactions := builder.Table(messagereaction.Table)
	query := builder.Select().From(reactions)
	viewer := visibility.JoinSights(query, messagereaction.FieldMessageID, looks).C(visibility.SightsViewer)
	message, emoji, by := reactions.C(messagereaction.FieldMessageID), reactions.C(messagereaction.FieldEmoji), reactions.C(messagereaction.FieldUserID)
	query.Select(viewer, message, emoji, entsql.Count("*"), entsql.Min(reactions.C(messagereaction.FieldID)),
		entsql.Max("CASE WHEN "+by+" = "+viewer+" THEN 1 ELSE 0 END")).
		GroupBy(viewer, message, emoji)
	visibility.NotAcrossBy(viewer, messagereaction.FieldUserID)(query)
	return query
}

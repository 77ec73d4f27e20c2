package notifications

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/notificationcause"
)

// shownActors is how many of those who caused a notification are named.
const shownActors = 3

// actors are who caused one notification, as its recipient may see them.
type actors struct {
	latest         []int64
	people, causes int32
}

// actorsOf answers who caused notifications, those whom the recipient may not see left out, in one query.
func (r *Renderer) actorsOf(ctx context.Context, rows []*ent.Notification) (map[int64]actors, error) {
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	query, args := actorsQuery(r.db.Store().Dialect(), ids).Query()
	found, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read who caused notifications: %w", err)
	}
	defer found.Close()
	by := make(map[int64]actors, len(rows))
	for found.Next() {
		var notification, actor, place int64
		var a actors
		if err := found.Scan(&notification, &actor, &place, &a.people, &a.causes); err != nil {
			return nil, fmt.Errorf("read who caused notifications: %w", err)
		}
		a.latest = append(by[notification].latest, actor)
		by[notification] = a
	}
	return by, found.Err()
}

// actorsQuery selects, of each notification, its latest actors in their order, and beside each how many people and causes the
// notification has.
func actorsQuery(dialect string, ids []int64) *entsql.Selector {
	builder := entsql.Dialect(dialect)
	causes := builder.Select().From(builder.Table(notificationcause.Table))
	notification, actor := causes.C(notificationcause.FieldNotificationID), causes.C(notificationcause.FieldActorID)
	latest := entsql.Max(causes.C(notificationcause.FieldSequence))
	causes.Select(notification, actor).AppendSelectExprAs(
		entsql.Raw("ROW_NUMBER() OVER (PARTITION BY "+notification+" ORDER BY "+latest+" DESC)"), "place",
	).AppendSelectExprAs(
		entsql.Raw("COUNT(*) OVER (PARTITION BY "+notification+")"), "people",
	).AppendSelectExprAs(
		entsql.Raw("CAST(SUM(COUNT(*)) OVER (PARTITION BY "+notification+") AS bigint)"), "causes",
	).GroupBy(notification, actor)
	notificationcause.NotificationIDIn(ids...)(causes)
	SeenCauses(causes)
	ranked := causes.As("ranked")
	return builder.Select("*").From(ranked).Where(entsql.LTE(ranked.C("place"), shownActors)).
		OrderBy(ranked.C(notificationcause.FieldNotificationID), ranked.C("place"))
}

package notification

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/notificationcause"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/people"
)

// shownActors is how many of those who caused a notification are named.
const shownActors = 3

// actors are who caused one notification, as its recipient may see them.
type actors struct {
	latest         []int64
	people, causes int32
}

// render answers notifications as their recipient sees them, in a few queries whatever their number. One whose last cause went
// meanwhile is left out.
func (h *handler) render(ctx context.Context, viewer int64, rows []*ent.Notification) ([]*notificationv1.Notification, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	by, err := h.actorsOf(ctx, viewer, rows)
	if err != nil {
		return nil, err
	}
	var named, written []int64
	for _, row := range rows {
		named = append(named, by[row.ID].latest...)
		if postID := actorPost(row); postID != 0 {
			written = append(written, postID)
		}
	}
	users, err := people.Summaries(ctx, h.db, viewer, named)
	if err != nil {
		return nil, err
	}
	posts, err := h.visibility.Posts(ctx, viewer, id.Unique(written))
	if err != nil {
		return nil, err
	}
	answer := make([]*notificationv1.Notification, 0, len(rows))
	for _, row := range rows {
		n := toProto(row, by[row.ID], posts[actorPost(row)])
		for _, actor := range by[row.ID].latest {
			if user := users[actor]; user != nil {
				n.Actors = append(n.Actors, user)
			}
		}
		if len(n.GetActors()) > 0 {
			answer = append(answer, n)
		}
	}
	return answer, nil
}

// actorPost answers the post that the actor of a notification wrote, 0 for none.
func actorPost(row *ent.Notification) int64 {
	switch notificationv1.NotificationKind(row.Kind) {
	case kindReply, kindMention, kindQuote:
		return row.SubjectID
	default:
		return 0
	}
}

// toProto answers a notification without its actors; written is the post that the actor wrote.
func toProto(row *ent.Notification, by actors, written *ent.Post) *notificationv1.Notification {
	n := &notificationv1.Notification{
		Id: row.ID, Kind: notificationv1.NotificationKind(row.Kind), ActorCount: by.people, CauseCount: by.causes,
		ActorPostId: actorPost(row), Read: row.Read, Sequence: row.Sequence,
		UpdateTime: timestamppb.New(row.UpdatedAt), CreateTime: timestamppb.New(id.Time(row.ID)),
	}
	switch n.GetKind() {
	case kindLike, kindRepost:
		n.PostId = row.SubjectID
	case kindMessage:
		n.ConversationId = row.SubjectID
	case kindEventAnswer, kindEventInvite, kindEventChanged, kindEventCancelled, kindEventPromoted, kindEventReminder:
		n.EventId = row.SubjectID
	case kindReply:
		if written != nil {
			n.PostId = written.ReplyToID
		}
	case kindQuote:
		if written != nil {
			n.PostId = written.QuoteOfID
		}
	default:
	}
	return n
}

// actorsOf answers who caused notifications, those whom the viewer may not see left out, in one query.
func (h *handler) actorsOf(ctx context.Context, viewer int64, rows []*ent.Notification) (map[int64]actors, error) {
	ids := make([]any, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	query, args := actorsQuery(h.db.Store().Dialect(), viewer, ids).Query()
	found, err := h.db.QueryContext(ctx, query, args...)
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
func actorsQuery(dialect string, viewer int64, ids []any) *entsql.Selector {
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
	).Where(entsql.In(notification, ids...)).GroupBy(notification, actor)
	seenCauses(viewer)(causes)
	ranked := causes.As("ranked")
	return builder.Select("*").From(ranked).Where(entsql.LTE(ranked.C("place"), shownActors)).
		OrderBy(ranked.C(notificationcause.FieldNotificationID), ranked.C("place"))
}

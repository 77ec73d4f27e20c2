package event

import (
	"context"
	"fmt"
	"slices"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/eventanswer"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/store"
)

// toldAtOnce bounds how many people one event of the bus tells something: it must stay small.
const toldAtOnce = 500

// announce has people be told something of a meetup, once.
func announce(tx *store.Tx, row *ent.Event, news busv1.EventNews, actor int64, userIDs []int64) error {
	newsID := tx.NewID()
	for chunk := range slices.Chunk(userIDs, toldAtOnce) {
		err := tx.Emit(&busv1.EventNewsAnnounced{EventId: row.ID, NewsId: newsID, News: news, ActorId: actor, RecipientIds: chunk})
		if err != nil {
			return err
		}
	}
	return nil
}

// announceToAll has all be told who come, may come or wait.
func announceToAll(ctx context.Context, tx *store.Tx, row *ent.Event, news busv1.EventNews, actor int64) error {
	var userIDs []int64
	err := tx.EventAnswer.Query().Where(eventanswer.EventID(row.ID), eventanswer.AnswerIn(yes, maybe, waiting)).
		Order(eventanswer.ByPlace()).Select(eventanswer.FieldUserID).Scan(ctx, &userIDs)
	if err != nil {
		return fmt.Errorf("read who answered: %w", err)
	}
	return announce(tx, row, news, actor, userIDs)
}

package graph

import (
	"context"
	"math"

	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/people"
)

// before is the id below which a page that goes from new to old begins.
func before(cursor page.Cursor) int64 {
	if cursor.After == 0 {
		return math.MaxInt64
	}
	return cursor.After
}

// cut answers the rows of a page, of which there may be one more than it holds, and the token of the next one.
func cut[R any](cursor page.Cursor, rows []R, id func(R) int64) ([]R, string) {
	if len(rows) <= cursor.Size {
		return rows, ""
	}
	rows = rows[:cursor.Size]
	return rows, cursor.Token(id(rows[len(rows)-1]), page.Onward)
}

// lines answers rows as lines of a list, each with its person; who has gone meanwhile is left out.
func lines[R, L any](ctx context.Context, h *handler, rows []R, person func(R) int64, line func(R, *userv1.UserSummary) L) ([]L, error) {
	userIDs := make([]int64, len(rows))
	for i, row := range rows {
		userIDs[i] = person(row)
	}
	users, err := people.Summaries(ctx, h.db, auth.Caller(ctx).UserID, userIDs)
	if err != nil {
		return nil, err
	}
	listed := make([]L, 0, len(rows))
	for i, row := range rows {
		if user := users[userIDs[i]]; user != nil {
			listed = append(listed, line(row, user))
		}
	}
	return listed, nil
}

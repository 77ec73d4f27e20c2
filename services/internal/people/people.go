// Package people answers people in brief, as they stand beside posts and in lists.
package people

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/profile"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// Summaries answers those of the people that the viewer may see, by id, in one query: it is part of nearly every answer.
func Summaries(ctx context.Context, db *store.DB, viewer int64, userIDs []int64) (map[int64]*userv1.UserSummary, error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	query, args := summariesQuery(db.Store().Dialect(), viewer, id.Unique(userIDs)).Query()
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	defer rows.Close()
	summaries := make(map[int64]*userv1.UserSummary, len(userIDs))
	for rows.Next() {
		var person userv1.UserSummary
		var displayName sql.NullString
		var private sql.NullBool
		var avatar sql.NullInt64
		if err := rows.Scan(&person.Id, &person.Handle, &displayName, &private, &avatar); err != nil {
			return nil, fmt.Errorf("read people: %w", err)
		}
		person.DisplayName, person.Private = cmp.Or(displayName.String, person.GetHandle()), private.Bool
		person.AvatarUrl = attachment.URL(avatar.Int64, mediav1.MediaSize_MEDIA_SIZE_SMALL)
		summaries[person.GetId()] = &person
	}
	return summaries, rows.Err()
}

// summariesQuery selects the people that the viewer may see, with what their profiles say; not all have one.
func summariesQuery(dialect string, viewer int64, userIDs []int64) *entsql.Selector {
	builder := entsql.Dialect(dialect)
	accounts, profiles := builder.Table(account.Table), builder.Table(profile.Table).As(profile.Table)
	query := builder.Select(
		accounts.C(account.FieldID), accounts.C(account.FieldHandle), profiles.C(profile.FieldDisplayName), profiles.C(profile.FieldPrivate),
		profiles.C(profile.FieldAvatarID),
	).From(accounts).LeftJoin(profiles).On(accounts.C(account.FieldID), profiles.C(profile.FieldID))
	account.IDIn(userIDs...)(query)
	visibility.SeenPeople(viewer)(query)
	return query
}

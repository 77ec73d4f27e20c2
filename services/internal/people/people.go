// Package people answers people in brief, as they stand beside posts and in lists.
package people

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
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
	query := summariesQuery(db.Store().Dialect())
	account.IDIn(id.Unique(userIDs)...)(query)
	visibility.SeenPeople(viewer)(query)
	summaries := make(map[int64]*userv1.UserSummary, len(userIDs))
	return summaries, read(ctx, db, query, func(person *userv1.UserSummary, _ int64) { summaries[person.GetId()] = person })
}

// SummariesFor is [Summaries] for many who look, none of whom is anonymous.
func SummariesFor(ctx context.Context, db *store.DB, looks []visibility.Sight) (map[visibility.Sight]*userv1.UserSummary, error) {
	if len(looks) == 0 {
		return nil, nil
	}
	query := summariesQuery(db.Store().Dialect())
	viewer := visibility.JoinSights(query, account.FieldID, looks).C(visibility.SightsViewer)
	query.AppendSelect(viewer)
	visibility.SeenPeopleBy(viewer)(query)
	summaries := make(map[visibility.Sight]*userv1.UserSummary, len(looks))
	return summaries, read(ctx, db, query, func(person *userv1.UserSummary, viewer int64) {
		summaries[visibility.Sight{ViewerID: viewer, ObjectID: person.GetId()}] = person
	})
}

// read reads what a query of people selects, and who looks, if it selects that.
func read(ctx context.Context, db *store.DB, query *entsql.Selector, each func(person *userv1.UserSummary, viewer int64)) error {
	text, args := query.Query()
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("read people: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var person userv1.UserSummary
		var displayName sql.NullString
		var private sql.NullBool
		var avatar sql.NullInt64
		var viewer int64
		into := []any{&person.Id, &person.Handle, &displayName, &private, &avatar, &viewer}
		if err := rows.Scan(into[:len(query.SelectedColumns())]...); err != nil {
			return fmt.Errorf("read people: %w", err)
		}
		person.DisplayName, person.Private = cmp.Or(displayName.String, person.GetHandle()), private.Bool
		person.AvatarUrl = attachment.URL(avatar.Int64, mediav1.MediaSize_MEDIA_SIZE_SMALL)
		each(&person, viewer)
	}
	return rows.Err()
}

// Names of what [Beside] has a query answer.
const (
	columnHandle      = "person_handle"
	columnDisplayName = "person_display_name"
	columnPrivate     = "person_private"
	columnAvatar      = "person_avatar_id"
)

// Beside has a query answer beside each row the person whom a column names, for [Of].
func Beside(s *entsql.Selector, column string) {
	builder := entsql.Dialect(s.Dialect())
	accounts, profiles := builder.Table(account.Table).As("person"), builder.Table(profile.Table).As("person_profile")
	named := s.C(column)
	s.LeftJoin(accounts).On(named, accounts.C(account.FieldID)).LeftJoin(profiles).On(named, profiles.C(profile.FieldID))
	s.AppendSelectAs(accounts.C(account.FieldHandle), columnHandle).AppendSelectAs(profiles.C(profile.FieldDisplayName), columnDisplayName).
		AppendSelectAs(profiles.C(profile.FieldPrivate), columnPrivate).AppendSelectAs(profiles.C(profile.FieldAvatarID), columnAvatar)
}

// Of answers the person whom a row names that was read with [Beside], nil when there is none. It asks nobody whether they may be seen:
// it is for people who are told of themselves.
func Of(userID int64, row interface {
	Value(column string) (ent.Value, error)
},
) *userv1.UserSummary {
	value := func(column string) ent.Value {
		found, _ := row.Value(column)
		return found
	}
	handle, ok := value(columnHandle).(string)
	if !ok {
		return nil
	}
	displayName, _ := value(columnDisplayName).(string)
	avatar, _ := value(columnAvatar).(int64)
	return &userv1.UserSummary{
		Id: userID, Handle: handle, DisplayName: cmp.Or(displayName, handle), Private: store.IsTrue(value(columnPrivate)),
		AvatarUrl: attachment.URL(avatar, mediav1.MediaSize_MEDIA_SIZE_SMALL),
	}
}

// summariesQuery selects people, with what their profiles say; not all have one.
func summariesQuery(dialect string) *entsql.Selector {
	builder := entsql.Dialect(dialect)
	accounts, profiles := builder.Table(account.Table), builder.Table(profile.Table).As(profile.Table)
	return builder.Select(
		accounts.C(account.FieldID), accounts.C(account.FieldHandle), profiles.C(profile.FieldDisplayName), profiles.C(profile.FieldPrivate),
		profiles.C(profile.FieldAvatarID),
	).From(accounts).LeftJoin(profiles).On(accounts.C(account.FieldID), profiles.C(profile.FieldID))
}

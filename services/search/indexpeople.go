package search

import (
	"context"
	"strings"
	"unicode/utf8"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/profile"
	"github.com/pulse-social/pulse/ent/searchname"
	"github.com/pulse-social/pulse/ent/searchperson"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// accountDeleted is a state of accounts; see package schema. Of the others visibility decides.
const accountDeleted = 3

// indexPeople writes the documents of people, and the beginnings by which type-ahead finds them.
func indexPeople(ctx context.Context, tx *store.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	accounts, err := tx.Account.Query().Where(account.IDIn(ids...), account.StateNEQ(accountDeleted)).All(ctx)
	if err != nil {
		return err
	}
	profiles, err := profilesOf(ctx, tx.Client, ids)
	if err != nil {
		return err
	}
	engine := engineOf(tx.Store())
	people, names := make([]*ent.SearchPersonCreate, len(accounts)), []*ent.SearchNameCreate(nil)
	for i, a := range accounts {
		p := profiles[a.ID]
		people[i] = tx.SearchPerson.Create().SetID(a.ID).SetHandle(a.Handle).SetVersion(p.Version).
			SetName(strings.Join(nameWords(p.DisplayName), " ")).SetTerms(engine.encode(personDocument(a, p)))
		for _, key := range boundedKeys(nameKeys(a, p.DisplayName)) {
			names = append(names, tx.SearchName.Create().SetID(tx.NewID()).SetUserID(a.ID).SetKey([]byte(key)))
		}
	}
	if _, err := tx.SearchName.Delete().Where(searchname.UserIDIn(ids...)).Exec(ctx); err != nil {
		return err
	}
	if err := tx.SearchName.CreateBulk(names...).Exec(ctx); err != nil {
		return err
	}
	if len(people) > 0 {
		err := tx.SearchPerson.CreateBulk(people...).OnConflict(entsql.ConflictColumns(searchperson.FieldID), entsql.ResolveWithNewValues()).Exec(ctx)
		if err != nil {
			return err
		}
	}
	there := make([]int64, len(accounts))
	for i, a := range accounts {
		there[i] = a.ID
	}
	_, err = tx.SearchPerson.Delete().Where(searchperson.IDIn(ids...), searchperson.IDNotIn(there...)).Exec(ctx)
	return err
}

// profilesOf answers the profiles of people, an empty one of who has none.
func profilesOf(ctx context.Context, client *ent.Client, ids []int64) (map[int64]*ent.Profile, error) {
	rows, err := client.Profile.Query().Where(profile.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	profiles := make(map[int64]*ent.Profile, len(ids))
	for _, id := range ids {
		profiles[id] = &ent.Profile{ID: id}
	}
	for _, row := range rows {
		profiles[row.ID] = row
	}
	return profiles, nil
}

// boundedKeys shortens keys to what an index takes, and drops those that are there twice.
func boundedKeys(keys []string) []string {
	for i, key := range keys {
		if len(key) > maxKey {
			key = key[:maxKey]
			for !utf8.ValidString(key) {
				key = key[:len(key)-1]
			}
			keys[i] = key
		}
	}
	return id.Unique(keys)
}

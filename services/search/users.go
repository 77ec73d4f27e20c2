package search

import (
	"context"
	"math"
	"strings"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/searchperson"
	"github.com/pulse-social/pulse/ent/usercount"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/terms"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// rankedPeople is how many of those whom a query finds are ranked.
const rankedPeople = 500

// SearchUsers finds people.
func (h *handler) SearchUsers(ctx context.Context, req *searchv1.SearchUsersRequest) (*searchv1.SearchUsersResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	typed := terms.Clean(req.GetQuery())
	words, err := beginnings(typed, "write a name, a handle, or how it begins")
	if err != nil {
		return nil, err
	}
	found, err := h.people(ctx, words, typedHandle(typed))
	if err != nil || len(found) == 0 {
		return &searchv1.SearchUsersResponse{}, err
	}
	ranks, err := h.rankPeople(ctx, found, strings.Join(nameWords(typed), " "), typedHandle(typed))
	if err != nil {
		return nil, err
	}
	found, next := pageOfRanked(found, cursor, func(a *ent.Account) (rank, id int64) { return ranks[a.ID], a.ID })
	if len(found) == 0 {
		return &searchv1.SearchUsersResponse{}, nil
	}
	answer, err := h.users.BatchGetUsers(ctx, &userv1.BatchGetUsersRequest{UserIds: accountIDs(found)})
	return &searchv1.SearchUsersResponse{Users: answer.GetUsers(), NextPageToken: next}, err
}

// beginnings makes phrases of what is looked for in people and meetups: the beginning of a word each. hint says what to write
// instead of nothing.
func beginnings(text, hint string) ([]phrase, error) {
	q := &query{}
	for word := range strings.FieldsSeq(text) {
		p := sequence(word)
		p.prefix = true
		if err := q.add(false, p); err != nil {
			return nil, err
		}
	}
	if len(q.all) == 0 {
		return nil, invalid(text, "%q holds no word: %s", text, hint)
	}
	return q.all, nil
}

// typedHandle is what was typed, if it is meant as a handle.
func typedHandle(text string) string {
	return strings.ToLower(strings.TrimPrefix(strings.TrimSpace(text), "@"))
}

// people answers those whom the words find for the caller, and the one of the handle.
func (h *handler) people(ctx context.Context, words []phrase, handle string) ([]*ent.Account, error) {
	seen := visibility.SeenPeople(auth.Caller(ctx).UserID)
	found, err := collect(ctx, h, h.sought("search_people", words, nil), math.MaxInt64, 0, rankedPeople, func(ids []int64) ([]*ent.Account, error) {
		return h.db.Account.Query().Where(account.IDIn(ids...), seen).All(ctx)
	})
	if err != nil || len(found) < rankedPeople {
		return found, err
	}
	exact, err := h.db.Account.Query().Where(account.HandleKey(handle), account.IDNotIn(accountIDs(found)...), seen).All(ctx)
	return append(exact, found...), err
}

// What goes before the number of followers in the rank of a person.
const (
	beginsRank = 1 << 48
	exactRank  = 1 << 49
)

// rankPeople weighs people: whose handle it is, then whose handle or name begins so, then who has more followers.
func (h *handler) rankPeople(ctx context.Context, people []*ent.Account, key, handle string) (map[int64]int64, error) {
	ids := accountIDs(people)
	names, err := h.db.SearchPerson.Query().Where(searchperson.IDIn(ids...)).Select(searchperson.FieldID, searchperson.FieldName).All(ctx)
	if err != nil {
		return nil, err
	}
	ranks, err := h.followers(ctx, ids)
	if err != nil {
		return nil, err
	}
	begins := map[int64]bool{}
	for _, person := range names {
		begins[person.ID] = key != "" && strings.HasPrefix(person.Name, key)
	}
	for _, a := range people {
		switch {
		case a.HandleKey == handle:
			ranks[a.ID] += exactRank
		case begins[a.ID] || strings.HasPrefix(a.HandleKey, handle):
			ranks[a.ID] += beginsRank
		}
	}
	return ranks, nil
}

// followers answers how many followers people have, by id; who has none is left out.
func (h *handler) followers(ctx context.Context, ids []int64) (map[int64]int64, error) {
	counts, err := h.db.UserCount.Query().Where(usercount.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	followers := make(map[int64]int64, len(ids))
	for _, c := range counts {
		followers[c.ID] = c.Followers
	}
	return followers, nil
}

func accountIDs(accounts []*ent.Account) []int64 {
	ids := make([]int64, len(accounts))
	for i, a := range accounts {
		ids[i] = a.ID
	}
	return ids
}

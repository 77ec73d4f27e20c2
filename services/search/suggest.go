package search

import (
	"cmp"
	"context"
	"slices"
	"strings"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/searchname"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/terms"
)

const (
	suggestedByDefault = 8
	maxSuggested       = 20
	// consideredNames is how many beginnings of names are ranked, and as many again of people whom the caller follows.
	consideredNames = 200
	// consideredFollows is how many of those whom the caller follows are looked at.
	consideredFollows = 1000
	// consideredTags is how many hashtags are ranked.
	consideredTags = 50
)

// Suggest completes what somebody is typing.
func (h *handler) Suggest(ctx context.Context, req *searchv1.SuggestRequest) (*searchv1.SuggestResponse, error) {
	limit := min(cmp.Or(int(req.GetLimit()), suggestedByDefault), maxSuggested)
	typed := strings.TrimSpace(terms.Clean(req.GetPrefix()))
	var users, tags []*searchv1.Suggestion
	var err error
	if tag := terms.Tag(typed); tag != "" && !strings.HasPrefix(typed, "@") {
		if tags, err = h.suggestTags(ctx, tag, limit); err != nil {
			return nil, err
		}
	}
	if !strings.HasPrefix(typed, "#") && !strings.HasPrefix(typed, "＃") {
		if users, err = h.suggestPeople(ctx, strings.TrimPrefix(typed, "@"), limit); err != nil {
			return nil, err
		}
	}
	// Where there is no room for all, a third is for hashtags.
	users = users[:min(len(users), max(limit-len(tags), limit-limit/3))]
	tags = tags[:min(len(tags), limit-len(users))]
	return &searchv1.SuggestResponse{Suggestions: append(users, tags...)}, nil
}

// suggestTags answers up to limit hashtags that begin so, the one it is first, then by how lately they were used.
func (h *handler) suggestTags(ctx context.Context, prefix string, limit int) ([]*searchv1.Suggestion, error) {
	_, _, found, err := h.tagsOnce(ctx, prefix, nil, consideredTags)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(x, y foundTag) int {
		return cmp.Or(-compareBool(x.key == prefix, y.key == prefix), cmp.Compare(y.newest, x.newest))
	})
	hits, err := h.tagHits(ctx, found[:min(len(found), limit)])
	suggested := make([]*searchv1.Suggestion, len(hits))
	for i, hit := range hits {
		suggested[i] = &searchv1.Suggestion{Suggestion: &searchv1.Suggestion_Tag{Tag: hit}}
	}
	return suggested, err
}

// candidate is a person who may be suggested.
type candidate struct {
	user            *userv1.UserSummary
	followed, exact bool
	followers       int64
}

// suggestPeople answers up to limit people whose handle or name begins so.
func (h *handler) suggestPeople(ctx context.Context, typed string, limit int) ([]*searchv1.Suggestion, error) {
	found, err := h.candidates(ctx, typed)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	viewer := auth.Caller(ctx).UserID
	ids := make([]int64, 0, len(found))
	for id := range found {
		ids = append(ids, id)
	}
	summaries, err := people.Summaries(ctx, h.db, viewer, ids)
	if err != nil {
		return nil, err
	}
	followers, err := h.followers(ctx, ids)
	if err != nil {
		return nil, err
	}
	ranked := make([]candidate, 0, len(summaries))
	for id, user := range summaries {
		c := found[id]
		ranked = append(ranked, candidate{user: user, followed: c.followed, exact: c.exact, followers: followers[id]})
	}
	slices.SortFunc(ranked, func(x, y candidate) int {
		return cmp.Or(-compareBool(x.followed, y.followed), -compareBool(x.exact, y.exact),
			cmp.Compare(y.followers, x.followers), cmp.Compare(x.user.GetHandle(), y.user.GetHandle()))
	})
	suggested := make([]*searchv1.Suggestion, min(len(ranked), limit))
	for i := range suggested {
		suggested[i] = &searchv1.Suggestion{Suggestion: &searchv1.Suggestion_User{User: ranked[i].user}}
	}
	return suggested, nil
}

// candidates answers people by how their handle or name begins, some of all and of those whom the caller follows.
func (h *handler) candidates(ctx context.Context, typed string) (map[int64]candidate, error) {
	found := map[int64]candidate{}
	// A handle is found as it is typed, a name by its words.
	for _, key := range id.Unique([]string{terms.Fold(typed), strings.Join(nameWords(typed), " ")}) {
		if key == "" {
			continue
		}
		for _, followed := range []bool{true, false} {
			if err := h.addCandidates(ctx, found, key, followed); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// addCandidates adds those of whom a name begins with a key: those whom the caller follows, or of all.
func (h *handler) addCandidates(ctx context.Context, found map[int64]candidate, key string, followed bool) error {
	viewer := auth.Caller(ctx).UserID
	if followed && viewer == 0 {
		return nil
	}
	from, to := keyRange(key)
	query := h.db.SearchName.Query().Where(searchname.KeyGTE(from), searchname.KeyLT(to)).Limit(consideredNames)
	if followed {
		query.Where(followedBy(viewer))
	} else {
		query.Order(byColumn(searchname.FieldKey), searchname.ByUserID())
	}
	rows, err := query.All(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		c := found[row.UserID]
		c.followed = c.followed || followed
		c.exact = c.exact || string(row.Key) == key
		found[row.UserID] = c
	}
	return nil
}

// followedBy matches the names of the people whom somebody followed last.
func followedBy(viewer int64) predicate.SearchName {
	return func(s *entsql.Selector) {
		follows := entsql.Table(follow.Table).As("followed")
		latest := entsql.Select(follows.C(follow.FieldFolloweeID)).From(follows).
			Where(entsql.EQ(follows.C(follow.FieldFollowerID), viewer)).
			OrderBy(entsql.Desc(follows.C(follow.FieldID))).Limit(consideredFollows)
		s.Where(entsql.In(s.C(searchname.FieldUserID), latest))
	}
}

// compareBool is 1 when only x is true, -1 when only y is.
func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	default:
		return -1
	}
}

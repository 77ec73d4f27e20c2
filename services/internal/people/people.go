// Package people answers people in brief, as they stand beside posts and in lists.
package people

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pulse-social/pulse/ent/profile"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// Summaries answers those of the people that the viewer may see, by id.
func Summaries(ctx context.Context, db *store.DB, policy *visibility.Policy, viewer int64, userIDs []int64) (map[int64]*userv1.UserSummary, error) {
	accounts, err := policy.Users(ctx, viewer, unique(userIDs))
	if err != nil {
		return nil, err
	}
	summaries := make(map[int64]*userv1.UserSummary, len(accounts))
	for id, account := range accounts {
		summaries[id] = &userv1.UserSummary{Id: id, Handle: account.Handle, DisplayName: account.Handle}
	}
	profiles, err := db.Profile.Query().Where(profile.IDIn(slices.Collect(maps.Keys(summaries))...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read profiles: %w", err)
	}
	for _, p := range profiles {
		if p.DisplayName != "" {
			summaries[p.ID].DisplayName = p.DisplayName
		}
	}
	return summaries, nil
}

func unique(ids []int64) []int64 {
	sorted := slices.Clone(ids)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

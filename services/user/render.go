package user

import (
	"context"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/profile"
	"github.com/pulse-social/pulse/ent/usercount"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/relation"
)

// render answers people completed, in the given order, with one query for each kind whatever their number.
func (h *handler) render(ctx context.Context, accounts []*ent.Account) ([]*userv1.User, error) {
	users, byID, ids := make([]*userv1.User, len(accounts)), map[int64]*userv1.User{}, make([]int64, len(accounts))
	for i, account := range accounts {
		ids[i] = account.ID
		if users[i] = byID[account.ID]; users[i] != nil {
			continue // Who is asked for twice is the same answer twice.
		}
		users[i] = &userv1.User{
			Id: account.ID, Handle: account.Handle, DisplayName: account.Handle,
			CreateTime: timestamppb.New(id.Time(account.ID)),
			Counts:     &userv1.UserCounts{}, Etag: etag(0),
		}
		byID[account.ID] = users[i]
	}
	if len(ids) == 0 {
		return users, nil
	}
	if err := h.addProfiles(ctx, byID, ids); err != nil {
		return nil, err
	}
	if err := h.addCounts(ctx, byID, ids); err != nil {
		return nil, err
	}
	return users, h.addViewer(ctx, byID, ids)
}

func (h *handler) addProfiles(ctx context.Context, users map[int64]*userv1.User, ids []int64) error {
	rows, err := h.db.Profile.Query().Where(profile.IDIn(ids...)).All(ctx)
	if err != nil {
		return fmt.Errorf("read profiles: %w", err)
	}
	var pictures []int64
	for _, row := range rows {
		pictures = append(pictures, row.AvatarID, row.HeaderID)
	}
	media, err := attachment.Of(ctx, h.db.Client, pictures...)
	if err != nil {
		return err
	}
	for _, row := range rows {
		u := users[row.ID]
		u.Avatar, u.Header = media[row.AvatarID], media[row.HeaderID]
		if row.DisplayName != "" {
			u.DisplayName = row.DisplayName
		}
		u.Bio, u.Location, u.Private, u.Language, u.Etag = row.Bio, row.Location, row.Private, row.Language, etag(row.Version)
		for _, link := range row.Links {
			u.Links = append(u.Links, &userv1.ProfileLink{Url: link.URL, Label: link.Label})
		}
	}
	return nil
}

func (h *handler) addCounts(ctx context.Context, users map[int64]*userv1.User, ids []int64) error {
	rows, err := h.db.UserCount.Query().Where(usercount.IDIn(ids...)).All(ctx)
	if err != nil {
		return fmt.Errorf("read counts: %w", err)
	}
	for _, row := range rows {
		users[row.ID].Counts = &userv1.UserCounts{Posts: row.Posts, Followers: row.Followers, Following: row.Following}
	}
	return nil
}

// addViewer says how the caller relates to the people, themselves excepted.
func (h *handler) addViewer(ctx context.Context, users map[int64]*userv1.User, ids []int64) error {
	viewer := auth.Caller(ctx).UserID
	if viewer == 0 {
		return nil
	}
	relations, err := relation.Of(ctx, h.db.Client, viewer, h.now(), ids...)
	if err != nil {
		return err
	}
	for userID, u := range users {
		if userID == viewer {
			continue
		}
		r := relations[userID]
		u.Viewer = &userv1.UserViewer{
			Following: r.Following, FollowedBy: r.FollowedBy, Requested: r.Requested, RequestedBy: r.RequestedBy,
			Blocking: r.Blocking, Muting: r.Muting, MuteExpireTime: r.MuteExpireTime,
		}
	}
	return nil
}

// etag is the version of a profile as callers get it; 0 is one that was never set.
func etag(version int64) string { return strconv.FormatInt(version, 36) }

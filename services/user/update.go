package user

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// UpdateProfile changes the caller's own profile.
func (h *handler) UpdateProfile(ctx context.Context, req *userv1.UpdateProfileRequest) (*userv1.UpdateProfileResponse, error) {
	userID := auth.Caller(ctx).UserID
	if err := checkMask(req.GetUpdateMask().GetPaths()); err != nil {
		return nil, err
	}
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*userv1.UpdateProfileResponse, error) {
		current, err := tx.Profile.Get(ctx, userID)
		if store.IsNotFound(err) {
			current, err = &ent.Profile{ID: userID}, nil
		}
		if err != nil {
			return nil, err
		}
		if req.GetEtag() != "" && req.GetEtag() != etag(current.Version) {
			return nil, rpc.Fail(errorsv1.Reason_REASON_ETAG_MISMATCH, "the profile was changed since you read it: read it again and repeat your change")
		}
		return &userv1.UpdateProfileResponse{User: &userv1.User{Id: userID}}, save(ctx, tx, current, req)
	})
	if err != nil {
		return nil, err
	}
	h.stamps.Changed(ctx, userID, stamp.Edits)
	h.hints.Announce(bus.PersonChanged, userID)
	// A kept answer to an idempotent call is completed from what is there now, as reads are.
	account, err := h.visibility.User(ctx, userID, userID)
	if err != nil {
		return nil, err
	}
	users, err := h.render(ctx, []*ent.Account{account})
	if err != nil {
		return nil, err
	}
	answer.User = users[0]
	return answer, nil
}

// save writes the fields that the mask names, over those of the current profile.
func save(ctx context.Context, tx *store.Tx, current *ent.Profile, req *userv1.UpdateProfileRequest) error {
	for _, path := range req.GetUpdateMask().GetPaths() {
		switch path {
		case "display_name":
			current.DisplayName = req.GetProfile().GetDisplayName()
		case "bio":
			current.Bio = req.GetProfile().GetBio()
		case "location":
			current.Location = req.GetProfile().GetLocation()
		}
	}
	if current.Version == 0 {
		return tx.Profile.Create().SetID(current.ID).SetDisplayName(current.DisplayName).
			SetBio(current.Bio).SetLocation(current.Location).Exec(ctx)
	}
	return tx.Profile.UpdateOneID(current.ID).SetDisplayName(current.DisplayName).
		SetBio(current.Bio).SetLocation(current.Location).AddVersion(1).Exec(ctx)
}

// checkMask refuses paths that name nothing that its owner may change.
func checkMask(paths []string) error {
	if len(paths) == 0 {
		return rpc.Fail(errorsv1.Reason_REASON_UPDATE_MASK_INVALID, "update_mask names nothing: name display_name, bio or location")
	}
	for _, path := range paths {
		switch path {
		case "display_name", "bio", "location":
		default:
			return rpc.Fail(errorsv1.Reason_REASON_UPDATE_MASK_INVALID,
				"update_mask names %q: only display_name, bio and location can be changed", path).With("path", path)
		}
	}
	return nil
}

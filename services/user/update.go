package user

import (
	"context"

	"golang.org/x/text/language"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/profile"
	"github.com/pulse-social/pulse/ent/schema"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// UpdateProfile changes the caller's own profile.
func (h *handler) UpdateProfile(ctx context.Context, req *userv1.UpdateProfileRequest) (*userv1.UpdateProfileResponse, error) {
	userID := auth.Caller(ctx).UserID
	if err := check(req); err != nil {
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
		if err := checkPictures(ctx, tx, current, req); err != nil {
			return nil, err
		}
		if err := save(ctx, tx, current, req); err != nil {
			return nil, err
		}
		return &userv1.UpdateProfileResponse{User: &userv1.User{Id: userID}}, tx.Emit(&busv1.ProfileChanged{UserId: userID})
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

// save writes the fields that the mask names. Two updates at once come one after the other, each with its own fields: who
// comes second begins again.
func save(ctx context.Context, tx *store.Tx, current *ent.Profile, req *userv1.UpdateProfileRequest) error {
	if current.Version == 0 {
		created := tx.Profile.Create().SetID(current.ID)
		setFields(created.Mutation(), req)
		return created.Exec(ctx)
	}
	changed := tx.Profile.Update().Where(profile.ID(current.ID), profile.Version(current.Version)).AddVersion(1)
	setFields(changed.Mutation(), req)
	n, err := changed.Save(ctx)
	if err == nil && n == 0 {
		return store.ErrRaceLost
	}
	return err
}

// setFields sets the fields that the mask names.
func setFields(m *ent.ProfileMutation, req *userv1.UpdateProfileRequest) {
	p := req.GetProfile()
	for _, path := range req.GetUpdateMask().GetPaths() {
		switch path {
		case "display_name":
			m.SetDisplayName(p.GetDisplayName())
		case "bio":
			m.SetBio(p.GetBio())
		case "location":
			m.SetLocation(p.GetLocation())
		case "private":
			m.SetPrivate(p.GetPrivate())
		case "language":
			m.SetLanguage(canonical(p.GetLanguage()))
		case "links":
			links := make([]schema.ProfileLink, len(p.GetLinks()))
			for i, link := range p.GetLinks() {
				links[i] = schema.ProfileLink{URL: link.GetUrl(), Label: link.GetLabel()}
			}
			m.SetLinks(links)
		case "avatar_media_id":
			m.SetAvatarID(p.GetAvatarMediaId())
		case "header_media_id":
			m.SetHeaderID(p.GetHeaderMediaId())
		}
	}
}

// checkPictures refuses pictures that are not one's own; those that are there already stay.
func checkPictures(ctx context.Context, tx *store.Tx, current *ent.Profile, req *userv1.UpdateProfileRequest) error {
	var added []int64
	for _, path := range req.GetUpdateMask().GetPaths() {
		switch {
		case path == "avatar_media_id" && req.GetProfile().GetAvatarMediaId() != current.AvatarID:
			added = append(added, req.GetProfile().GetAvatarMediaId())
		case path == "header_media_id" && req.GetProfile().GetHeaderMediaId() != current.HeaderID:
			added = append(added, req.GetProfile().GetHeaderMediaId())
		}
	}
	return attachment.Check(ctx, tx.Client, current.ID, added...)
}

// check refuses paths that name nothing that its owner may change, and what is no language.
func check(req *userv1.UpdateProfileRequest) error {
	paths := req.GetUpdateMask().GetPaths()
	if len(paths) == 0 {
		return rpc.Fail(errorsv1.Reason_REASON_UPDATE_MASK_INVALID, "update_mask names nothing: name %s", changeable)
	}
	for _, path := range paths {
		switch path {
		case "display_name", "bio", "location", "private", "links", "avatar_media_id", "header_media_id":
		case "language":
			if tag := req.GetProfile().GetLanguage(); tag != "" && canonical(tag) == "" {
				return rpc.Fail(errorsv1.Reason_REASON_PROFILE_LANGUAGE_INVALID, "%q is no language: use a tag of BCP 47, such as en or pt-BR", tag)
			}
		default:
			return rpc.Fail(errorsv1.Reason_REASON_UPDATE_MASK_INVALID,
				"update_mask names %q: only %s can be changed", path, changeable).With("path", path)
		}
	}
	return nil
}

// changeable names the fields that their owner may change.
const changeable = "display_name, bio, location, private, links, language, avatar_media_id and header_media_id"

// canonical answers a tag of BCP 47 as it is written usually, empty for what is none or says nothing.
func canonical(tag string) string {
	parsed, err := language.Parse(tag)
	if err != nil || parsed == language.Und {
		return ""
	}
	return parsed.String()
}

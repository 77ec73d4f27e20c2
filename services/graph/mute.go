package graph

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	entmute "github.com/pulse-social/pulse/ent/mute"
	"github.com/pulse-social/pulse/ent/predicate"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// maxMuted bounds how many people one mutes: all of them are looked at for each page of a timeline.
const maxMuted = 5000

// MuteUser mutes a person, or sets anew when that ends.
func (h *handler) MuteUser(ctx context.Context, req *graphv1.MuteUserRequest) (*graphv1.MuteUserResponse, error) {
	caller, muted := auth.Caller(ctx).UserID, req.GetUserId()
	if caller == muted {
		return nil, rpc.Fail(errorsv1.Reason_REASON_CANNOT_MUTE_SELF, "you cannot mute yourself")
	}
	defer h.stamps.Changed(ctx, caller, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.MuteUserResponse, error) {
		if err := tx.Lock(ctx, "mutes", caller); err != nil {
			return nil, err
		}
		r, err := h.between(ctx, tx, caller, muted)
		if err != nil {
			return nil, err
		}
		ends := expiry(tx.Now, req.GetTtl())
		r.Muting, r.MuteExpireTime = true, timestamp(ends)
		return &graphv1.MuteUserResponse{Relationship: r}, setMute(ctx, tx, caller, muted, ends)
	})
}

// setMute writes a mute over the one that is there, and clears away those that have ended.
func setMute(ctx context.Context, tx *store.Tx, muter, muted int64, ends *time.Time) error {
	_, err := tx.Mute.Delete().Where(entmute.MuterID(muter), entmute.Or(entmute.ExpiresAtLTE(tx.Now), entmute.MutedID(muted))).Exec(ctx)
	if err != nil {
		return err
	}
	n, err := tx.Mute.Query().Where(entmute.MuterID(muter)).Count(ctx)
	if err != nil {
		return err
	}
	if n >= maxMuted {
		return tooManyMutes("people", maxMuted)
	}
	return tx.Mute.Create().SetID(tx.NewID()).SetMuterID(muter).SetMutedID(muted).SetNillableExpiresAt(ends).Exec(ctx)
}

func tooManyMutes(what string, limit int) error {
	return rpc.Fail(errorsv1.Reason_REASON_TOO_MANY_MUTES, "you mute %d %s, which is as many as one may: take one back first", limit, what).
		With("limit", limit)
}

// UnmuteUser takes a mute back, if there is one.
func (h *handler) UnmuteUser(ctx context.Context, req *graphv1.UnmuteUserRequest) (*graphv1.UnmuteUserResponse, error) {
	caller, muted := auth.Caller(ctx).UserID, req.GetUserId()
	defer h.stamps.Changed(ctx, caller, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.UnmuteUserResponse, error) {
		r, err := h.between(ctx, tx, caller, muted)
		if err != nil {
			return nil, err
		}
		r.Muting, r.MuteExpireTime = false, nil
		_, err = tx.Mute.Delete().Where(entmute.MuterID(caller), entmute.MutedID(muted)).Exec(ctx)
		return &graphv1.UnmuteUserResponse{Relationship: r}, err
	})
}

// ListMuted lists whom the caller mutes, newest first.
func (h *handler) ListMuted(ctx context.Context, req *graphv1.ListMutedRequest) (*graphv1.ListMutedResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx).UserID
	rows, err := h.db.Mute.Query().
		Where(entmute.MuterID(caller), entmute.IDLT(before(cursor)), lasting(h.now()), visibility.SeenPersonIn(caller, entmute.FieldMutedID)).
		Order(entmute.ByID(descending)).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read mutes: %w", err)
	}
	rows, next := cut(cursor, rows, func(m *ent.Mute) int64 { return m.ID })
	muted, err := lines(ctx, h, rows, func(m *ent.Mute) int64 { return m.MutedID }, func(m *ent.Mute, user *userv1.UserSummary) *graphv1.MuteListing {
		return &graphv1.MuteListing{User: user, MuteTime: timestamppb.New(id.Time(m.ID)), ExpireTime: timestamp(m.ExpiresAt)}
	})
	return &graphv1.ListMutedResponse{Muted: muted, NextPageToken: next}, err
}

// lasting matches mutes that have not ended.
func lasting(now time.Time) predicate.Mute {
	return entmute.Or(entmute.ExpiresAtIsNil(), entmute.ExpiresAtGT(now))
}

// expiry is when something ends that lasts so long, nil when it does not end.
func expiry(now time.Time, ttl *durationpb.Duration) *time.Time {
	if ttl == nil {
		return nil
	}
	ends := now.Add(ttl.AsDuration()).Truncate(time.Millisecond)
	return &ends
}

// timestamp answers a time for the API, nil for none.
func timestamp(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}

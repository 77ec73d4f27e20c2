package notification

import (
	"context"
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // Time zones are known wherever the program runs.

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/notificationpreference"
	"github.com/pulse-social/pulse/ent/quiethours"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// kinds are all that somebody can be notified of.
var kinds = []notificationv1.NotificationKind{
	kindFollow, kindFollowRequest, kindLike, kindRepost, kindReply, kindMention, kindQuote, kindMessage, kindFollowApproved,
	kindEventAnswer, kindEventInvite, kindEventChanged, kindEventCancelled, kindEventPromoted, kindEventReminder,
}

// mailed are the kinds that people are mailed who have never said.
var mailed = []notificationv1.NotificationKind{kindFollowRequest, kindMention, kindReply, kindEventCancelled, kindEventPromoted}

// defaultOf answers what people are told of a kind who have never said.
func defaultOf(kind notificationv1.NotificationKind) *notificationv1.KindPreference {
	return &notificationv1.KindPreference{
		Kind: kind, Audience: notificationv1.NotificationAudience_NOTIFICATION_AUDIENCE_EVERYONE, InApp: true, Push: true,
		Email: slices.Contains(mailed, kind),
	}
}

// preferenceOf answers what a row says.
func preferenceOf(row *ent.NotificationPreference) *notificationv1.KindPreference {
	return &notificationv1.KindPreference{
		Kind: notificationv1.NotificationKind(row.Kind), Audience: notificationv1.NotificationAudience(row.Audience),
		InApp: row.InApp, Push: row.Push, Email: row.Email,
	}
}

// preferences answers the preferences of a person, of every kind.
func preferences(ctx context.Context, client *ent.Client, userID int64) (*notificationv1.Preferences, error) {
	rows, err := client.NotificationPreference.Query().Where(notificationpreference.UserID(userID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read preferences: %w", err)
	}
	p := &notificationv1.Preferences{QuietHours: &notificationv1.QuietHours{}}
	for _, kind := range kinds {
		said := defaultOf(kind)
		for _, row := range rows {
			if row.Kind == int32(kind) {
				said = preferenceOf(row)
			}
		}
		p.Kinds = append(p.Kinds, said)
	}
	hours, err := client.QuietHours.Query().Where(quiethours.ID(userID)).Only(ctx)
	switch {
	case store.IsNotFound(err):
		return p, nil
	case err != nil:
		return nil, fmt.Errorf("read quiet hours: %w", err)
	}
	p.QuietHours = &notificationv1.QuietHours{
		Enabled: hours.Enabled, StartMinute: hours.StartMinute, EndMinute: hours.EndMinute, TimeZone: hours.TimeZone,
	}
	return p, nil
}

// GetPreferences answers what the caller is told of, where and when.
func (h *handler) GetPreferences(ctx context.Context, _ *notificationv1.GetPreferencesRequest) (*notificationv1.GetPreferencesResponse, error) {
	p, err := preferences(ctx, h.db.Client, auth.Caller(ctx).UserID)
	return &notificationv1.GetPreferencesResponse{Preferences: p}, err
}

// Paths that a mask of preferences may have.
const (
	pathKinds      = "kinds"
	pathQuietHours = "quiet_hours"
)

// UpdatePreferences changes what the caller is told of, where and when.
func (h *handler) UpdatePreferences(ctx context.Context, req *notificationv1.UpdatePreferencesRequest) (*notificationv1.UpdatePreferencesResponse, error) {
	paths := req.GetUpdateMask().GetPaths()
	for _, path := range paths {
		if path != pathKinds && path != pathQuietHours {
			return nil, rpc.Fail(errorsv1.Reason_REASON_UPDATE_MASK_INVALID,
				"update_mask names %q: only kinds and quiet_hours can be changed", path).With("path", path)
		}
	}
	wanted, hours := req.GetPreferences().GetKinds(), req.GetPreferences().GetQuietHours()
	named := slices.Contains(paths, pathQuietHours)
	if named && hours == nil {
		hours = &notificationv1.QuietHours{} // To have none.
	}
	if len(paths) > 0 && !named {
		hours = nil
	}
	if len(paths) > 0 && !slices.Contains(paths, pathKinds) {
		wanted = nil
	}
	if err := checkQuietHours(hours); err != nil {
		return nil, err
	}
	userID := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*notificationv1.UpdatePreferencesResponse, error) {
		if err := saveKinds(ctx, tx, userID, wanted); err != nil {
			return nil, fmt.Errorf("write preferences: %w", err)
		}
		if err := saveQuietHours(ctx, tx, userID, hours); err != nil {
			return nil, fmt.Errorf("write quiet hours: %w", err)
		}
		p, err := preferences(ctx, tx.Client, userID)
		return &notificationv1.UpdatePreferencesResponse{Preferences: p}, err
	})
}

// checkQuietHours refuses hours that are none, and time zones that nobody knows. Hours that are not enabled may be empty.
func checkQuietHours(hours *notificationv1.QuietHours) error {
	if hours.GetEnabled() && hours.GetStartMinute() == hours.GetEndMinute() {
		return rpc.Fail(errorsv1.Reason_REASON_QUIET_HOURS_INVALID, "quiet hours end when they begin: disable them to have none")
	}
	name := hours.GetTimeZone()
	if name == "" && !hours.GetEnabled() {
		return nil
	}
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == time.Local.String() {
		return rpc.Fail(errorsv1.Reason_REASON_TIME_ZONE_UNKNOWN,
			"there is no time zone %q: use a name of the IANA database, such as Europe/Berlin", name).With("time_zone", name)
	}
	return nil
}

// saveKinds writes preferences whole. Of a kind that is named twice, the last counts.
func saveKinds(ctx context.Context, tx *store.Tx, userID int64, wanted []*notificationv1.KindPreference) error {
	last := map[notificationv1.NotificationKind]*notificationv1.KindPreference{}
	for _, p := range wanted {
		last[p.GetKind()] = p
	}
	rows := make([]*ent.NotificationPreferenceCreate, 0, len(last))
	for _, kind := range kinds {
		if p := last[kind]; p != nil {
			audience := max(p.GetAudience(), notificationv1.NotificationAudience_NOTIFICATION_AUDIENCE_EVERYONE)
			rows = append(rows, tx.NotificationPreference.Create().SetID(tx.NewID()).SetUserID(userID).SetKind(int32(kind)).
				SetAudience(int32(audience)).SetInApp(p.GetInApp()).SetPush(p.GetPush()).SetEmail(p.GetEmail()))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.NotificationPreference.CreateBulk(rows...).OnConflict(
		entsql.ConflictColumns(notificationpreference.FieldUserID, notificationpreference.FieldKind),
		entsql.ResolveWith(func(set *entsql.UpdateSet) {
			for _, column := range []string{
				notificationpreference.FieldAudience, notificationpreference.FieldInApp, notificationpreference.FieldPush, notificationpreference.FieldEmail,
			} {
				set.SetExcluded(column)
			}
		}),
	).Exec(ctx)
}

// saveQuietHours writes quiet hours, if any are given.
func saveQuietHours(ctx context.Context, tx *store.Tx, userID int64, hours *notificationv1.QuietHours) error {
	if hours == nil {
		return nil
	}
	return tx.QuietHours.Create().SetID(userID).SetEnabled(hours.GetEnabled()).
		SetStartMinute(hours.GetStartMinute()).SetEndMinute(hours.GetEndMinute()).SetTimeZone(hours.GetTimeZone()).
		OnConflict(entsql.ConflictColumns(quiethours.FieldID), entsql.ResolveWithNewValues()).Exec(ctx)
}

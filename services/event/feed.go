package event

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent/calendarfeed"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// feedPath and feedSuffix are around the secret in the address of a private calendar.
	feedPath   = "/calendar/"
	feedSuffix = ".ics"
	// secretBytes are 256 random bits.
	secretBytes = 32
)

// GetCalendarFeed answers since when the caller has a private calendar.
func (h *handler) GetCalendarFeed(ctx context.Context, _ *eventv1.GetCalendarFeedRequest) (*eventv1.GetCalendarFeedResponse, error) {
	row, err := h.db.CalendarFeed.Query().Where(calendarfeed.ID(auth.Caller(ctx).UserID)).Only(ctx)
	if store.IsNotFound(err) {
		return &eventv1.GetCalendarFeedResponse{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the calendar's address: %w", err)
	}
	return &eventv1.GetCalendarFeedResponse{CreateTime: timestamppb.New(row.MadeAt)}, nil
}

// ResetCalendarFeed makes a new address for the caller's private calendar. What is stored does not tell it.
func (h *handler) ResetCalendarFeed(ctx context.Context, _ *eventv1.ResetCalendarFeedRequest) (*eventv1.ResetCalendarFeedResponse, error) {
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*eventv1.ResetCalendarFeedResponse, error) {
		secret := make([]byte, secretBytes)
		_, _ = rand.Read(secret) // It never fails.
		err := tx.CalendarFeed.Create().SetID(auth.Caller(ctx).UserID).SetTokenHash(secretHash(secret)).SetMadeAt(tx.Now).
			OnConflict(entsql.ConflictColumns(calendarfeed.FieldID), entsql.ResolveWithNewValues()).Exec(ctx)
		if err != nil {
			return nil, fmt.Errorf("write the calendar's address: %w", err)
		}
		return &eventv1.ResetCalendarFeedResponse{Path: feedPath + base64.RawURLEncoding.EncodeToString(secret) + feedSuffix}, nil
	})
}

// DeleteCalendarFeed ends the caller's private calendar.
func (h *handler) DeleteCalendarFeed(ctx context.Context, _ *eventv1.DeleteCalendarFeedRequest) (*eventv1.DeleteCalendarFeedResponse, error) {
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*eventv1.DeleteCalendarFeedResponse, error) {
		_, err := tx.CalendarFeed.Delete().Where(calendarfeed.ID(auth.Caller(ctx).UserID)).Exec(ctx)
		return &eventv1.DeleteCalendarFeedResponse{}, err
	})
}

func secretHash(secret []byte) []byte {
	sum := sha256.Sum256(secret)
	return sum[:]
}

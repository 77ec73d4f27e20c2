package app

import (
	"context"
	"errors"
	"log/slog"

	"github.com/pulse-social/pulse/services/identity"
	"github.com/pulse-social/pulse/services/internal/bulk"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/search"
	"github.com/pulse-social/pulse/services/timeline"
)

// PeopleKept is of how many people a process keeps something in memory, at most: its memory grows no further with them.
const PeopleKept = timeline.ViewersKept

// Fill fills the configured database, which must be empty and is brought up to date, with a generated graph in which
// everybody has the same password. It is for measurements; see package bulk.
func Fill(ctx context.Context, c Config, g bulk.Graph, password string, report bulk.Report) error {
	s, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	_, err = s.Migrate(ctx, slog.New(slog.DiscardHandler))
	if err == nil {
		err = bulk.Load(ctx, s, g, identity.HashPassword(password), clock.System(), report)
	}
	if err == nil {
		err = search.Rebuild(ctx, s.For("search"), report)
	}
	return errors.Join(err, s.Close())
}

// Sizes answers how much room each table of the configured database takes, beside processes that may run on it.
func Sizes(ctx context.Context, c Config) ([]store.TableSize, error) {
	s, err := openCurrentStore(ctx, c)
	if err != nil {
		return nil, err
	}
	sizes, err := s.Sizes(ctx)
	return sizes, errors.Join(err, s.Close())
}

// Vacuum has the configured database catch up with what was written, beside processes that may run on it; see
// [store.Store.Vacuum].
func Vacuum(ctx context.Context, c Config) error {
	s, err := openCurrentStore(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(s.Vacuum(ctx), s.Close())
}

// RebuildSearch writes all that search finds by anew from the configured database, while Pulse runs or while it does not.
func RebuildSearch(ctx context.Context, c Config, report bulk.Report) error {
	s, err := openCurrentStore(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(search.Rebuild(ctx, s.For("search"), report), s.Close())
}

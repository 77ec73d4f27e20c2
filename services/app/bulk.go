package app

import (
	"context"
	"errors"
	"log/slog"

	"github.com/pulse-social/pulse/services/identity"
	"github.com/pulse-social/pulse/services/internal/bulk"
	"github.com/pulse-social/pulse/services/internal/clock"
)

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
	return errors.Join(err, s.Close())
}

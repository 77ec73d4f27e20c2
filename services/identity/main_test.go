package identity_test

import (
	"log/slog"
	"testing"

	"github.com/pulse-social/pulse/services/internal/testmain"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // The OpenID provider logs to it.
	testmain.Run(m)
}

package demo_test

import (
	"testing"

	"github.com/pulse-social/pulse/services/internal/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }

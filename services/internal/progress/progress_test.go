package progress_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pulse-social/pulse/services/internal/progress"
)

func TestLines(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(0)
	var out strings.Builder
	stage := progress.New(&out, false, func() time.Time { return now }).Stage("follows", 12)
	for range 11 {
		now = now.Add(time.Second)
		stage.Done()
	}
	stage.End()
	const want = "follows: 5 of 12, 1/s\nfollows: 10 of 12, 1/s\nfollows: 11 of 12 in 11s, 1/s\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	stage := progress.New(&out, true, nil).Stage("posts", 2)
	stage.Done()
	stage.Done()
	stage.End()
	if text := out.String(); !strings.Contains(text, "posts") || !strings.Contains(text, "(2/2") || !strings.HasSuffix(text, "\n") {
		t.Errorf("got %q, want a bar that has reached 2 of 2 and a new line", text)
	}
}

func TestNothingToShow(t *testing.T) {
	t.Parallel()
	var none *progress.Display
	stage := none.Stage("posts", 1)
	stage.Done()
	stage.End()
	var out strings.Builder
	progress.New(&out, false, nil).Stage("posts", 0).End()
	if out.Len() > 0 {
		t.Errorf("a stage of nothing shows %q", out.String())
	}
}

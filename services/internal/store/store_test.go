package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pulse-social/pulse/ent/ownership"
	"github.com/pulse-social/pulse/ent/post"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testbackend"
)

// open opens a store with a current schema: SQLite, or a database of its own on the Postgres of the tests.
func open(t *testing.T) *store.Store {
	t.Helper()
	return openWith(t, configFor(t))
}

func openWith(t *testing.T, c store.Config) *store.Store {
	t.Helper()
	return openAt(t, c, clock.System)
}

// openAt is [openWith] at the times of a clock.
func openAt(t *testing.T, c store.Config, now clock.Clock) *store.Store {
	t.Helper()
	s := openUnmigrated(t, c, now)
	if _, err := s.Migrate(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return s
}

func openUnmigrated(t *testing.T, c store.Config, now clock.Clock) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c, store.Options{IDs: id.NewGenerator(now), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func configFor(t *testing.T) store.Config {
	t.Helper()
	return store.Config{DataDir: t.TempDir(), DatabaseURL: testbackend.Database(t), MaxConns: 8, StatementTimeout: 10e9}
}

func TestOnlyTheOwnerChangesAnEntity(t *testing.T) {
	t.Parallel()
	s := open(t)
	err := s.For("graph").Write(t.Context(), func(tx *store.Tx) error {
		return tx.Post.Create().SetID(tx.NewID()).SetAuthorID(1).SetText("not mine").SetThreadID(1).Exec(t.Context())
	})
	var foreign *ownership.ForeignMutationError
	if !errors.As(err, &foreign) || foreign.Owner != "post" || foreign.Service != "graph" {
		t.Errorf("got %v, want that post owns it and graph tried", err)
	}
	if err := s.For("post").Post.Create().SetID(1).SetAuthorID(1).SetText("no").SetThreadID(1).Exec(t.Context()); err == nil || !strings.Contains(err.Error(), "outside DB.Write") {
		t.Errorf("change outside Write: got %v, want a refusal", err)
	}
	if n := s.For("post").Post.Query().CountX(t.Context()); n != 0 {
		t.Errorf("%d posts, want none", n)
	}
}

func TestWriteIsAllOrNothing(t *testing.T) {
	t.Parallel()
	db := open(t).For("post")
	no := errors.New("no")
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		if err := insert(t.Context(), tx, tx.NewID()); err != nil {
			return err
		}
		return errors.Join(tx.Emit(&busv1.PostCreated{PostId: 1}), no)
	})
	if !errors.Is(err, no) {
		t.Fatalf("got %v, want %v", err, no)
	}
	if posts, events := db.Post.Query().CountX(t.Context()), db.OutboxEvent.Query().CountX(t.Context()); posts != 0 || events != 0 {
		t.Errorf("%d posts and %d events are left of a transaction that failed", posts, events)
	}
}

func TestWriteRunsAgainWhenItLosesARace(t *testing.T) {
	t.Parallel()
	db := open(t).For("post")
	taken := int64(4711)
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return insert(t.Context(), tx, taken) }); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		runs++
		if runs == 1 {
			return insert(t.Context(), tx, taken) // An id that somebody else drew.
		}
		return insert(t.Context(), tx, tx.NewID())
	})
	if err != nil || runs != 2 {
		t.Errorf("got %v after %d runs, want success after 2", err, runs)
	}
}

func TestManyWritersAtOnceAllSucceed(t *testing.T) {
	t.Parallel()
	db := open(t).For("post")
	const writers, each = 16, 10
	var group sync.WaitGroup
	errs := make(chan error, writers*each)
	for range writers {
		group.Go(func() {
			for range each {
				errs <- db.Write(t.Context(), func(tx *store.Tx) error {
					// Read, then write: what SQLite refuses unless the transaction begins as a writer.
					if _, err := tx.Post.Query().Count(t.Context()); err != nil {
						return err
					}
					return insert(t.Context(), tx, tx.NewID())
				})
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if n := db.Post.Query().CountX(t.Context()); n != writers*each {
		t.Errorf("%d posts, want %d", n, writers*each)
	}
}

func insert(ctx context.Context, tx *store.Tx, postID int64) error {
	return tx.Post.Create().SetID(postID).SetAuthorID(1).SetText("text").SetThreadID(postID).Exec(ctx)
}

// create is a mutation under an idempotency key.
func create(ctx context.Context, db *store.DB, key, text string) (*postv1.CreatePostResponse, error) {
	ctx = store.WithIdempotency(ctx, &store.Idempotency{Scope: "1 create", Key: key, Request: &postv1.CreatePostRequest{Text: text}})
	return store.Answer(ctx, db, func(tx *store.Tx) (*postv1.CreatePostResponse, error) {
		postID := tx.NewID()
		return &postv1.CreatePostResponse{Post: &postv1.Post{Id: postID}}, insert(ctx, tx, postID)
	})
}

func TestOneIdempotencyKeyHasOneEffectAndOneAnswer(t *testing.T) {
	t.Parallel()
	db := open(t).For("post")
	const callers = 20
	answers := make([]int64, callers)
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			answer, err := create(t.Context(), db, "a key that nobody guesses", "hello")
			if err != nil {
				t.Error(err)
			}
			answers[i] = answer.GetPost().GetId()
		})
	}
	group.Wait()
	for _, answer := range answers {
		if answer != answers[0] || answer == 0 {
			t.Fatalf("answers %v, want the same to all", answers)
		}
	}
	if n := db.Post.Query().CountX(t.Context()); n != 1 {
		t.Errorf("%d posts, want 1", n)
	}
	if _, err := create(t.Context(), db, "a key that nobody guesses", "other"); !errors.Is(err, store.ErrKeyReused) {
		t.Errorf("other request: got %v, want %v", err, store.ErrKeyReused)
	}
	record := db.IdempotencyRecord.Query().OnlyX(t.Context())
	if strings.Contains(fmt.Sprintf("%s %s", record.KeyHash, record.SealedResponse), "nobody guesses") {
		t.Error("the key is kept in the clear")
	}
}

// TestARepeatedCallIsNotRefusedForItsOwnEffect repeats a call at once whose handler refuses what is there already, which
// on Postgres it may find between its look for a kept answer and its own look.
func TestARepeatedCallIsNotRefusedForItsOwnEffect(t *testing.T) {
	t.Parallel()
	db := open(t).For("post")
	const rounds, callers = 10, 16
	for round := range rounds {
		text := fmt.Sprintf("post %d", round)
		answers := make([]int64, callers)
		var group sync.WaitGroup
		for i := range callers {
			group.Go(func() {
				ctx := store.WithIdempotency(t.Context(), &store.Idempotency{Scope: "1 create", Key: text, Request: &postv1.CreatePostRequest{Text: text}})
				answer, err := store.Answer(ctx, db, func(tx *store.Tx) (*postv1.CreatePostResponse, error) {
					if taken, err := tx.Post.Query().Where(post.Text(text)).Exist(ctx); err != nil || taken {
						return nil, errors.Join(err, errors.New("taken"))
					}
					postID := tx.NewID()
					return &postv1.CreatePostResponse{Post: &postv1.Post{Id: postID}},
						tx.Post.Create().SetID(postID).SetAuthorID(1).SetText(text).SetThreadID(postID).Exec(ctx)
				})
				if err != nil {
					t.Errorf("round %d: %v", round, err)
				}
				answers[i] = answer.GetPost().GetId()
			})
		}
		group.Wait()
		for _, answer := range answers {
			if answer != answers[0] {
				t.Fatalf("round %d: answers %v, want the same to all", round, answers)
			}
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("not a database, but long enough to be looked at as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ url, want string }{
		"unknown scheme":       {"mysql://host/db", `PULSE_DATABASE_URL starts with "mysql:"`},
		"not a database":       {"sqlite:" + file, "cannot open the database " + file},
		"unreachable Postgres": {"postgres://pulse@127.0.0.1:1/pulse?sslmode=disable", "PULSE_DATABASE_URL: cannot use the Postgres at 127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), store.Config{DatabaseURL: c.url, MaxConns: 2}, store.Options{Now: clock.System})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
}

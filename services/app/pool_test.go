package app_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // To look at Pulse's connections from outside.

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testbackend"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// onPostgres starts a Pulse on a database of the tests' Postgres, and answers a connection of the test's own to it.
func onPostgres(t *testing.T, options ...pulsetest.Option) (*pulsetest.Pulse, *sql.DB) {
	t.Helper()
	database := testbackend.Database(t)
	if database == "" {
		t.Skip("pools and timeouts are Postgres': task test:backends starts one")
	}
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return pulsetest.Start(t, append(options, pulsetest.WithEnv("PULSE_DATABASE_URL", database))...), db
}

// Fifty people share two connections, as do the relay and all consumers. Each call is answered, and nobody waits for a
// connection while holding one: that would end in a deadlock.
func TestASmallPoolAnswersManyCalls(t *testing.T) {
	t.Parallel()
	p, db := onPostgres(t, pulsetest.WithEnv("PULSE_DATABASE_MAX_CONNS", "2"))
	var users []*pulsetest.User
	for _, handle := range []string{"ada", "bob", "cy", "dan", "eve"} {
		users = append(users, p.User(t, handle, pulse.WithMaxAttempts(1)))
	}
	const calls = 50
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for n := range calls {
		all.Go(func() {
			u, other := users[n%len(users)], users[(n+1)%len(users)]
			for range testwait.Rounds(4) {
				answered(t, work(ctx, u, other.ID))
			}
		})
	}
	testwait.Until(t, "both connections are in use", func() bool { return connections(t, db) == 2 })
	all.Wait()
	if got := connections(t, db); got > 2 {
		t.Errorf("%d connections, want at most 2", got)
	}
	p.Settle(t)
}

// work is what a person does: a write, a read of what it changed, and another write.
func work(ctx context.Context, u *pulsetest.User, other int64) error {
	post, err := u.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "post"})
	if err != nil {
		return err
	}
	if _, err := u.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{}); err != nil {
		return err
	}
	if _, err := u.Posts.LikePost(ctx, &postv1.LikePostRequest{PostId: post.GetPost().GetId()}); err != nil {
		return err
	}
	_, err = u.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: other})
	return err
}

// answered fails the test unless a call succeeded or was told to come again.
func answered(t *testing.T, err error) {
	t.Helper()
	if err != nil && pulse.ReasonOf(err) != errorsv1.Reason_REASON_UNAVAILABLE {
		t.Errorf("got %v, want success or unavailable", err)
	}
}

// connections counts those that Pulse has.
func connections(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pulse'`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAStatementThatTakesTooLongIsUnavailable(t *testing.T) {
	t.Parallel()
	p, db := onPostgres(t, pulsetest.WithEnv("PULSE_DATABASE_STATEMENT_TIMEOUT", "1s"))
	ada := p.User(t, "ada", pulse.WithMaxAttempts(1))
	held, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.ExecContext(t.Context(), `LOCK TABLE posts IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "post"})
	if reason := pulse.ReasonOf(err); reason != errorsv1.Reason_REASON_UNAVAILABLE {
		t.Errorf("got %v, want unavailable", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the answer took %s", took)
	}
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	write(t, ada.Client, "post")
	p.Settle(t)
}

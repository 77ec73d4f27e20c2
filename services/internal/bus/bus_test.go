package bus

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent/outboxevent"
	"github.com/pulse-social/pulse/ent/postcount"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testbackend"
	"github.com/pulse-social/pulse/services/internal/testwait"
)

// stack is a database and a broker, with the relay running.
type stack struct {
	db  *store.DB
	bus *Bus

	dir, database string
	nats          *testbackend.NATS
	close         func()
}

// start opens a stack, which stops with the test.
func start(t *testing.T) *stack {
	t.Helper()
	return startOn(t, testbackend.Broker(t))
}

// startOn is start on a broker, nil for the embedded one.
func startOn(t *testing.T, broker *testbackend.NATS) *stack {
	t.Helper()
	s := &stack{dir: t.TempDir(), database: testbackend.Database(t), nats: broker}
	s.open(t)
	t.Cleanup(func() { s.close() })
	return s
}

func (s *stack) open(t *testing.T) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{DataDir: s.dir, DatabaseURL: s.database, MaxConns: 4}, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	if _, err := db.Migrate(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	config := Config{Replicas: 1, MaxAge: 48 * time.Hour, Tries: 3, RetryDelay: time.Millisecond}
	if s.nats != nil {
		config.URL = s.nats.URL()
	}
	b, err := Open(t.Context(), config, s.dir, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	relayed := make(chan struct{})
	go func() { b.Relay(ctx, db); close(relayed) }()
	s.db, s.bus = db.For("post"), b
	s.close = func() {
		cancel()
		<-relayed
		b.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// loseBroker stops the stack, deletes what the broker stores, and opens the stack again.
func (s *stack) loseBroker(t *testing.T) {
	t.Helper()
	s.close()
	if s.nats != nil {
		s.nats.Lose(t)
	}
	if err := os.RemoveAll(filepath.Join(s.dir, "nats")); err != nil {
		t.Fatal(err)
	}
	s.open(t)
}

// consume runs a consumer until the test ends or the answered function is called.
func (s *stack) consume(t *testing.T, c Consumer) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { s.bus.Consume(ctx, s.db, c); close(done) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// like emits that a post was liked n times.
func (s *stack) like(t *testing.T, postID int64, n int) {
	t.Helper()
	err := s.db.Write(t.Context(), func(tx *store.Tx) error {
		for range n {
			if err := tx.Emit(&busv1.PostLiked{PostId: postID, UserId: tx.NewID()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// likes is what the counter has counted.
func (s *stack) likes(t *testing.T, postID int64) int64 {
	t.Helper()
	row, err := s.db.PostCount.Query().Where(postcount.ID(postID)).Only(t.Context())
	if store.IsNotFound(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return row.Likes
}

// counter counts likes in the database, and fails as fail says.
func counter(fail func(*busv1.PostLiked) error) Consumer {
	return Consumer{
		Name: "test.likes", Events: []proto.Message{&busv1.PostLiked{}},
		Apply: func(ctx context.Context, tx *store.Tx, events []Event) error {
			for _, e := range events {
				like := e.Message.(*busv1.PostLiked)
				if err := fail(like); err != nil {
					return err
				}
				if err := addLike(ctx, tx, like.GetPostId()); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func addLike(ctx context.Context, tx *store.Tx, postID int64) error {
	known, err := tx.PostCount.Query().Where(postcount.ID(postID)).Exist(ctx)
	if err != nil {
		return err
	}
	if !known {
		return tx.PostCount.Create().SetID(postID).SetLikes(1).Exec(ctx)
	}
	return tx.PostCount.UpdateOneID(postID).AddLikes(1).Exec(ctx)
}

func never(*busv1.PostLiked) error { return nil }

// quiet tells that the consumer has acknowledged all that the stream holds for it.
func (s *stack) quiet(t *testing.T, name string) bool {
	t.Helper()
	consumer, err := s.bus.js.Consumer(t.Context(), EventStream, Consumer{Name: name}.Durable())
	if err != nil {
		return false
	}
	info, err := consumer.Info(t.Context())
	return err == nil && info.NumPending == 0 && info.NumAckPending == 0
}

func TestEventsDeliveredAgainLateAndShuffledHaveTheirEffectOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	const events = 120
	s.like(t, 7, events)
	stop := s.consume(t, counter(never))
	testwait.Until(t, "all likes are counted", func() bool { return s.likes(t, 7) == events })

	// Deliver each three times more, in any order, beyond the broker's own de-duplication, to a consumer that was away.
	stop()
	rows, err := s.db.OutboxEvent.Query().Where(outboxevent.Type("pulse.bus.v1.PostLiked")).All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows = append(append(rows, rows...), rows...)
	rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	for i, row := range rows {
		m := message(row, row.TraceParent)
		m.Header.Set(jetstream.MsgIDHeader, id.String(int64(i)))
		if _, err := s.bus.js.PublishMsg(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	s.consume(t, counter(never))
	testwait.Until(t, "the repetitions are consumed", func() bool { return s.quiet(t, "test.likes") })
	if got := s.likes(t, 7); got != events {
		t.Errorf("%d likes counted, want %d", got, events)
	}
}

// What a stopping consumer is at work on must not wait for the acknowledgement's timeout at the next start.
func TestAConsumerFinishesItsBatchBeforeItStops(t *testing.T) {
	t.Parallel()
	s := start(t)
	const events = 50
	s.like(t, 7, events)
	testwait.Until(t, "all likes are published", func() bool {
		stream, err := s.bus.js.Stream(t.Context(), EventStream)
		return err == nil && stream.CachedInfo().State.Msgs == events
	})
	entered, release, stopped := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var seen atomic.Int64
	slow := counter(func(*busv1.PostLiked) error {
		if seen.Add(1) == 2 { // The first came by itself, and this one with all others.
			close(entered)
			<-release
		}
		return nil
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	go func() { s.bus.Consume(ctx, s.db, slow); close(stopped) }()
	<-entered
	testwait.Until(t, "all events are with the consumer", func() bool { return s.waiting(t, slow.Name) == 0 })
	cancel()
	close(release)
	<-stopped
	testwait.Until(t, "everything that was delivered is acknowledged", func() bool { return s.quiet(t, slow.Name) })
	if got := s.likes(t, 7); got != events {
		t.Errorf("%d likes counted, want %d", got, events)
	}
}

// waiting is how many events the broker has not delivered to the consumer.
func (s *stack) waiting(t *testing.T, name string) uint64 {
	t.Helper()
	consumer, err := s.bus.js.Consumer(t.Context(), EventStream, Consumer{Name: name}.Durable())
	if err != nil {
		t.Fatal(err)
	}
	return consumer.CachedInfo().NumPending
}

// Its neighbours have their effect after a few transactions, not after one for each.
func TestAnEventThatAlwaysFailsIsFoundSoon(t *testing.T) {
	t.Parallel()
	s := start(t)
	const events = 100
	s.like(t, 7, events/2)
	s.like(t, 13, 1)
	s.like(t, 7, events/2)
	testwait.Until(t, "all likes are published", func() bool {
		stream, err := s.bus.js.Stream(t.Context(), EventStream)
		return err == nil && stream.CachedInfo().State.Msgs == events+1
	})
	unlucky := counter(func(like *busv1.PostLiked) error {
		if like.GetPostId() == 13 {
			return errors.New("unlucky")
		}
		return nil
	})
	var attempts atomic.Int64
	unlucky.Prepare = func(context.Context, []Event) error {
		attempts.Add(1)
		return nil
	}
	s.consume(t, unlucky)
	testwait.Until(t, "the neighbours are counted and the failure is a dead letter", func() bool {
		return s.likes(t, 7) == events && len(s.letters(t)) == 1
	})
	if n := attempts.Load(); n > events/2 {
		t.Errorf("it took %d attempts", n)
	}
}

func TestAnEventThatAlwaysFailsBecomesADeadLetterAndIsReplayed(t *testing.T) {
	t.Parallel()
	s := start(t)
	var broken atomic.Bool
	broken.Store(true)
	s.consume(t, counter(func(like *busv1.PostLiked) error {
		switch {
		case like.GetPostId() == 13 && broken.Load():
			return errors.New("unlucky")
		case like.GetPostId() == 14 && broken.Load():
			panic("worse")
		default:
			return nil
		}
	}))
	for postID := range int64(20) {
		s.like(t, postID+1, 1)
	}
	testwait.Until(t, "the neighbours are counted", func() bool {
		for postID := int64(1); postID <= 20; postID++ {
			if postID != 13 && postID != 14 && s.likes(t, postID) != 1 {
				return false
			}
		}
		return true
	})
	testwait.Until(t, "both failures are dead letters", func() bool { return len(s.letters(t)) == 2 })
	letters := s.letters(t)
	for _, letter := range letters {
		if letter.attempts != 3 || letter.err == "" {
			t.Errorf("dead letter %+v: want 3 attempts and the error", letter)
		}
	}
	testwait.Until(t, "the dead letters are told of", func() bool {
		stream, err := s.bus.js.Stream(t.Context(), DeadLetterStream)
		return err == nil && stream.CachedInfo().State.Msgs == 2
	})

	// Replayed while still broken, a letter stays; once mended, it goes.
	if _, err := s.db.Store().Replay(t.Context(), letters[0].id); err != nil {
		t.Fatal(err)
	}
	testwait.Until(t, "the letter has failed again", func() bool { return s.letters(t)[0].attempts == 6 })
	broken.Store(false)
	if _, err := s.db.Store().Replay(t.Context(), letters[0].id, letters[1].id); err != nil {
		t.Fatal(err)
	}
	testwait.Until(t, "no letters are left", func() bool { return len(s.letters(t)) == 0 })
	if s.likes(t, 13) != 1 || s.likes(t, 14) != 1 {
		t.Errorf("after the replay: %d and %d likes, want one each", s.likes(t, 13), s.likes(t, 14))
	}
	if _, err := s.db.Store().Replay(t.Context(), letters[0].id); err == nil {
		t.Error("a letter that is gone was replayed")
	}
}

// A dead letter from before, of an event that has no effect any more, goes all the same when it is replayed.
func TestEventsWithoutEffectAreRecordedNowhere(t *testing.T) {
	t.Parallel()
	s := start(t)
	stop := s.consume(t, counter(func(*busv1.PostLiked) error { return errors.New("unlucky") }))
	s.like(t, 13, 1)
	testwait.Until(t, "a dead letter", func() bool { return len(s.letters(t)) == 1 })
	stop()
	c := counter(never)
	c.Concerns = func(event proto.Message) bool { return event.(*busv1.PostLiked).GetPostId() == 1 }
	var done atomic.Int64
	c.Done = func(events []Event) { done.Add(int64(len(events))) }
	s.consume(t, c)
	s.like(t, 2, 3)
	s.like(t, 1, 2)
	testwait.Until(t, "all are acknowledged", func() bool { return done.Load() >= 2 && s.quiet(t, c.Name) })
	if _, err := s.db.Store().Replay(t.Context(), s.letters(t)[0].id); err != nil {
		t.Fatal(err)
	}
	testwait.Until(t, "no letters are left", func() bool { return len(s.letters(t)) == 0 })
	if s.likes(t, 1) != 2 || s.likes(t, 2) != 0 {
		t.Errorf("%d and %d likes, want 2 of the post with an effect and none of the other", s.likes(t, 1), s.likes(t, 2))
	}
	if entries := s.db.InboxEntry.Query().CountX(t.Context()); entries != 3 {
		t.Errorf("%d events are recorded, want the two with an effect and the one that was replayed", entries)
	}
	concerned := 0
	for _, row := range s.db.OutboxEvent.Query().Where(outboxevent.Type(c.Types()[0])).AllX(t.Context()) {
		if is, err := c.IsConcerned(row); err != nil {
			t.Error(err)
		} else if is {
			concerned++
		}
	}
	if concerned != 3 {
		t.Errorf("%d events of the outbox are to be recorded, want 3", concerned)
	}
}

// letter is the part of a dead letter that tests look at.
type letter struct {
	id       int64
	attempts int
	err      string
}

func (s *stack) letters(t *testing.T) []letter {
	t.Helper()
	rows, err := s.db.Store().DeadLetters(t.Context(), "test.likes")
	if err != nil {
		t.Fatal(err)
	}
	letters := make([]letter, len(rows))
	for i, row := range rows {
		letters[i] = letter{id: row.ID, attempts: row.Attempts, err: row.Error}
	}
	return letters
}

func TestALaterErrorNeverBecomesADeadLetter(t *testing.T) {
	t.Parallel()
	s := start(t)
	var tries atomic.Int32
	c := counter(never)
	c.Prepare = func(context.Context, []Event) error {
		if tries.Add(1) < 8 {
			return Later(errors.New("cache is away"))
		}
		return nil
	}
	s.consume(t, c)
	s.like(t, 7, 1)
	testwait.Until(t, "the like is counted after all", func() bool { return s.likes(t, 7) == 1 })
	if letters := s.letters(t); len(letters) != 0 {
		t.Errorf("dead letters %v, want none", letters)
	}
}

func TestABrokerThatLostItsStoreGetsAllEventsAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	stop := s.consume(t, counter(never))
	s.like(t, 7, 30)
	testwait.Until(t, "all likes are counted", func() bool { return s.likes(t, 7) == 30 })
	s.like(t, 7, 5) // Perhaps published, perhaps not.
	stop()
	s.loseBroker(t)

	s.consume(t, counter(never))
	testwait.Until(t, "the log is whole again", func() bool {
		stream, err := s.bus.js.Stream(t.Context(), EventStream)
		return err == nil && stream.CachedInfo().State.Msgs == 35
	})
	testwait.Until(t, "everything is consumed", func() bool { return s.quiet(t, "test.likes") })
	if got := s.likes(t, 7); got != 35 {
		t.Errorf("%d likes counted, want 35", got)
	}
}

func TestWhatIsEmittedInATransactionThatFailsIsNotPublished(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.consume(t, counter(never))
	failed := errors.New("no")
	err := s.db.Write(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.Emit(&busv1.PostLiked{PostId: 7}), failed)
	})
	if !errors.Is(err, failed) {
		t.Fatalf("got %v, want %v", err, failed)
	}
	s.like(t, 8, 1)
	testwait.Until(t, "a later like is counted", func() bool { return s.likes(t, 8) == 1 })
	if got := s.likes(t, 7); got != 0 {
		t.Errorf("%d likes counted of the transaction that failed", got)
	}
	// Nor will it be: the relay would find it where the events are that wait.
	if waits, err := s.db.OutboxEvent.Query().Where(outboxevent.AggregateID(7)).Exist(t.Context()); err != nil || waits {
		t.Errorf("the event waits to be published: %v (%v)", waits, err)
	}
}

func TestABrokerThatRefusesForAWhileIsABrokerThatIsAway(t *testing.T) {
	t.Parallel()
	broker := testbackend.StartNATS(t, 1)
	s := startOn(t, broker)
	s.consume(t, counter(never))
	s.like(t, 7, 1)
	testwait.Until(t, "the like is counted", func() bool { return s.likes(t, 7) == 1 })

	password := func(is string) func(*server.Options) {
		return func(o *server.Options) { o.Username, o.Password = is, is }
	}
	broker.Stop(0)
	broker.Change(0, password("changed"))
	broker.Start(t, 0)
	const refusals = 4 // The client's default is to give up after two.
	testwait.Until(t, "the bus has been refused several times", func() bool { return broker.Connections(t, 0) >= refusals })
	s.like(t, 7, 1)
	broker.Stop(0)
	broker.Change(0, password(""))
	broker.Start(t, 0)
	testwait.Until(t, "the other like is counted", func() bool { return s.likes(t, 7) == 2 })
}

// Package bus carries domain events from the outbox to their consumers over NATS JetStream: at least once on the wire,
// exactly once in effect. The broker holds nothing that the database could not publish again.
package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pulse-social/pulse/services/internal/cause"
)

// Config says where the broker is.
type Config struct {
	// URL is the broker; empty means the one inside the process.
	URL string `env:"PULSE_NATS_URL" secret:"true" doc:"nats://host:4222, several with commas; empty: embedded"`
	// URLFile is the file that URL came from; who connects again reads it again.
	URLFile string `env:"PULSE_NATS_URL_FILE" doc:"file that holds PULSE_NATS_URL; a new password in it is used for new connections"`
	// Replicas is how many servers of a cluster keep each event.
	Replicas int `env:"PULSE_NATS_REPLICAS" envDefault:"1" doc:"how many servers of a NATS cluster keep each event: 1, 3 or 5"`
	// MaxAge is how long events stay in the log after they were consumed.
	MaxAge time.Duration `env:"PULSE_EVENTS_MAX_AGE" envDefault:"720h" doc:"how long events stay in the log for consumers yet to come"`
	// Tries is how often a consumer tries an event before it becomes a dead letter.
	Tries int `env:"PULSE_EVENT_TRIES" envDefault:"8" doc:"how often an event is tried before it becomes a dead letter"`
	// RetryDelay is the pause before the second try; it doubles with each further one.
	RetryDelay time.Duration `env:"PULSE_EVENT_RETRY_DELAY" envDefault:"200ms" doc:"pause before an event's second try; doubles each time"`
}

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	switch {
	case c.Tries < 1:
		return fmt.Errorf("PULSE_EVENT_TRIES=%d: set 1 or more", c.Tries)
	case c.Replicas != 1 && c.Replicas != 3 && c.Replicas != 5:
		return fmt.Errorf("PULSE_NATS_REPLICAS=%d: set 1, 3 or 5", c.Replicas)
	case c.MaxAge < 24*time.Hour:
		return fmt.Errorf("PULSE_EVENTS_MAX_AGE=%s: set 24h or more", c.MaxAge)
	case c.RetryDelay <= 0:
		return fmt.Errorf("PULSE_EVENT_RETRY_DELAY=%s: set a duration above zero, such as 200ms", c.RetryDelay)
	}
	return nil
}

const (
	// openTimeout bounds how long a start waits for a cluster that has no leader.
	openTimeout = 20 * time.Second
	// reconnectWait is the pause before a broker that is away is tried again.
	reconnectWait = 250 * time.Millisecond
)

// A Bus is a connection to the broker.
type Bus struct {
	config   Config
	embedded *embedded
	conn     *nats.Conn
	js       jetstream.JetStream
	log      *slog.Logger
	hints    *Hints
	signals  *Signals

	instruments instruments
}

// Hints answers the hints that go over the broker besides events.
func (b *Bus) Hints() *Hints { return b.hints }

// Signals answers the signals that go over the broker besides events.
func (b *Bus) Signals() *Signals { return b.signals }

// pingEvery finds out within twice its time that a connection is dead which nobody has closed.
const pingEvery = 2 * time.Second

// Open connects to the broker, or starts the one in the process, which keeps its streams in dataDir.
func Open(ctx context.Context, c Config, dataDir string, log *slog.Logger) (*Bus, error) {
	b := &Bus{config: c, log: log, hints: &Hints{}, signals: &Signals{}}
	options := []nats.Option{
		nats.Name("pulse"), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait), nats.ReconnectBufSize(-1),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(1),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { b.hints.lost(false) }),
		nats.ReconnectHandler(func(*nats.Conn) { b.hints.lost(true) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.WarnContext(ctx, "nats", "error", err)
			if errors.Is(err, nats.ErrSlowConsumer) {
				b.hints.lost(true) // It has dropped some.
			}
		}),
		// A broker that refuses for a while, such as during a change of passwords, is a broker that is away.
		nats.IgnoreAuthErrorAbort(),
	}
	servers, credentials := signIn(c)
	options = append(options, credentials...)
	if c.URL == "" {
		b.embedded = &embedded{dir: filepath.Join(dataDir, "nats")}
		if err := b.embedded.start(); err != nil {
			return nil, err
		}
		offerFaults(b.embedded)
		options = append(options, nats.InProcessServer(b.embedded))
	}
	if err := b.connect(ctx, servers, options); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// connect connects and makes sure that the broker can hold the streams.
func (b *Bus) connect(ctx context.Context, url string, options []nats.Option) (err error) {
	if b.conn, err = nats.Connect(url, options...); err != nil {
		return connectError(err)
	}
	b.hints.conn, b.signals.conn = b.conn, b.conn
	b.hints.connected.Store(true)
	if b.js, err = jetstream.New(b.conn); err != nil {
		return err
	}
	b.measure()
	return b.streamsError(b.awaitStreams(ctx))
}

// awaitStreams waits until the broker holds the streams: a cluster that has just started elects its leaders first.
func (b *Bus) awaitStreams(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	for {
		err := b.tryStreams(ctx)
		if !isElecting(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(reconnectWait):
		}
	}
}

func (b *Bus) tryStreams(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	_, err := b.js.AccountInfo(ctx)
	if err == nil {
		_, err = b.ensureStreams(ctx)
	}
	return err
}

// isElecting tells whether a cluster has no leader, or had none when it was asked and so never answered.
func isElecting(err error) bool {
	const unavailable = 10008 // JSClusterNotAvailErr
	var refusal *jetstream.APIError
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &refusal) && refusal.ErrorCode == unavailable
}

// connectError tells a broker that refuses from one that is not there.
func connectError(err error) error {
	if errors.Is(err, nats.ErrAuthorization) {
		return fmt.Errorf("PULSE_NATS_URL: NATS refuses (%w): check user and password, written as nats://user:password@host:4222", err)
	}
	return fmt.Errorf("PULSE_NATS_URL: cannot reach NATS: %w: check that one runs at that address", err)
}

// streamsError says why a broker cannot hold the streams.
func (b *Bus) streamsError(err error) error {
	const tooFewServers, singleServer = 10005, 10074 // https://github.com/nats-io/nats-server/blob/main/server/errors.json
	var refusal *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return fmt.Errorf("PULSE_NATS_URL: this NATS has no JetStream (%w): start it with --jetstream", cause.Of(err))
	case errors.As(err, &refusal) && (refusal.ErrorCode == singleServer || refusal.ErrorCode == tooFewServers):
		return fmt.Errorf("PULSE_NATS_REPLICAS=%d: this NATS has too few servers (%s): start more of them, or set fewer replicas", b.config.Replicas, refusal.Description)
	default:
		return fmt.Errorf("PULSE_NATS_URL: this NATS keeps no events (%w): check that most servers of its cluster run, and its limits", cause.Of(err))
	}
}

// Close ends the connection, and the broker if it is the embedded one.
func (b *Bus) Close() {
	if b.conn != nil {
		b.conn.Close()
	}
	if b.embedded != nil {
		b.embedded.stop()
	}
}

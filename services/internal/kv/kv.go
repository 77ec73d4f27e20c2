// Package kv is the Redis that Pulse keeps short-lived and derived things in: cached timelines and session checks.
// Nothing in it is the only copy. It is a Redis elsewhere, or one inside the process through the same client.
//
// A Redis that is down or does not answer costs one short wait; after it, calls fail at once for a second, and callers
// fall back to SQL. Only who insists waits for longer.
package kv

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/pulse-social/pulse/services/internal/config"
)

// Config says where Redis is.
type Config struct {
	// URL is the Redis; empty means the one inside the process.
	URL string `env:"PULSE_REDIS_URL" secret:"true" doc:"redis://host:6379, or rediss:// with TLS; several hosts with commas are a cluster; empty: embedded"`
	// URLFile is the file that URL came from; who connects again reads it again.
	URLFile string `env:"PULSE_REDIS_URL_FILE" doc:"file that holds PULSE_REDIS_URL; a new password in it is used for new connections"`
	// Timeout bounds one call.
	Timeout time.Duration `env:"PULSE_REDIS_TIMEOUT" envDefault:"250ms" doc:"longest wait for one call to Redis; then SQL answers"`
}

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	if c.Timeout <= 0 {
		return fmt.Errorf("PULSE_REDIS_TIMEOUT=%s: set a duration above zero, such as 250ms", c.Timeout)
	}
	return nil
}

const (
	// dialTimeout bounds making a connection, greetings included.
	dialTimeout = 2 * time.Second
	// restAfterFailure is how long no call is tried after one that Redis did not answer.
	restAfterFailure = time.Second
	// insistPause is the time between two attempts of who insists.
	insistPause = 100 * time.Millisecond
)

// ErrDown tells that Redis did not answer a moment ago and was not asked.
var ErrDown = errors.New("redis is down")

// A KV is a connection to Redis.
type KV struct {
	client  rueidis.Client
	stop    func()
	timeout time.Duration
	// restUntil is the Unix time in nanoseconds before which no call is tried, downSince when the first of the calls failed after
	// which none was answered; zero is never.
	restUntil, downSince atomic.Int64
	// failures counts the calls that Redis did not answer.
	failures atomic.Int64
	tracer   trace.Tracer
	metrics  instruments
}

// Open connects to Redis, or starts the one in the process.
func Open(ctx context.Context, c Config) (*KV, error) {
	k := &KV{stop: func() {}, timeout: c.Timeout, tracer: otel.Tracer(scope)}
	option, err := k.option(c)
	if err != nil {
		return nil, err
	}
	if k.client, err = rueidis.NewClient(option); err != nil {
		k.stop()
		return nil, openError(err)
	}
	if err := k.client.Do(ctx, k.client.B().Ping().Build()).Error(); err != nil {
		k.Close()
		return nil, openError(err)
	}
	k.measure()
	return k, nil
}

// openError tells a Redis that refuses from one that is not there.
func openError(err error) error {
	if refusal, ok := rueidis.IsRedisErr(err); ok {
		return fmt.Errorf("PULSE_REDIS_URL: Redis refuses (%s): check user, password and number of the database", strings.TrimSuffix(refusal.Error(), "."))
	}
	return fmt.Errorf("PULSE_REDIS_URL: cannot reach Redis: %w: check that one runs at that address", err)
}

// option answers the client's options for the Redis that is configured.
func (k *KV) option(c Config) (rueidis.ClientOption, error) {
	if c.URL == "" {
		server := startEmbedded()
		k.stop = server.stop
		return rueidis.ClientOption{
			InitAddress:       []string{"embedded"},
			DialCtxFn:         func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) { return server.dial() },
			DisableCache:      true,
			ForceSingleClient: true,
			AlwaysRESP2:       true,
			ClientSetInfo:     rueidis.DisableClientSetInfo,
		}, nil
	}
	option, err := parse(c.URL)
	if err != nil {
		return option, errors.New("PULSE_REDIS_URL is not an address of Redis: use redis://user:password@host:6379/0, several hosts of a cluster with commas")
	}
	option.Dialer.Timeout = dialTimeout
	option.ConnWriteTimeout = dialTimeout
	option.DisableCache = true // Nothing is read through the client-side cache.
	if c.URLFile != "" {
		option.AuthCredentialsFn = func(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
			now, err := parse(config.Current(c.URL, c.URLFile))
			return rueidis.AuthCredentials{Username: now.Username, Password: now.Password}, err
		}
	}
	return option, nil
}

// parse understands a URL of Redis.
func parse(at string) (rueidis.ClientOption, error) { return rueidis.ParseURL(listed(at)) }

// listed moves all hosts but the first to where the client takes further ones from, as parameters.
func listed(at string) string {
	scheme, rest, _ := strings.Cut(at, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	hosts := strings.Split(rest[:end], ",") // A comma in a password is to be written as %2C.
	path, query, _ := strings.Cut(rest[end:], "?")
	for _, host := range hosts[1:] {
		query += "&addr=" + host
	}
	return scheme + "://" + hosts[0] + path + "?" + query
}

// Close ends the connection. Nobody may use it any more.
func (k *KV) Close() {
	k.client.Close()
	k.stop()
}

// B begins a command.
func (k *KV) B() rueidis.Builder { return k.client.B() }

// Do sends one command and answers its reply; a nil reply is the error that [rueidis.IsRedisNil] knows.
func (k *KV) Do(ctx context.Context, command rueidis.Completed) (rueidis.RedisMessage, error) {
	var reply rueidis.RedisMessage
	var refused error
	err := k.guard(ctx, command.Commands()[0], func(ctx context.Context) error {
		result := k.client.Do(ctx, command)
		reply, refused = result.ToMessage()
		return result.NonRedisError()
	})
	if err != nil {
		return reply, err
	}
	return reply, refused
}

// DoMulti sends several commands in one go, not as a transaction, and answers the first error of any.
func (k *KV) DoMulti(ctx context.Context, commands ...rueidis.Completed) error {
	var refused error
	err := k.guard(ctx, commands[0].Commands()[0], func(ctx context.Context) error {
		results := k.client.DoMulti(ctx, commands...)
		refused = firstError(results)
		return firstFailure(results)
	})
	if err != nil {
		return err
	}
	return refused
}

// Insist is [KV.DoMulti] for what others go by until they are told: it is tried for as long as patience, also while other
// calls rest, and Redis may take all of it to answer.
func (k *KV) Insist(ctx context.Context, patience time.Duration, commands ...rueidis.Completed) error {
	for i := range commands {
		commands[i] = commands[i].Pin() // The client is not to reuse what is sent again.
	}
	until := time.Now().Add(patience)
	pause := time.NewTicker(insistPause)
	defer pause.Stop()
	for {
		var refused error
		err := k.call(ctx, time.Until(until), commands[0].Commands()[0], func(ctx context.Context) error {
			results := k.client.DoMulti(ctx, commands...)
			refused = firstError(results)
			return firstFailure(results)
		})
		if err == nil {
			k.restUntil.Store(0)
			return refused
		}
		if errors.Is(err, rueidis.ErrClosing) || time.Now().Add(insistPause).After(until) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-pause.C:
		}
	}
}

// DownFor is for how long Redis has not answered any call; zero when it has answered the last.
func (k *KV) DownFor() time.Duration {
	since := k.downSince.Load()
	if since == 0 {
		return 0
	}
	return time.Since(time.Unix(0, since))
}

// Failures counts the calls that Redis did not answer. While it stands, this process has missed nothing that Redis was told.
func (k *KV) Failures() int64 { return k.failures.Load() }

// Replies is [KV.DoMulti] for commands whose replies are wanted. A nil reply is no error.
func (k *KV) Replies(ctx context.Context, commands ...rueidis.Completed) ([]rueidis.RedisMessage, error) {
	replies := make([]rueidis.RedisMessage, len(commands))
	var refused error
	err := k.guard(ctx, commands[0].Commands()[0], func(ctx context.Context) error {
		results := k.client.DoMulti(ctx, commands...)
		for i, r := range results {
			var err error
			if replies[i], err = r.ToMessage(); err != nil && !rueidis.IsRedisNil(err) && refused == nil {
				refused = err
			}
		}
		return firstFailure(results)
	})
	if err != nil {
		return nil, err
	}
	return replies, refused
}

// Ints is [KV.DoMulti] for commands that reply with integers, and answers these.
func (k *KV) Ints(ctx context.Context, commands ...rueidis.Completed) ([]int64, error) {
	values := make([]int64, len(commands))
	var refused error
	err := k.guard(ctx, commands[0].Commands()[0], func(ctx context.Context) error {
		results := k.client.DoMulti(ctx, commands...)
		for i, r := range results {
			value, err := r.AsInt64()
			if err != nil && refused == nil {
				refused = err
			}
			values[i] = value
		}
		return firstFailure(results)
	})
	if err != nil {
		return nil, err
	}
	return values, refused
}

// Run runs a script on one key and answers the numbers that it returns.
func (k *KV) Run(ctx context.Context, script *rueidis.Lua, key string, args ...string) ([]int64, error) {
	var values []int64
	var refused error
	err := k.guard(ctx, "EVALSHA", func(ctx context.Context) error {
		result := script.Exec(ctx, k.client, []string{key}, args)
		values, refused = result.AsIntSlice()
		return result.NonRedisError()
	})
	if err != nil {
		return nil, err
	}
	return values, refused
}

// Dedicated runs fn with a connection of its own, for WATCH, MULTI and EXEC. Each of fn's calls is to be under [KV.Bounded].
func (k *KV) Dedicated(ctx context.Context, fn func(context.Context, rueidis.DedicatedClient) error) error {
	if k.resting() {
		return ErrDown
	}
	return k.note(ctx, k.client.Dedicated(func(c rueidis.DedicatedClient) error { return fn(ctx, c) }))
}

// Bounded is a context for one call on a connection of one's own.
func (k *KV) Bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, k.timeout)
}

// guard bounds a call, notes whether Redis answered, and makes the call a span of its trace.
func (k *KV) guard(ctx context.Context, name string, call func(context.Context) error) error {
	if k.resting() {
		k.metrics.skipped.Add(ctx, 1)
		return ErrDown
	}
	return k.call(ctx, k.timeout, name, call)
}

// call is [KV.guard] for a call that does not rest and may take as long as its timeout.
func (k *KV) call(ctx context.Context, timeout time.Duration, name string, call func(context.Context) error) error {
	parent, began := ctx, time.Now()
	if trace.SpanFromContext(ctx).IsRecording() {
		var span trace.Span
		ctx, span = k.tracer.Start(ctx, "redis "+name, trace.WithSpanKind(trace.SpanKindClient))
		defer span.End()
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := call(bounded)
	k.called(ctx, name, began, err)
	if err != nil {
		trace.SpanFromContext(ctx).SetStatus(codes.Error, err.Error())
	}
	return k.note(parent, err)
}

// note makes later calls rest when this one had no answer from Redis and its caller was still waiting.
func (k *KV) note(ctx context.Context, err error) error {
	if err == nil {
		if k.downSince.Load() != 0 {
			k.downSince.Store(0)
		}
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	if _, answered := rueidis.IsRedisErr(err); !answered && !rueidis.IsRedisNil(err) && !errors.Is(err, errCaller) {
		now := time.Now()
		k.downSince.CompareAndSwap(0, now.UnixNano())
		k.restUntil.Store(now.Add(restAfterFailure).UnixNano())
		k.failures.Add(1)
	}
	return err
}

// errCaller marks errors that a caller's own function made inside Dedicated.
var errCaller = errors.New("caller's error")

// CallerError wraps an error of a function passed to [KV.Dedicated] that says nothing about Redis.
func CallerError(err error) error { return fmt.Errorf("%w: %w", errCaller, err) }

func (k *KV) resting() bool { return time.Now().UnixNano() < k.restUntil.Load() }

// firstError answers the first error of any kind.
func firstError(results []rueidis.RedisResult) error {
	for _, r := range results {
		if err := r.Error(); err != nil {
			return err
		}
	}
	return nil
}

// firstFailure answers the first error that is not an answer of Redis.
func firstFailure(results []rueidis.RedisResult) error {
	for _, r := range results {
		if err := r.NonRedisError(); err != nil {
			return err
		}
	}
	return nil
}

package kv

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pulse-social/pulse/services/internal/telemetry"
)

const scope = "github.com/pulse-social/pulse/services/internal/kv"

// instruments measure calls to Redis.
type instruments struct {
	duration metric.Float64Histogram
	skipped  metric.Int64Counter
	// of has the attributes of calls, by [outcome]: they are made once.
	of *sync.Map
}

// outcome is a command and whether it had no answer.
type outcome struct {
	command string
	failed  bool
}

// measure makes the instruments, and one that asks Redis when it is read.
func (k *KV) measure() {
	meter := otel.Meter(scope)
	k.metrics = instruments{
		duration: telemetry.Instrument(meter.Float64Histogram("db.client.operation.duration", metric.WithUnit("s"),
			metric.WithDescription("How long calls to Redis take; several commands in one go count as the first."),
			metric.WithExplicitBucketBoundaries(telemetry.Seconds...))),
		skipped: telemetry.Instrument(meter.Int64Counter("pulse.redis.skipped_calls",
			metric.WithUnit("{call}"), metric.WithDescription("Calls that were not tried because Redis had not answered a moment before."))),
		of: &sync.Map{},
	}
	k.metrics.skipped.Add(context.Background(), 0)
	telemetry.Instrument(meter.Int64ObservableGauge("pulse.redis.up", metric.WithDescription("Whether Redis answers: 1 or 0."),
		metric.WithInt64Callback(func(ctx context.Context, o metric.Int64Observer) error {
			ctx, cancel := k.Bounded(ctx)
			defer cancel()
			up := int64(1)
			if k.client.Do(ctx, k.client.B().Ping().Build()).Error() != nil {
				up = 0
			}
			o.Observe(up)
			return nil
		})))
}

// called notes how long a call took. An error of Redis itself is an answer.
func (k *KV) called(ctx context.Context, command string, began time.Time, err error) {
	what := outcome{command, err != nil}
	option, ok := k.metrics.of.Load(what)
	if !ok {
		attributes := []attribute.KeyValue{attribute.String("db.system.name", "redis"), attribute.String("db.operation.name", command)}
		if what.failed {
			attributes = append(attributes, attribute.String("error.type", "unavailable"))
		}
		option, _ = k.metrics.of.LoadOrStore(what, []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attributes...))})
	}
	k.metrics.duration.Record(ctx, time.Since(began).Seconds(), option.([]metric.RecordOption)...) //nolint:forcetypeassert // Nothing else is stored.
}

package bus

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/telemetry"
)

const scope = "github.com/pulse-social/pulse/services/internal/bus"

// What became of an event that was not consumed or sent, as error.type.
const (
	// errorUnavailable is the fault of something that is away; the event comes back.
	errorUnavailable = "unavailable"
	// errorFailed is the event's or the consumer's own fault; it comes back until it is a dead letter.
	errorFailed = "failed"
	// errorDeadLetter is the end of the tries.
	errorDeadLetter = "dead_letter"
)

// instruments measure events. Names are of OpenTelemetry's conventions for messaging where these have one
// (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/).
type instruments struct {
	sent, consumed metric.Int64Counter
	relayFailures  metric.Int64Counter
	process, delay metric.Float64Histogram
}

// measure makes the instruments, and those that look at the broker when they are read.
func (b *Bus) measure() {
	meter := otel.Meter(scope)
	b.instruments = instruments{
		sent: telemetry.Instrument(meter.Int64Counter("messaging.client.sent.messages",
			metric.WithUnit("{message}"), metric.WithDescription("Events that the relay sent to the broker."))),
		consumed: telemetry.Instrument(meter.Int64Counter("messaging.client.consumed.messages",
			metric.WithUnit("{message}"), metric.WithDescription("Events that a consumer was given, by what became of them."))),
		relayFailures: telemetry.Instrument(meter.Int64Counter("pulse.relay.failures",
			metric.WithUnit("{attempt}"), metric.WithDescription("Attempts of the relay to empty the outbox that failed."))),
		process: telemetry.Instrument(meter.Float64Histogram("messaging.process.duration", metric.WithUnit("s"),
			metric.WithDescription("How long a consumer works on a batch of events."), metric.WithExplicitBucketBoundaries(telemetry.Seconds...))),
		delay: telemetry.Instrument(meter.Float64Histogram("pulse.event.delay", metric.WithUnit("s"),
			metric.WithDescription("Time from an event until its effect by a consumer is committed."), metric.WithExplicitBucketBoundaries(telemetry.Delays...))),
	}
	b.instruments.sent.Add(context.Background(), 0)
	b.instruments.relayFailures.Add(context.Background(), 0)
	connected := telemetry.Instrument(meter.Int64ObservableGauge("pulse.nats.up",
		metric.WithDescription("Whether the process is connected to the broker: 1 or 0.")))
	pending := telemetry.Instrument(meter.Int64ObservableGauge("pulse.consumer.pending",
		metric.WithUnit("{message}"), metric.WithDescription("Events of the stream that the broker has not yet delivered to a consumer.")))
	unacknowledged := telemetry.Instrument(meter.Int64ObservableGauge("pulse.consumer.ack_pending",
		metric.WithUnit("{message}"), metric.WithDescription("Events that were delivered to a consumer and are not acknowledged.")))
	telemetry.Instrument(meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		if b.conn == nil || !b.conn.IsConnected() {
			o.ObserveInt64(connected, 0)
			return nil
		}
		o.ObserveInt64(connected, 1)
		ctx, cancel := context.WithTimeout(ctx, lagTimeout)
		defer cancel()
		consumers := b.consumers(ctx)
		for _, c := range consumers {
			of := metric.WithAttributeSet(consumerAttributes(c.Config.Description))
			o.ObserveInt64(pending, int64(c.NumPending), of)
			o.ObserveInt64(unacknowledged, int64(c.NumAckPending), of)
		}
		return nil
	}, connected, pending, unacknowledged))
}

// lagTimeout bounds what a reader of metrics waits for the broker.
const lagTimeout = 2 * time.Second

// consumers answers all consumers of the event stream, also those that no process runs at the moment: that is when their
// lag has to be seen. A broker that does not answer has none.
func (b *Bus) consumers(ctx context.Context) []*jetstream.ConsumerInfo {
	stream, err := b.js.Stream(ctx, EventStream)
	if err != nil {
		return nil
	}
	var all []*jetstream.ConsumerInfo
	for info := range stream.ListConsumers(ctx).Info() {
		if info.Config.Description != "" {
			all = append(all, info)
		}
	}
	return all
}

// consumerAttributes say which consumer.
func consumerAttributes(name string, more ...attribute.KeyValue) attribute.Set {
	return attribute.NewSet(append(more, attribute.String("messaging.system", "nats"), attribute.String("messaging.consumer.group.name", name))...)
}

// worked notes how long a consumer worked on a batch.
func (b *Bus) worked(ctx context.Context, c Consumer, began time.Time, err error) {
	var why []attribute.KeyValue
	if err != nil {
		why = append(why, attribute.String("error.type", errorType(err)))
	}
	b.instruments.process.Record(ctx, time.Since(began).Seconds(), metric.WithAttributeSet(consumerAttributes(c.Name, why...)))
}

// delayed notes how old events were when their effect was committed for the first time.
func (b *Bus) delayed(ctx context.Context, c Consumer, ids map[int64]bool) {
	of := metric.WithAttributeSet(consumerAttributes(c.Name))
	for eventID := range ids {
		b.instruments.delay.Record(ctx, max(0, time.Since(id.Time(eventID)).Seconds()), of)
	}
}

// count counts events of a consumer by what became of them; no reason is success.
func (b *Bus) count(ctx context.Context, c Consumer, events int, errorType string) {
	var why []attribute.KeyValue
	if errorType != "" {
		why = append(why, attribute.String("error.type", errorType))
	}
	b.instruments.consumed.Add(ctx, int64(events), metric.WithAttributeSet(consumerAttributes(c.Name, why...)))
}

// publishedOf counts events that the relay handed to the broker.
func (b *Bus) publishedOf(ctx context.Context, taken, handed int) {
	b.instruments.sent.Add(ctx, int64(taken))
	if handed > taken {
		b.instruments.sent.Add(ctx, int64(handed-taken), metric.WithAttributes(attribute.String("error.type", errorFailed)))
	}
}

func errorType(err error) string {
	if isLater(err) {
		return errorUnavailable
	}
	return errorFailed
}

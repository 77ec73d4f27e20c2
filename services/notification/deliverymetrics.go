package notification

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// The channels.
const (
	channelPush = "push"
	channelMail = "mail"
)

// What becomes of deliveries.
const (
	outcomeSent      = "sent"
	outcomeNotNeeded = "not_needed"
	outcomeGone      = "gone"
	outcomeRefused   = "refused"
	outcomeRetried   = "retried"
	outcomePostponed = "postponed"
	outcomeUnknown   = "unknown"
	outcomeDead      = "dead"
)

// outcomes counts what becomes of deliveries.
type outcomes struct{ counter metric.Int64Counter }

// newOutcomes makes the counter, with a series for each channel and outcome from the start: a rate sees the first failure then,
// which it would not of a series that begins with it.
func newOutcomes(ctx context.Context) outcomes {
	meter := otel.Meter("github.com/pulse-social/pulse/services/notification")
	o := outcomes{telemetry.Instrument(meter.Int64Counter("pulse.notification.deliveries", metric.WithUnit("{delivery}"),
		metric.WithDescription("Notifications that were told outside of the application, or not, by channel and outcome.")))}
	for channel, names := range map[string][]string{
		channelPush: {outcomeSent, outcomeNotNeeded, outcomeGone, outcomeRefused, outcomeRetried, outcomePostponed, outcomeUnknown, outcomeDead},
		channelMail: {outcomeSent, outcomeNotNeeded, outcomeRetried, outcomePostponed},
	} {
		for _, name := range names {
			o.add(ctx, channel, name, 0)
		}
	}
	return o
}

// add counts n deliveries of one outcome.
func (o outcomes) add(ctx context.Context, channel, name string, n int) {
	o.counter.Add(ctx, int64(n), metric.WithAttributes(attribute.String("channel", channel), attribute.String("outcome", name)))
}

// addAll counts deliveries of one outcome by channel.
func (o outcomes) addAll(ctx context.Context, name string, byChannel map[string]int) {
	for channel, n := range byChannel {
		if n > 0 {
			o.add(ctx, channel, name, n)
		}
	}
}

package realtime

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// kindNames name the kinds of items.
var kindNames = map[int32]string{
	kindPost: "timeline_post", kindMessageSent: "message_sent", kindMessageChanged: "message_changed",
	kindConversationChanged: "conversation_changed", kindConversationLeft: "conversation_left", kindConversationRead: "conversation_read",
	kindNotification: "notification", kindNotificationsRead: "notifications_read",
}

// instruments measure streams.
type instruments struct {
	items, ends metric.Int64Counter
	delay       metric.Float64Histogram
	// kinds are the options of items, made once.
	kinds map[int32]metric.MeasurementOption
}

func newInstruments(h *hub) *instruments {
	meter := otel.Meter("github.com/pulse-social/pulse/services/realtime")
	telemetry.Instrument(meter.Int64ObservableUpDownCounter("pulse.streams.open", metric.WithUnit("{stream}"),
		metric.WithDescription("Streams that are open."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(h.count()))
			return nil
		})))
	i := &instruments{
		items: telemetry.Instrument(meter.Int64Counter("pulse.stream.items", metric.WithUnit("{item}"),
			metric.WithDescription("Durable items told on streams, by what they tell."))),
		ends: telemetry.Instrument(meter.Int64Counter("pulse.stream.ends", metric.WithUnit("{stream}"),
			metric.WithDescription("Streams that ended, by why: their client has gone, the access token expired, the session ended, the process stopped, the client did not read, or an error."))),
		delay: telemetry.Instrument(meter.Float64Histogram("pulse.stream.delay", metric.WithUnit("s"),
			metric.WithDescription("Time from when an item was logged until it was sent; for clients that come back, the time that they were away included."),
			metric.WithExplicitBucketBoundaries(telemetry.Delays...))),
		kinds: map[int32]metric.MeasurementOption{},
	}
	for kind, name := range kindNames {
		i.kinds[kind] = metric.WithAttributeSet(attribute.NewSet(attribute.String("pulse.stream.item", name)))
		i.items.Add(context.Background(), 0, i.kinds[kind])
	}
	return i
}

// delivered counts an item that was sent so long after it was logged.
func (i *instruments) delivered(ctx context.Context, kind int32, after time.Duration) {
	i.items.Add(ctx, 1, i.kinds[kind])
	i.delay.Record(ctx, max(0, after.Seconds()), i.kinds[kind])
}

// ended counts a stream that ended.
func (i *instruments) ended(ctx context.Context, err error) {
	i.ends.Add(ctx, 1, metric.WithAttributes(attribute.String("pulse.stream.end", whyEnded(ctx, err))))
}

func whyEnded(ctx context.Context, err error) string {
	_, gone := errors.AsType[goneError](err)
	switch {
	case errors.Is(err, auth.ErrRevoked):
		return "revoked"
	case errors.Is(err, auth.ErrToken):
		return "expired"
	case rpc.Failed(err, errorsv1.Reason_REASON_SERVER_STOPPING):
		return "stopping"
	case rpc.Failed(err, errorsv1.Reason_REASON_STREAM_TOO_SLOW):
		return "slow"
	case gone, ctx.Err() != nil:
		return "gone"
	}
	return "error"
}

package rpc

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// inFlight counts the calls that are being answered.
type inFlight struct{ n atomic.Int64 }

func newInFlight() *inFlight {
	calls := &inFlight{}
	telemetry.Instrument(otel.Meter("github.com/pulse-social/pulse/services/internal/rpc").Int64ObservableUpDownCounter("rpc.server.active_requests",
		metric.WithUnit("{request}"), metric.WithDescription("Calls that are being answered, those between services of one process included."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(calls.n.Load())
			return nil
		})))
	return calls
}

package bus

import (
	"errors"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
)

// An event that fails is counted each time by why, and once at its end as a dead letter; what succeeds is counted without a
// reason, with its delay.
func TestMetricsCountWhatBecomesOfEvents(t *testing.T) { //nolint:paralleltest // It sets the meters of the process.
	reader := sdkmetric.NewManualReader()
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	s := start(t)
	const poisoned = 13
	s.consume(t, counter(func(e *busv1.PostLiked) error {
		if e.GetPostId() == poisoned {
			return errors.New("poisoned")
		}
		return nil
	}))
	s.like(t, poisoned, 1)
	testwait.Until(t, "the event is a dead letter", func() bool { return len(s.letters(t)) == 1 })
	s.like(t, 14, 2)
	testwait.Until(t, "the others are counted", func() bool { return s.likes(t, 14) == 2 })

	name := counter(never).Name
	testwait.Until(t, "all is told", func() bool {
		of := observed(t, reader)
		return of.sum("messaging.client.consumed.messages", name, "") == 2 &&
			of.sum("messaging.client.consumed.messages", name, errorFailed) == 2 && // Tries but for the last.
			of.sum("messaging.client.consumed.messages", name, errorDeadLetter) == 1 &&
			of.count("pulse.event.delay", name) == 2 &&
			of.sum("pulse.nats.up", "", "") == 1
	})
	if of := observed(t, reader); of.count("messaging.process.duration", name) < 4 {
		t.Errorf("%d batches are measured, want the failed tries and the others", of.count("messaging.process.duration", name))
	}
}

// observation is what a reader of metrics has.
type observation []metricdata.Metrics

func observed(t *testing.T, reader sdkmetric.Reader) observation {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	var o observation
	for _, scope := range all.ScopeMetrics {
		o = append(o, scope.Metrics...)
	}
	return o
}

// sum is the value of a counter or gauge, of a consumer if it is of one, for a reason of failure.
func (o observation) sum(name, consumer, why string) (n int64) {
	for _, m := range o {
		if m.Name != name {
			continue
		}
		var points []metricdata.DataPoint[int64]
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			points = data.DataPoints
		case metricdata.Gauge[int64]:
			points = data.DataPoints
		}
		for _, p := range points {
			if value(p.Attributes, "messaging.consumer.group.name") == consumer && value(p.Attributes, "error.type") == why {
				n += p.Value
			}
		}
	}
	return n
}

// count is how many values a histogram of a consumer has, whatever became of them.
func (o observation) count(name, consumer string) (n uint64) {
	for _, m := range o {
		data, ok := m.Data.(metricdata.Histogram[float64])
		if m.Name != name || !ok {
			continue
		}
		for _, p := range data.DataPoints {
			if value(p.Attributes, "messaging.consumer.group.name") == consumer {
				n += p.Count
			}
		}
	}
	return n
}

func value(attributes attribute.Set, key attribute.Key) string {
	v, _ := attributes.Value(key)
	return v.AsString()
}

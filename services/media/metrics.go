package media

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/telemetry"
)

const scope = "github.com/pulse-social/pulse/services/media"

// completed is the outcome of an upload that became a picture.
const completed = "completed"

// refusals are the outcomes of uploads that did not, by the reason that was answered.
var refusals = map[errorsv1.Reason]string{
	errorsv1.Reason_REASON_MEDIA_TYPE_UNSUPPORTED:     "type",
	errorsv1.Reason_REASON_MEDIA_TOO_LARGE:            "size",
	errorsv1.Reason_REASON_MEDIA_DIMENSIONS_TOO_LARGE: "dimensions",
	errorsv1.Reason_REASON_MEDIA_DAMAGED:              "damaged",
	errorsv1.Reason_REASON_MEDIA_QUOTA_EXCEEDED:       "quota",
	errorsv1.Reason_REASON_OVERLOADED:                 "busy",
	errorsv1.Reason_REASON_MEDIA_STORAGE_UNAVAILABLE:  "storage",
}

// statusClasses are how answers to whom fetches a file are told apart.
var statusClasses = []string{"2xx", "3xx", "4xx", "5xx"}

// instruments measure pictures.
type instruments struct {
	uploads, deliveries, stored metric.Int64Counter
	making                      metric.Float64Histogram
}

// newInstruments makes them, with a series for each outcome and class from the start: a rate sees the first failure then.
func newInstruments(ctx context.Context) *instruments {
	meter := otel.Meter(scope)
	i := &instruments{
		uploads: telemetry.Instrument(meter.Int64Counter("pulse.media.uploads", metric.WithUnit("{upload}"),
			metric.WithDescription("Uploads by outcome: those that became pictures, and those that were refused, by why."))),
		deliveries: telemetry.Instrument(meter.Int64Counter("pulse.media.deliveries", metric.WithUnit("{file}"),
			metric.WithDescription("Files that were asked for, by the class of the answer's status."))),
		stored: telemetry.Instrument(meter.Int64Counter("pulse.media.stored", metric.WithUnit("By"),
			metric.WithDescription("Bytes of pictures that were stored; what is deleted is not taken off."))),
		making: telemetry.Instrument(meter.Float64Histogram("pulse.media.making.duration", metric.WithUnit("s"),
			metric.WithDescription("Time that it takes to make a picture of a file, without the wait for its turn."),
			metric.WithExplicitBucketBoundaries(telemetry.Seconds...))),
	}
	i.uploads.Add(ctx, 0, outcome(completed))
	for _, name := range refusals {
		i.uploads.Add(ctx, 0, outcome(name))
	}
	for _, class := range statusClasses {
		i.deliveries.Add(ctx, 0, statusClass(class))
	}
	i.stored.Add(ctx, 0)
	return i
}

func outcome(name string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("outcome", name))
}

func statusClass(class string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("status_class", class))
}

// refused counts an upload that was refused for a reason of its own; others are counted with the calls.
func (i *instruments) refused(ctx context.Context, err error) {
	for reason, name := range refusals {
		if rpc.Failed(err, reason) {
			i.uploads.Add(ctx, 1, outcome(name))
			return
		}
	}
}

// became counts an upload that became a picture of so many bytes.
func (i *instruments) became(ctx context.Context, bytes int64) {
	i.uploads.Add(ctx, 1, outcome(completed))
	i.stored.Add(ctx, bytes)
}

// made measures how long it took to make a picture.
func (i *instruments) made(ctx context.Context, took time.Duration) {
	i.making.Record(ctx, took.Seconds())
}

// delivering counts the answers of a handler.
func (h *handler) delivering(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		watched := &watchedWriter{ResponseWriter: w, status: http.StatusOK}
		serve(watched, r)
		h.measure.deliveries.Add(r.Context(), 1, statusClass(strconv.Itoa(watched.status/100)+"xx"))
	}
}

// A watchedWriter remembers the status that was answered.
type watchedWriter struct {
	http.ResponseWriter

	status int
}

// WriteHeader notes the status.
func (w *watchedWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

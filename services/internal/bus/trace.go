package bus

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/pulse-social/pulse/ent"
)

// startPublish makes the publication of an event a span of the trace that the event is from, and answers the trace context
// that goes with the event. Nothing is made of an event whose trace is not recorded.
func startPublish(ctx context.Context, row *ent.OutboxEvent) (trace.Span, string) {
	ctx = withTrace(ctx, row.TraceParent)
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return trace.SpanFromContext(context.Background()), row.TraceParent
	}
	options := trace.WithAttributes(
		attribute.String("messaging.system", "nats"), attribute.String("messaging.operation.name", "publish"),
		attribute.String("messaging.operation.type", "send"), attribute.String("messaging.destination.name", EventStream),
	)
	ctx, span := otel.Tracer(scope).Start(ctx, "publish "+row.Type, trace.WithSpanKind(trace.SpanKindProducer), options) //nolint:spancheck // The caller ends it.
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return span, carrier.Get(headerTraceParent) //nolint:spancheck // The caller ends it.
}

// startConsume continues the trace of a single event; a batch gets a trace of its own with links to each event's. Nothing
// is made of events whose traces are not recorded.
func startConsume(ctx context.Context, c Consumer, events []Event) (context.Context, trace.Span) {
	var links []trace.Link
	for _, e := range events {
		if cause := trace.SpanContextFromContext(withTrace(context.Background(), e.trace)); cause.IsSampled() {
			links = append(links, trace.Link{SpanContext: cause})
		}
	}
	if len(events) == 1 {
		ctx = withTrace(ctx, events[0].trace)
	}
	if len(links) == 0 {
		return ctx, trace.SpanFromContext(context.Background())
	}
	options := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String("messaging.system", "nats"), attribute.String("messaging.operation.name", "consume"),
			attribute.String("messaging.operation.type", "process"), attribute.String("messaging.consumer.group.name", c.Name),
			attribute.Int("messaging.batch.message_count", len(events)),
		),
	}
	if len(events) > 1 {
		options = append(options, trace.WithLinks(links...))
	}
	return otel.Tracer(scope).Start(ctx, "consume "+c.Name, options...) //nolint:spancheck // The caller ends it.
}

func withTrace(ctx context.Context, traceParent string) context.Context {
	if traceParent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{headerTraceParent: traceParent})
}

// Package telemetry sets up logs, metrics and traces. Logs are JSON lines with request and trace ids; metrics are served
// to Prometheus; traces, metrics and logs are exported by OTLP when the standard OTEL_* variables say so, and not
// otherwise.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Config says how much is told.
type Config struct {
	// LogLevel is the least severe level that is logged.
	LogLevel string `env:"PULSE_LOG_LEVEL" envDefault:"info" doc:"debug, info, warn or error"`
	// LogFormat is json for machines or text for people.
	LogFormat string `env:"PULSE_LOG_FORMAT" envDefault:"json" doc:"json, or text for people"`
	// TraceExporter is the standard variable that turns traces on.
	TraceExporter string `env:"OTEL_TRACES_EXPORTER" envDefault:"none" doc:"otlp sends traces to OTEL_EXPORTER_OTLP_ENDPOINT; console prints them"`
	// TraceSampler is the standard variable that says which traces are recorded.
	TraceSampler string `env:"OTEL_TRACES_SAMPLER" envDefault:"parentbased_always_on" doc:"which traces are recorded; parentbased_traceidratio takes the share of OTEL_TRACES_SAMPLER_ARG"`
	// TraceSamplerArg is the standard variable with the sampler's argument.
	TraceSamplerArg string `env:"OTEL_TRACES_SAMPLER_ARG" doc:"share of traces that a ratio sampler records: 0 to 1, such as 0.01"`
	// MetricExporter is the standard variable that exports metrics besides /metrics.
	MetricExporter string `env:"OTEL_METRICS_EXPORTER" envDefault:"none" doc:"otlp sends metrics besides serving /metrics"`
	// LogExporter is the standard variable that exports logs besides printing them.
	LogExporter string `env:"OTEL_LOGS_EXPORTER" envDefault:"none" doc:"otlp sends logs besides printing them"`
}

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return fmt.Errorf("PULSE_LOG_LEVEL=%q: set debug, info, warn or error", c.LogLevel)
	}
	if c.LogFormat != "json" && c.LogFormat != "text" {
		return fmt.Errorf("PULSE_LOG_FORMAT=%q: set json or text", c.LogFormat)
	}
	_, err := c.sampler()
	return err
}

// Tracing tells whether spans go anywhere.
func (c Config) Tracing() bool { return c.TraceExporter != "none" }

// Telemetry is what a process tells of itself.
type Telemetry struct {
	// Log is where the process logs.
	Log *slog.Logger
	// Registry is what Prometheus is served from.
	Registry *prometheus.Registry

	shutdown []func(context.Context) error
}

// Start sets up telemetry for the process and makes it OpenTelemetry's global one. Logs go to out.
func Start(ctx context.Context, c Config, version string, out io.Writer) (*Telemetry, error) {
	about, err := resource.New(ctx, resource.WithAttributes(serviceAttributes(version)...),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	t := &Telemetry{Registry: prometheus.NewRegistry()}
	t.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	if err := errors.Join(t.startMetrics(ctx, c, about), t.startTraces(ctx, c, about)); err != nil {
		return nil, errors.Join(err, t.Stop(ctx))
	}
	if err := t.startLogs(ctx, c, about, out); err != nil {
		return nil, errors.Join(err, t.Stop(ctx))
	}
	return t, nil
}

// Stop sends what is still to be sent.
func (t *Telemetry) Stop(ctx context.Context) error {
	var errs []error
	for _, stop := range t.shutdown {
		errs = append(errs, stop(ctx))
	}
	t.shutdown = nil
	return errors.Join(errs...)
}

func (t *Telemetry) startMetrics(ctx context.Context, c Config, about *resource.Resource) error {
	exporter, err := otelprom.New(otelprom.WithRegisterer(t.Registry), otelprom.WithoutScopeInfo())
	if err != nil {
		return fmt.Errorf("telemetry: metrics: %w", err)
	}
	options := []sdkmetric.Option{sdkmetric.WithResource(about), sdkmetric.WithReader(exporter)}
	if c.MetricExporter != "none" {
		reader, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return fmt.Errorf("OTEL_METRICS_EXPORTER=%q: %w", c.MetricExporter, err)
		}
		options = append(options, sdkmetric.WithReader(reader))
	}
	provider := sdkmetric.NewMeterProvider(options...)
	otel.SetMeterProvider(provider)
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return nil
}

func (t *Telemetry) startTraces(ctx context.Context, c Config, about *resource.Resource) error {
	if !c.Tracing() {
		return nil
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return fmt.Errorf("OTEL_TRACES_EXPORTER=%q: %w", c.TraceExporter, err)
	}
	sampler, err := c.sampler()
	if err != nil {
		return err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about), sdktrace.WithSampler(linked{sampler}))
	otel.SetTracerProvider(provider)
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return nil
}

func (t *Telemetry) startLogs(ctx context.Context, c Config, about *resource.Resource, out io.Writer) error {
	handlers := []slog.Handler{printer(c, out)}
	if c.LogExporter != "none" {
		exporter, err := autoexport.NewLogExporter(ctx)
		if err != nil {
			return fmt.Errorf("OTEL_LOGS_EXPORTER=%q: %w", c.LogExporter, err)
		}
		provider := sdklog.NewLoggerProvider(sdklog.WithResource(about), sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
		t.shutdown = append(t.shutdown, provider.Shutdown)
		handlers = append(handlers, otelslog.NewHandler("pulse", otelslog.WithLoggerProvider(provider)))
	}
	t.Log = slog.New(withIDs{slog.NewMultiHandler(handlers...)})
	return nil
}

// printer is the handler that prints.
func printer(c Config, out io.Writer) slog.Handler {
	if out == nil {
		out = os.Stderr
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // Validate has seen it.
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "text" {
		return slog.NewTextHandler(out, options)
	}
	return slog.NewJSONHandler(out, options)
}

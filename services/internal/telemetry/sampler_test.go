package telemetry

import (
	"context"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func TestASamplerThatIsNoneIsRefusedWithTheRemedy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sampler, arg, want string }{
		{"parentbased_traceidratio", "0.01", ""},
		{"traceidratio", "", ""},
		{"always_off", "what is not used", ""},
		{"sometimes", "", `OTEL_TRACES_SAMPLER="sometimes": set one of always_on`},
		{"parentbased_", "", `OTEL_TRACES_SAMPLER="parentbased_": set one of always_on`},
		{"traceidratio", "1%", `OTEL_TRACES_SAMPLER_ARG="1%": set a share from 0 to 1`},
		{"traceidratio", "1.5", `OTEL_TRACES_SAMPLER_ARG="1.5": set a share from 0 to 1`},
		{"traceidratio", "NaN", `OTEL_TRACES_SAMPLER_ARG="NaN": set a share from 0 to 1`},
	} {
		err := Config{LogLevel: "info", LogFormat: "json", TraceSampler: c.sampler, TraceSamplerArg: c.arg}.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s with %q: got %v, want %q", c.sampler, c.arg, err, c.want)
		}
	}
}

// A batch of events is recorded exactly when one of the traces that it belongs to is, whatever the share.
func TestABatchIsRecordedWithTheTracesItLinksTo(t *testing.T) {
	t.Parallel()
	link := func(flags trace.TraceFlags) trace.Link {
		return trace.Link{SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: flags, Remote: true})}
	}
	for name, c := range map[string]struct {
		sampler string
		links   []trace.Link
		want    sdktrace.SamplingDecision
	}{
		"one link is recorded, and hardly any trace": {"always_off", []trace.Link{link(0), link(trace.FlagsSampled)}, sdktrace.RecordAndSample},
		"no link is recorded, and every trace":       {"always_on", []trace.Link{link(0)}, sdktrace.Drop},
		"no links, and every trace":                  {"always_on", nil, sdktrace.RecordAndSample},
		"no links, and no trace":                     {"always_off", nil, sdktrace.Drop},
	} {
		s, err := Config{TraceSampler: c.sampler}.sampler()
		if err != nil {
			t.Fatal(err)
		}
		got := linked{s}.ShouldSample(sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: trace.TraceID{2}, Links: c.links})
		if got.Decision != c.want {
			t.Errorf("%s: got %v, want %v", name, got.Decision, c.want)
		}
	}
}

func TestAChildIsRecordedWithItsParent(t *testing.T) {
	t.Parallel()
	s, err := Config{TraceSampler: "parentbased_always_off"}.sampler()
	if err != nil {
		t.Fatal(err)
	}
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled})
	got := linked{s}.ShouldSample(sdktrace.SamplingParameters{
		ParentContext: trace.ContextWithSpanContext(context.Background(), parent), TraceID: trace.TraceID{1},
		Links: []trace.Link{{}},
	})
	if got.Decision != sdktrace.RecordAndSample {
		t.Errorf("got %v, want the parent's decision", got.Decision)
	}
}

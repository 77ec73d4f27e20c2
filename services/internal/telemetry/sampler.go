package telemetry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// samplers are the values of OTEL_TRACES_SAMPLER
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
var samplers = []string{
	"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio",
}

// sampler answers what OTEL_TRACES_SAMPLER and its argument say.
func (c Config) sampler() (sdktrace.Sampler, error) {
	if !slices.Contains(samplers, c.TraceSampler) {
		return nil, fmt.Errorf("OTEL_TRACES_SAMPLER=%q: set one of %s", c.TraceSampler, strings.Join(samplers, ", "))
	}
	kind, isParentBased := strings.CutPrefix(c.TraceSampler, "parentbased_")
	var root sdktrace.Sampler
	switch kind {
	case "always_on":
		root = sdktrace.AlwaysSample()
	case "always_off":
		root = sdktrace.NeverSample()
	default:
		share, err := c.share()
		if err != nil {
			return nil, err
		}
		root = sdktrace.TraceIDRatioBased(share)
	}
	if isParentBased {
		return sdktrace.ParentBased(root), nil
	}
	return root, nil
}

// share is the argument of a ratio sampler; none is everything.
func (c Config) share() (float64, error) {
	if c.TraceSamplerArg == "" {
		return 1, nil
	}
	share, err := strconv.ParseFloat(c.TraceSamplerArg, 64)
	if err != nil || !(share >= 0 && share <= 1) {
		return 0, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG=%q: set a share from 0 to 1, such as 0.01", c.TraceSamplerArg)
	}
	return share, nil
}

// linked is a sampler that records a root span with links exactly when it records what one of them leads to: a batch of
// events is worked on in a trace of its own, and by its own luck would be missing from nearly all the traces that it
// belongs to.
type linked struct{ sdktrace.Sampler }

// ShouldSample implements [sdktrace.Sampler].
func (s linked) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if len(p.Links) == 0 || trace.SpanContextFromContext(p.ParentContext).IsValid() {
		return s.Sampler.ShouldSample(p)
	}
	for _, link := range p.Links {
		if link.SpanContext.IsSampled() {
			return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample}
		}
	}
	return sdktrace.SamplingResult{Decision: sdktrace.Drop}
}

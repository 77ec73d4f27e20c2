package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"text/tabwriter"
)

// Telemetry is what traces cost of one mix.
type Telemetry struct {
	Mix    string `json:"mix"`
	Rounds int    `json:"rounds"`
	// Without and With are the medians of the CPU of a request.
	Without float64 `json:"cpu_us_per_request_without"`
	With    float64 `json:"cpu_us_per_request_with"`
	// Cost is by which share of it a request is dearer with traces: the median over the rounds.
	Cost float64 `json:"cost"`
}

// tracing exports a hundredth of all traces.
func tracing(collector string) []string {
	return []string{
		"OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT=" + collector,
		"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.01",
	}
}

// CompareTelemetry measures every mix on a Pulse without traces and on one that exports a hundredth of them, by turns for so
// many rounds. Each round is a comparison of its own, for what else the machine does changes from one to the next.
func CompareTelemetry(ctx context.Context, o Options, rounds int) (results []Telemetry, err error) {
	// A collector of which nothing is asked; its CPU is this process's and not the server's.
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer collector.Close()
	without, with := &bench{Options: o}, &bench{Options: o}
	without.Env, with.Env = []string{"OTEL_TRACES_EXPORTER=none"}, tracing(collector.URL)
	for _, b := range []*bench{without, with} {
		defer func() { err = errors.Join(err, b.close()) }()
		if err := b.open(ctx); err != nil {
			return nil, err
		}
	}
	for _, mix := range o.Mixes {
		r, err := compare(ctx, without, with, mix, rounds)
		if err != nil {
			return nil, fmt.Errorf("mix %s: %w", mix, err)
		}
		results = append(results, r)
	}
	return results, nil
}

// compare measures one mix on both, by turns.
func compare(ctx context.Context, without, with *bench, mix string, rounds int) (Telemetry, error) {
	rate := without.Rate
	if rate == 0 {
		rate = Rates[mix]
	}
	var bare, traced, costs []float64
	for round := range rounds {
		without.Say("%s: round %d of %d", mix, round+1, rounds)
		pair := []*bench{without, with}
		if round%2 == 1 {
			slices.Reverse(pair) // What grows in time meets both sides.
		}
		took := map[*bench]float64{}
		for _, b := range pair {
			do, err := b.load.of(mix)
			if err != nil {
				return Telemetry{}, err
			}
			use := func(ctx context.Context) (usage, error) { return b.usage(ctx, false) }
			m, err := b.measure(ctx, use, b.counted().quiet, rate, do)
			if err != nil {
				return Telemetry{}, err
			}
			took[b] = us(m.perRequest(m.cost.total()))
		}
		bare, traced = append(bare, took[without]), append(traced, took[with])
		costs = append(costs, took[with]/took[without]-1)
	}
	return Telemetry{Mix: mix, Rounds: rounds, Without: median(bare), With: median(traced), Cost: median(costs)}, nil
}

// median answers the middle of some values, of two the lower one.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// PrintTelemetry writes results as a table for people.
func PrintTelemetry(out io.Writer, results []Telemetry) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "MIX\tROUNDS\tCPU us WITHOUT TRACES\tCPU us WITH 1 % OF THEM\tCOST\t")
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%d\t%.0f\t%.0f\t%+.1f %%\t\n", r.Mix, r.Rounds, r.Without, r.With, 100*r.Cost)
	}
	return table.Flush()
}

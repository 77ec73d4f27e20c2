package app

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/pulse-social/pulse/services/internal/store"
)

// measureStore adds the database's pools and backlog to what Prometheus is served.
func (a *App) measureStore() error {
	for name, db := range a.store.Pools() {
		if err := a.telemetry.Registry.Register(collectors.NewDBStatsCollector(db, name)); err != nil {
			return err
		}
	}
	return a.telemetry.Registry.Register(backlogCollector{a.store, consumerNames()})
}

// measureProcess tells Prometheus which program this is, which services it runs, and how much memory it may take.
func (a *App) measureProcess() error {
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pulse_build_info", Help: "The program, its Go and the services that the process runs; always 1.",
		ConstLabels: prometheus.Labels{
			"version": a.options.Version, "goversion": runtime.Version(), "services": a.servicesLabel(),
		},
	}, func() float64 { return 1 })
	if err := a.telemetry.Registry.Register(build); err != nil {
		return err
	}
	limit, ok := memoryLimit("/sys/fs/cgroup/memory.max", "/proc/meminfo")
	if !ok {
		return nil // Elsewhere than on Linux nobody says.
	}
	return a.telemetry.Registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pulse_memory_limit_bytes", Help: "Memory that the process may take: the limit of its container, or the machine's memory.",
	}, func() float64 { return limit }))
}

// servicesLabel names what the process runs.
func (a *App) servicesLabel() string {
	if len(a.entries) == len(catalog) {
		return "all"
	}
	return strings.Join(a.names(), ",")
}

// memoryLimit reads the limit of a container (cgroup v2), or the memory of the machine where there is none (proc(5)).
func memoryLimit(cgroup, meminfo string) (bytes float64, ok bool) {
	if raw, err := os.ReadFile(cgroup); err == nil {
		if limit, err := strconv.ParseFloat(strings.TrimSpace(string(raw)), 64); err == nil {
			return limit, true
		}
	}
	raw, err := os.ReadFile(meminfo)
	if err != nil {
		return 0, false
	}
	var kib float64
	if _, err := fmt.Sscanf(string(raw), "MemTotal: %f kB", &kib); err != nil {
		return 0, false
	}
	return kib * 1024, true
}

// consumerNames lists the consumers of all services.
func consumerNames() []string {
	layout, err := DescribeLayout()
	if err != nil {
		return nil // The start fails on the same.
	}
	var names []string
	for _, s := range layout.Services {
		for _, c := range s.Consumers {
			names = append(names, c.Name)
		}
	}
	return names
}

// backlogTimeout bounds what a scrape waits for the database.
const backlogTimeout = 2 * time.Second

// consumerLabel is how the metrics of OpenTelemetry call a consumer; see package bus.
const consumerLabel = "messaging_consumer_group_name"

var (
	pendingEvents = prometheus.NewDesc("pulse_outbox_pending_events", "Events in the outbox that the broker has not taken yet.", nil, nil)
	outboxAge     = prometheus.NewDesc("pulse_outbox_oldest_age_seconds", "How long the oldest of them has waited; 0 when there is none.", nil, nil)
	deadLetters   = prometheus.NewDesc("pulse_dead_letters", "Events that a consumer gave up and that were not replayed with success.", []string{consumerLabel}, nil)
)

// backlogCollector counts events that are not where they should be, at each scrape. Every process tells the same, for any
// of them may be the one that still runs.
type backlogCollector struct {
	store     *store.Store
	consumers []string
}

// Describe implements [prometheus.Collector].
func (backlogCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- pendingEvents
	ch <- outboxAge
	ch <- deadLetters
}

// Collect implements [prometheus.Collector].
func (c backlogCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), backlogTimeout)
	defer cancel()
	backlog, err := c.store.Backlog(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(pendingEvents, err)
		return
	}
	ch <- prometheus.MustNewConstMetric(pendingEvents, prometheus.GaugeValue, float64(backlog.Pending))
	ch <- prometheus.MustNewConstMetric(outboxAge, prometheus.GaugeValue, backlog.Waiting.Seconds())
	for _, name := range c.consumers {
		ch <- prometheus.MustNewConstMetric(deadLetters, prometheus.GaugeValue, float64(backlog.DeadLetters[name]), name)
	}
	for name, count := range backlog.DeadLetters {
		if !slices.Contains(c.consumers, name) { // One that is not there any more.
			ch <- prometheus.MustNewConstMetric(deadLetters, prometheus.GaugeValue, float64(count), name)
		}
	}
}

package app

import (
	"context"
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
	return a.telemetry.Registry.Register(backlogCollector{a.store})
}

// backlogTimeout bounds what a scrape waits for the database.
const backlogTimeout = 2 * time.Second

var (
	pendingEvents = prometheus.NewDesc("pulse_outbox_pending_events", "Events in the outbox that the broker has not taken yet.", nil, nil)
	deadLetters   = prometheus.NewDesc("pulse_dead_letters", "Events that a consumer gave up and that were not replayed with success.", nil, nil)
)

// backlogCollector counts events that are not where they should be, at each scrape.
type backlogCollector struct{ store *store.Store }

// Describe implements [prometheus.Collector].
func (backlogCollector) Describe(ch chan<- *prometheus.Desc) { ch <- pendingEvents; ch <- deadLetters }

// Collect implements [prometheus.Collector].
func (c backlogCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), backlogTimeout)
	defer cancel()
	pending, dead, err := c.store.Backlog(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(pendingEvents, err)
		return
	}
	ch <- prometheus.MustNewConstMetric(pendingEvents, prometheus.GaugeValue, float64(pending))
	ch <- prometheus.MustNewConstMetric(deadLetters, prometheus.GaugeValue, float64(dead))
}

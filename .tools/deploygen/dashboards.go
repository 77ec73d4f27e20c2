package main

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

// A row is a heading and its panels.
type row struct {
	title  string
	panels []panel
}

// A panel shows queries over time, or the newest value of one.
type panel struct {
	title, description, unit string
	queries                  []query
	isStat                   bool
}

// A query is PromQL, and how its series are called.
type query struct{ expr, legend string }

// source is the Prometheus that deploy/grafana/provisioning sets up.
var source = common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("prometheus")}

// Sizes of panels on Grafana's grid, which is 24 wide.
const (
	statWidth, statHeight   = 4, 4
	graphWidth, graphHeight = 12, 8
)

// written answers a generator that writes a dashboard.
func written(uid, title, description string, rows func(layout) ([]row, error)) func(layout) ([]byte, error) {
	return func(l layout) ([]byte, error) {
		content, err := rows(l)
		if err != nil {
			return nil, err
		}
		//nolint:staticcheck // The classic schema is what every version of Grafana reads from files.
		b := dashboard.NewDashboardBuilder("Pulse: "+title).Uid("pulse-"+uid).Description(description).
			Tags([]string{"pulse"}).Readonly().Time("now-1h", "now").Refresh("30s").Tooltip(dashboard.DashboardCursorSyncCrosshair)
		for _, r := range content {
			b.WithRow(dashboard.NewRowBuilder(r.title))
			for _, p := range r.panels {
				if p.isStat {
					b.WithPanel(p.stat())
				} else {
					b.WithPanel(p.graph())
				}
			}
		}
		built, err := b.Build()
		if err != nil {
			return nil, err
		}
		raw, err := json.MarshalIndent(built, "", "  ")
		return append(raw, '\n'), err
	}
}

func (p panel) graph() *timeseries.PanelBuilder {
	b := timeseries.NewPanelBuilder().Title(p.title).Description(p.description).Unit(p.unit).Datasource(source).
		Span(graphWidth).Height(graphHeight).FillOpacity(10).Min(0)
	for i, q := range p.queries {
		b.WithTarget(q.target(i).Range())
	}
	return b
}

func (p panel) stat() *stat.PanelBuilder {
	return stat.NewPanelBuilder().Title(p.title).Description(p.description).Unit(p.unit).Datasource(source).
		Span(statWidth).Height(statHeight).WithTarget(p.queries[0].target(0).Instant())
}

func (q query) target(n int) *prometheus.DataqueryBuilder {
	// Exemplars are on histograms: a click on one leads to the trace of a call that took so long.
	return prometheus.NewDataqueryBuilder().Expr(q.expr).LegendFormat(q.legend).RefId(string(rune('A' + n))).
		Exemplar(strings.Contains(q.expr, "_bucket"))
}

// graph is a panel of queries over time.
func graph(title, unit, description string, queries ...query) panel {
	return panel{title: title, unit: unit, description: description, queries: queries}
}

// number is a panel of the newest value of a query.
func number(title, unit, description, expr string) panel {
	return panel{title: title, unit: unit, description: description, queries: []query{{expr, ""}}, isStat: true}
}

// quantiles are the median and the 99th percentile of a histogram by labels.
func quantiles(histogram, matchers, by, legend string) []query {
	var queries []query
	for _, q := range []struct{ value, name string }{{"0.5", "p50"}, {"0.99", "p99"}} {
		labels := "le"
		if by != "" {
			labels += ", " + by
		}
		queries = append(queries, query{
			"histogram_quantile(" + q.value + ", sum by (" + labels + ") (rate(" + histogram + "_bucket{" + matchers + "}[$__rate_interval])))",
			strings.TrimSpace(legend + " " + q.name),
		})
	}
	return queries
}

// overview is whether people are served.
func overview(l layout) ([]row, error) {
	fanout, err := l.consumer("timeline.fanout")
	if err != nil {
		return nil, err
	}
	return []row{
		{"Now", []panel{
			number("Calls", units.RequestsPerSecond, "Calls from outside of the process a second.", `sum(rpc_service:rpc_server_calls:rate5m)`),
			number("Failed", units.PercentUnit, "Share of calls that failed by Pulse's own fault.", `sum(rpc_service:rpc_server_failures:rate5m) / sum(rpc_service:rpc_server_calls:rate5m)`),
			number("In flight", units.Short, "Calls that are being answered.", `sum(rpc_server_active_requests)`),
			number("Budget burn", units.Short, "How many times too fast the worst service used up its availability budget in the last hour.",
				`max(rpc_service:slo_errors_per_call:ratio_rate1h{slo="availability"}) / 0.001`),
			number("Dead letters", units.Short, "Events that a consumer gave up.", `sum(max by (messaging_consumer_group_name) (pulse_dead_letters))`),
			number("Processes", units.Short, "Processes of Pulse that are scraped.", `count(pulse_build_info)`),
		}},
		{"Calls", []panel{
			graph("Calls by service", units.RequestsPerSecond, "Calls from outside of the process.", query{`rpc_service:rpc_server_calls:rate5m`, "{{rpc_service}}"}),
			graph("Failures by service", units.PercentUnit, "Share of calls that failed by Pulse's own fault.", query{`rpc_service:rpc_server_failures:ratio_rate5m`, "{{rpc_service}}"}),
			graph("Latency", units.Seconds, "Time to answer a call; the dots are exemplars and lead to traces.", quantiles("rpc_server_call_duration_seconds", `rpc_system_name!=""`, "", "")...),
			graph("Calls refused for overload", units.RequestsPerSecond, "Calls of which a process had more than it can answer.",
				query{`sum by (instance) (rate(pulse_overload_refused_calls_total[$__rate_interval]))`, "{{instance}}"}),
			graph("Calls that wait", units.Short, "Calls that wait for others to be answered.", query{`sum by (instance) (pulse_overload_waiting_calls)`, "{{instance}}"}),
			graph("Time until followers see a post", units.Seconds, "From the post until its id is in the lists of its author's followers.",
				quantiles("pulse_event_delay_seconds", `messaging_consumer_group_name="`+fanout.Name+`"`, "", "")...),
		}},
	}, nil
}

// services has a row for each service of the schema.
func services(l layout) ([]row, error) {
	var rows []row
	for _, s := range l.Services {
		for _, schema := range s.Schemas {
			of := `rpc_method=~"` + schema + `/.+"`
			rows = append(rows, row{schema, []panel{
				graph("Calls", units.RequestsPerSecond, "Calls of each RPC, those of the process itself included.",
					query{`sum by (rpc_method) (rate(rpc_server_call_duration_seconds_count{` + of + `}[$__rate_interval]))`, "{{rpc_method}}"}),
				graph("Answers by code", units.RequestsPerSecond, "Calls by the code of their answer.",
					query{`sum by (rpc_response_status_code) (rate(rpc_server_call_duration_seconds_count{` + of + `}[$__rate_interval]))`, "{{rpc_response_status_code}}"}),
				graph("Calls refused by limits", units.RequestsPerSecond, "Calls of who called too often, by rate class; account: wrong passwords for one.",
					query{`sum by (pulse_rate_class) (rate(pulse_rate_refused_calls_total[$__rate_interval]))`, "{{pulse_rate_class}}"}),
				graph("Latency", units.Seconds, "Time to answer.", quantiles("rpc_server_call_duration_seconds", of, "", "")...),
				graph("Slowest RPCs", units.Seconds, "99th percentile of the time to answer.", quantiles("rpc_server_call_duration_seconds", of, "rpc_method", "{{rpc_method}}")[1]),
			}})
		}
	}
	return rows, nil
}

// events is what happens off the callers' path.
func events(layout) ([]row, error) {
	const consumer = "{{messaging_consumer_group_name}}"
	return []row{
		{"Outbox and relay", []panel{
			graph("Events sent", "ops", "Events that the relays sent to the broker, and those it did not take.",
				query{`sum by (error_type) (rate(messaging_client_sent_messages_total[$__rate_interval]))`, "{{error_type}}"}),
			graph("Relay failures", "ops", "Attempts to empty the outbox that failed.", query{`sum(rate(pulse_relay_failures_total[$__rate_interval]))`, "failures"}),
			graph("Events in the outbox", units.Short, "Events that wait for the broker.", query{`max(pulse_outbox_pending_events)`, "pending"}),
			graph("Age of the outbox", units.Seconds, "How long the oldest event has waited.", query{`max(pulse_outbox_oldest_age_seconds)`, "oldest"}),
		}},
		{"Consumers", []panel{
			graph("Lag", units.Short, "Events that the broker has not yet delivered.", query{`consumer:pulse_consumer_pending:max`, consumer}),
			graph("Unacknowledged", units.Short, "Events that are being worked on.", query{`max by (messaging_consumer_group_name) (pulse_consumer_ack_pending)`, consumer}),
			graph("Delay", units.Seconds, "99th percentile of the time from an event to its effect.", query{`consumer:pulse_event_delay_seconds:p99_rate5m`, consumer}),
			graph("Batches", units.Seconds, "99th percentile of the time that a batch takes.",
				quantiles("messaging_process_duration_seconds", "", "messaging_consumer_group_name", consumer)[1]),
			graph("Consumed", "ops", "Events consumed a second.",
				query{`sum by (messaging_consumer_group_name) (rate(messaging_client_consumed_messages_total{error_type=""}[$__rate_interval]))`, consumer}),
			graph("Failures", units.PercentUnit, "Share of events that failed and come back, or became dead letters.", query{`consumer:messaging_client_consumed_failures:ratio_rate5m`, consumer}),
			graph("Dead letters", units.Short, "Events that a consumer gave up and that were not replayed.", query{`max by (messaging_consumer_group_name) (pulse_dead_letters)`, consumer}),
		}},
	}, nil
}

// backends is what Pulse stands on.
func backends(layout) ([]row, error) {
	return []row{
		{"Database", []panel{
			graph("Connections in use", units.Short, "Connections that work, beside how many there may be.",
				query{`sum by (db_name) (go_sql_in_use_connections)`, "{{db_name}} in use"}, query{`sum by (db_name) (go_sql_max_open_connections)`, "{{db_name}} at most"}),
			graph("Waiting for a connection", units.Short, "How many wait for a connection, on average.",
				query{`sum by (db_name) (rate(go_sql_wait_duration_seconds_total[$__rate_interval]))`, "{{db_name}}"}),
		}},
		{"Redis", []panel{
			graph("Calls", "ops", "Calls by their first command.", query{`sum by (db_operation_name) (rate(db_client_operation_duration_seconds_count{db_system_name="redis"}[$__rate_interval]))`, "{{db_operation_name}}"}),
			graph("Latency", units.Seconds, "99th percentile of the time of a call.", quantiles("db_client_operation_duration_seconds", `db_system_name="redis"`, "db_operation_name", "{{db_operation_name}}")[1]),
			graph("Redis and the broker", units.Short, "1 while they answer.", query{`min(pulse_redis_up)`, "Redis"}, query{`min(pulse_nats_up)`, "NATS"}),
			graph("Calls not tried", "ops", "Calls that SQL answered because Redis had not answered a moment before.", query{`sum(rate(pulse_redis_skipped_calls_total[$__rate_interval]))`, "skipped"}),
		}},
		{"Caches", []panel{
			graph("Home timelines", "ops", "Pages by where their order came from.", query{`sum by (pulse_timeline_source) (rate(pulse_timeline_home_reads_total[$__rate_interval]))`, "{{pulse_timeline_source}}"}),
			graph("Posts kept in the process", units.PercentUnit, "Share of the posts on pages of which the process had a copy.",
				query{`sum(rate(pulse_timeline_posts_total{pulse_cache_result="hit"}[$__rate_interval])) / sum(rate(pulse_timeline_posts_total[$__rate_interval]))`, "hits"}),
		}},
		{"Passwords", []panel{
			graph("Hashes", units.Short, "Passwords that are being hashed, and log-ins that wait for it.",
				query{`sum(pulse_password_hashes_running)`, "running"}, query{`sum(pulse_password_hashes_waiting)`, "waiting"}),
		}},
	}, nil
}

// cost is what the processes take. They are told apart by the services that they run.
func cost(layout) ([]row, error) {
	const of = "{{services}}"
	return []row{
		{"Compute", []panel{
			graph("CPU", units.Short, "Cores in use.", query{`services:process_cpu_seconds:rate5m`, of}),
			graph("CPU per call", units.Seconds, "CPU seconds for each call that the processes answer, background work included.", query{`services:process_cpu_seconds_per_call:ratio_rate5m`, of}),
			graph("CPU of what there is", units.PercentUnit, "Cores in use beside those that the process may use.", query{`max by (services) (instance:pulse_cpu_utilization:ratio_rate5m)`, of}),
			graph("Processes", units.Short, "How many processes run.", query{`count by (services) (pulse_build_info)`, of}),
		}},
		{"Memory", []panel{
			graph("Resident memory", units.BytesIEC, "Memory of all processes.", query{`services:process_resident_memory_bytes:sum`, of}),
			graph("Memory of what there is", units.PercentUnit, "Resident memory of the fullest process beside its limit.", query{`max by (services) (instance:pulse_memory_utilization:ratio)`, of}),
			graph("Heap in use", units.BytesIEC, "Memory that Go's heap holds.", query{`sum by (services) (go_memstats_heap_inuse_bytes * on (namespace, job, instance) group_left (services) pulse_build_info)`, of}),
			graph("Goroutines", units.Short, "Goroutines that there are.", query{`sum by (services) (go_goroutines * on (namespace, job, instance) group_left (services) pulse_build_info)`, of}),
		}},
		{"Network", []panel{
			graph("Bytes out", units.BytesPerSecondSI, "Bytes that the containers send, to callers and to backends.",
				query{`sum by (services) (rate(process_network_transmit_bytes_total[$__rate_interval]) * on (namespace, job, instance) group_left (services) pulse_build_info)`, of}),
		}},
	}, nil
}

// consumer answers a consumer by its name; a panel about one that is not there would be empty for ever.
func (l layout) consumer(name string) (consumer, error) {
	for _, s := range l.Services {
		for _, c := range s.Consumers {
			if c.Name == name {
				return c, nil
			}
		}
	}
	return consumer{}, errors.New("there is no consumer " + name + ": name another in dashboards.go")
}

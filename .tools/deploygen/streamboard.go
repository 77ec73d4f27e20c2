package main

import "github.com/grafana/grafana-foundation-sdk/go/units"

// streams is what reaches people who are connected, and those who are not.
func streams(l layout) ([]row, error) {
	log, err := l.consumer("realtime.log")
	if err != nil {
		return nil, err
	}
	ofLog := `messaging_consumer_group_name="` + log.Name + `"`
	return []row{
		{"Streams", []panel{
			graph("Open streams", units.Short, "Streams that each process keeps open.", query{`sum by (instance) (pulse_streams_open)`, "{{instance}}"}),
			graph("Ends", "ops", "Streams that ended, by why. slow: the client did not read for too long and was cut off; error: Pulse's own fault.",
				query{`sum by (pulse_stream_end) (rate(pulse_stream_ends_total[$__rate_interval]))`, "{{pulse_stream_end}}"}),
			graph("Items", "ops", "Durable items that were told, by kind.",
				query{`sum by (pulse_stream_item) (rate(pulse_stream_items_total[$__rate_interval]))`, "{{pulse_stream_item}}"}),
			graph("Delivery", units.Seconds, "From an item's place in its reader's log until it was sent. Who comes back is told what came meanwhile, which counts with the time that they were away.",
				quantiles("pulse_stream_delay_seconds", "", "", "")...),
		}},
		{"The log that streams read", []panel{
			graph("Lag of the log", units.Short, "Events that wait to be logged.",
				query{`consumer:pulse_consumer_pending:max{` + ofLog + `}`, "pending"}),
			graph("Time until logged", units.Seconds, "From an event until it is in the logs of those whom it concerns.", quantiles("pulse_event_delay_seconds", ofLog, "", "")...),
		}},
		{"Outside of the application", []panel{
			graph("Notifications pushed and mailed", "ops", "Deliveries by channel and by what became of them. dead: given up after the last try; unknown: it may have arrived, and is not repeated.",
				query{`sum by (channel, outcome) (rate(pulse_notification_deliveries_total[$__rate_interval]))`, "{{channel}} {{outcome}}"}),
			graph("Failed deliveries", units.PercentUnit, "Share of deliveries that ended without a message, by channel.",
				query{`channel:pulse_notification_failures:ratio_rate15m`, "{{channel}}"}),
		}},
	}, nil
}

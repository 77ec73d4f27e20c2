package main

import "github.com/grafana/grafana-foundation-sdk/go/units"

// pictures is what becomes of files that people send and fetch, which are no calls, and of where they are kept.
func pictures(layout) ([]row, error) {
	return []row{
		{"Pictures", []panel{
			graph("Uploads", "ops", "Uploads that became pictures, and those that were refused, by why. busy: others were being made; storage: it failed.",
				query{`sum by (outcome) (rate(pulse_media_uploads_total[$__rate_interval]))`, "{{outcome}}"}),
			graph("Deliveries", units.RequestsPerSecond, "Files that were asked for, by class of the answer. 3xx: the caller had the file; 5xx: it could not be read.",
				query{`sum by (status_class) (rate(pulse_media_deliveries_total[$__rate_interval]))`, "{{status_class}}"}),
			graph("Time to make a picture", units.Seconds, "From the file to its variants, without the wait for its turn.", quantiles("pulse_media_making_duration_seconds", "", "", "")...),
			graph("Stored", units.BytesPerSecondSI, "Bytes of new pictures. What is deleted is not taken off.",
				query{`sum(rate(pulse_media_stored_bytes_total[$__rate_interval]))`, "stored"}),
			graph("Errors of the storage", "ops", "What the storage could not do, by what was asked of it.",
				query{`sum by (operation) (rate(pulse_media_storage_errors_total[$__rate_interval]))`, "{{operation}}"}),
		}},
	}, nil
}

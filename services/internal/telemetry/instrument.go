package telemetry

// Instrument answers an instrument that was made. Making one fails only when its name or unit is not a valid one, which no
// configuration can bring about.
func Instrument[T any](instrument T, err error) T {
	if err != nil {
		panic(err)
	}
	return instrument
}

// Seconds are the bounds of the buckets of histograms of durations: 1 ms to 10 s, about two and a half times each.
var Seconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Delays are the bounds for what takes milliseconds when all is well and hours when something was away.
var Delays = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200}

package cost

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// ComposeMix is the mix whose requests are nothing but posts.
const ComposeMix = "compose"

// Load is what is asked of a Pulse, and how it is to be provided for.
type Load struct {
	// People is how many have an account.
	People float64
	// Active is which share of them is there on a day.
	Active float64
	// Requests is how many requests of each mix an active person makes in a day.
	Requests map[string]float64
	// PostsPerDay is how many posts an active person writes in a day, besides those of Requests and Rates: requests of the
	// mix compose.
	PostsPerDay float64
	// Rates are requests a second by mix, averaged over the day, besides those of Requests.
	Rates map[string]float64
	// Peak is the rate of the busiest hour over the day's average.
	Peak float64
	// RetentionDays is how long posts stay; the storage at its end is paid for.
	RetentionDays float64
	// Utilization is which share of a pod's CPU request is used at the peak: what the autoscaler aims at.
	Utilization float64
	// PodCPU is how many cores a pod may request.
	PodCPU float64
	// MinReplicas is how many pods each service has at least.
	MinReplicas int
	// PeopleKept is of how many people a process of Pulse keeps something in memory, at most.
	PeopleKept float64
}

// active is how many people are there on a day.
func (l Load) active() float64 { return l.People * l.Active }

// rates are the average requests a second of each mix, without those of none.
func (l Load) rates() map[string]float64 {
	rates := maps.Clone(l.Rates)
	if rates == nil {
		rates = map[string]float64{}
	}
	for mix, perDay := range l.Requests {
		rates[mix] += perDay * l.active() / secondsPerDay
	}
	rates[ComposeMix] += l.PostsPerDay * l.active() / secondsPerDay
	maps.DeleteFunc(rates, func(_ string, rate float64) bool { return rate == 0 })
	return rates
}

// Validate checks the load against what was measured.
func (l Load) Validate(measured []Measurement) error {
	for _, n := range []struct {
		flag            string
		value, from, to float64
	}{
		{"--people", l.People, 1, 1e10},
		{"--active", l.Active, 1e-6, 1},
		{"--posts-per-day", l.PostsPerDay, 0, 1e6},
		{"--peak", l.Peak, 1, 1000},
		{"--retention", l.RetentionDays, 1, 36500},
		{"--utilization", l.Utilization, 0.05, 1},
		{"--pod-cpu", l.PodCPU, 0.05, 256},
		{"--min-replicas", float64(l.MinReplicas), 1, 1000},
	} {
		if !(n.value >= n.from && n.value <= n.to) {
			return fmt.Errorf("%s %g: give %g to %g", n.flag, n.value, n.from, n.to)
		}
	}
	for flag, rates := range map[string]map[string]float64{"--requests": l.Requests, "--rate": l.Rates} {
		for mix, rate := range rates {
			if !(rate >= 0) || math.IsInf(rate, 0) {
				return fmt.Errorf("%s %s=%g: give 0 or more", flag, mix, rate)
			}
		}
	}
	known := map[string]bool{}
	for _, m := range measured {
		known[m.Mix] = true
	}
	rates := l.rates()
	for _, mix := range slices.Sorted(maps.Keys(rates)) {
		if !known[mix] {
			return fmt.Errorf("the load has requests of the mix %q, which the bench result lacks: measure it with --mix", mix)
		}
	}
	if len(rates) == 0 {
		return fmt.Errorf("the load has no requests: give --requests, --rate or --posts-per-day")
	}
	return nil
}

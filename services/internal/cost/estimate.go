// Package cost computes, from what a benchmark measured, what a stated load needs and what that costs a month.
//
// The formulas, each with its source:
//
//   - CPU of a part at the peak, in cores: the sum over the mixes of requests a second x peak factor x CPU seconds a
//     request. This is the utilization law of operational analysis (Denning and Buzen, "The Operational Analysis of
//     Queueing Network Models", ACM Computing Surveys 1978).
//   - Cores to request: that over the utilization aimed at, and pods: that over what a pod may request. This is where the
//     HorizontalPodAutoscaler settles, whose desired replicas are current replicas x current over desired metric.
//   - Memory of a pod: what was resident under the benchmark, and the heap of the people of whom something is kept, times
//     [heapPerLive], and then [memoryRoom].
//   - Storage: posts x bytes that a post leaves for good, for as long as posts stay, and what is pruned at its steady
//     state, which is posts a day x bytes x days kept (Little's law).
//
// What it leaves out is said in deploy/README.md.
package cost

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

const (
	// HoursPerMonth is a twelfth of a year of 365 days, as clouds count.
	HoursPerMonth = 8760.0 / 12
	secondsPerDay = 86400.0
	daysPerMonth  = 365.0 / 12
	kib, mib, gib = 1 << 10, 1 << 20, 1 << 30

	// heapPerLive is the heap at its largest over what is live on it: the program leaves GOGC at 100, and the collector lets
	// the heap grow by that many percent before it has collected it (https://go.dev/doc/gc-guide).
	heapPerLive = 2
	// memoryRoom is the limit of memory over the need: a limit that is met kills the pod.
	memoryRoom = 1.25
	// burst is the limit of CPU over the request: the request is what the peak needs, the limit what one pod may take until
	// others have started.
	burst = 2

	// leastCPU and leastMemory are the smallest requests that are worth a pod, in cores and bytes.
	leastCPU    = 0.05
	leastMemory = 64 * mib
)

// Estimate is what a load needs and what that costs.
type Estimate struct {
	Currency string `json:"currency"`
	// PricesOf is the date of the price table.
	PricesOf string `json:"prices_of"`
	// Measured says what was measured on which machine and when.
	Measured string `json:"measured"`
	// ActivePeople is how many people are there on a day.
	ActivePeople float64 `json:"active_people"`
	// Mixes are the requests, in the order of their names.
	Mixes    []MixRate `json:"mixes"`
	Services []Service `json:"services"`
	Backends []Backend `json:"backends"`
	Storage  Storage   `json:"storage"`
	// EgressGiBMonth is the bodies of all answers.
	EgressGiBMonth float64 `json:"egress_gib_month"`
	// Items are what is paid each month, in a fixed order; Total is their sum.
	Items []Item  `json:"items"`
	Total float64 `json:"total_month"`
	// PerThousandRequests and PerActivePerson are shares of the total; the latter is for a month.
	PerThousandRequests float64 `json:"per_thousand_requests"`
	PerActivePerson     float64 `json:"per_active_person_month"`

	compute     Compute
	utilization float64
}

// MixRate is the requests of one mix, a second.
type MixRate struct {
	Mix  string  `json:"mix"`
	Mean float64 `json:"mean_per_second"`
	Peak float64 `json:"peak_per_second"`
}

// Service is what one service, or the process of all, needs at the peak.
type Service struct {
	Name string `json:"name"`
	// Cores is the CPU that it uses.
	Cores float64 `json:"cores"`
	// Replicas is how many pods that takes.
	Replicas int `json:"replicas"`
	// RequestCPU and LimitCPU are a pod's, in cores; Memory is its request and its limit, in MiB.
	RequestCPU float64 `json:"request_cpu"`
	LimitCPU   float64 `json:"limit_cpu"`
	MemoryMiB  float64 `json:"memory_mib"`
}

// Backend is what a backend needs at the peak.
type Backend struct {
	Name      string  `json:"name"`
	Cores     float64 `json:"cores"`
	MemoryGiB float64 `json:"memory_gib"`
	// Bought says what was chosen for it.
	Bought string `json:"bought"`
}

// Storage is the room in the database.
type Storage struct {
	PostsPerDay float64 `json:"posts_per_day"`
	// GrowthGiBMonth is by how much it grows in a month.
	GrowthGiBMonth float64 `json:"growth_gib_month"`
	// GiB is what there is when the oldest post is as old as posts get, records included.
	GiB float64 `json:"gib"`
}

// Item is one line of the bill, for a month.
type Item struct {
	Name  string  `json:"name"`
	Month float64 `json:"month"`
}

// New answers what a load needs and costs.
func New(load Load, measured []Measurement, prices Prices) (Estimate, error) {
	if err := load.Validate(measured); err != nil {
		return Estimate{}, err
	}
	e := Estimate{
		Currency: prices.Currency, PricesOf: prices.Date, ActivePeople: load.active(),
		Measured: fmt.Sprintf("%s, %s, %s", measured[0].MeasuredAt.Format("2006-01-02"), measured[0].Mode, measured[0].Machine),
		compute:  prices.Compute, utilization: load.Utilization,
	}
	n, err := needs(load, measured)
	if err != nil {
		return e, err
	}
	e.addTraffic(load, measured)
	e.addServices(load, n)
	if err := e.addBackends(load, n, prices); err != nil {
		return e, err
	}
	e.add("postgres storage", e.Storage.GiB*prices.Postgres.StorageGiBMonth)
	e.add("egress", e.EgressGiBMonth*prices.Egress.GiB)
	e.add("load balancer", prices.LoadBalancer.Month)
	e.divide()
	return e, nil
}

// need is what a part needs at the peak: cores, bytes resident under the benchmark, and bytes for each active person.
type need struct {
	Part
	cores, resident, perPerson float64
}

// needs sums up, for each part, what the requests of all mixes of the load take.
func needs(load Load, measured []Measurement) ([]need, error) {
	var all []need
	rates := load.rates()
	for _, m := range measured {
		rate, asked := rates[m.Mix]
		if !asked {
			continue
		}
		if all == nil {
			for _, p := range m.Parts {
				all = append(all, need{Part: p})
			}
		}
		if !slices.EqualFunc(all, m.Parts, func(n need, p Part) bool { return n.Name == p.Name && n.Backend == p.Backend }) {
			return nil, errors.New("the mixes of the bench result were not measured on the same services and backends: measure them in one run")
		}
		for i, p := range m.Parts {
			all[i].cores += rate * load.Peak * p.CPUPerRequest / 1e6
			all[i].resident = max(all[i].resident, p.ResidentMiB*mib)
			// A collection between the two looks at the memory can make it look as if people took less than nothing.
			all[i].perPerson = max(all[i].perPerson, p.KiBPerActivePerson*kib)
		}
	}
	return all, nil
}

// addTraffic computes what is asked, what leaves, and what is stored.
func (e *Estimate) addTraffic(load Load, measured []Measurement) {
	rates := load.rates()
	for _, mix := range slices.Sorted(maps.Keys(rates)) {
		e.Mixes = append(e.Mixes, MixRate{Mix: mix, Mean: rates[mix], Peak: rates[mix] * load.Peak})
	}
	var stored, records float64 // By day.
	for _, m := range measured {
		rate := rates[m.Mix]
		posts := rate * m.PostsPerRequest * secondsPerDay
		e.Storage.PostsPerDay += posts
		stored += posts * m.StoredPerPost
		records += posts * m.RecordsPerPost
		e.EgressGiBMonth += rate * secondsPerDay * daysPerMonth * m.BytesPerAnswer / gib
	}
	e.Storage.GrowthGiBMonth = stored * daysPerMonth / gib
	e.Storage.GiB = (stored*load.RetentionDays + records) / gib
}

// addServices sizes Pulse's own processes.
func (e *Estimate) addServices(load Load, all []need) {
	for _, n := range all {
		if n.Backend {
			continue
		}
		cores := n.cores / load.Utilization
		replicas := max(load.MinReplicas, int(math.Ceil(cores/load.PodCPU)))
		// Any replica may be asked by any of the people.
		kept := min(load.active(), load.PeopleKept) * n.perPerson * heapPerLive
		s := Service{
			Name: n.Name, Cores: n.cores, Replicas: replicas,
			RequestCPU: roundUp(max(cores/float64(replicas), leastCPU), 0.01),
			MemoryMiB:  roundUp(max((n.resident+kept)*memoryRoom, leastMemory)/mib, 16),
		}
		s.LimitCPU = roundUp(s.RequestCPU*burst, 0.01)
		e.Services = append(e.Services, s)
		e.add("compute "+s.Name, e.ofCompute(float64(replicas), s.RequestCPU, s.MemoryMiB*mib))
	}
}

// addBackends chooses the managed services and sizes the broker.
func (e *Estimate) addBackends(load Load, all []need, prices Prices) error {
	for _, n := range all {
		if !n.Backend {
			continue
		}
		people := load.active() * n.perPerson
		if n.Name == postgres {
			people = 0 // What it keeps in memory is pages that it has read, as many as it is given room for.
		}
		cores, bytes := n.cores/load.Utilization, (n.resident+people)*memoryRoom
		b := Backend{Name: n.Name, Cores: n.cores, MemoryGiB: bytes / gib}
		var month float64
		switch n.Name {
		case nats:
			// Each server of the broker has a copy of each stream, and so the whole work.
			cores, bytes = roundUp(max(cores, leastCPU), 0.01), roundUp(max(bytes, leastMemory), mib)
			b.Bought = fmt.Sprintf("%g x %.2f cores, %.0f MiB on the cluster", prices.NATS.Servers, cores, bytes/mib)
			month = e.ofCompute(prices.NATS.Servers, cores, bytes)
		default:
			instances := prices.Redis.Instances
			if n.Name == postgres {
				instances = prices.Postgres.Instances
			}
			size, err := cheapest(instances, cores, bytes/gib)
			if err != nil {
				return fmt.Errorf("%s: %w", n.Name, err)
			}
			b.Bought = fmt.Sprintf("%g vCPUs, %g GiB", size.VCPUs, size.MemoryGiB)
			month = size.Month
		}
		e.Backends = append(e.Backends, b)
		e.add(n.Name, month)
	}
	return nil
}

// cheapest chooses an instance that is large enough.
func cheapest(instances []Instance, cores, memoryGiB float64) (Instance, error) {
	var best *Instance
	for i, size := range instances {
		if size.VCPUs >= cores && size.MemoryGiB >= memoryGiB && (best == nil || size.Month < best.Month) {
			best = &instances[i]
		}
	}
	if best == nil {
		return Instance{}, fmt.Errorf("no instance has %.1f vCPUs and %.1f GiB: add a larger one to the price table", cores, memoryGiB)
	}
	return *best, nil
}

// ofCompute is the price of pods for a month.
func (e *Estimate) ofCompute(pods, cores, bytes float64) float64 {
	return pods * (cores*e.compute.VCPUHour + bytes/gib*e.compute.GiBHour) * HoursPerMonth
}

func (e *Estimate) add(name string, month float64) {
	e.Items = append(e.Items, Item{Name: name, Month: month})
	e.Total += month
}

// divide computes the shares of a thousand requests and of a person.
func (e *Estimate) divide() {
	var perSecond float64
	for _, m := range e.Mixes {
		perSecond += m.Mean
	}
	e.PerThousandRequests = e.Total / (perSecond * secondsPerDay * daysPerMonth / 1000)
	e.PerActivePerson = e.Total / e.ActivePeople
}

// Fixed is what is paid a month whatever Pulse's own processes use.
func (e *Estimate) Fixed() (month float64) {
	for _, item := range e.Items[len(e.Services):] {
		month += item.Month
	}
	return month
}

// roundUp rounds up to a multiple of a step, and takes what floating point adds for nothing.
func roundUp(n, step float64) float64 {
	return math.Round(math.Ceil(n/step-1e-9)*step*1e6) / 1e6
}

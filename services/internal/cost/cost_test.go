package cost_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/pulse-social/pulse/services/internal/cost"
)

// measured are two mixes on round figures.
const measured = `
{"mix":"home","mode":"split","machine":"a desk","measured_at":"2026-11-24T00:00:00Z","errors":0,"bytes_per_answer":10000,
 "posts_per_request":0,"parts":[
  {"name":"post","cpu_us_per_request":100,"resident_mib":50,"kib_per_active_person":0},
  {"name":"timeline","cpu_us_per_request":400,"resident_mib":100,"kib_per_active_person":20},
  {"name":"postgres","backend":true,"cpu_us_per_request":50,"resident_mib":200,"kib_per_active_person":0},
  {"name":"redis","backend":true,"cpu_us_per_request":100,"resident_mib":10,"kib_per_active_person":10},
  {"name":"nats","backend":true,"cpu_us_per_request":0,"resident_mib":40,"kib_per_active_person":0}]}
{"mix":"compose","mode":"split","machine":"a desk","measured_at":"2026-11-24T00:00:00Z","errors":0,"bytes_per_answer":500,
 "posts_per_request":1,"stored_bytes_per_post":1000,"record_byte_days_per_post":5000,"parts":[
  {"name":"post","cpu_us_per_request":1000,"resident_mib":60,"kib_per_active_person":-1},
  {"name":"timeline","cpu_us_per_request":2000,"resident_mib":90,"kib_per_active_person":18},
  {"name":"postgres","backend":true,"cpu_us_per_request":3000,"resident_mib":220,"kib_per_active_person":0},
  {"name":"redis","backend":true,"cpu_us_per_request":500,"resident_mib":12,"kib_per_active_person":9},
  {"name":"nats","backend":true,"cpu_us_per_request":400,"resident_mib":41,"kib_per_active_person":0}]}`

const prices = `
date: 2026-11-24
currency: EUR
compute: {vcpu_hour: 0.1, gib_hour: 0.01}
postgres:
  instances: [{vcpus: 8, memory_gib: 8, month: 300}, {vcpus: 4, memory_gib: 8, month: 100}, {vcpus: 1, memory_gib: 8, month: 30}]
  storage_gib_month: 0.5
redis: {instances: [{vcpus: 2, memory_gib: 4, month: 40}, {vcpus: 2, memory_gib: 1, month: 10}]}
nats: {servers: 3}
load_balancer: {month: 15}
egress: {gib: 0.2}
`

// load is 86,400 people who are all there, so that one request a day is one a second.
func load() cost.Load {
	return cost.Load{
		People: 172_800, Active: 0.5, Requests: map[string]float64{"home": 1000}, PostsPerDay: 10, Peak: 2, RetentionDays: 100,
		Utilization: 0.5, PodCPU: 1, MinReplicas: 2, PeopleKept: 10_000,
	}
}

func read(t *testing.T) ([]cost.Measurement, cost.Prices) {
	t.Helper()
	m, err := cost.ReadMeasurements([]byte(measured))
	if err != nil {
		t.Fatal(err)
	}
	p, err := cost.ReadPrices([]byte(prices))
	if err != nil {
		t.Fatal(err)
	}
	return m, p
}

func estimate(t *testing.T) cost.Estimate {
	t.Helper()
	m, p := read(t)
	e, err := cost.New(load(), m, p)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEstimate compares with figures that were computed by hand.
func TestEstimate(t *testing.T) {
	t.Parallel()
	e := estimate(t)
	// 1,000 home timelines and 10 posts a second, twice that at the peak.
	same(t, "peak of compose", e.Mixes[0].Peak, 20)
	same(t, "mean of home", e.Mixes[1].Mean, 1000)

	post, timeline := e.Services[0], e.Services[1]
	// 2,000 x 100 us + 20 x 1,000 us = 0.22 cores; half used: 0.44 on two pods.
	same(t, "post's cores", post.Cores, 0.22)
	same(t, "post's replicas", float64(post.Replicas), 2)
	same(t, "post's request", post.RequestCPU, 0.22)
	same(t, "post's limit", post.LimitCPU, 0.44)
	// 60 MiB x 1.25 = 75, to the next 16.
	same(t, "post's memory", post.MemoryMiB, 80)
	// 2,000 x 400 us + 20 x 2,000 us = 0.84 cores; half used: 1.68 on two pods of at most one core.
	same(t, "timeline's cores", timeline.Cores, 0.84)
	same(t, "timeline's replicas", float64(timeline.Replicas), 2)
	same(t, "timeline's request", timeline.RequestCPU, 0.84)
	// (100 MiB + 10,000 x 20 KiB x 2) x 1.25 = 613.3 MiB, to the next 16.
	same(t, "timeline's memory", timeline.MemoryMiB, 624)

	// 2,000 x 50 us + 20 x 3,000 us = 0.16 cores.
	same(t, "Postgres' cores", e.Backends[0].Cores, 0.16)
	// (12 MiB + 86,400 x 10 KiB) x 1.25 = 1.0446 GiB: one GiB is too small.
	same(t, "Redis' memory", e.Backends[1].MemoryGiB, (12*1048576+86400*10240)*1.25/1073741824)

	// 864,000 posts a day: 1,000 bytes for 100 days and 5,000 byte-days.
	same(t, "posts a day", e.Storage.PostsPerDay, 864_000)
	same(t, "storage", e.Storage.GiB, 864_000*(1000.0*100+5000)/1073741824)
	same(t, "growth", e.Storage.GrowthGiBMonth, 864_000*1000*365.0/12/1073741824)
	egress := (1000*10_000 + 10*500.0) * 86400 * 365 / 12 / 1073741824
	same(t, "egress", e.EgressGiBMonth, egress)

	want := []cost.Item{
		{Name: "compute post", Month: 730 * 2 * (0.22*0.1 + 80.0/1024*0.01)},
		{Name: "compute timeline", Month: 730 * 2 * (0.84*0.1 + 624.0/1024*0.01)},
		{Name: "postgres", Month: 30},
		{Name: "redis", Month: 40},
		// The least that is worth a pod: 0.05 cores; 41 MiB x 1.25 is below 64.
		{Name: "nats", Month: 730 * 3 * (0.05*0.1 + 64.0/1024*0.01)},
		{Name: "postgres storage", Month: 864_000 * 105_000 / 1073741824.0 * 0.5},
		{Name: "egress", Month: egress * 0.2},
		{Name: "load balancer", Month: 15},
	}
	var total float64
	for i, item := range want {
		if e.Items[i].Name != item.Name {
			t.Fatalf("item %d is %s, want %s", i, e.Items[i].Name, item.Name)
		}
		same(t, item.Name, e.Items[i].Month, item.Month)
		total += item.Month
	}
	same(t, "total", e.Total, total)
	same(t, "a thousand requests", e.PerThousandRequests, total/(1010*86400*365.0/12/1000))
	same(t, "an active person", e.PerActivePerson, total/86400)
	same(t, "what does not depend on use", e.Fixed(), total-want[0].Month-want[1].Month)
}

func same(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6*math.Max(1, math.Abs(want)) {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

// TestPodsAreAdded asks for more than two pods of one core give.
func TestPodsAreAdded(t *testing.T) {
	t.Parallel()
	m, p := read(t)
	l := load()
	l.Rates = map[string]float64{"home": 2000}
	e, err := cost.New(l, m, p)
	if err != nil {
		t.Fatal(err)
	}
	// 6,000 x 400 us + 20 x 2,000 us = 2.44 cores; half used: 4.88 on five pods.
	same(t, "timeline's replicas", float64(e.Services[1].Replicas), 5)
	same(t, "timeline's request", e.Services[1].RequestCPU, 0.98)
}

func TestLoadsThatAreRefused(t *testing.T) {
	t.Parallel()
	m, p := read(t)
	for want, change := range map[string]func(*cost.Load){
		"--people 0: give 1 to 1e+10":              func(l *cost.Load) { l.People = 0 },
		"--people NaN":                             func(l *cost.Load) { l.People = math.NaN() },
		"--active 1.5: give":                       func(l *cost.Load) { l.Active = 1.5 },
		"--peak 0.5: give 1 to 1000":               func(l *cost.Load) { l.Peak = 0.5 },
		"--retention -1":                           func(l *cost.Load) { l.RetentionDays = -1 },
		"--posts-per-day -1":                       func(l *cost.Load) { l.PostsPerDay = -1 },
		"--utilization 0: give 0.05 to 1":          func(l *cost.Load) { l.Utilization = 0 },
		"--min-replicas 0":                         func(l *cost.Load) { l.MinReplicas = 0 },
		"--requests home=-1: give 0 or more":       func(l *cost.Load) { l.Requests["home"] = -1 },
		"--rate home=+Inf: give 0 or more":         func(l *cost.Load) { l.Rates = map[string]float64{"home": math.Inf(1)} },
		`requests of the mix "dsb"`:                func(l *cost.Load) { l.Rates = map[string]float64{"dsb": 1} },
		"the load has no requests":                 func(l *cost.Load) { l.Requests, l.PostsPerDay = nil, 0 },
		"postgres: no instance has":                func(l *cost.Load) { l.Rates = map[string]float64{"compose": 1000} },
		"redis: no instance has 0.6 vCPUs and 10.": func(l *cost.Load) { l.People, l.Requests["home"] = 1_728_000, 100 },
	} {
		l := load()
		change(&l)
		if _, err := cost.New(l, m, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestPricesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, want string }{
		{"vcpu_hour: 0.1", "vcpu_hour: -0.1", `compute.vcpu_hour: line 4: "-0.1" is no number of 0 or more`},
		{"vcpu_hour: 0.1", "vcpu_hour: .nan", "compute.vcpu_hour"},
		{"vcpu_hour: 0.1", "vcpu_hour: .inf", "compute.vcpu_hour"},
		{"vcpu_hour: 0.1", "vcpu_hour: cheap", "compute.vcpu_hour"},
		{"vcpu_hour: 0.1", "vcpu_hour: ", "compute.vcpu_hour"},
		{"vcpu_hour: 0.1", "cpu_hour: 0.1", "compute.cpu_hour: line 4: unknown or repeated key"},
		{"gib_hour: 0.01", "vcpu_hour: 0.01", "compute.vcpu_hour: line 4: unknown or repeated key"},
		{"vcpu_hour: 0.1, ", "", "compute.vcpu_hour: line 4: missing"},
		{"vcpus: 4, memory_gib", "vcpus: 4, memory", "postgres.instances[1].memory: line 6: unknown"},
		{"egress: {gib: 0.2}", "", "egress: line 2: missing"},
		{"egress: {gib: 0.2}", "egress: 0.2", "egress: line 11: want keys and values"},
		{"instances: [{vcpus: 8", "instances: {vcpus: 8", "yaml"},
		{"date: 2026-11-24", "date:", `date is "": give the day`},
		{"date: 2026-11-24", "date: today", `date is "today"`},
		{"EUR", "euros", `currency is "euros"`},
		{"servers: 3", "servers: 2.5", "nats.servers is 2.5"},
		{"redis: {instances: [{vcpus: 2", "redis: {instances: [{vcpus: 0", "redis.instances[0]: vcpus and memory_gib must be above 0"},
		{prices, "", "the table is empty"},
	} {
		_, err := cost.ReadPrices([]byte(strings.Replace(prices, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.new, err, c.want)
		}
	}
}

func TestMeasurementsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, want string }{
		{`"mix":"compose"`, `"mix":"home"`, `the mix "home" is there twice`},
		{`"mix":"compose"`, `"mix":""`, "mix or measured_at is missing"},
		{`"errors":0`, `"errors":3`, `bench result 1, mix "home": 3 requests failed`},
		{`"cpu_us_per_request":400`, `"cpu_us_per_request":-1`, "parts[1].cpu_us_per_request is -1: it must be 0 or more"},
		{`"cpu_us_per_request":400`, `"cpu_us_per_request":NaN`, "invalid character"},
		{`"name":"nats","backend":true`, `"name":"nats"`, "measure with task bench:split"},
		{`"stored_bytes_per_post":1000,`, ``, "stored_bytes_per_post must be above 0"},
		{measured, "", "the bench result is empty"},
	} {
		_, err := cost.ReadMeasurements([]byte(strings.Replace(measured, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.new, err, c.want)
		}
	}
	m, err := cost.ReadMeasurements([]byte(strings.Replace(measured, `"name":"post"`, `"name":"pulse"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	_, p := read(t)
	if _, err := cost.New(load(), m, p); err == nil || !strings.Contains(err.Error(), "measure them in one run") {
		t.Errorf("got %v, want that the mixes do not go together", err)
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	e := estimate(t)
	if err := e.CheckBudget(e.Total); err != nil {
		t.Error(err)
	}
	err := e.CheckBudget(500)
	want := fmt.Sprintf("%.2f EUR a month is %.2f over the budget of 500.00: egress ", e.Total, e.Total-500)
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), ", compute timeline 131.54, ") {
		t.Errorf("got %v, want %q", err, want)
	}
}

// TestForms looks for one figure in each form that an estimate is printed in.
func TestForms(t *testing.T) {
	t.Parallel()
	e := estimate(t)
	var table, values, again bytes.Buffer
	if err := e.Print(&table); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(table.String(), "timeline        0.84     2         840m      1680m         624") || strings.Contains(table.String(), "EXAMPLE") {
		t.Errorf("got\n%s", table.String())
	}
	if err := e.PrintValues(&values); err != nil {
		t.Fatal(err)
	}
	want := "topology: split\ndeployments:\n  post:\n    replicas: 2\n    resources:\n" +
		"      requests: { cpu: 220m, memory: 80Mi }\n      limits: { cpu: 440m, memory: 80Mi }\n  timeline:\n"
	if !strings.Contains(values.String(), want) {
		t.Errorf("got\n%s", values.String())
	}
	first, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(&again).Encode(estimate(t)); err != nil {
		t.Fatal(err)
	}
	if string(first) != strings.TrimSpace(again.String()) || !strings.Contains(string(first), `{"name":"redis","month":40}`) {
		t.Errorf("got %s and %s", first, again.String())
	}
}

// TestExampleTable reads the table that people start from, and sees that what comes of it says what it is.
func TestExampleTable(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../../deploy/cost/prices.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := cost.ReadPrices(raw)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := read(t)
	e, err := cost.New(load(), m, p)
	if err != nil {
		t.Fatal(err)
	}
	var table, rules bytes.Buffer
	if err := errors.Join(e.Print(&table), e.PrintRules(&rules, 1000)); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(table.String(), "THE PRICES ARE AN EXAMPLE") || !strings.Contains(rules.String(), "made up") {
		t.Errorf("got\n%s\n%s", table.String(), rules.String())
	}
}

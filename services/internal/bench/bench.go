// Package bench measures a Pulse under load: latency, and the CPU that a request costs beside what a bare HTTP server
// needs to answer as many bytes at the same rate in the same run.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pulse-social/pulse/services/internal/bulk"
	"github.com/pulse-social/pulse/services/internal/progress"
)

// warmUp bounds how long the load runs before it is measured: connections are made, caches filled, lists built.
const warmUp = 3 * time.Second

// warmFor is how long that is.
func (b *bench) warmFor() time.Duration { return min(warmUp, b.Duration) }

// logInsAtOnce keeps the password hashes in step with the cores.
const logInsAtOnce = 2

// Graph is who is there; see package bulk.
type Graph = bulk.Graph

// Stages shows reports of filling.
func Stages(display *progress.Display) bulk.Report {
	var stage *progress.Stage
	return func(what string, done, total int) {
		switch done {
		case 0:
			stage = display.Stage(what, total)
		case total:
			stage.Done()
			stage.End()
		default:
			stage.Done()
		}
	}
}

// Options say what is measured.
type Options struct {
	// Mixes are the kinds of load, one after the other.
	Mixes []string
	// Rate is requests a second; 0 means the mix's own.
	Rate float64
	// Duration is how long each mix is measured.
	Duration time.Duration
	// Readers is how many people call: the first of the graph.
	Readers int
	// Graph is who is there.
	Graph Graph
	// Password is everybody's.
	Password string
	// Split starts a process for each service.
	Split bool
	// Services are those that there are.
	Services []string
	// Addr is a Pulse that runs already and is measured instead of one that is started; empty starts one. The people are
	// then made through its API.
	Addr string
	// Servers are the processes of the Pulse that runs already, if they are on this machine: their CPU is counted.
	Servers []int
	// Program is the executable of Pulse.
	Program string
	// Prepare fills the database of a data folder with the graph.
	Prepare func(ctx context.Context, dataDir string) error
	// Backends are processes of databases and brokers that serve this Pulse alone; their CPU is counted.
	Backends []int
	// Progress shows how far it has come.
	Progress *progress.Display
	// Say tells what is being done.
	Say func(format string, args ...any)
}

// A Result is what one mix was measured at. Times are of the whole run, CPU is of the server and those backends that are
// its own.
type Result struct {
	Mix                string  `json:"mix"`
	Mode               string  `json:"mode"`
	Rate               float64 `json:"rate"`
	Requests           int     `json:"requests"`
	Errors             int     `json:"errors"`
	P50                float64 `json:"p50_ms"`
	P99                float64 `json:"p99_ms"`
	P999               float64 `json:"p999_ms"`
	CPUPerRequest      float64 `json:"cpu_us_per_request"`
	YardstickCPU       float64 `json:"yardstick_cpu_us_per_request"`
	Ratio              float64 `json:"ratio"`
	VisibleP50         float64 `json:"visible_p50_ms"`
	VisibleP99         float64 `json:"visible_p99_ms"`
	BytesPerAnswer     int     `json:"bytes_per_answer"`
	ResidentMiB        float64 `json:"resident_mib"`
	KiBPerActivePerson float64 `json:"kib_per_active_person"`
	Machine            string  `json:"machine"`
}

// bench is one run.
type bench struct {
	Options
	folder string
	server *server
	load   *load
	// perPerson is the memory that each reader's becoming active took.
	perPerson float64
}

// Run starts a Pulse unless one is named, fills it, measures every mix, and stops what it started.
func Run(ctx context.Context, o Options, each func(Result)) (err error) {
	b := &bench{Options: o}
	if b.folder, err = os.MkdirTemp("", "pulse-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.folder)) }()
	o.Say("filling: %d people, %d follows, %d posts", o.Graph.People, o.Graph.Follows(), o.Graph.People*o.Graph.Posts)
	if o.Addr != "" {
		b.server, err = b.visit(ctx)
	} else if err = o.Prepare(ctx, b.folder); err == nil {
		b.server, err = startServer(ctx, o.Program, b.folder, o.Services, o.Split)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.server.stop()) }()
	b.load = newLoad(b.server.urls)
	if err := b.signIn(ctx); err != nil {
		return err
	}
	for _, mix := range o.Mixes {
		r, err := b.mix(ctx, mix)
		if err != nil {
			return fmt.Errorf("mix %s: %w", mix, err)
		}
		each(r)
	}
	return nil
}

// counted are the processes whose CPU counts.
func (b *bench) counted() processes {
	return append(append(processes{}, b.server.processes...), b.Backends...)
}

// signIn signs the readers and the celebrities in, and has every reader read once, which makes them active.
func (b *bench) signIn(ctx context.Context) error {
	stage := b.Progress.Stage("log-ins", b.Readers+b.Graph.Celebrities)
	defer stage.End()
	b.load.readers, b.load.famous = make([]person, b.Readers), make([]person, b.Graph.Celebrities)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(logInsAtOnce)
	logIn := func(into *person, number int) {
		group.Go(func() (err error) {
			*into, err = b.load.logIn(groupCtx, bulk.Handle(number), b.Password)
			stage.Done()
			return err
		})
	}
	for n := range b.load.readers {
		logIn(&b.load.readers[n], b.reader(n))
	}
	for n := range b.load.famous {
		logIn(&b.load.famous[n], b.Graph.Celebrity(n))
	}
	if err := group.Wait(); err != nil {
		return err
	}
	before, err := b.memory(ctx)
	if err != nil {
		return err
	}
	for n := range b.load.readers {
		if _, err := b.load.home(ctx, n); err != nil {
			return err
		}
	}
	after, err := b.memory(ctx)
	b.perPerson = float64(after-before) / float64(b.Readers)
	return err
}

// memory answers how many bytes the server holds on to after a collection, and how many are resident in its backends.
func (b *bench) memory(ctx context.Context) (int64, error) {
	held, err := processes(b.Backends).resident()
	if err != nil {
		return 0, err
	}
	for _, ops := range b.server.ops {
		heap, err := heapOf(ctx, ops)
		if err != nil {
			return 0, err
		}
		held += heap
	}
	return held, nil
}

// reader is the number of the nth reader: neighbours, so that they follow each other, and away from the ends of the ring
// where nobody is a fan.
func (b *bench) reader(n int) int {
	if b.Readers == b.Graph.People {
		return n
	}
	return (b.Graph.Friends/2 + n) % b.Graph.People
}

// measured is a load and what it cost.
type measured struct {
	outcome
	cpu time.Duration
}

func (m measured) cpuPerRequest() time.Duration {
	if m.requests == 0 {
		return 0
	}
	return m.cpu / time.Duration(m.requests)
}

// measure makes calls at a rate, first to warm up, then to be counted; settle waits until all that they caused is done.
func (b *bench) measure(ctx context.Context, cpu func() (time.Duration, error), settle func(context.Context) error, rate float64, do call) (measured, error) {
	if o := drive(ctx, rate, b.warmFor(), do); o.err != nil {
		return measured{}, fmt.Errorf("warming up, %d of %d requests failed, such as: %w", o.failed, o.requests, o.err)
	}
	if settle != nil {
		if err := settle(ctx); err != nil {
			return measured{}, err
		}
	}
	before, err := cpu()
	if err != nil {
		return measured{}, err
	}
	m := measured{outcome: drive(ctx, rate, b.Duration, do)}
	if settle != nil {
		if err := settle(ctx); err != nil {
			return m, err
		}
	}
	after, err := cpu()
	m.cpu = after - before
	return m, errors.Join(err, ctx.Err())
}

// mix measures one mix and its yardstick.
func (b *bench) mix(ctx context.Context, mix string) (Result, error) {
	do, err := b.load.of(mix)
	if err != nil {
		return Result{}, err
	}
	rate := b.Rate
	if rate == 0 {
		rate = Rates[mix]
	}
	b.Say("%s: %.0f requests a second for %s", mix, rate, b.warmFor()+b.Duration)
	m, err := b.measure(ctx, b.counted().cpu, b.counted().quiet, rate, do)
	if err != nil {
		return Result{}, err
	}
	resident, err := b.counted().resident()
	if err != nil {
		return Result{}, err
	}
	b.Say("%s: the time until followers see a post", mix)
	visible, err := b.load.visible(ctx, Rates["home"]/5, func(n int) (person, []person) { return b.followers(mix, n) })
	if err != nil {
		return Result{}, err
	}
	size := int(m.bytes) / max(m.requests-m.failed, 1)
	b.Say("%s: the yardstick, %d bytes an answer", mix, size)
	bare, err := b.yardstick(ctx, rate, size)
	if err != nil {
		return Result{}, fmt.Errorf("yardstick: %w", err)
	}
	r := Result{
		Mix: mix, Mode: b.mode(), Rate: rate, Requests: m.requests, Errors: m.failed,
		P50: ms(m.quantile(0.5)), P99: ms(m.quantile(0.99)), P999: ms(m.quantile(0.999)),
		CPUPerRequest: us(m.cpuPerRequest()), YardstickCPU: us(bare), BytesPerAnswer: size,
		VisibleP50: ms(quantile(visible, 0.5)), VisibleP99: ms(quantile(visible, 0.99)),
		ResidentMiB: float64(resident) / (1 << 20), KiBPerActivePerson: b.perPerson / (1 << 10), Machine: machine(),
	}
	if bare > 0 {
		r.Ratio = r.CPUPerRequest / r.YardstickCPU
	}
	return r, nil
}

// followers answers the author of a sample, and who watches for the post: a neighbour, or many fans of a celebrity.
func (b *bench) followers(mix string, n int) (author person, watching []person) {
	if mix == "celebrity" {
		return b.load.famous[n%len(b.load.famous)], b.fansOf(n % len(b.load.famous))
	}
	// Readers stand in a row, and each follows the next.
	n %= len(b.load.readers) - 1
	return b.load.readers[n], []person{b.load.readers[n+1]}
}

// fansOf answers readers who follow a celebrity.
func (b *bench) fansOf(celebrity int) []person {
	fans := map[int]bool{}
	for fan := range b.Graph.FansOf(celebrity) {
		fans[fan] = true
	}
	var watching []person
	for n, reader := range b.load.readers {
		if fans[b.reader(n)] && len(watching) < watched {
			watching = append(watching, reader)
		}
	}
	return watching
}

// mode says what the server was.
func (b *bench) mode() string {
	if b.Addr != "" {
		return "a Pulse that ran at " + b.Addr
	}
	how := "one process"
	if b.Split {
		how = "split"
	}
	switch {
	case os.Getenv("PULSE_DATABASE_URL") == "" && os.Getenv("PULSE_REDIS_URL") == "" && os.Getenv("PULSE_NATS_URL") == "":
		return how + ", embedded"
	default:
		return how + ", real backends"
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

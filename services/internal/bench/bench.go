// Package bench measures a Pulse under load: latency, and the CPU that a request costs beside what a bare HTTP server
// needs to answer as many bytes at the same rate in the same run.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
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
	// Streams is how many streams the mixes of streams open; 0 means the mix's own.
	Streams int
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
	// Env is added to the environment of a Pulse that is started.
	Env []string
	// Prepare fills the database of a data folder with the graph.
	Prepare func(ctx context.Context, dataDir string) error
	// Sizes answers how much room each table of the database takes; nil where the database cannot be reached.
	Sizes func(ctx context.Context, dataDir string) ([]TableSize, error)
	// Vacuum has the database catch up with what was written; nil where it cannot be reached.
	Vacuum func(ctx context.Context, dataDir string) error
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
	// Streams is how many streams were open, BrokenStreams how many of them broke, and KiBPerStream how much memory of the
	// server became resident for each. VisibleP50 and VisibleP99 are then from the begin of a request to its receipt.
	Streams       int     `json:"streams,omitempty"`
	BrokenStreams int     `json:"broken_streams,omitempty"`
	KiBPerStream  float64 `json:"kib_per_stream,omitempty"`
	// Receipts is how often something was told on a stream.
	Receipts int `json:"receipts,omitempty"`
	// MeasuredAt is when the mix had been measured.
	MeasuredAt time.Time `json:"measured_at"`
	// ActivePeople is how many people called, and are what the memory holds for each active person.
	ActivePeople int `json:"active_people"`
	// PostsPerRequest is how many posts a request of the mix writes.
	PostsPerRequest float64 `json:"posts_per_request"`
	// StoredPerPost is by how much a post makes the database grow for good, in bytes.
	StoredPerPost float64 `json:"stored_bytes_per_post"`
	// RecordsPerPost is what a post leaves in tables that are pruned, each byte times the days that it is kept for.
	RecordsPerPost float64 `json:"record_byte_days_per_post"`
	// Parts are the processes of Pulse and its backends, whose CPU and memory add up to those above.
	Parts []Part `json:"parts"`
}

// A Part is what one service, or one backend, took.
type Part struct {
	// Name is the service's, "pulse" where one process runs them all, or the backend's: postgres, redis or nats.
	Name               string  `json:"name"`
	Backend            bool    `json:"backend"`
	CPUPerRequest      float64 `json:"cpu_us_per_request"`
	ResidentMiB        float64 `json:"resident_mib"`
	KiBPerActivePerson float64 `json:"kib_per_active_person"`
}

// bench is one run.
type bench struct {
	Options
	folder string
	server *server
	load   *load
	// perPerson is the memory, in bytes, that each reader's becoming active took in each part.
	perPerson []float64
}

// Run starts a Pulse unless one is named, fills it, measures every mix, and stops what it started.
func Run(ctx context.Context, o Options, each func(Result)) (err error) {
	b := &bench{Options: o}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.open(ctx); err != nil {
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

// open starts a Pulse unless one is named, fills it, and signs the readers in.
func (b *bench) open(ctx context.Context) (err error) {
	if b.folder, err = os.MkdirTemp("", "pulse-bench-"); err != nil {
		return err
	}
	b.Say("filling: %d people, %d follows, %d posts", b.Graph.People, b.Graph.Follows(), b.Graph.People*b.Graph.Posts)
	if b.Addr != "" {
		b.server, err = b.visit(ctx)
	} else if err = b.Prepare(ctx, b.folder); err == nil {
		b.server, err = startServer(ctx, b.Program, b.folder, b.Services, b.Split, b.Env)
	}
	if err != nil {
		return err
	}
	b.load = newLoad(b.server.urls)
	if err := b.signIn(ctx); err != nil {
		return err
	}
	return b.vacuum(ctx)
}

// vacuum has the database catch up with what the preparation has written, as pgbench does after it has filled one: a load meets
// the plans and the pages of a database that is older, instead of the catching up.
func (b *bench) vacuum(ctx context.Context) error {
	if b.Vacuum == nil {
		return nil
	}
	return b.Vacuum(ctx, b.folder)
}

// close stops what was started.
func (b *bench) close() error {
	var err error
	if b.server != nil {
		err = b.server.stop()
	}
	return errors.Join(err, os.RemoveAll(b.folder))
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
	if err != nil {
		return err
	}
	for i := range after {
		b.perPerson = append(b.perPerson, float64(after[i]-before[i])/float64(b.Readers))
	}
	return nil
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
	cost usage
}

// perRequest is what each request's share is.
func (m measured) perRequest(cpu time.Duration) time.Duration {
	if m.requests == 0 {
		return 0
	}
	return cpu / time.Duration(m.requests)
}

// measure makes calls at a rate, first to warm up, then to be counted; settle waits until all that they caused is done.
func (b *bench) measure(ctx context.Context, use func(context.Context) (usage, error), settle func(context.Context) error, rate float64, do call) (measured, error) {
	if err := b.warm(ctx, rate, do); err != nil {
		return measured{}, err
	}
	if settle != nil {
		if err := settle(ctx); err != nil {
			return measured{}, err
		}
	}
	before, err := use(ctx)
	if err != nil {
		return measured{}, err
	}
	m := measured{outcome: drive(ctx, rate, b.Duration, do)}
	if settle != nil {
		if err := settle(ctx); err != nil {
			return m, err
		}
	}
	after, err := use(ctx)
	m.cost = after.since(before)
	return m, errors.Join(err, ctx.Err())
}

// warm makes calls at a rate that rises in steps: a process that has just started answers its first calls more slowly.
func (b *bench) warm(ctx context.Context, rate float64, do call) error {
	const steps = 3
	for step := range steps {
		if o := drive(ctx, rate*float64(step+1)/steps, b.warmFor()/steps, do); o.err != nil {
			return fmt.Errorf("warming up, %d of %d requests failed, such as: %w", o.failed, o.requests, o.err)
		}
	}
	return nil
}

// mix measures one mix and its yardstick.
func (b *bench) mix(ctx context.Context, mix string) (Result, error) {
	if slices.Contains(StreamMixes, mix) {
		return b.streamMix(ctx, mix)
	}
	do, err := b.load.of(mix)
	if err != nil {
		return Result{}, err
	}
	rate := b.Rate
	if rate == 0 {
		rate = Rates[mix]
	}
	b.Say("%s: %.0f requests a second for %s", mix, rate, b.warmFor()+b.Duration)
	posts := postsPerRequest[mix]
	use := func(ctx context.Context) (usage, error) { return b.usage(ctx, posts > 0) }
	m, err := b.measure(ctx, use, b.counted().quiet, rate, do)
	if err != nil {
		return Result{}, err
	}
	parts, err := b.partsOf(m)
	if err != nil {
		return Result{}, err
	}
	r := Result{
		Mix: mix, Mode: b.mode(), Rate: rate, Requests: m.requests, Errors: m.failed,
		P50: ms(m.quantile(0.5)), P99: ms(m.quantile(0.99)), P999: ms(m.quantile(0.999)),
		BytesPerAnswer: int(m.bytes) / max(m.requests-m.failed, 1),
		Machine:        machine(), MeasuredAt: time.Now().UTC().Truncate(time.Second), ActivePeople: b.Readers, PostsPerRequest: posts, Parts: parts,
	}
	for _, p := range parts {
		r.CPUPerRequest += p.CPUPerRequest
		r.ResidentMiB += p.ResidentMiB
		r.KiBPerActivePerson += p.KiBPerActivePerson
	}
	if written := posts * float64(m.requests-m.failed); written > 0 {
		r.StoredPerPost, r.RecordsPerPost = m.cost.kept/written, m.cost.recordDays/written
	}
	return b.beside(ctx, r)
}

// beside adds to a result what is measured beside the load itself.
func (b *bench) beside(ctx context.Context, r Result) (Result, error) {
	mix := r.Mix
	b.Say("%s: the time until followers see a post", mix)
	visible, err := b.load.visible(ctx, Rates["home"]/5, func(n int) (person, []person) { return b.followers(mix, n) })
	if err != nil {
		return Result{}, err
	}
	r.VisibleP50, r.VisibleP99 = ms(quantile(visible, 0.5)), ms(quantile(visible, 0.99))
	b.Say("%s: the yardstick, %d bytes an answer", mix, r.BytesPerAnswer)
	bare, err := b.yardstick(ctx, r.Rate, r.BytesPerAnswer)
	if err != nil {
		return Result{}, fmt.Errorf("yardstick: %w", err)
	}
	if r.YardstickCPU = us(bare); bare > 0 {
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

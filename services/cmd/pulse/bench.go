package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pulse-social/pulse/services/app"
	"github.com/pulse-social/pulse/services/internal/bench"
)

// benchCommand measures a Pulse that it starts.
type benchCommand struct {
	Mix       []string      `default:"home,compose,dsb" help:"What is called: home, compose, dsb, celebrity, recommend, search, search-ranked, search-people, search-tags, suggest, stream or stream-idle, several with commas (${default})."`
	Rate      float64       `default:"0" help:"Requests a second; 0 means the mix's own."`
	Duration  time.Duration `default:"10s" help:"How long each mix is measured (${default})."`
	Addr      string        `placeholder:"URL" help:"Measure the Pulse that runs there, and make the people through its API."`
	Servers   []int         `placeholder:"PID" help:"With --addr: the processes that serve it, if they are on this machine: their CPU is counted."`
	Split     bool          `help:"A process for each service, on the Postgres, Redis and NATS of the environment."`
	Backends  []int         `env:"PULSE_BACKENDS" placeholder:"PID" help:"Processes of Postgres, Redis and NATS that serve this Pulse alone: their CPU and memory are counted."`
	Telemetry int           `placeholder:"ROUNDS" help:"Compare the CPU of requests without traces and with 1 % of them exported, in turn for so many rounds; fails above 10 % more."`
	JSON      bool          `help:"Print a JSON object for each mix for programs."`

	Streams     int           `default:"0" help:"How many streams stream and stream-idle open, at most 20 for each of the readers; 0 means 2,000 and 5,000."`
	Readers     int           `default:"200" help:"How many people call (${default})."`
	People      int           `default:"200" help:"How many people there are (${default})."`
	Friends     int           `default:"38" help:"How many each follows and is followed by (${default}, as in the graph Reed98)."`
	Spread      bool          `help:"Have nearly all friends of friends be different people, as recommendations cost most on."`
	Celebrities int           `default:"0" help:"How many have --fans followers besides (${default})."`
	Fans        int           `default:"0" help:"How many follow each celebrity (${default})."`
	Posts       int           `default:"10" help:"How many posts each has written before (${default})."`
	Span        time.Duration `default:"720h" help:"In which time (${default})."`

	Yardstick      string `hidden:"" help:"Serve the yardstick at this address."`
	YardstickBytes int    `hidden:"" help:"Size of the yardstick's answers."`
}

// benchPassword is everybody's in a generated graph. What is measured has no secrets.
const benchPassword = "pulse bench password"

// Help says more than the one line.
func (benchCommand) Help() string {
	return `A Pulse is started in a temporary folder, filled with a generated graph around the API, and called at a fixed rate
whether it keeps up or not. Everything is embedded unless PULSE_DATABASE_URL, PULSE_REDIS_URL and PULSE_NATS_URL name
backends; the database must be empty. Linux counts the CPU.
The Pulse has no limits on calls; one that --addr names may have, and needs PULSE_RATE_...=0 of each class to be measured.

Examples:
  pulse bench
  pulse bench --mix home --rate 1000 --duration 30s --json
  pulse bench --addr http://127.0.0.1:8080 --servers "$(pgrep -d, -x pulse)"
  pulse bench --mix compose,celebrity --people 100000 --celebrities 5 --fans 20000`
}

// Run implements the command.
func (c benchCommand) Run(ctx context.Context) error {
	if c.Yardstick != "" {
		return bench.ServeYardstick(ctx, c.Yardstick, c.YardstickBytes)
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	if c.Telemetry > 0 {
		return c.compareTelemetry(ctx, options)
	}
	var results []bench.Result
	err = bench.Run(ctx, options, func(r bench.Result) {
		results = append(results, r)
		if c.JSON {
			_ = json.NewEncoder(os.Stdout).Encode(r)
		}
	})
	if err != nil || c.JSON {
		return err
	}
	return bench.Print(os.Stdout, results)
}

// dearest is by which share traces may make a request dearer.
const dearest = 0.1

// compareTelemetry measures what traces cost.
func (c benchCommand) compareTelemetry(ctx context.Context, o bench.Options) error {
	results, err := bench.CompareTelemetry(ctx, o, c.Telemetry)
	if err != nil {
		return err
	}
	if c.JSON {
		for _, r := range results {
			_ = json.NewEncoder(os.Stdout).Encode(r)
		}
	} else if err := bench.PrintTelemetry(os.Stdout, results); err != nil {
		return err
	}
	for _, r := range results {
		if r.Cost > dearest {
			return fmt.Errorf("traces make a request of %s %.1f %% dearer, more than %.0f %%: see a profile of both, or more rounds on a quieter machine", r.Mix, 100*r.Cost, 100*dearest)
		}
	}
	return nil
}

// options checks the flags and says what they mean.
func (c benchCommand) options() (bench.Options, error) {
	graph := bench.Graph{
		People: c.People, Friends: c.Friends, Spread: c.Spread, Celebrities: c.Celebrities, Fans: c.Fans, Posts: c.Posts, Span: c.Span,
		Words: slices.ContainsFunc(c.Mix, func(mix string) bool { return slices.Contains(bench.SearchMixes, mix) }),
	}
	if err := graph.Validate(); err != nil {
		return bench.Options{}, err
	}
	switch {
	case c.Readers < 2 || c.Readers > c.People-c.Celebrities:
		return bench.Options{}, fmt.Errorf("--readers %d: give 2 to as many as there are people who are no celebrities", c.Readers)
	case c.Rate < 0 || c.Rate > 100_000:
		return bench.Options{}, fmt.Errorf("--rate %g: give 0 to 100000", c.Rate)
	case c.Streams < 0:
		return bench.Options{}, fmt.Errorf("--streams %d: give 0 or more", c.Streams)
	case c.Telemetry < 0 || c.Telemetry > 0 && c.Addr != "":
		return bench.Options{}, fmt.Errorf("--telemetry %d: give a number of rounds, and no --addr, for a Pulse is started in each", c.Telemetry)
	case c.Addr != "" && c.Split:
		return bench.Options{}, errors.New("--split starts processes, --addr names those that run: give one of them")
	case c.Duration < time.Second:
		return bench.Options{}, fmt.Errorf("--duration %s: give a second or more", c.Duration)
	}
	program, err := os.Executable()
	if err != nil {
		return bench.Options{}, err
	}
	progress := display()
	o := bench.Options{
		Mixes: c.Mix, Rate: c.Rate, Duration: c.Duration, Readers: c.Readers, Streams: c.Streams, Graph: graph, Password: benchPassword,
		Split: c.Split, Addr: strings.TrimSuffix(c.Addr, "/"), Servers: c.Servers, Services: app.ServiceNames(), Program: program, Backends: c.Backends, Progress: progress,
		Say: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
		Prepare: func(ctx context.Context, dataDir string) error {
			config, err := configIn(dataDir)
			if err != nil {
				return err
			}
			return app.Fill(ctx, config, graph, benchPassword, bench.Stages(progress))
		},
	}
	if c.Addr == "" {
		o.Sizes, o.Vacuum = sizes, vacuum
	}
	return o, nil
}

// sizes are those of the tables of a Pulse that was started here.
func sizes(ctx context.Context, dataDir string) ([]bench.TableSize, error) {
	config, err := configIn(dataDir)
	if err != nil {
		return nil, err
	}
	return app.Sizes(ctx, config)
}

// vacuum has the database of a Pulse that was started here catch up, where that is something to do.
func vacuum(ctx context.Context, dataDir string) error {
	config, err := configIn(dataDir)
	if err != nil || config.Store.Embedded() {
		return err
	}
	fmt.Fprintln(os.Stderr, "vacuuming the database")
	return app.Vacuum(ctx, config)
}

// configIn is the configuration of the environment in another data folder.
func configIn(dataDir string) (app.Config, error) {
	config, _, err := app.LoadConfig(func(name string) (string, bool) {
		if name == "PULSE_DATA_DIR" {
			return dataDir, true
		}
		return os.LookupEnv(name)
	})
	return config, err
}

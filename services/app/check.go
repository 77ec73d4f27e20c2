package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/cause"
	"github.com/pulse-social/pulse/services/internal/invariant"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/visibility"
	"github.com/pulse-social/pulse/services/media"
	"github.com/pulse-social/pulse/services/timeline"
)

// CheckResult is what became of one invariant.
type CheckResult = invariant.Result

// settleFor bounds how long a check waits for events that are still on their way.
const settleFor = 60 * time.Second

// Check checks the invariants on the store that is configured. When a process of this machine has the data folder, that
// one checks itself, caches included. progress is told what is being done.
func Check(ctx context.Context, c Config, progress func(string)) ([]CheckResult, error) {
	if c.embeds() {
		if address, ok := runningOps(c.Store.DataDir); ok {
			progress("asking the Pulse that runs on the data folder, at " + address)
			return askToCheck(ctx, address)
		}
	}
	s, err := openCurrentStore(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }() // Nothing was written.
	redis, err := kv.Open(ctx, c.KV)
	if err != nil {
		return nil, err
	}
	defer redis.Close()
	deps := service.Deps{DB: s.For("check"), KV: redis, Visibility: visibility.NewPolicy(s.For("check").Client)}
	return checker(c, deps).Check(ctx, progress)
}

// askToCheck has another process check itself.
func askToCheck(ctx context.Context, address string) ([]CheckResult, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/check", nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the Pulse that runs on the data folder does not answer at %s: %w", address, cause.Of(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
		return nil, fmt.Errorf("the Pulse that runs on the data folder could not check itself: %s", text)
	}
	var results []CheckResult
	return results, json.NewDecoder(answer.Body).Decode(&results)
}

// Check checks the invariants from within a process that runs.
func (a *App) Check(ctx context.Context) ([]CheckResult, error) {
	deps := a.deps
	deps.DB = a.store.For("check")
	return checker(a.config, deps).Check(ctx, func(string) {})
}

func checker(c Config, d service.Deps) invariant.Checker {
	return invariant.Checker{DB: d.DB, Consumers: allConsumers(c), Home: timeline.Home(c.Timeline, d), Files: mediaFiles(c), SettleFor: settleFor}
}

// mediaFiles visits the files of pictures; nil when it is not known where they are, or another process has them in its memory.
func mediaFiles(c Config) func(context.Context, func(int64, string, time.Time)) error {
	if c.Media.InMemory() || c.Media.URL == "" && !c.Store.Embedded() {
		return nil
	}
	return func(ctx context.Context, visit func(int64, string, time.Time)) error {
		files, err := media.Open(ctx, c.Media, c.Store.DataDir)
		if err != nil {
			return err
		}
		return errors.Join(files.Each(ctx, visit), files.Close())
	}
}

// allConsumers lists the consumers of all services, to know what has to consume an event; they are not run.
func allConsumers(c Config) []bus.Consumer {
	var all []bus.Consumer
	for _, e := range catalog {
		all = append(all, e.make(c, service.Deps{Dial: noDial}).Consumers...)
	}
	return all
}

// noDial is for services that are made only to be asked what they consume.
func noDial(string) *connect.Client { return rpc.DialInProcess(connect.NewServer()) }

package timeline

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// origin is where the order of a home timeline came from.
type origin int

const (
	originSQL origin = iota
	originList
	originRebuilt
)

// instruments measure what reads of timelines are answered from.
type instruments struct {
	homes, posts metric.Int64Counter
	// The options are made once, for reads are many.
	origins   [3][]metric.AddOption
	hit, miss []metric.AddOption
}

func newInstruments() *instruments {
	meter := otel.Meter("github.com/pulse-social/pulse/services/timeline")
	option := func(key, value string) []metric.AddOption {
		return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String(key, value)))}
	}
	i := &instruments{
		homes: telemetry.Instrument(meter.Int64Counter("pulse.timeline.home.reads", metric.WithUnit("{page}"),
			metric.WithDescription("Pages of home timelines, by where their order came from: a list in Redis, a list that had to be rebuilt, or SQL."))),
		posts: telemetry.Instrument(meter.Int64Counter("pulse.timeline.posts", metric.WithUnit("{post}"),
			metric.WithDescription("Posts on pages, by whether the process kept a copy."))),
		hit: option("pulse.cache.result", "hit"), miss: option("pulse.cache.result", "miss"),
	}
	for from, name := range map[origin]string{originSQL: "sql", originList: "list", originRebuilt: "rebuilt"} {
		i.origins[from] = option("pulse.timeline.source", name)
		i.homes.Add(context.Background(), 0, i.origins[from]...)
	}
	i.posts.Add(context.Background(), 0, i.hit...)
	i.posts.Add(context.Background(), 0, i.miss...)
	return i
}

// home counts a page of a home timeline.
func (i *instruments) home(ctx context.Context, from origin) { i.homes.Add(ctx, 1, i.origins[from]...) }

// copied counts the posts of a page.
func (i *instruments) copied(ctx context.Context, hits, misses int) {
	if hits > 0 {
		i.posts.Add(ctx, int64(hits), i.hit...)
	}
	if misses > 0 {
		i.posts.Add(ctx, int64(misses), i.miss...)
	}
}

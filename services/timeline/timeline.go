// Package timeline is the service that puts posts in the order in which people read them.
//
// A home timeline is put together from two sides. When somebody posts, the id of the post is added to a list in Redis
// for each follower who has read their home timeline lately (fan-out on write, see fanout.go); posts of the reader's
// own, and of authors with very many followers, are merged in when the timeline is read (home.go). A list that is
// missing is rebuilt from SQL (list.go), and pages older than the list come from SQL, so Redis holds nothing that
// matters.
package timeline

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
	"github.com/pulse-social/pulse/gen/pulse/timeline/v1/timelinev1connect"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// Config says how home timelines are put together. Every setting gives the same timelines; they differ in cost.
type Config struct {
	// ListLength is how many posts of a home timeline are kept in Redis.
	ListLength int `env:"PULSE_TIMELINE_LENGTH" envDefault:"800" doc:"posts of a home timeline kept in Redis; 0 reads all from SQL"`
	// MergeFollowers is how many followers make an author's posts be merged on read.
	MergeFollowers int `env:"PULSE_TIMELINE_MERGE_FOLLOWERS" envDefault:"10000" doc:"authors with this many followers are merged on read; 0 merges all"`
}

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	switch {
	case c.ListLength < 0:
		return fmt.Errorf("PULSE_TIMELINE_LENGTH=%d: set 0 or more", c.ListLength)
	case c.MergeFollowers < 0:
		return fmt.Errorf("PULSE_TIMELINE_MERGE_FOLLOWERS=%d: set 0 or more", c.MergeFollowers)
	}
	return nil
}

// handler serves pulse.timeline.v1.TimelineService.
type handler struct {
	db         *store.DB
	lists      Lists
	visibility *visibility.Policy
	posts      *posts
	viewers    *viewers
	merged     *merged
	trends     *trends
	now        clock.Clock
}

// New makes the service.
func New(c Config, d service.Deps) service.Service {
	lists := Lists{kv: d.KV, length: c.ListLength}
	kept := newPosts(postv1connect.NewPostServiceClient(d.Dial("post")), d.DB, d.Hints, d.Now)
	h := &handler{
		db: d.DB, lists: lists, visibility: d.Visibility,
		posts: kept, viewers: newViewers(d.Stamps, kept, d.Now), merged: newMerged(d.DB, d.Hints, d.Now),
		trends: newTrends(d.DB, d.Now), now: d.Now,
	}
	f := &fanout{
		db: d.DB, lists: lists, stamps: d.Stamps, hints: d.Hints, authors: h.merged, mergeFollowers: c.MergeFollowers, now: d.Now,
	}
	return service.Service{
		Register:  func(s *connect.Server) { timelinev1connect.RegisterTimelineServiceHandler(s, h) },
		Consumers: []bus.Consumer{f.consumer(), trendsConsumer()},
		Start:     func(context.Context) error { return errors.Join(h.posts.watch(), h.merged.watch()) },
	}
}

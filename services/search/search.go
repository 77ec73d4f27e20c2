// Package search is the service that finds posts, people, hashtags and meetups.
//
// What can be found is written down by a consumer (index.go) as documents of terms (document.go, package terms), which the
// database's own full text finds (engine.go). Who may see what is found is asked of package visibility at each search, in
// the database, so nothing that changes there has to wait for the index.
package search

import (
	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/gen/pulse/event/v1/eventv1connect"
	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
	"github.com/pulse-social/pulse/gen/pulse/search/v1/searchv1connect"
	"github.com/pulse-social/pulse/gen/pulse/user/v1/userv1connect"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// handler serves pulse.search.v1.SearchService.
type handler struct {
	db         *store.DB
	visibility *visibility.Policy
	posts      postv1connect.PostServiceClient
	users      userv1connect.UserServiceClient
	events     eventv1connect.EventServiceClient
	now        clock.Clock
}

// New makes the service.
func New(d service.Deps) service.Service {
	h := &handler{
		db: d.DB, visibility: d.Visibility, now: d.Now,
		posts: postv1connect.NewPostServiceClient(d.Dial("post")), users: userv1connect.NewUserServiceClient(d.Dial("user")),
		events: eventv1connect.NewEventServiceClient(d.Dial("event")),
	}
	return service.Service{
		Register:  func(s *connect.Server) { searchv1connect.RegisterSearchServiceHandler(s, h) },
		Consumers: []bus.Consumer{consumer()},
	}
}

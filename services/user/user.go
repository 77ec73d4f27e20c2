// Package user is the service for people as others see them.
package user

import (
	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/gen/pulse/user/v1/userv1connect"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// handler serves pulse.user.v1.UserService.
type handler struct {
	db         *store.DB
	visibility *visibility.Policy
	stamps     *stamp.Book
	hints      *bus.Hints
	now        clock.Clock
}

// New makes the service.
func New(d service.Deps) service.Service {
	h := &handler{db: d.DB, visibility: d.Visibility, stamps: d.Stamps, hints: d.Hints, now: d.Now}
	return service.Service{
		Register:  func(s *connect.Server) { userv1connect.RegisterUserServiceHandler(s, h) },
		Consumers: []bus.Consumer{countsConsumer(), eraseConsumer()},
	}
}

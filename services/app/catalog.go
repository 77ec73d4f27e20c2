package app

import (
	"github.com/pulse-social/pulse/services/event"
	"github.com/pulse-social/pulse/services/graph"
	"github.com/pulse-social/pulse/services/identity"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/media"
	"github.com/pulse-social/pulse/services/messaging"
	"github.com/pulse-social/pulse/services/notification"
	"github.com/pulse-social/pulse/services/post"
	"github.com/pulse-social/pulse/services/realtime"
	"github.com/pulse-social/pulse/services/search"
	"github.com/pulse-social/pulse/services/timeline"
	"github.com/pulse-social/pulse/services/user"
)

// entry is one service in the catalog.
type entry struct {
	name string
	make func(Config, service.Deps) service.Service
	// calls are the services that this one calls.
	calls []string
}

// catalog is every service that there is.
var catalog = []entry{
	{name: "identity", make: func(c Config, d service.Deps) service.Service { return identity.New(c.identity(), d) }},
	{name: "user", make: func(_ Config, d service.Deps) service.Service { return user.New(d) }},
	{name: "post", make: func(c Config, d service.Deps) service.Service { return post.New(c.Post, d) }},
	{name: "media", make: func(c Config, d service.Deps) service.Service { return media.New(c.Media, c.Store.DataDir, d) }},
	{name: "graph", make: func(_ Config, d service.Deps) service.Service { return graph.New(d) }},
	{name: "timeline", make: func(c Config, d service.Deps) service.Service { return timeline.New(c.Timeline, d) }, calls: []string{"post"}},
	{name: "event", make: func(c Config, d service.Deps) service.Service { return event.New(c.Event, d) }},
	{name: "search", make: func(_ Config, d service.Deps) service.Service { return search.New(d) }, calls: []string{"post", "user", "event"}},
	{name: "messaging", make: func(_ Config, d service.Deps) service.Service { return messaging.New(d) }},
	{name: "notification", make: func(c Config, d service.Deps) service.Service { return notification.New(c.Notification, d) }},
	{name: "realtime", make: func(c Config, d service.Deps) service.Service { return realtime.New(c.Realtime, d) }, calls: []string{"post", "messaging", "notification"}},
}

// ServiceNames lists the services in the order of the catalog.
func ServiceNames() []string {
	names := make([]string, len(catalog))
	for i, e := range catalog {
		names[i] = e.name
	}
	return names
}

func known(name string) bool {
	for _, e := range catalog {
		if e.name == name {
			return true
		}
	}
	return false
}

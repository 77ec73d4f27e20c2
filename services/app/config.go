package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulse-social/pulse/services/event"
	"github.com/pulse-social/pulse/services/identity"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/config"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/mtls"
	"github.com/pulse-social/pulse/services/internal/overload"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/telemetry"
	"github.com/pulse-social/pulse/services/media"
	"github.com/pulse-social/pulse/services/notification"
	"github.com/pulse-social/pulse/services/post"
	"github.com/pulse-social/pulse/services/realtime"
	"github.com/pulse-social/pulse/services/timeline"
)

// Config is all that can be set, each part beside the package that it is for.
type Config struct {
	Server       rpc.Config
	Process      Process
	Store        store.Config
	KV           kv.Config
	Limits       limit.Config
	Overload     overload.Config
	Bus          bus.Config
	Peers        Peers
	TLS          mtls.Config
	Identity     identity.Config
	Post         post.Config
	Media        media.Config
	Notification notification.Config
	Event        event.Config
	Timeline     timeline.Config
	Realtime     realtime.Config
	Telemetry    telemetry.Config
}

// Setting is one variable with the value in force.
type Setting = config.Setting

// LoadConfig reads the configuration from the environment and answers it with the settings in force. An error names
// every wrong variable, its value and the remedy, a line each.
func LoadConfig(lookup func(string) (string, bool)) (Config, []Setting, error) {
	var c Config
	settings, err := config.Load(&c, lookup)
	if err != nil {
		return c, settings, err
	}
	return c, settings, c.Validate()
}

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	var errs []error
	for _, part := range []interface{ Validate() error }{
		c.Server, c.Process, c.Store, c.KV, c.Limits, c.Overload, c.Bus, c.Peers, c.TLS, c.Identity, c.Post, c.Media, c.Notification, c.Event, c.Timeline, c.Realtime, c.Telemetry,
	} {
		errs = append(errs, part.Validate())
	}
	return errors.Join(errs...)
}

// identity answers the configuration of identity: mails may be shown in the log of a process that only its own machine can
// reach.
func (c Config) identity() identity.Config {
	i := c.Identity
	i.ShowMails = c.Server.Loopback()
	return i
}

// embeds tells whether anything is kept in the data folder.
func (c Config) embeds() bool { return c.Bus.URL == "" || c.Store.Embedded() }

// Peers say where the services are that other processes run.
type Peers struct {
	// Addresses are host and port by service; the service * stands for all others, and {service} in its address for the
	// name.
	Addresses map[string]string `env:"PULSE_PEERS" doc:"where other services are: post:host:port,... or *:pulse-{service}:8080"`
}

// Validate answers what is wrong with the settings.
func (p Peers) Validate() error {
	for name, address := range p.Addresses {
		if name != "*" && !known(name) {
			return fmt.Errorf("PULSE_PEERS names the service %q, which there is not: use %s, or * for all", name, strings.Join(ServiceNames(), ", "))
		}
		if !strings.Contains(address, ":") {
			return fmt.Errorf("PULSE_PEERS says that %s is at %q: write host:port", name, address)
		}
	}
	return nil
}

// address answers where a service is.
func (p Peers) address(service string) (string, bool) {
	if address, ok := p.Addresses[service]; ok {
		return address, true
	}
	address, ok := p.Addresses["*"]
	return strings.ReplaceAll(address, "{service}", service), ok
}

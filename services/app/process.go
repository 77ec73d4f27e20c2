package app

import (
	"fmt"
	"time"
)

// What a process does of the work of its services.
const (
	workAll       = "all"
	workAPI       = "api"
	workConsumers = "consumers"
)

// Process says which part of its services' work a process does, and how patient its start is.
type Process struct {
	// Work is the API with the relay of the outbox, the consumers of events, or both.
	Work string `env:"PULSE_WORK" envDefault:"all" doc:"all, api (without consumers), or consumers (without the API's port)"`
	// StartTimeout is how long a start waits, unready, for a database, Redis or broker that is away.
	StartTimeout time.Duration `env:"PULSE_START_TIMEOUT" envDefault:"0s" doc:"how long a start waits for backends that are away; 0s: it fails at once"`
}

// Validate answers what is wrong with the settings.
func (p Process) Validate() error {
	switch {
	case p.Work != workAll && p.Work != workAPI && p.Work != workConsumers:
		return fmt.Errorf("PULSE_WORK=%q: set %s, %s or %s", p.Work, workAll, workAPI, workConsumers)
	case p.StartTimeout < 0:
		return fmt.Errorf("PULSE_START_TIMEOUT=%s: set 0s or more", p.StartTimeout)
	}
	return nil
}

func (p Process) servesAPI() bool { return p.Work != workConsumers }

func (p Process) consumes() bool { return p.Work != workAPI }

package app

import (
	"crypto/tls"
	"slices"

	"github.com/pulse-social/pulse/services/internal/mtls"
)

// callers are who may call this process: the gateway, and the services that call one of those that run here.
func (a *App) callers() []string {
	names := []string{mtls.Gateway}
	for _, e := range catalog {
		if slices.ContainsFunc(e.calls, a.runs) {
			names = append(names, e.name)
		}
	}
	return names
}

// peerTLS is how a service of another process is called; nil without TLS.
func (a *App) peerTLS(name string) *tls.Config {
	if a.identity == nil {
		return nil
	}
	secured, err := a.identity.Client(name)
	if err != nil { // New has made sure that each service that is called has an id.
		panic(err)
	}
	return secured
}

// checkIDs fails when TLS is on and somebody who calls or is called has no id.
func (a *App) checkIDs() error {
	if !a.config.TLS.On() {
		return nil
	}
	names := a.callers()
	for _, e := range a.entries {
		names = append(names, e.calls...)
	}
	return a.config.TLS.CheckIDs(names...)
}

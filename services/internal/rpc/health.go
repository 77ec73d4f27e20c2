package rpc

import (
	"context"
	"net/http"
	"slices"

	connectv1 "connectrpc.com/connect" //nolint:depguard // grpchealth 1.5 is for Connect v1; its handler is a plain http.Handler.
	"connectrpc.com/grpchealth"
)

// mountHealth serves gRPC's health protocol (grpc.health.v1) for the process and each of its services.
func mountHealth(mux *http.ServeMux, services []string, ready func() bool) {
	mux.Handle(grpchealth.NewHandler(healthChecker{services: services, ready: ready}))
}

type healthChecker struct {
	services []string
	ready    func() bool
}

// Check implements [grpchealth.Checker].
func (h healthChecker) Check(_ context.Context, r *grpchealth.CheckRequest) (*grpchealth.CheckResponse, error) {
	if r.Service != "" && !slices.Contains(h.services, r.Service) {
		return nil, connectv1.NewError(connectv1.CodeNotFound, unknownServiceError(r.Service))
	}
	if !h.ready() {
		return &grpchealth.CheckResponse{Status: grpchealth.StatusNotServing}, nil
	}
	return &grpchealth.CheckResponse{Status: grpchealth.StatusServing}, nil
}

// unknownServiceError names a service that the process does not run.
type unknownServiceError string

// Error implements error.
func (e unknownServiceError) Error() string { return "this process has no service " + string(e) }

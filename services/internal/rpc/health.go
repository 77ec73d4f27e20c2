package rpc

import (
	"context"
	"net/http"
	"slices"

	connectv1 "connectrpc.com/connect"
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
		return nil, connectv1.NewError(connectv1.CodeNotFound, errUnknownService(r.Service))
	}
	if !h.ready() {
		return &grpchealth.CheckResponse{Status: grpchealth.StatusNotServing}, nil
	}
	return &grpchealth.CheckResponse{Status: grpchealth.StatusServing}, nil
}

type errUnknownService string

// Error implements error.
func (e errUnknownService) Error() string { return "this process has no service " + string(e) }

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// A refusal is an error that a gateway answers itself, in the form that the services give theirs.
type refusal struct {
	// Name is how the configuration calls it.
	Name string
	// Status is the HTTP status.
	Status int
	// Code is the error's number (google.rpc.Code), and CodeName its name in Connect.
	Code     int32
	CodeName string
	// Reason is a name of pulse.errors.v1.Reason without its prefix; empty when none fits.
	Reason string
	// Message is for people: ASCII without quotes and percent signs.
	Message string
	// RetryAfter is in how many seconds the call may be tried again; 0 says nothing about that.
	RetryAfter int
}

// info is the error's detail.
func (r refusal) info() *errdetails.ErrorInfo {
	return &errdetails.ErrorInfo{Reason: r.Reason, Domain: "pulse"}
}

// Connect is the error as Connect's unary calls have it.
func (r refusal) Connect() (string, error) {
	detail, err := proto.MarshalOptions{Deterministic: true}.Marshal(r.info())
	if err != nil {
		return "", err
	}
	body := map[string]any{"code": r.CodeName, "message": r.Message}
	if r.Reason != "" {
		body["details"] = []map[string]string{{
			"type": "google.rpc.ErrorInfo", "value": base64.RawStdEncoding.EncodeToString(detail),
		}}
	}
	raw, err := json.Marshal(body)
	return string(raw), err
}

// status is the error as google.rpc.Status.
func (r refusal) status() (*spb.Status, error) {
	status := &spb.Status{Code: r.Code, Message: r.Message}
	if r.Reason == "" {
		return status, nil
	}
	detail, err := anypb.New(r.info())
	status.Details = append(status.Details, detail)
	return status, err
}

// REST is the error as REST paths have it.
func (r refusal) REST() (string, error) {
	status, err := r.status()
	if err != nil {
		return "", err
	}
	raw, err := protojson.Marshal(status)
	if err != nil {
		return "", err
	}
	// protojson varies its spaces from build to build.
	var compact any
	if err := json.Unmarshal(raw, &compact); err != nil {
		return "", err
	}
	raw, err = json.Marshal(compact)
	return string(raw), err
}

// GRPCDetails is the error as gRPC's header grpc-status-details-bin has it.
func (r refusal) GRPCDetails() (string, error) {
	status, err := r.status()
	if err != nil {
		return "", err
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(status)
	if err != nil {
		return "", fmt.Errorf("%s: %w", r.Name, err)
	}
	return base64.RawStdEncoding.EncodeToString(raw), nil
}

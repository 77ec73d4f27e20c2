package rpc

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"
)

// A Failure is a deliberate error: it reaches the caller with its reason, its message and the code that the schema gives
// the reason. Any other error reaches the caller as an internal one, without its text.
type Failure struct { //nolint:errname // It is the one error that handlers make; rpc.Failure reads better than rpc.FailureError.
	// Reason is why, for programs.
	Reason errorsv1.Reason
	// Message is why and what to do, for people.
	Message string
	// Metadata are the values that the reason's documentation names.
	Metadata map[string]string
	// RetryAfter is when it makes sense to try again; 0 says nothing about that.
	RetryAfter time.Duration
}

// Fail makes a failure.
func Fail(reason errorsv1.Reason, format string, args ...any) *Failure {
	return &Failure{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Failed tells whether an error is a failure for a reason.
func Failed(err error, reason errorsv1.Reason) bool {
	failure, ok := errors.AsType[*Failure](err)
	return ok && failure.Reason == reason
}

// With adds a value to the failure's metadata.
func (f *Failure) With(key string, value any) *Failure {
	if f.Metadata == nil {
		f.Metadata = map[string]string{}
	}
	f.Metadata[key] = fmt.Sprint(value)
	return f
}

// After says when it makes sense to try again.
func (f *Failure) After(pause time.Duration) *Failure {
	f.RetryAfter = pause
	return f
}

// Error implements error.
func (f *Failure) Error() string { return f.Message }

// Code answers the code that the schema gives the reason.
func (f *Failure) Code() connect.Code { return codeOf(f.Reason) }

// codeOf reads the code of a reason from the schema.
func codeOf(reason errorsv1.Reason) connect.Code {
	value := reason.Descriptor().Values().ByNumber(reason.Number())
	if value == nil {
		return connect.CodeInternal
	}
	code, _ := proto.GetExtension(value.Options(), optionsv1.E_Code).(optionsv1.Code)
	return connect.Code(code)
}

// shortName is a reason as error details carry it: without its prefix.
func shortName(reason errorsv1.Reason) string { return strings.TrimPrefix(reason.String(), "REASON_") }

// reasonByName is the reverse of shortName.
func reasonByName(name string) (errorsv1.Reason, bool) {
	value := errorsv1.Reason(0).Descriptor().Values().ByName(protoreflect.Name("REASON_" + name))
	if value == nil {
		return 0, false
	}
	return errorsv1.Reason(value.Number()), true
}

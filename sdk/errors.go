package pulse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
)

// Error is why a call failed. Every call of a [Client] that fails does so with one, in whatever way: refused by the
// server, not connected, or given up by its context. Find it with [errors.AsType] or [errors.As]. It unwraps to the [*connect.Error] and
// from there to the local cause, so that errors.Is(err, context.Canceled) works.
type Error struct {
	// Code is the kind of failure. The code of a reason never changes.
	Code connect.Code

	// Reason is the server's reason, REASON_UNSPECIFIED when it gave none or one that is newer than this package.
	Reason errorsv1.Reason

	// Message explains the failure to a developer. It is no interface: do not compare it.
	Message string

	// Metadata holds details of the reason, as documented with it. It is nil without any.
	Metadata map[string]string

	// Violations lists the rules of the schema that the request broke.
	Violations []Violation

	// RetryAfter is how long the server asks to wait before the next attempt, zero when it does not say.
	RetryAfter time.Duration

	// RequestID names the call in the logs of the server, empty when the server did not say.
	RequestID string

	reason string // as the server wrote it
	cause  *connect.Error
}

// A Violation is one rule that a request broke.
type Violation struct {
	// Field is the path of the field, such as profile.display_name or post_ids[3]; empty for the request as a whole.
	Field string

	// Rule is the id of the rule, such as string.max_len.
	Rule string

	// Message explains the rule to a developer.
	Message string
}

// Error answers code, message, and the reason in parentheses.
func (e *Error) Error() string {
	text := e.Code.String()
	if e.Message != "" {
		text += ": " + e.Message
	}
	switch {
	case e.reason != "" && e.RequestID != "":
		text += fmt.Sprintf(" (%s, request %s)", e.reason, e.RequestID)
	case e.reason != "":
		text += fmt.Sprintf(" (%s)", e.reason)
	}
	return text
}

// Unwrap answers the [*connect.Error].
func (e *Error) Unwrap() error { return e.cause }

// ReasonOf answers the reason of a failed call, REASON_UNSPECIFIED when err is nil, is no error of a call, or has none.
func ReasonOf(err error) errorsv1.Reason {
	if err == nil {
		return errorsv1.Reason_REASON_UNSPECIFIED
	}
	return newError(context.Background(), err).Reason
}

// newError answers the typed form of err, which is not nil. The context is that of the call.
func newError(ctx context.Context, err error) *Error {
	if typed, ok := errors.AsType[*Error](err); ok {
		return typed
	}
	cause, ok := errors.AsType[*connect.Error](err)
	if !ok {
		cause = localError(err)
	}
	if lostConnection(ctx, cause) {
		cause = connect.NewError(connect.CodeUnavailable, cause.Message()).WithCause(err)
	}
	typed := &Error{Code: cause.Code(), Message: cause.Message(), cause: cause}
	for _, detail := range cause.Details() {
		typed.add(detail)
	}
	if typed.RetryAfter == 0 {
		typed.RetryAfter = retryAfter(ctx)
	}
	return typed
}

// lostConnection tells that a connection broke under a call. Connect takes that for a call that was canceled here, though
// nobody has canceled it.
func lostConnection(ctx context.Context, failure *connect.Error) bool {
	return failure.Code() == connect.CodeCanceled && !failure.IsRemote() && ctx.Err() == nil && !errors.Is(failure, context.Canceled)
}

// localError gives a code to an error that did not come from a server.
func localError(err error) *connect.Error {
	code := connect.CodeUnknown
	switch {
	case errors.Is(err, context.Canceled):
		code = connect.CodeCanceled
	case errors.Is(err, context.DeadlineExceeded):
		code = connect.CodeDeadlineExceeded
	}
	return connect.NewError(code, err.Error()).WithCause(err)
}

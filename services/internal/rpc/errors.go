package rpc

import (
	"context"
	"errors"
	"log/slog"
	"maps"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// errorDomain is the domain of every ErrorInfo.
const errorDomain = "pulse"

// foreseen tells what is no failure of the server: streams end so whenever a process stops.
func foreseen(failure *Failure) bool { return failure.Reason == errorsv1.Reason_REASON_SERVER_STOPPING }

// mapErrors is the one place where errors become what callers see. It is outside of all that may fail. That a caller gave
// up waiting is the caller's affair, and not logged.
func mapErrors(log *slog.Logger) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			err := next(ctx, spec, stream)
			if err == nil || connecthttp.IsNotModifiedError(err) {
				return err
			}
			failure, details := judge(err)
			if code := failure.Code(); (code == connect.CodeInternal || code == connect.CodeUnavailable) && !abandoned(ctx) && !foreseen(failure) {
				log.ErrorContext(ctx, "call failed", "procedure", spec.Procedure, "code", code.String(), "error", err)
			}
			if info, ok := connect.CallInfoForServerContext(ctx); ok {
				tellLimit(info, failure)
			}
			return onTheWire(ctx, failure, details, err)
		}
	}
}

// abandoned tells whether a call ended because its caller did not want to wait any longer.
func abandoned(ctx context.Context) bool {
	return ctx.Err() != nil && !errors.Is(context.Cause(ctx), errTookTooLong)
}

// judge decides which failure an error is. Details are those that the error brought along.
func judge(err error) (*Failure, []*connect.ErrorDetail) {
	var failure *Failure
	var remote *connect.Error
	switch {
	case errors.As(err, &failure):
		return failure, nil
	case errors.Is(err, store.ErrKeyReused):
		return Fail(errorsv1.Reason_REASON_IDEMPOTENCY_KEY_REUSED, "the idempotency key was used for another request: send a new key with a new request"), nil
	case errors.Is(err, page.ErrToken):
		return Fail(errorsv1.Reason_REASON_PAGE_TOKEN_INVALID, "the page token does not belong to this request: start again without one"), nil
	case errors.Is(err, auth.ErrToken):
		return Fail(errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID, "the access token is not valid or has expired: refresh it or log in"), nil
	case errors.Is(err, auth.ErrAPIKey):
		return Fail(errorsv1.Reason_REASON_API_KEY_INVALID, "the API key is not valid, has expired or was revoked: ask an admin for another"), nil
	case errors.Is(err, auth.ErrRevoked):
		return Fail(errorsv1.Reason_REASON_SESSION_REVOKED, "the session has ended: log in again"), nil
	case errors.As(err, &remote):
		return judgeConnect(remote)
	case store.IsUnstorable(err):
		return Fail(errorsv1.Reason_REASON_MALFORMED_BODY, "a text of the request holds the character U+0000: leave it out"), nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), store.IsUnavailable(err):
		return unavailable(), nil
	default:
		return Fail(errorsv1.Reason_REASON_INTERNAL, "internal error"), nil
	}
}

func unavailable() *Failure {
	return Fail(errorsv1.Reason_REASON_UNAVAILABLE, "the service cannot answer now: try again in a moment")
}

// judgeConnect decides about errors that Connect made: while it decoded or validated a request, or for a call to another
// service of ours.
func judgeConnect(err *connect.Error) (*Failure, []*connect.ErrorDetail) {
	if failure := fromPeer(err); failure != nil {
		return failure, nil
	}
	code := err.Code()
	if code == connect.CodeUnknown && !err.IsRemote() {
		code = connect.CodeInvalidArgument // What the transport could not read, such as broken base64 in a GET.
	}
	switch code {
	case connect.CodeInvalidArgument:
		if violations := err.Details(); len(violations) > 0 {
			return Fail(errorsv1.Reason_REASON_INVALID_REQUEST, "%s", err.Message()), violations
		}
		return Fail(errorsv1.Reason_REASON_MALFORMED_BODY, "the request cannot be read: %s", err.Message()), nil
	case connect.CodeResourceExhausted:
		return bodyTooLarge(), nil
	case connect.CodeUnavailable, connect.CodeDeadlineExceeded, connect.CodeCanceled:
		return unavailable(), nil
	default:
		return Fail(errorsv1.Reason_REASON_INTERNAL, "internal error"), nil
	}
}

func bodyTooLarge() *Failure {
	return Fail(errorsv1.Reason_REASON_BODY_TOO_LARGE, "the request is larger than %d bytes", MaxRequestBytes).With("limit_bytes", MaxRequestBytes)
}

// Unauthenticated tells whether another service of ours refused a call for who made it: their token or session has ended.
func Unauthenticated(err error) bool { return connect.CodeOf(err) == connect.CodeUnauthenticated }

// fromPeer answers the failure that another service of ours sent, nil when the error is not one.
func fromPeer(err *connect.Error) *Failure {
	for _, d := range err.Details() {
		var info errdetails.ErrorInfo
		if d.Type != string(info.ProtoReflect().Descriptor().FullName()) || proto.Unmarshal(d.Value, &info) != nil {
			continue
		}
		if reason, ok := reasonByName(info.GetReason()); ok && info.GetDomain() == errorDomain {
			return &Failure{Reason: reason, Message: err.Message(), Metadata: info.GetMetadata()}
		}
	}
	return nil
}

// onTheWire is a failure as the protocols carry it.
func onTheWire(ctx context.Context, f *Failure, details []*connect.ErrorDetail, cause error) error {
	out := connect.NewError(f.Code(), f.Message).WithCause(cause)
	for _, m := range f.details(telemetry.RequestID(ctx)) {
		// Deterministic, for two answers that say the same must be the same bytes, whatever the order of a map.
		value, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			return err
		}
		out = out.WithDetail(&connect.ErrorDetail{Type: string(m.ProtoReflect().Descriptor().FullName()), Value: value})
	}
	for _, d := range details {
		out = out.WithDetail(d)
	}
	return out
}

// details are the messages that accompany a failure.
func (f *Failure) details(requestID string) []proto.Message {
	info := &errdetails.ErrorInfo{Reason: shortName(f.Reason), Domain: errorDomain, Metadata: map[string]string{}}
	maps.Copy(info.Metadata, f.Metadata)
	info.Metadata["request_id"] = requestID
	messages := []proto.Message{info, &errdetails.LocalizedMessage{Locale: "en-US", Message: f.Message}}
	if f.RetryAfter > 0 {
		messages = append(messages, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)})
	}
	return messages
}

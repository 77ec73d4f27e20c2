package pulse_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

func TestErrorDetails(t *testing.T) {
	path := &validate.FieldPath{Elements: []*validate.FieldPathElement{
		{FieldName: proto.String("profile")},
		{FieldName: proto.String("links"), Subscript: &validate.FieldPathElement_Index{Index: 2}},
		{FieldName: proto.String("labels"), Subscript: &validate.FieldPathElement_StringKey{StringKey: "en"}},
	}}
	scripted := failure(connect.CodeInvalidArgument, "INVALID_REQUEST",
		&validate.Violations{Violations: []*validate.Violation{
			{Field: path, RuleId: proto.String("string.max_len"), Message: proto.String("at most 80 characters")},
		}},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "bio", Reason: "string.min_len", Description: "at least 1 character"},
		}},
		retryIn(1500*time.Millisecond),
	)
	want := []pulse.Violation{
		{Field: `profile.links[2].labels["en"]`, Rule: "string.max_len", Message: "at most 80 characters"},
		{Field: "bio", Rule: "string.min_len", Message: "at least 1 character"},
	}
	overEachTransport(t, func(t *testing.T, start func(*server, ...pulse.Option) *pulse.Client) {
		s := newServer()
		s.script = failing(1, scripted)
		err := create(t.Context(), start(s))
		failed, ok := errors.AsType[*pulse.Error](err)
		if !ok {
			t.Fatalf("%T is no typed error", err)
		}
		if failed.Code != connect.CodeInvalidArgument || failed.Reason != errorsv1.Reason_REASON_INVALID_REQUEST ||
			failed.Message != "scripted" || failed.RequestID != "req-1" || failed.Metadata["request_id"] != "req-1" ||
			failed.RetryAfter != 1500*time.Millisecond {
			t.Errorf("got %+v", failed)
		}
		if !reflect.DeepEqual(failed.Violations, want) {
			t.Errorf("violations %+v, want %+v", failed.Violations, want)
		}
		if got, want := failed.Error(), "invalid_argument: scripted (INVALID_REQUEST, request req-1)"; got != want {
			t.Errorf("Error() = %q, want %q", got, want)
		}
		if connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Error("no *connect.Error underneath")
		}
	})
}

func create(ctx context.Context, client *pulse.Client) error {
	_, err := client.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "hello"})
	return err
}

// TestEveryErrorIsTyped looks at failures that no server described.
func TestEveryErrorIsTyped(t *testing.T) {
	overEachTransport(t, func(t *testing.T, start func(*server, ...pulse.Option) *pulse.Client) {
		s := newServer()
		s.script = failing(1, errors.New("not for the wire"))
		client := start(s)
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		for _, tc := range []struct {
			name string
			err  error
			want connect.Code
		}{
			{"unknown", create(t.Context(), client), connect.CodeUnknown},
			{"canceled", create(canceled, client), connect.CodeCanceled},
			{"deadline", create(late, client), connect.CodeDeadlineExceeded},
		} {
			failed, ok := errors.AsType[*pulse.Error](tc.err)
			if !ok || failed.Code != tc.want || failed.Reason != errorsv1.Reason_REASON_UNSPECIFIED {
				t.Errorf("%s: got %v (%T), want a typed %v", tc.name, tc.err, tc.err, tc.want)
			}
			if _, ok := errors.AsType[*connect.Error](tc.err); !ok {
				t.Errorf("%s: no *connect.Error underneath", tc.name)
			}
		}
	})
}

func TestReasonOf(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		want errorsv1.Reason
	}{
		{"none", nil, errorsv1.Reason_REASON_UNSPECIFIED},
		{"other error", errors.New("x"), errorsv1.Reason_REASON_UNSPECIFIED},
		{"known", failure(connect.CodeNotFound, "POST_NOT_FOUND"), errorsv1.Reason_REASON_POST_NOT_FOUND},
		{"of a newer server", failure(connect.CodeNotFound, "MEETUP_NOT_FOUND"), errorsv1.Reason_REASON_UNSPECIFIED},
	} {
		if got := pulse.ReasonOf(tc.err); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
}

// TestInterceptors see one call however often it is attempted, and typed errors; what they answer is typed too.
func TestInterceptors(t *testing.T) {
	s := newServer()
	s.script = failing(1, unavailable())
	opened := 0
	count := func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			opened++
			return next(ctx, spec)
		}
	}
	refuse := func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			if spec.Procedure == getAccount {
				return nil, errors.New("not today")
			}
			return next(ctx, spec)
		}
	}
	client := connectInProcess(t, s, pulse.WithInterceptors(count), pulse.WithInterceptors(refuse))
	post(t.Context(), t, client)
	if opened != 1 {
		t.Errorf("%d calls seen, want 1", opened)
	}
	if failed, ok := errors.AsType[*pulse.Error](account(t.Context(), client)); !ok || failed.Message != "not today" {
		t.Errorf("got %v, want the interceptor's error, typed", failed)
	}
}

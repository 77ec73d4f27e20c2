package pulse

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
)

// errorDomain is the domain of the reasons in pulse.errors.v1. Proxies may add reasons of their own.
const errorDomain = "pulse"

// add takes over one detail of an error. Details of types it does not know are left to the *connect.Error.
func (e *Error) add(detail *connect.ErrorDetail) {
	msg, err := connectproto.UnmarshalErrorDetail(detail)
	if err != nil {
		return
	}
	switch msg := msg.(type) {
	case *errdetails.ErrorInfo:
		if msg.GetDomain() == errorDomain {
			e.reason = msg.GetReason()
			e.Reason = errorsv1.Reason(errorsv1.Reason_value["REASON_"+e.reason])
			e.Metadata = msg.GetMetadata()
			e.RequestID = e.Metadata["request_id"]
		}
	case *errdetails.RetryInfo:
		e.RetryAfter = max(0, msg.GetRetryDelay().AsDuration())
	case *errdetails.BadRequest:
		for _, v := range msg.GetFieldViolations() {
			e.Violations = append(e.Violations, Violation{v.GetField(), v.GetReason(), v.GetDescription()})
		}
	case *validate.Violations:
		for _, v := range msg.GetViolations() {
			e.Violations = append(e.Violations, Violation{fieldPath(v.GetField()), v.GetRuleId(), v.GetMessage()})
		}
	}
}

// fieldPath writes a path as protovalidate does in its messages: profile.links[2].labels["en"].
func fieldPath(path *validate.FieldPath) string {
	var text strings.Builder
	for i, element := range path.GetElements() {
		if i > 0 {
			text.WriteByte('.')
		}
		text.WriteString(element.GetFieldName())
		switch key := element.GetSubscript().(type) {
		case *validate.FieldPathElement_Index:
			fmt.Fprintf(&text, "[%d]", key.Index)
		case *validate.FieldPathElement_BoolKey:
			fmt.Fprintf(&text, "[%t]", key.BoolKey)
		case *validate.FieldPathElement_IntKey:
			fmt.Fprintf(&text, "[%d]", key.IntKey)
		case *validate.FieldPathElement_UintKey:
			fmt.Fprintf(&text, "[%d]", key.UintKey)
		case *validate.FieldPathElement_StringKey:
			fmt.Fprintf(&text, "[%q]", key.StringKey)
		}
	}
	return text.String()
}

// retryAfter reads the Retry-After header of a response, seconds or a date (RFC 9110, section 10.2.3): it may come
// from a proxy that knows nothing of RetryInfo. gRPC answers errors with trailers only.
func retryAfter(ctx context.Context) time.Duration {
	info, ok := connect.CallInfoForClientContext(ctx)
	if !ok {
		return 0
	}
	value := info.ResponseHeader().Get(retryAfterHeader)
	if value == "" {
		value = info.ResponseTrailer().Get(retryAfterHeader)
	}
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second // 31 bits of seconds fit
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(date))
	}
	return 0
}

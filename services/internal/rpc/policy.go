package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
)

// PolicyOf answers the authorization policy of an RPC from the schema, or an error when it has none.
func PolicyOf(spec connect.Spec) (*optionsv1.Policy, error) {
	method, ok := spec.Schema.(protoreflect.MethodDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s has no schema", spec.Procedure)
	}
	policy, _ := proto.GetExtension(method.Options(), optionsv1.E_Policy).(*optionsv1.Policy)
	if policy.GetAccess() == optionsv1.Access_ACCESS_UNSPECIFIED || policy.GetObject() == optionsv1.ObjectKind_OBJECT_KIND_UNSPECIFIED {
		return nil, fmt.Errorf("%s has no complete (pulse.options.v1.policy): say who may call it and what it touches", spec.Procedure)
	}
	if policy.GetRateClass() == optionsv1.RateClass_RATE_CLASS_UNSPECIFIED {
		return nil, fmt.Errorf("%s has no rate_class in its (pulse.options.v1.policy): say which limit it counts towards", spec.Procedure)
	}
	if policy.GetRequiresRecentAuthentication() && policy.GetAccess() == optionsv1.Access_ACCESS_PUBLIC {
		return nil, fmt.Errorf("%s requires recent authentication of anybody: let only signed-in callers call it", spec.Procedure)
	}
	return policy, nil
}

// CheckPolicies fails when any RPC of the server lacks a policy.
func CheckPolicies(server *connect.Server) error {
	var errs []error
	for spec := range server.Specs() {
		if _, err := PolicyOf(spec); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// authorize finds out who calls and lets through whom the policy lets through, before the request is read.
func authorize(verifier *auth.Verifier) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			if spec.Schema == nil {
				return unknownMethod(spec)
			}
			policy, err := PolicyOf(spec)
			if err != nil {
				return err
			}
			principal, err := identify(ctx, verifier)
			if err != nil {
				return err
			}
			if principal, err = admit(ctx, verifier, policy.GetAccess(), principal); err != nil {
				return err
			}
			if err := requireRecent(ctx, verifier, policy, principal); err != nil {
				return err
			}
			return next(auth.WithPrincipal(ctx, principal), spec, stream)
		}
	}
}

// unknownMethod is the answer to a call of an RPC that there is not.
func unknownMethod(spec connect.Spec) error {
	return Fail(errorsv1.Reason_REASON_UNKNOWN_METHOD, "there is no RPC %s", spec.Procedure)
}

// identify answers whose token the call carries; nobody's when it carries none.
func identify(ctx context.Context, verifier *auth.Verifier) (auth.Principal, error) {
	info, ok := connect.CallInfoForServerContext(ctx)
	if !ok {
		return auth.Principal{}, nil
	}
	values := info.RequestHeader().Values("Authorization")
	if len(values) == 0 {
		return auth.Principal{}, nil
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return auth.Principal{}, auth.ErrToken
	}
	return verifier.Verify(ctx, strings.TrimSpace(token))
}

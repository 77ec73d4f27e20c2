package rpc

import (
	"context"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
)

// requireRecent refuses a caller whose last proof of who they are is too old for what the policy protects: a session that was
// left open, or stolen, does not suffice for it.
func requireRecent(ctx context.Context, verifier *auth.Verifier, policy *optionsv1.Policy, caller auth.Principal) error {
	if !policy.GetRequiresRecentAuthentication() {
		return nil
	}
	recent, within, err := verifier.Recent(ctx, caller)
	if err != nil {
		return err
	}
	if !recent {
		return Fail(errorsv1.Reason_REASON_REAUTHENTICATION_REQUIRED, "this needs a proof of who you are from the last %s: call Reauthenticate, or sign in again", within).
			With("max_age_seconds", int(within.Seconds()))
	}
	return nil
}

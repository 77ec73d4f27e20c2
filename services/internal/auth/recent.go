package auth

import (
	"context"
	"time"
)

// Recent tells whether a signed-in caller has proved recently who they are, and how long a proof is recent.
func (v *Verifier) Recent(ctx context.Context, p Principal) (ok bool, within time.Duration, err error) {
	within = v.config.RecentAuthentication
	at, err := v.sessions.AuthenticatedAt(ctx, p.SessionID)
	if err != nil {
		return false, within, err
	}
	return v.now().Sub(at) <= within, within, nil
}

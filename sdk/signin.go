package pulse

import (
	"context"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
)

// Register creates an account and signs the client in to it. A session the client was in before is left as it is on
// the server. Errors are those of the RPC, and those of the token store.
func (c *Client) Register(ctx context.Context, req *identityv1.RegisterRequest) (*identityv1.Account, error) {
	res, err := c.Identity.Register(ctx, req)
	if err != nil {
		return nil, err
	}
	return res.GetAccount(), c.session.save(ctx, res.GetTokens())
}

// LogIn signs the client in with a new session. A session the client was in before is left as it is on the server.
// Errors are those of the RPC, and those of the token store; for an account with a second factor that is
// SECOND_FACTOR_REQUIRED, and [Challenge] has what LogInWithSecondFactor needs.
func (c *Client) LogIn(ctx context.Context, req *identityv1.LogInRequest) (*identityv1.Account, error) {
	res, err := c.Identity.LogIn(ctx, req)
	if err != nil {
		return nil, err
	}
	return res.GetAccount(), c.session.save(ctx, res.GetTokens())
}

// LogInWithSecondFactor completes a sign-in that failed with SECOND_FACTOR_REQUIRED, and signs the client in. Errors are
// those of the RPC, and those of the token store.
func (c *Client) LogInWithSecondFactor(ctx context.Context, req *identityv1.LogInWithSecondFactorRequest) (*identityv1.Account, error) {
	res, err := c.Identity.LogInWithSecondFactor(ctx, req)
	if err != nil {
		return nil, err
	}
	return res.GetAccount(), c.session.save(ctx, res.GetTokens())
}

// CompleteSignIn completes a sign-in with an identity provider, which Identity.BeginSignIn began, and signs the client in.
// Errors are those of the RPC, and those of the token store; for an account with a second factor that is
// SECOND_FACTOR_REQUIRED, and [Challenge] has what LogInWithSecondFactor needs.
func (c *Client) CompleteSignIn(ctx context.Context, req *identityv1.CompleteSignInRequest) (*identityv1.Account, error) {
	res, err := c.Identity.CompleteSignIn(ctx, req)
	if err != nil {
		return nil, err
	}
	return res.GetAccount(), c.session.save(ctx, res.GetTokens())
}

// Challenge answers the challenge of a sign-in that failed with SECOND_FACTOR_REQUIRED, empty for any other error.
func Challenge(err error) string {
	if ReasonOf(err) != errorsv1.Reason_REASON_SECOND_FACTOR_REQUIRED {
		return ""
	}
	return newError(context.Background(), err).Metadata["challenge"]
}

// LogOut ends the session on the server and forgets its tokens. It answers nil when there is no session, or when it
// has ended already. When the server cannot be reached the tokens are kept, so that LogOut can be called again.
func (c *Client) LogOut(ctx context.Context) error {
	if signedIn, err := c.SignedIn(ctx); !signedIn {
		return err
	}
	_, err := c.Identity.LogOut(ctx, &identityv1.LogOutRequest{})
	if err != nil && !endsSession(err) && ReasonOf(err) != errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID {
		return err
	}
	return c.session.save(ctx, nil)
}

// SignedIn tells whether the client holds tokens. It does not ask the server whether they are still good; GetAccount
// does.
func (c *Client) SignedIn(ctx context.Context) (bool, error) {
	tokens, err := c.session.load(ctx)
	return tokens != nil, err
}

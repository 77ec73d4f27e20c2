package identity

import (
	"context"
	"errors"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/signinchallenge"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// challengeLife is how long a sign-in may wait for its second factor.
	challengeLife = 10 * time.Minute
	// challengeTries is how many wrong codes a sign-in stands.
	challengeTries = 5
)

// errSecondFactor tells that a sign-in lacks its second factor.
var errSecondFactor = errors.New("sign-in needs a second factor")

// admit opens a session for a person whose first factor was right, or fails with [errSecondFactor] when they have a
// second one; [handler.challenged] makes of that what the caller is answered.
func (h *handler) admit(ctx context.Context, tx *store.Tx, userID int64, device string) (*identityv1.Tokens, error) {
	on, err := hasSecondFactor(ctx, tx.Client, userID)
	if err != nil {
		return nil, err
	}
	if on {
		return nil, errSecondFactor
	}
	return h.openSession(ctx, tx, userID, device)
}

// challenged answers err, unless that is [errSecondFactor]: then a challenge is made, and told.
func (h *handler) challenged(ctx context.Context, userID int64, device string, err error) error {
	if !errors.Is(err, errSecondFactor) {
		return err
	}
	challenge := newSecret()
	var until time.Time
	err = h.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.SignInChallenge.Delete().Where(signinchallenge.ExpiresAtLT(tx.Now)).Exec(ctx); err != nil {
			return err
		}
		until = tx.Now.Add(challengeLife)
		return tx.SignInChallenge.Create().SetID(tx.NewID()).SetUserID(userID).SetHash(hashOf(challenge)).
			SetDeviceName(device).SetTriesLeft(challengeTries).SetExpiresAt(until).Exec(ctx)
	})
	if err != nil {
		return err
	}
	return rpc.Fail(errorsv1.Reason_REASON_SECOND_FACTOR_REQUIRED, "the account has a second factor: complete the sign-in with LogInWithSecondFactor").
		With("challenge", challenge).With("expire_time", until.Format(time.RFC3339))
}

// LogInWithSecondFactor completes a sign-in that was challenged.
func (h *handler) LogInWithSecondFactor(ctx context.Context, req *identityv1.LogInWithSecondFactorRequest) (*identityv1.LogInWithSecondFactorResponse, error) {
	tried := h.tryChallenge(ctx, req)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.LogInWithSecondFactorResponse, error) {
		if tried != nil {
			return nil, tried
		}
		challenge, err := challengeOf(ctx, tx, req.GetChallenge())
		if err != nil {
			return nil, err
		}
		if err := h.acceptCode(ctx, tx, challenge.UserID, req.GetCode()); err != nil {
			return nil, err
		}
		used, err := tx.SignInChallenge.Delete().Where(signinchallenge.ID(challenge.ID)).Exec(ctx)
		if err != nil {
			return nil, err
		}
		if used == 0 {
			return nil, store.ErrRaceLost
		}
		account, err := accountOf(ctx, tx.Client, challenge.UserID)
		if err != nil {
			return nil, err
		}
		audit.RecordBy(ctx, tx, audit.AccountLoggedIn, challenge.UserID, challenge.UserID, nil)
		tokens, err := h.openSession(ctx, tx, challenge.UserID, challenge.DeviceName)
		return &identityv1.LogInWithSecondFactorResponse{Account: account, Tokens: tokens}, err
	})
}

// tryChallenge spends one of a challenge's tries, in a transaction of its own before the code is looked at: of many tries
// at once, none goes uncounted.
func (h *handler) tryChallenge(ctx context.Context, req *identityv1.LogInWithSecondFactorRequest) error {
	return h.db.Write(ctx, func(tx *store.Tx) error {
		challenge, err := challengeOf(ctx, tx, req.GetChallenge())
		if err != nil {
			return err
		}
		left := signinchallenge.And(signinchallenge.ID(challenge.ID), signinchallenge.TriesLeftGT(0))
		spent, err := tx.SignInChallenge.Update().Where(left).AddTriesLeft(-1).Save(ctx)
		if err != nil {
			return err
		}
		if spent == 0 {
			return challengeInvalid()
		}
		if !isTotp(req.GetCode()) {
			return nil
		}
		return countTry(ctx, tx, challenge.UserID)
	})
}

// challengeOf answers the row of a challenge that has not expired.
func challengeOf(ctx context.Context, tx *store.Tx, challenge string) (*ent.SignInChallenge, error) {
	row, err := tx.SignInChallenge.Query().Where(signinchallenge.Hash(hashOf(challenge)), signinchallenge.ExpiresAtGT(tx.Now)).Only(ctx)
	if store.IsNotFound(err) {
		return nil, challengeInvalid()
	}
	return row, err
}

func challengeInvalid() error {
	return rpc.Fail(errorsv1.Reason_REASON_SECOND_FACTOR_CHALLENGE_INVALID, "this sign-in was completed, has expired, or was tried too often: sign in again")
}

// dropChallenges ends all sign-ins of a person that lack their second factor.
func dropChallenges(ctx context.Context, tx *store.Tx, userID int64) error {
	_, err := tx.SignInChallenge.Delete().Where(signinchallenge.UserID(userID)).Exec(ctx)
	return err
}

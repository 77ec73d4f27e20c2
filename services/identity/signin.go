package identity

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"golang.org/x/oauth2"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/signinattempt"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/seal"
	"github.com/pulse-social/pulse/services/internal/store"
)

// attemptLife is how long a person may be at a provider.
const attemptLife = 10 * time.Minute

// ListSignInProviders lists the providers, by name. They are few and of the configuration; a token is the number of those
// before the page.
func (h *handler) ListSignInProviders(_ context.Context, req *identityv1.ListSignInProvidersRequest) (*identityv1.ListSignInProvidersResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(h.providers))
	names = names[min(int(cursor.After), len(names)):]
	answer := &identityv1.ListSignInProvidersResponse{}
	for i, name := range names {
		if i == cursor.Size {
			answer.NextPageToken = cursor.Token(cursor.After+int64(i), page.Onward)
			break
		}
		answer.Providers = append(answer.Providers, &identityv1.SignInProvider{Name: name, DisplayName: h.providers[name].about().DisplayName})
	}
	return answer, nil
}

// BeginSignIn begins a sign-in. What ties it together is sealed under a secret that only the client has: with the database
// alone nobody completes it, nor does who only saw the addresses that the browser was sent to.
func (h *handler) BeginSignIn(ctx context.Context, req *identityv1.BeginSignInRequest) (*identityv1.BeginSignInResponse, error) {
	chosen, err := h.provider(req.GetProvider())
	if err != nil {
		return nil, err
	}
	p := proof{Verifier: oauth2.GenerateVerifier(), Nonce: newSecret()}
	state, secret := newSecret(), newSecret()
	address, err := chosen.authURL(ctx, state, p)
	if err != nil {
		return nil, h.logged(ctx, err)
	}
	plain, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	sealed, err := seal.Seal(secret, proofPurpose(req.GetProvider(), state), plain)
	if err != nil {
		return nil, err
	}
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.BeginSignInResponse, error) {
		if _, err := tx.SignInAttempt.Delete().Where(signinattempt.ExpiresAtLT(tx.Now)).Exec(ctx); err != nil {
			return nil, err
		}
		err := tx.SignInAttempt.Create().SetID(tx.NewID()).SetUserID(auth.Caller(ctx).UserID).SetProvider(req.GetProvider()).
			SetStateHash(hashOf(state)).SetSealedProof(sealed).SetExpiresAt(tx.Now.Add(attemptLife)).Exec(ctx)
		return &identityv1.BeginSignInResponse{Url: address, State: state, Secret: secret}, err
	})
}

// proofPurpose binds a sealed proof to its sign-in.
func proofPurpose(provider, state string) string { return "sign-in with " + provider + " " + state }

// provider answers a provider by its name.
func (h *handler) provider(name string) (provider, error) {
	if chosen, ok := h.providers[name]; ok {
		return chosen, nil
	}
	return nil, rpc.Fail(errorsv1.Reason_REASON_PROVIDER_NOT_FOUND, "one cannot sign in with %q here: choose one that ListSignInProviders lists", name)
}

// returned is what a client brings back from a provider.
type returned interface {
	GetState() string
	GetCode() string
	GetSecret() string
}

// identify asks the provider of an attempt whom it has sent back. That is between transactions, not in one.
func (h *handler) identify(ctx context.Context, attempt *ent.SignInAttempt, back returned, p proof) (claims, error) {
	chosen, err := h.provider(attempt.Provider)
	if err != nil {
		return claims{}, err
	}
	who, err := chosen.identify(ctx, back.GetCode(), p)
	return who, h.logged(ctx, err)
}

// useAttempt uses up the attempt of a state, if the secret is its own, and answers what it is tied together with.
func (h *handler) useAttempt(ctx context.Context, back returned) (*ent.SignInAttempt, proof, error) {
	var attempt *ent.SignInAttempt
	var p proof
	err := h.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		attempt, err = tx.SignInAttempt.Query().Where(signinattempt.StateHash(hashOf(back.GetState())), signinattempt.ExpiresAtGT(tx.Now)).Only(ctx)
		if store.IsNotFound(err) {
			return stateInvalid()
		}
		if err != nil {
			return err
		}
		plain, err := seal.Open(back.GetSecret(), proofPurpose(attempt.Provider, back.GetState()), attempt.SealedProof)
		if err != nil {
			return stateInvalid()
		}
		if err := json.Unmarshal(plain, &p); err != nil {
			return err
		}
		used, err := tx.SignInAttempt.Delete().Where(signinattempt.ID(attempt.ID)).Exec(ctx)
		if err == nil && used == 0 {
			err = store.ErrRaceLost
		}
		return err
	})
	return attempt, p, err
}

func stateInvalid() error {
	return rpc.Fail(errorsv1.Reason_REASON_SIGN_IN_STATE_INVALID, "this sign-in was completed, has expired, or was begun elsewhere: begin it again")
}

// logged writes why a provider could not be used into the log: the caller is told no more than that.
func (h *handler) logged(ctx context.Context, err error) error {
	if err != nil {
		h.log.WarnContext(ctx, "sign-in with a provider failed", "error", err)
	}
	return err
}

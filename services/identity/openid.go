package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/pulse-social/pulse/services/internal/clock"
)

// openID is a provider of OpenID Connect.
type openID struct {
	config providerConfig
	client *http.Client
	now    clock.Clock

	mu sync.Mutex
	// found is the provider once it has told of itself.
	found *oidc.Provider
}

func (o *openID) about() providerConfig { return o.config }

// discover answers the provider as it tells of itself, which it is asked until it has once.
func (o *openID) discover(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	found := o.found
	o.mu.Unlock()
	if found != nil {
		return found, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, o.client), o.config.Issuer)
	if err != nil {
		return nil, providerUnavailable(o.config, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.found = found
	return found, nil
}

func (o *openID) oauth(p *oidc.Provider) *oauth2.Config {
	scopes := o.config.Scopes
	if len(scopes) == 0 {
		scopes = []string{"profile", "email"}
	}
	return &oauth2.Config{
		ClientID: o.config.ClientID, ClientSecret: o.config.ClientSecret, Endpoint: p.Endpoint(),
		RedirectURL: o.config.RedirectURL, Scopes: append([]string{oidc.ScopeOpenID}, scopes...),
	}
}

// authURL implements provider.
func (o *openID) authURL(ctx context.Context, state string, p proof) (string, error) {
	found, err := o.discover(ctx)
	if err != nil {
		return "", err
	}
	return o.oauth(found).AuthCodeURL(state, oidc.Nonce(p.Nonce), oauth2.S256ChallengeOption(p.Verifier)), nil
}

// identify implements provider. The token is checked as OpenID Connect Core, 3.1.3.7, demands: signature, issuer, audience, expiry
// and nonce.
func (o *openID) identify(ctx context.Context, code string, p proof) (claims, error) {
	found, err := o.discover(ctx)
	if err != nil {
		return claims{}, err
	}
	ctx = withClient(ctx, o.client)
	tokens, err := o.oauth(found).Exchange(ctx, code, oauth2.VerifierOption(p.Verifier))
	if err != nil {
		return claims{}, exchangeError(o.config, err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return claims{}, providerRefused(o.config, errors.New("it sent no id_token"))
	}
	token, err := found.Verifier(&oidc.Config{ClientID: o.config.ClientID, Now: o.now}).Verify(ctx, raw)
	if err != nil {
		return claims{}, providerRefused(o.config, err)
	}
	if token.Nonce != p.Nonce {
		return claims{}, providerRefused(o.config, errors.New("the nonce is another one"))
	}
	return o.read(ctx, found, token, tokens)
}

// told are the standard claims (OpenID Connect Core, 5.1) that are of use.
type told struct {
	Email             string    `json:"email"`
	EmailVerified     looseBool `json:"email_verified"`
	PreferredUsername string    `json:"preferred_username"`
	Name              string    `json:"name"`
	AZP               string    `json:"azp"`
}

// looseBool is true or "true", as some providers write it.
type looseBool bool

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (b *looseBool) UnmarshalJSON(raw []byte) error {
	*b = string(raw) == "true" || string(raw) == `"true"`
	return nil
}

// read takes what the provider says of a person from the token, or from where it says more.
func (o *openID) read(ctx context.Context, found *oidc.Provider, token *oidc.IDToken, tokens *oauth2.Token) (claims, error) {
	var says told
	if err := token.Claims(&says); err != nil {
		return claims{}, providerRefused(o.config, err)
	}
	if says.AZP != "" && says.AZP != o.config.ClientID {
		return claims{}, providerRefused(o.config, errors.New("the token was issued to another client"))
	}
	if says.Email == "" && found.UserInfoEndpoint() != "" {
		info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
		if err != nil {
			return claims{}, providerUnavailable(o.config, err)
		}
		if info.Subject != token.Subject {
			return claims{}, providerRefused(o.config, fmt.Errorf("it tells of %q and %q at once", token.Subject, info.Subject))
		}
		if err := info.Claims(&says); err != nil {
			return claims{}, providerRefused(o.config, err)
		}
	}
	return claims{subject: token.Subject, email: says.Email, verified: bool(says.EmailVerified), name: cmp.Or(says.PreferredUsername, says.Name)}, nil
}

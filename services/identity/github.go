package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/pulse-social/pulse/services/internal/id"
)

// gitHub is GitHub, or a server of one's own with the same API: OAuth 2.0 without OpenID Connect.
type gitHub struct {
	config providerConfig
	client *http.Client
	oauth  oauth2.Config
}

func newGitHub(c providerConfig, client *http.Client) *gitHub {
	return &gitHub{config: c, client: client, oauth: oauth2.Config{
		ClientID: c.ClientID, ClientSecret: c.ClientSecret, RedirectURL: c.RedirectURL, Scopes: []string{"read:user", "user:email"},
		Endpoint: oauth2.Endpoint{
			AuthURL: c.Issuer + "/login/oauth/authorize", TokenURL: c.Issuer + "/login/oauth/access_token", AuthStyle: oauth2.AuthStyleInParams,
		},
	}}
}

func (g *gitHub) about() providerConfig { return g.config }

// authURL implements provider.
func (g *gitHub) authURL(_ context.Context, state string, p proof) (string, error) {
	return g.oauth.AuthCodeURL(state, oauth2.S256ChallengeOption(p.Verifier)), nil
}

// identify implements provider
// (https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps). The login may change hands; the id
// does not.
func (g *gitHub) identify(ctx context.Context, code string, p proof) (claims, error) {
	token, err := g.oauth.Exchange(withClient(ctx, g.client), code, oauth2.VerifierOption(p.Verifier))
	if err != nil {
		return claims{}, exchangeError(g.config, err)
	}
	var user struct {
		ID    int64  `json:"id"`
		Login string `json:"login"`
	}
	if err := g.get(ctx, token, "/user", &user); err != nil {
		return claims{}, err
	}
	if user.ID == 0 {
		return claims{}, providerRefused(g.config, errors.New("it tells no id"))
	}
	var emails []struct {
		Email    string `json:"email"`
		Primary  bool   `json:"primary"`
		Verified bool   `json:"verified"`
	}
	if err := g.get(ctx, token, "/user/emails", &emails); err != nil {
		return claims{}, err
	}
	found := claims{subject: id.String(user.ID), name: user.Login}
	for _, address := range emails {
		if address.Primary {
			found.email, found.verified = address.Email, address.Verified
		}
	}
	return found, nil
}

// get reads something from the API.
func (g *gitHub) get(ctx context.Context, token *oauth2.Token, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.config.APIURL+path, nil)
	if err != nil {
		return err
	}
	token.SetAuthHeader(req)
	req.Header.Set("Accept", "application/vnd.github+json")
	res, err := g.client.Do(req)
	if err != nil {
		return providerUnavailable(g.config, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body) // The client bounds it.
	switch {
	case err != nil:
		return providerUnavailable(g.config, err)
	case res.StatusCode >= http.StatusInternalServerError:
		return providerUnavailable(g.config, fmt.Errorf("%s: %s", path, res.Status))
	case res.StatusCode != http.StatusOK:
		return providerRefused(g.config, fmt.Errorf("%s: %s", path, res.Status))
	}
	if err := json.Unmarshal(body, into); err != nil {
		return providerUnavailable(g.config, fmt.Errorf("%s: %w", path, err))
	}
	return nil
}

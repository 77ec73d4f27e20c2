package identity

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/oauth2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/outbound"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// The types of identity providers.
const (
	typeOIDC   = "oidc"
	typeGitHub = "github"
)

// callbackPath is where the application takes back those whom a provider sends.
const callbackPath = "/sign-in/callback"

// A providerConfig is one identity provider, as PULSE_SIGN_IN_PROVIDERS has it.
type providerConfig struct {
	// Name is what clients and the database call it, for good; DisplayName what people do.
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	// Type is oidc, which is the default, or github.
	Type string `json:"type"`
	// Issuer is the provider's address: of OpenID Connect its issuer, of GitHub https://github.com or one's own.
	Issuer string `json:"issuer"`
	// APIURL is where GitHub's API is; empty means the one of Issuer.
	APIURL string `json:"api_url"`
	// ClientID and ClientSecret are what the provider knows this server by.
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	// Scopes are asked for besides openid; empty means profile and email.
	Scopes []string `json:"scopes"`
	// RedirectURL is where the provider sends people back to; empty means /sign-in/callback of PULSE_PUBLIC_URL.
	RedirectURL string `json:"redirect_url"`
	// AllowPrivate lets the provider be on a private network, and without TLS.
	AllowPrivate bool `json:"allow_private_addresses"`
}

// providerName is what a name must look like: it stands in paths.
var providerName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// parseProviders reads PULSE_SIGN_IN_PROVIDERS. Errors do not repeat it, for there are secrets in it.
func parseProviders(text string) ([]providerConfig, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var configs []providerConfig
	decoder := json.NewDecoder(bytes.NewBufferString(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&configs); err != nil {
		return nil, fmt.Errorf(`PULSE_SIGN_IN_PROVIDERS is no list of providers in JSON (%w): write it like [{"name":"example","issuer":"https://id.example.org","client_id":"...","client_secret":"..."}]`, err)
	}
	seen := map[string]bool{}
	for i := range configs {
		if err := configs[i].complete(); err != nil {
			return nil, fmt.Errorf("PULSE_SIGN_IN_PROVIDERS, provider %d: %w", i+1, err)
		}
		if seen[configs[i].Name] {
			return nil, fmt.Errorf("PULSE_SIGN_IN_PROVIDERS names %s twice: give each provider a name of its own", configs[i].Name)
		}
		seen[configs[i].Name] = true
	}
	return configs, nil
}

// complete fills in what was left out, and answers what is wrong.
func (c *providerConfig) complete() error {
	c.Type, c.DisplayName = cmp.Or(c.Type, typeOIDC), cmp.Or(c.DisplayName, c.Name)
	if c.Type == typeGitHub {
		c.Issuer = strings.TrimSuffix(cmp.Or(c.Issuer, "https://github.com"), "/")
		if c.APIURL == "" && c.Issuer == "https://github.com" {
			c.APIURL = "https://api.github.com"
		}
		c.APIURL = strings.TrimSuffix(cmp.Or(c.APIURL, c.Issuer+"/api/v3"), "/")
	}
	switch {
	case !providerName.MatchString(c.Name):
		return fmt.Errorf("name %q: use up to 40 of a-z, 0-9, _ and -", c.Name)
	case c.Type != typeOIDC && c.Type != typeGitHub:
		return fmt.Errorf("%s has the type %q: use %s or %s", c.Name, c.Type, typeOIDC, typeGitHub)
	case c.ClientID == "" || c.ClientSecret == "":
		return fmt.Errorf("%s lacks client_id or client_secret: set what the provider has given you", c.Name)
	case c.Type == typeGitHub && len(c.Scopes) > 0:
		return fmt.Errorf("%s has scopes: leave them out for GitHub", c.Name)
	}
	return errors.Join(c.checkURL("issuer", c.Issuer), c.checkURL("api_url", cmp.Or(c.APIURL, c.Issuer)))
}

// checkURL demands https of what is not on a private network.
func (c *providerConfig) checkURL(field, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && c.AllowPrivate) {
		return fmt.Errorf("%s has the %s %q: write an https:// address, or set allow_private_addresses for one on a private network", c.Name, field, value)
	}
	return nil
}

// A provider is an identity provider that one can sign in with.
type provider interface {
	// about answers the provider's configuration.
	about() providerConfig
	// authURL is where a person is sent.
	authURL(ctx context.Context, state string, p proof) (string, error)
	// identify answers who it was that came back with a code.
	identify(ctx context.Context, code string, p proof) (claims, error)
}

// A proof is what a sign-in is tied together with.
type proof struct {
	// Verifier is the code verifier of PKCE (RFC 7636), which the provider saw only a hash of.
	Verifier string `json:"verifier"`
	// Nonce is what the provider must repeat in what it signs.
	Nonce string `json:"nonce"`
}

// claims are what a provider says of a person.
type claims struct {
	// subject is what the provider calls them for good.
	subject string
	// email is their address, empty when it does not tell; verified whether it says that it was proved.
	email    string
	verified bool
	// name is what they are called there, for a handle.
	name string
}

// newProviders makes the configured providers, by name. Nothing is called for it.
func newProviders(c Config, now clock.Clock) map[string]provider {
	configs, err := parseProviders(c.Providers)
	if err != nil { // Config.Validate has found no error.
		return nil
	}
	providers := map[string]provider{}
	for _, p := range configs {
		p.RedirectURL = cmp.Or(p.RedirectURL, strings.TrimSuffix(c.PublicURL, "/")+callbackPath)
		client := outbound.NewClient(p.AllowPrivate)
		if p.Type == typeGitHub {
			providers[p.Name] = newGitHub(p, client)
		} else {
			providers[p.Name] = &openID{config: p, client: client, now: now}
		}
	}
	return providers
}

// withClient makes the calls of golang.org/x/oauth2 under the context go through a client.
func withClient(ctx context.Context, client *http.Client) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, client)
}

// exchangeError tells a provider that does not take a code from one that does not answer.
func exchangeError(c providerConfig, err error) error {
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refusal.Response != nil && refusal.Response.StatusCode < http.StatusInternalServerError {
		return providerRefused(c, fmt.Errorf("exchange of the code: %s %s", refusal.Response.Status, refusal.ErrorCode))
	}
	return providerUnavailable(c, err)
}

// providerRefused is for what the provider, or what it says, does not allow. The cause is for the log.
func providerRefused(c providerConfig, cause error) error {
	return fmt.Errorf("%w: %w", rpc.Fail(errorsv1.Reason_REASON_PROVIDER_REFUSED, "%s did not confirm who you are: begin the sign-in again", c.DisplayName), cause)
}

// providerUnavailable is for a provider that does not answer as it should. The cause is for the log.
func providerUnavailable(c providerConfig, cause error) error {
	return fmt.Errorf("%w: %w", rpc.Fail(errorsv1.Reason_REASON_PROVIDER_UNAVAILABLE, "%s does not answer as it should: begin the sign-in again in a while", c.DisplayName), cause)
}

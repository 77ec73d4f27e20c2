package identity

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/pulse-social/pulse/services/internal/auth"
)

// discovery answers the document by which gateways find the keys that access tokens are checked with (OpenID Connect
// Discovery 1.0, RFC 8414). Addresses in it come from the configuration, never from the request. Pulse is no OpenID
// provider for others: it names no endpoint that would give them tokens.
func (c Config) discovery() http.Handler {
	document, err := json.Marshal(map[string]any{
		"issuer":                                c.Tokens.Issuer,
		"jwks_uri":                              c.apiURL() + "/.well-known/jwks.json",
		"response_types_supported":              []string{"none"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{auth.TokenAlgorithm},
		"claims_supported":                      []string{"iss", "sub", "aud", "exp", "iat", "jti", "sid", "role"},
	})
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err != nil {
			http.Error(w, "the document cannot be written", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		_, _ = w.Write(document)
	})
}

// apiURL is where others reach the API: the host of the application, unless it is configured.
func (c Config) apiURL() string {
	if c.APIURL != "" {
		return c.APIURL
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
}

package identity_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// callback is where providers send people back to.
const callback = "https://social.example.org/app/sign-in/callback"

// An openIDProvider is a provider of OpenID Connect that runs on the loopback: zitadel's.
type openIDProvider struct {
	issuer string
	mu     sync.Mutex
	users  map[string]*storage.User
}

// startOpenID starts one that knows Pulse.
func startOpenID(t *testing.T) *openIDProvider {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	o := &openIDProvider{issuer: "http://" + server.Listener.Addr().String(), users: map[string]*storage.User{}}
	clients := map[string]*storage.Client{"pulse": storage.WebClient("pulse", "canary-client-secret", callback)}
	server.Config.Handler = exampleop.SetupServer(o.issuer, storage.NewStorageWithClients(o, clients), nil, false)
	server.Start()
	t.Cleanup(server.Close)
	return o
}

// add makes a person at the provider.
func (o *openIDProvider) add(id, name, email string, verified bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.users[id] = &storage.User{ID: id, Username: name, Password: "verysecure", FirstName: name, LastName: "Person", Email: email, EmailVerified: verified}
}

// GetUserByID implements [storage.UserStore].
func (o *openIDProvider) GetUserByID(id string) *storage.User {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.users[id]
}

// GetUserByUsername implements [storage.UserStore].
func (o *openIDProvider) GetUserByUsername(name string) *storage.User {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, user := range o.users {
		if user.Username == name {
			return user
		}
	}
	return nil
}

// ExampleClientID implements [storage.UserStore].
func (*openIDProvider) ExampleClientID() string { return "service" }

// setting is what PULSE_SIGN_IN_PROVIDERS is set to for providers.
func setting(t *testing.T, providers ...map[string]any) pulsetest.Option {
	t.Helper()
	text, err := json.Marshal(providers)
	if err != nil {
		t.Fatal(err)
	}
	return pulsetest.WithEnv("PULSE_SIGN_IN_PROVIDERS", string(text))
}

// entry is the provider's entry in the setting.
func (o *openIDProvider) entry() map[string]any {
	return map[string]any{
		"name": "example", "display_name": "Example ID", "issuer": o.issuer, "client_id": "pulse", "client_secret": "canary-client-secret",
		"allow_private_addresses": true,
	}
}

// visit is what a person does in their browser at the provider: they sign in, and are sent back with state and code.
func (o *openIDProvider) visit(t *testing.T, address, name string) url.Values {
	t.Helper()
	browser := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(req *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(req.URL.String(), callback) {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
	page, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	id := page.Request.URL.Query().Get("authRequestID")
	if id == "" {
		t.Fatalf("the provider's page is %s, HTTP %d", page.Request.URL, page.StatusCode)
	}
	back, err := browser.PostForm(o.issuer+"/login/username", url.Values{"id": {id}, "username": {name}, "password": {"verysecure"}})
	if err != nil {
		t.Fatal(err)
	}
	defer back.Body.Close()
	location, err := back.Location()
	if err != nil {
		t.Fatalf("signed in at the provider: HTTP %d, %v", back.StatusCode, err)
	}
	return location.Query()
}

// begin begins a sign-in.
func begin(t *testing.T, c *pulse.Client, provider string) *identityv1.BeginSignInResponse {
	t.Helper()
	begun, err := c.Identity.BeginSignIn(t.Context(), &identityv1.BeginSignInRequest{Provider: provider})
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	return begun
}

// signIn signs somebody in who is called so at the provider, on a client of their own.
func (o *openIDProvider) signIn(t *testing.T, p *stack, name string) (*pulse.Client, *identityv1.Account, error) {
	t.Helper()
	client := p.Client(t, pulse.WithMaxAttempts(1))
	begun := begin(t, client, "example")
	back := o.visit(t, begun.GetUrl(), name)
	if back.Get("state") != begun.GetState() {
		t.Fatalf("the provider sent back the state %q", back.Get("state"))
	}
	account, err := client.CompleteSignIn(t.Context(), &identityv1.CompleteSignInRequest{
		State: back.Get("state"), Code: back.Get("code"), Secret: begun.GetSecret(), DeviceName: "browser",
	})
	return client, account, err
}

// link links what somebody is called at the provider to an account.
func (o *openIDProvider) link(t *testing.T, c *pulse.Client, name string) error {
	t.Helper()
	begun := begin(t, c, "example")
	back := o.visit(t, begun.GetUrl(), name)
	_, err := c.Identity.LinkIdentity(t.Context(), &identityv1.LinkIdentityRequest{State: back.Get("state"), Code: back.Get("code"), Secret: begun.GetSecret()})
	return err
}

// A fakeGitHub answers as GitHub's API does.
type fakeGitHub struct {
	url string

	mu sync.Mutex
	// challenge is the last code challenge, user and emails what the API answers.
	challenge    string
	user, emails string
	status       int
}

// startGitHub starts one. Nobody can run the real one here; what it answers is as documented at
// https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps and https://docs.github.com/rest/users/emails.
func startGitHub(t *testing.T) *fakeGitHub {
	t.Helper()
	g := &fakeGitHub{status: http.StatusOK}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login/oauth/access_token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		right := r.FormValue("code") == "right" && r.FormValue("client_id") == "pulse" && r.FormValue("client_secret") == "canary-client-secret"
		if !right || challengeOf(r.FormValue("code_verifier")) != g.challenge {
			fmt.Fprint(w, `{"error":"bad_verification_code","error_description":"The code passed is incorrect or expired."}`)
			return
		}
		fmt.Fprint(w, `{"access_token":"gho_16C7e42F292c6912E7710c838347Ae178B4a","scope":"read:user,user:email","token_type":"bearer"}`)
	})
	api := func(body *string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			g.mu.Lock()
			defer g.mu.Unlock()
			if r.Header.Get("Authorization") != "Bearer gho_16C7e42F292c6912E7710c838347Ae178B4a" {
				http.Error(w, `{"message":"Bad credentials"}`, http.StatusUnauthorized)
				return
			}
			w.WriteHeader(g.status)
			fmt.Fprint(w, *body)
		}
	}
	mux.HandleFunc("GET /api/v3/user", api(&g.user))
	mux.HandleFunc("GET /api/v3/user/emails", api(&g.emails))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

// answers sets what the API answers.
func (g *fakeGitHub) answers(status int, user, emails string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.status, g.user, g.emails = status, user, emails
}

// entry is its entry in the setting.
func (g *fakeGitHub) entry() map[string]any {
	return map[string]any{
		"name": "github", "display_name": "GitHub", "type": "github", "issuer": g.url, "client_id": "pulse", "client_secret": "canary-client-secret",
		"allow_private_addresses": true,
	}
}

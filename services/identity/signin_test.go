package identity_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// challengeOf is the S256 challenge of a verifier (RFC 7636).
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func TestSignInWithOpenID(t *testing.T) {
	t.Parallel()
	o := startOpenID(t)
	o.add("id1", "ada.lovelace", "ada@example.net", true)
	p := start(t, setting(t, o.entry()))
	listed, err := p.Client(t).Identity.ListSignInProviders(t.Context(), &identityv1.ListSignInProvidersRequest{})
	if err != nil || len(listed.GetProviders()) != 1 || listed.GetProviders()[0].GetName() != "example" || listed.GetProviders()[0].GetDisplayName() != "Example ID" {
		t.Errorf("providers: %v, %v", listed, err)
	}
	client, made, err := o.signIn(t, p, "ada.lovelace")
	if err != nil {
		t.Fatalf("sign in: %v", err)
	}
	if made.GetEmail() != "ada@example.net" || !made.GetEmailVerified() || made.GetHasPassword() || !strings.HasPrefix(made.GetHandle(), "ada") {
		t.Errorf("the new account is %v", made)
	}
	sessions, err := client.Identity.ListSessions(t.Context(), &identityv1.ListSessionsRequest{})
	if err != nil || len(sessions.GetSessions()) != 1 || sessions.GetSessions()[0].GetDeviceName() != "browser" {
		t.Errorf("sessions: %v, %v", sessions, err)
	}
	_, again, err := o.signIn(t, p, "ada.lovelace")
	if err != nil || again.GetId() != made.GetId() {
		t.Errorf("sign in again: %v, %v; want the same account", again, err)
	}
	o.add("id1", "ada.lovelace", "countess@example.net", true)
	_, again, err = o.signIn(t, p, "ada.lovelace")
	if err != nil || again.GetId() != made.GetId() || again.GetEmail() != "ada@example.net" {
		t.Errorf("sign in after the address was changed at the provider: %v, %v; want the same account", again, err)
	}
	_, err = p.logIn(t, made.GetHandle(), "any password at all")
	want(t, "a password for an account that has none", err, errorsv1.Reason_REASON_CREDENTIALS_INVALID)
	want(t, "prove with a password who it is", reauthenticate(t, client, "any password at all"), errorsv1.Reason_REASON_REAUTHENTICATION_FAILED)
	p.Settle(t)
}

// TestHandlesOfNewAccounts signs in people of the same name: each gets a handle of their own.
func TestHandlesOfNewAccounts(t *testing.T) {
	t.Parallel()
	o := startOpenID(t)
	p := start(t, setting(t, o.entry()))
	handles := map[string]bool{}
	for _, name := range []string{"zoë", "zo", "zo!"} {
		o.add(name, name, name+"@example.net", true)
		_, made, err := o.signIn(t, p, name)
		if err != nil {
			t.Fatalf("sign in %s: %v", name, err)
		}
		handles[strings.ToLower(made.GetHandle())] = true
	}
	if len(handles) != 3 {
		t.Errorf("three people have the handles %v", handles)
	}
}

// TestAccountsAreJoinedOnlyWhenBothSidesAreProved has an account here and one at the provider, of the same address.
func TestAccountsAreJoinedOnlyWhenBothSidesAreProved(t *testing.T) {
	t.Parallel()
	o := startOpenID(t)
	p := start(t, setting(t, o.entry()))
	// Eve made an account with an address that is not hers, and waits in it for its owner.
	eve := p.User(t, "eve")
	o.add("owner", "owner", strings.ToUpper(eve.Email), true)
	_, _, err := o.signIn(t, p, "owner")
	want(t, "an address that was proved at the provider only", err, errorsv1.Reason_REASON_ACCOUNT_LINK_REQUIRED)

	ada := p.User(t, "ada")
	p.verify(t, ada)
	o.add("thief", "thief", ada.Email, false)
	_, _, err = o.signIn(t, p, "thief")
	want(t, "an address that was proved here only", err, errorsv1.Reason_REASON_ACCOUNT_LINK_REQUIRED)

	o.add("ada", "ada", ada.Email, true)
	_, joined, err := o.signIn(t, p, "ada")
	if err != nil || joined.GetId() != ada.ID {
		t.Fatalf("an address that was proved on both sides: %v, %v; want the account of ada", joined, err)
	}
	p.mail.Wait(t, ada.Email, "another way to sign in", 1)

	o.add("late", "late", "late@example.net", false)
	_, made, err := o.signIn(t, p, "late")
	if err != nil || made.GetEmailVerified() {
		t.Errorf("a new account of an address that nobody has proved: %v, %v", made, err)
	}
	p.mail.Wait(t, "late@example.net", "confirm", 1)
	o.add("hidden", "hidden", "", false)
	_, _, err = o.signIn(t, p, "hidden")
	want(t, "no address", err, errorsv1.Reason_REASON_PROVIDER_EMAIL_MISSING)
}

func TestSignInWithProviderNeedsTheSecondFactor(t *testing.T) {
	t.Parallel()
	o := startOpenID(t)
	p := start(t, setting(t, o.entry()))
	ada := p.User(t, "ada")
	p.verify(t, ada)
	a := enrol(t, p, ada.Client)
	o.add("ada", "ada", ada.Email, true)
	for n := range 2 { // The first joins the accounts.
		_, _, err := o.signIn(t, p, "ada")
		want(t, "sign in", err, errorsv1.Reason_REASON_SECOND_FACTOR_REQUIRED)
		client, err := p.answer(t, pulse.Challenge(err), a.recovery[n])
		want(t, "the second factor", err, succeeds)
		want(t, "the session", whoAmI(t, client), succeeds)
	}
}

func TestLinkIdentity(t *testing.T) {
	t.Parallel()
	o := startOpenID(t)
	p := start(t, setting(t, o.entry()))
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	o.add("id1", "ada_at_work", "ada@work.example.com", true)
	o.add("id2", "ada_elsewhere", "ada@else.example.com", true)
	o.add("id3", "carol", "carol@example.net", true)
	want(t, "link", o.link(t, ada.Client, "ada_at_work"), succeeds)
	p.mail.Wait(t, ada.Email, "another way to sign in", 1)
	want(t, "link it to another", o.link(t, bob.Client, "ada_at_work"), errorsv1.Reason_REASON_IDENTITY_ALREADY_LINKED)
	want(t, "link a second of the provider", o.link(t, ada.Client, "ada_elsewhere"), errorsv1.Reason_REASON_IDENTITY_ALREADY_LINKED)
	_, joined, err := o.signIn(t, p, "ada_at_work")
	if err != nil || joined.GetId() != ada.ID {
		t.Errorf("sign in with it: %v, %v", joined, err)
	}
	list := func(c *pulse.Client) []*identityv1.LinkedIdentity {
		t.Helper()
		answer, err := c.Identity.ListLinkedIdentities(t.Context(), &identityv1.ListLinkedIdentitiesRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return answer.GetIdentities()
	}
	if got := list(ada.Client); len(got) != 1 || got[0].GetProvider() != "example" || got[0].GetLabel() != "ada@work.example.com" {
		t.Errorf("ada has linked %v", got)
	}
	if got := list(bob.Client); len(got) != 0 {
		t.Errorf("bob has linked %v", got)
	}
	unlink := func(c *pulse.Client) error {
		_, err := c.Identity.UnlinkIdentity(t.Context(), &identityv1.UnlinkIdentityRequest{Provider: "example"})
		return err
	}
	want(t, "unlink what one has not linked", unlink(bob.Client), errorsv1.Reason_REASON_LINKED_IDENTITY_NOT_FOUND)
	want(t, "unlink", unlink(ada.Client), succeeds)
	p.mail.Wait(t, ada.Email, "way to sign in was removed", 1)
	if got := list(ada.Client); len(got) != 0 {
		t.Errorf("ada has linked %v after unlinking", got)
	}

	carol, _, err := o.signIn(t, p, "carol")
	want(t, "sign in to a new account", err, succeeds)
	want(t, "unlink the only way in", unlink(carol), errorsv1.Reason_REASON_LAST_WAY_IN)
	want(t, "set a password", changePassword(t, carol, newPassword), succeeds)
	want(t, "unlink it then", unlink(carol), succeeds)
	_, err = p.logIn(t, "carol@example.net", newPassword)
	want(t, "log in with the password", err, succeeds)
	p.Settle(t)
}

// TestSignInIsTiedToItsClient tries to complete sign-ins with what belongs to others.
func TestSignInIsTiedToItsClient(t *testing.T) {
	t.Parallel()
	o := startOpenID(t)
	o.add("id1", "eve", "eve@example.net", true)
	p := start(t, setting(t, o.entry()))
	victim, eve := p.User(t, "victim"), p.Client(t, pulse.WithMaxAttempts(1))
	_, err := eve.Identity.BeginSignIn(t.Context(), &identityv1.BeginSignInRequest{Provider: "nowhere"})
	want(t, "a provider that there is not", err, errorsv1.Reason_REASON_PROVIDER_NOT_FOUND)
	complete := func(state, code, secret string) error {
		_, err := p.Client(t, pulse.WithMaxAttempts(1)).CompleteSignIn(t.Context(), &identityv1.CompleteSignInRequest{State: state, Code: code, Secret: secret})
		return err
	}
	// Eve sends her state and code to the victim, whose browser has another secret, or none.
	begun, other := begin(t, eve, "example"), begin(t, victim.Client, "example")
	back := o.visit(t, begun.GetUrl(), "eve")
	want(t, "the secret of another sign-in", complete(back.Get("state"), back.Get("code"), other.GetSecret()), errorsv1.Reason_REASON_SIGN_IN_STATE_INVALID)
	want(t, "the state of another sign-in", complete(other.GetState(), back.Get("code"), begun.GetSecret()), errorsv1.Reason_REASON_SIGN_IN_STATE_INVALID)
	// The code of one sign-in in another: the provider saw the challenge of another verifier.
	want(t, "the code of another sign-in", complete(other.GetState(), back.Get("code"), other.GetSecret()), errorsv1.Reason_REASON_PROVIDER_REFUSED)
	// Whoever did not begin it cannot link it to their account, nor have it linked to it.
	_, err = victim.Identity.LinkIdentity(t.Context(), &identityv1.LinkIdentityRequest{State: back.Get("state"), Code: back.Get("code"), Secret: begun.GetSecret()})
	want(t, "link what somebody else began", err, errorsv1.Reason_REASON_SIGN_IN_STATE_INVALID)

	begun = begin(t, eve, "example")
	back = o.visit(t, begun.GetUrl(), "eve")
	if done := atOnce(4, func(int) error { return complete(back.Get("state"), back.Get("code"), begun.GetSecret()) }); done != 1 {
		t.Errorf("a state was good for %d of 4 calls at once, want one", done)
	}
	begun = begin(t, eve, "example")
	back = o.visit(t, begun.GetUrl(), "eve")
	p.advance(11 * time.Minute)
	want(t, "a state after 11 minutes", complete(back.Get("state"), back.Get("code"), begun.GetSecret()), errorsv1.Reason_REASON_SIGN_IN_STATE_INVALID)
}

func TestSignInWithGitHub(t *testing.T) {
	t.Parallel()
	g := startGitHub(t)
	p := start(t, setting(t, g.entry()))
	const emails = `[{"email":"old@example.net","primary":false,"verified":true},{"email":"octo@example.net","primary":true,"verified":true}]`
	g.answers(http.StatusOK, `{"id":583231,"login":"octo-cat"}`, emails)
	signIn := func(code string) (*identityv1.Account, error) {
		client := p.Client(t, pulse.WithMaxAttempts(1))
		begun := begin(t, client, "github")
		query := queryOf(t, begun.GetUrl())
		if query.Get("state") != begun.GetState() || query.Get("redirect_uri") != callback || query.Get("code_challenge_method") != "S256" || query.Get("scope") != "read:user user:email" {
			t.Errorf("the person is sent to %s", begun.GetUrl())
		}
		g.challenge = query.Get("code_challenge")
		return client.CompleteSignIn(t.Context(), &identityv1.CompleteSignInRequest{State: begun.GetState(), Code: code, Secret: begun.GetSecret()})
	}
	made, err := signIn("right")
	if err != nil || made.GetHandle() != "octo_cat" || made.GetEmail() != "octo@example.net" || !made.GetEmailVerified() {
		t.Fatalf("sign in: %v, %v", made, err)
	}
	g.answers(http.StatusOK, `{"id":583231,"login":"renamed"}`, emails)
	again, err := signIn("right")
	if err != nil || again.GetId() != made.GetId() {
		t.Errorf("sign in after a rename: %v, %v; want the same account", again, err)
	}
	g.answers(http.StatusOK, `{"id":99,"login":"octo-cat"}`, `[{"email":"octo@example.net","primary":true,"verified":false}]`)
	_, err = signIn("right")
	want(t, "another who took the name and gives the address unproved", err, errorsv1.Reason_REASON_ACCOUNT_LINK_REQUIRED)
	_, err = signIn("wrong")
	want(t, "a wrong code", err, errorsv1.Reason_REASON_PROVIDER_REFUSED)
	g.answers(http.StatusBadGateway, ``, ``)
	_, err = signIn("right")
	want(t, "an API that is down", err, errorsv1.Reason_REASON_PROVIDER_UNAVAILABLE)
	g.answers(http.StatusOK, `{"id":1,"login":"`+strings.Repeat("x", 2<<20)+`"}`, emails)
	_, err = signIn("right")
	want(t, "an answer of two megabytes", err, errorsv1.Reason_REASON_PROVIDER_UNAVAILABLE)
	g.answers(http.StatusOK, `{"login":"nobody"}`, emails)
	_, err = signIn("right")
	want(t, "an answer without an id", err, errorsv1.Reason_REASON_PROVIDER_REFUSED)
	if log := p.Log(); strings.Contains(log, "canary-client-secret") || strings.Contains(log, "gho_16C7e42F") {
		t.Error("a secret is in the log")
	}
}

// TestProviderOnAPrivateNetwork has a provider on the loopback that nobody has allowed to be there.
func TestProviderOnAPrivateNetwork(t *testing.T) {
	t.Parallel()
	server := startGitHub(t)
	p := start(t, setting(t, map[string]any{
		"name": "inside", "issuer": strings.Replace(server.url, "http://", "https://", 1), "client_id": "pulse", "client_secret": "secret",
	}))
	_, err := p.Client(t, pulse.WithMaxAttempts(1)).Identity.BeginSignIn(t.Context(), &identityv1.BeginSignInRequest{Provider: "inside"})
	want(t, "a provider on the loopback", err, errorsv1.Reason_REASON_PROVIDER_UNAVAILABLE)
	if !strings.Contains(p.Log(), "address is not public") {
		t.Error("the log does not say why")
	}
}

// queryOf answers the query of an address.
func queryOf(t *testing.T, address string) url.Values {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Query()
}

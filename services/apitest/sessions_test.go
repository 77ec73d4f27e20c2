package apitest_test

import (
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/gen/pulse/identity/v1/identityv1connect"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// refresh exchanges a refresh token, without an idempotency key: the SDK would send one, and be given the first answer.
func refresh(t *testing.T, p *pulsetest.Pulse, token string) (*identityv1.Tokens, error) {
	t.Helper()
	answer, err := identityv1connect.NewIdentityServiceClient(connect.NewClient(overHTTP()(t, p))).
		Refresh(t.Context(), &identityv1.RefreshRequest{RefreshToken: token})
	return answer.GetTokens(), err
}

// wantReason fails unless a call failed for a reason; with REASON_UNSPECIFIED, unless it succeeded.
func wantReason(t *testing.T, what string, err error, want errorsv1.Reason) {
	t.Helper()
	if got := pulse.ReasonOf(err); got != want || (err == nil) != (want == errorsv1.Reason_REASON_UNSPECIFIED) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

const succeeds = errorsv1.Reason_REASON_UNSPECIFIED

// whoAmI makes a call that needs a session.
func whoAmI(t *testing.T, client *pulse.Client) error {
	t.Helper()
	_, err := client.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
	return err
}

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada := signUp(t, p, "ada")
	first := ada.tokens.GetRefreshToken()

	second, err := refresh(t, p, first)
	if err != nil || second.GetRefreshToken() == first {
		t.Fatalf("refresh: %v, %v; want another refresh token", second, err)
	}
	wantReason(t, "the new access token", whoAmI(t, withToken(t, p, second.GetAccessToken())), succeeds)
	wantReason(t, "the old access token, until it expires", whoAmI(t, ada.Client), succeeds)

	clock.advance(5 * time.Second)
	again, err := refresh(t, p, first)
	if err != nil || again.GetRefreshToken() != second.GetRefreshToken() {
		t.Fatalf("the old token after 5 s: %v, want the same successor", err)
	}
	third, err := refresh(t, p, second.GetRefreshToken())
	if err != nil {
		t.Fatalf("the successor: %v", err)
	}

	clock.advance(6 * time.Second)
	_, err = refresh(t, p, first)
	wantReason(t, "the old token after 11 s", err, errorsv1.Reason_REASON_REFRESH_TOKEN_REUSED)
	// Whoever has any token of the session, thief or owner, has nothing any more.
	for _, tokens := range []*identityv1.Tokens{ada.tokens, second, again, third} {
		wantReason(t, "an access token after the reuse", whoAmI(t, withToken(t, p, tokens.GetAccessToken())), errorsv1.Reason_REASON_SESSION_REVOKED)
		_, err := refresh(t, p, tokens.GetRefreshToken())
		wantReason(t, "a refresh token after the reuse", err, errorsv1.Reason_REASON_SESSION_REVOKED)
	}
	_, err = refresh(t, p, "nonsense")
	wantReason(t, "an unknown token", err, errorsv1.Reason_REASON_REFRESH_TOKEN_INVALID)
	p.Settle(t)
}

func TestManyRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	now := time.Now() // It stands: a token may be used again for ten seconds, which fifty calls may take.
	p := pulsetest.Start(t, pulsetest.WithClock(func() time.Time { return now }))
	ada := signUp(t, p, "ada")
	client := identityv1connect.NewIdentityServiceClient(connect.NewClient(overHTTP()(t, p)))
	answers := make([]*identityv1.RefreshResponse, 50)
	atOnce(len(answers), func(i int) {
		var err error
		answers[i], err = client.Refresh(t.Context(), &identityv1.RefreshRequest{RefreshToken: ada.tokens.GetRefreshToken()})
		if err != nil {
			t.Errorf("refresh %d: %v", i, err)
		}
	})
	for i, answer := range answers {
		if got, want := answer.GetTokens().GetRefreshToken(), answers[0].GetTokens().GetRefreshToken(); got != want || want == "" {
			t.Errorf("refresh %d answers %q, want the successor of all, %q", i, got, want)
		}
	}
	_, err := refresh(t, p, answers[0].GetTokens().GetRefreshToken())
	wantReason(t, "the successor", err, succeeds)
}

// atOnce runs work n times at once and waits.
func atOnce(n int, work func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() { <-start; work(i) })
	}
	close(start)
	all.Wait()
}

// TestSessionsOutliveRedis restarts Pulse with an empty Redis: what counts is in the database.
func TestSessionsOutliveRedis(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada, bob, eve := signUp(t, p, "ada"), signUp(t, p, "bob"), signUp(t, p, "eve")
	if _, err := refresh(t, p, eve.tokens.GetRefreshToken()); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Identity.LogOut(t.Context(), &identityv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
	p.LoseCaches(t)
	clock.advance(11 * time.Second)

	wantReason(t, "who was signed in", whoAmI(t, withToken(t, p, ada.tokens.GetAccessToken())), succeeds)
	_, err := refresh(t, p, ada.tokens.GetRefreshToken())
	wantReason(t, "their refresh", err, succeeds)
	wantReason(t, "who had logged out", whoAmI(t, withToken(t, p, bob.tokens.GetAccessToken())), errorsv1.Reason_REASON_SESSION_REVOKED)
	_, err = refresh(t, p, eve.tokens.GetRefreshToken())
	wantReason(t, "a token that was used before the restart", err, errorsv1.Reason_REASON_REFRESH_TOKEN_REUSED)
	wantReason(t, "its session", whoAmI(t, withToken(t, p, eve.tokens.GetAccessToken())), errorsv1.Reason_REASON_SESSION_REVOKED)
}

func TestSessionsEndByThemselves(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	idle, busy := signUp(t, p, "idle"), signUp(t, p, "busy")
	const day = 24 * time.Hour
	tokens := busy.tokens
	for range 8 { // 88 days in all
		clock.advance(11 * day)
		var err error
		if tokens, err = refresh(t, p, tokens.GetRefreshToken()); err != nil {
			t.Fatalf("who refreshes every 11 days: %v", err)
		}
	}
	_, err := refresh(t, p, idle.tokens.GetRefreshToken())
	wantReason(t, "who did not refresh for 14 days", err, errorsv1.Reason_REASON_REFRESH_TOKEN_INVALID)
	clock.advance(3 * day)
	_, err = refresh(t, p, tokens.GetRefreshToken())
	wantReason(t, "any session after 90 days", err, errorsv1.Reason_REASON_REFRESH_TOKEN_INVALID)
}

// TestLogOutIsAtOnce logs out and calls over each protocol: the access token has minutes to live, and is useless.
func TestLogOutIsAtOnce(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	clients := map[string]*pulse.Client{}
	for _, w := range wires {
		clients[w.name] = p.Client(t, pulse.WithMaxAttempts(1), pulse.WithTransport(w.dial(t, p)),
			pulse.WithTokens(&identityv1.Tokens{AccessToken: ada.tokens.GetAccessToken()}))
		wantReason(t, w.name+" before", whoAmI(t, clients[w.name]), succeeds)
	}
	if _, err := ada.Identity.LogOut(t.Context(), &identityv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
	for name, client := range clients {
		wantReason(t, name+" after", whoAmI(t, client), errorsv1.Reason_REASON_SESSION_REVOKED)
	}
	_, err := refresh(t, p, ada.tokens.GetRefreshToken())
	wantReason(t, "refresh", err, errorsv1.Reason_REASON_SESSION_REVOKED)
}

func TestRevokeSession(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, eve := signUp(t, p, "ada"), signUp(t, p, "eve")
	phone := ada.logIn(t, p, "phone")
	revoke := func(who *person, access string) error {
		_, err := who.Identity.RevokeSession(t.Context(), &identityv1.RevokeSessionRequest{SessionId: sessionOf(t, access)})
		return err
	}
	wantReason(t, "another's session", revoke(eve, phone.GetAccessToken()), errorsv1.Reason_REASON_SESSION_NOT_FOUND)
	wantReason(t, "it", whoAmI(t, withToken(t, p, phone.GetAccessToken())), succeeds)
	wantReason(t, "one's own", revoke(ada, phone.GetAccessToken()), succeeds)
	wantReason(t, "it", whoAmI(t, withToken(t, p, phone.GetAccessToken())), errorsv1.Reason_REASON_SESSION_REVOKED)
	wantReason(t, "it once more", revoke(ada, phone.GetAccessToken()), errorsv1.Reason_REASON_SESSION_NOT_FOUND)
	wantReason(t, "the session of the call", whoAmI(t, ada.Client), succeeds)
}

func TestRevokeAllSessions(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, eve := signUp(t, p, "ada"), signUp(t, p, "eve")
	for _, step := range []struct {
		keep  bool
		after errorsv1.Reason
		ended int32
	}{
		{true, succeeds, 2},
		{false, errorsv1.Reason_REASON_SESSION_REVOKED, 3},
	} {
		phone, tablet := ada.logIn(t, p, "phone"), ada.logIn(t, p, "tablet")
		answer, err := ada.Identity.RevokeAllSessions(t.Context(), &identityv1.RevokeAllSessionsRequest{KeepCurrent: step.keep})
		if err != nil || answer.GetRevoked() != step.ended {
			t.Errorf("keep_current %t: %v, %v; want %d sessions ended", step.keep, answer, err, step.ended)
		}
		for _, tokens := range []*identityv1.Tokens{phone, tablet} {
			wantReason(t, "another session", whoAmI(t, withToken(t, p, tokens.GetAccessToken())), errorsv1.Reason_REASON_SESSION_REVOKED)
		}
		wantReason(t, "the session of the call", whoAmI(t, ada.Client), step.after)
	}
	wantReason(t, "the session of somebody else", whoAmI(t, eve.Client), succeeds)
}

func TestListSessions(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	signUp(t, p, "eve")
	want := []string{"2", "1", ""} // Newest first; the first session has no name.
	for i := range 2 {
		ada.logIn(t, p, strconv.Itoa(i+1))
	}
	var got []string
	request := &identityv1.ListSessionsRequest{PageSize: 1}
	for {
		page, err := ada.Identity.ListSessions(t.Context(), request)
		if err != nil || len(page.GetSessions()) != 1 {
			t.Fatalf("page %d: %v, %v; want one session", len(got)+1, page, err)
		}
		session := page.GetSessions()[0]
		got = append(got, session.GetDeviceName())
		if session.GetCurrent() != (session.GetId() == sessionOf(t, ada.tokens.GetAccessToken())) {
			t.Errorf("session %q: current is %t", session.GetDeviceName(), session.GetCurrent())
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("devices %q, want %q", got, want)
	}
}

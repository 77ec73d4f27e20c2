package identity_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// wantReason fails unless a call failed for a reason; with REASON_UNSPECIFIED, unless it succeeded.
func wantReason(t *testing.T, what string, err error, want errorsv1.Reason) {
	t.Helper()
	if got := pulse.ReasonOf(err); got != want || (err == nil) != (want == succeeds) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

const roleRequired = errorsv1.Reason_REASON_ROLE_REQUIRED

func suspend(t *testing.T, by *pulsetest.User, whom int64) error {
	t.Helper()
	_, err := by.Admin.SuspendAccount(t.Context(), &identityv1.SuspendAccountRequest{UserId: whom, Reason: "spam"})
	return err
}

func setRole(t *testing.T, by *pulsetest.User, whom int64, role identityv1.Role) error {
	t.Helper()
	_, err := by.Admin.SetRole(t.Context(), &identityv1.SetRoleRequest{UserId: whom, Role: role})
	return err
}

// A role holds from the next call on, with the tokens that there are, and is gone from the next call on.
func TestRolesHoldAtOnce(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	root, mod, eve := p.User(t, "root"), p.User(t, "mod"), p.User(t, "eve")
	wantReason(t, "a user gives a role", setRole(t, root, mod.ID, identityv1.Role_ROLE_MODERATOR), roleRequired)
	p.SetRole(t, "root", "admin")
	wantReason(t, "an admin gives a role", setRole(t, root, mod.ID, identityv1.Role_ROLE_MODERATOR), succeeds)
	wantReason(t, "an admin gives it again", setRole(t, root, mod.ID, identityv1.Role_ROLE_MODERATOR), succeeds)
	wantReason(t, "a moderator gives a role", setRole(t, mod, eve.ID, identityv1.Role_ROLE_MODERATOR), roleRequired)
	wantReason(t, "a moderator suspends a user", suspend(t, mod, eve.ID), succeeds)
	wantReason(t, "a moderator suspends an admin", suspend(t, mod, root.ID), roleRequired)
	wantReason(t, "an admin takes their own role", setRole(t, root, root.ID, identityv1.Role_ROLE_USER), errorsv1.Reason_REASON_CANNOT_ACT_ON_SELF)
	wantReason(t, "the role of a service", setRole(t, root, mod.ID, identityv1.Role_ROLE_SERVICE), errorsv1.Reason_REASON_INVALID_REQUEST)
	wantReason(t, "nobody's role", setRole(t, root, 7, identityv1.Role_ROLE_USER), errorsv1.Reason_REASON_USER_NOT_FOUND)

	// The token that says moderator does not help any more.
	if _, err := mod.LogIn(t.Context(), &identityv1.LogInRequest{Login: "mod", Password: mod.Password}); err != nil {
		t.Fatal(err)
	}
	account, err := mod.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
	if err != nil || account.GetAccount().GetRole() != identityv1.Role_ROLE_MODERATOR {
		t.Errorf("account of the moderator: %v, %v", account, err)
	}
	wantReason(t, "the role is taken away", setRole(t, root, mod.ID, identityv1.Role_ROLE_USER), succeeds)
	wantReason(t, "a moderator of before", suspend(t, mod, eve.ID), roleRequired)
	p.Settle(t)
}

// Who is suspended is gone for everybody, and what is theirs: also from the timelines that hold copies.
func TestSuspensionHidesEverything(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	mod, eve, ada := p.User(t, "mod"), p.User(t, "eve"), p.User(t, "ada")
	p.SetRole(t, "mod", "moderator")
	created, err := eve.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "spam"})
	if err != nil {
		t.Fatal(err)
	}
	post := created.GetPost().GetId()
	seen := func() bool {
		_, err := ada.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: post})
		_, userErr := ada.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: eve.ID}})
		timeline, timelineErr := ada.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: eve.ID})
		if (err == nil) != (userErr == nil) || (err == nil) != (timelineErr == nil && len(timeline.GetPosts()) == 1) {
			t.Errorf("post: %v, person: %v, timeline: %v", err, userErr, timelineErr)
		}
		return err == nil
	}
	if !seen() {
		t.Fatal("eve is not seen before")
	}
	wantReason(t, "suspend", suspend(t, mod, eve.ID), succeeds)
	if seen() {
		t.Error("who is suspended is seen")
	}
	_, err = eve.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "more spam"})
	wantReason(t, "their call", err, errorsv1.Reason_REASON_SESSION_REVOKED)
	logIn := func(password string) error {
		_, err := p.Client(t).Identity.LogIn(t.Context(), &identityv1.LogInRequest{Login: "eve", Password: password})
		return err
	}
	wantReason(t, "their log-in", logIn(eve.Password), errorsv1.Reason_REASON_ACCOUNT_SUSPENDED)
	wantReason(t, "a log-in with a wrong password", logIn("not it at all"), errorsv1.Reason_REASON_CREDENTIALS_INVALID)
	wantReason(t, "suspend again", suspend(t, mod, eve.ID), succeeds)

	_, err = mod.Admin.RestoreAccount(t.Context(), &identityv1.RestoreAccountRequest{UserId: eve.ID})
	wantReason(t, "restore", err, succeeds)
	wantReason(t, "their log-in", logIn(eve.Password), succeeds)
	testwait.Until(t, "eve is seen again", seen)
	p.Settle(t)
}

// A command on the machine has no connection to the embedded Redis and broker; it takes effect through its events.
func TestSuspensionByCommand(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	eve := p.User(t, "eve")
	if _, err := eve.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{}); err != nil {
		t.Fatal(err)
	}
	p.Suspend(t, "@EVE")
	began := time.Now()
	testwait.Until(t, "the session has ended", func() bool {
		_, err := eve.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
		return pulse.ReasonOf(err) == errorsv1.Reason_REASON_SESSION_REVOKED
	})
	t.Logf("effective after %v", time.Since(began))
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := pulsetest.Start(t)
	kept := &pulsetest.Tokens{}
	root, ada := p.User(t, "root"), p.User(t, "ada", pulse.WithTokenStore(kept))
	p.SetRole(t, "root", "admin")
	create := func(expires *timestamppb.Timestamp) (*identityv1.CreateApiKeyResponse, error) {
		return root.Admin.CreateApiKey(t.Context(), &identityv1.CreateApiKeyRequest{Name: "gateway", ExpireTime: expires})
	}
	_, err := create(timestamppb.New(now.Add(-time.Second)))
	wantReason(t, "a key that has expired", err, errorsv1.Reason_REASON_EXPIRE_TIME_PAST)
	first, err := create(nil)
	if err != nil || len(first.GetKey()) != len("pulse_key_")+43 {
		t.Fatalf("create: %v", err)
	}
	second, err := create(timestamppb.New(now.Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	service := p.Client(t, pulse.WithMaxAttempts(1), pulse.WithAPIKey(first.GetKey()))
	tokens, err := kept.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	access := tokens.GetAccessToken()
	introspect := func() (*identityv1.IntrospectAccessTokenResponse, error) {
		return service.Admin.IntrospectAccessToken(t.Context(), &identityv1.IntrospectAccessTokenRequest{AccessToken: access})
	}
	answer, err := introspect()
	if err != nil || !answer.GetActive() || answer.GetUserId() != ada.ID || answer.GetRole() != identityv1.Role_ROLE_USER {
		t.Errorf("introspect: %v, %v; want ada's", answer, err)
	}
	_, err = service.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
	wantReason(t, "a call of a person", err, roleRequired)
	_, err = ada.Admin.IntrospectAccessToken(t.Context(), &identityv1.IntrospectAccessTokenRequest{AccessToken: access})
	wantReason(t, "a person's call of a service", err, roleRequired)
	if _, err := ada.Identity.LogOut(t.Context(), &identityv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
	if answer, err := introspect(); err != nil || answer.GetActive() || answer.GetUserId() != 0 {
		t.Errorf("introspect after the log-out: %v, %v; want it inactive", answer, err)
	}

	page, err := root.Admin.ListApiKeys(t.Context(), &identityv1.ListApiKeysRequest{PageSize: 1})
	if err != nil || len(page.GetApiKeys()) != 1 || page.GetApiKeys()[0].GetId() != second.GetApiKey().GetId() || page.GetApiKeys()[0].GetExpireTime() == nil {
		t.Fatalf("the first page: %v, %v", page, err)
	}
	page, err = root.Admin.ListApiKeys(t.Context(), &identityv1.ListApiKeysRequest{PageSize: 1, PageToken: page.GetNextPageToken()})
	if err != nil || len(page.GetApiKeys()) != 1 || page.GetApiKeys()[0].GetId() != first.GetApiKey().GetId() || page.GetNextPageToken() != "" {
		t.Fatalf("the second page: %v, %v", page, err)
	}

	revoke := func() error {
		_, err := root.Admin.RevokeApiKey(t.Context(), &identityv1.RevokeApiKeyRequest{ApiKeyId: first.GetApiKey().GetId()})
		return err
	}
	wantReason(t, "revoke", revoke(), succeeds)
	_, err = introspect()
	wantReason(t, "a revoked key", err, errorsv1.Reason_REASON_API_KEY_INVALID)
	wantReason(t, "revoke again", revoke(), errorsv1.Reason_REASON_API_KEY_NOT_FOUND)
	_, err = p.Client(t, pulse.WithMaxAttempts(1), pulse.WithAPIKey("pulse_key_guessed")).
		Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: 7})
	wantReason(t, "a guessed key", err, errorsv1.Reason_REASON_API_KEY_INVALID)
	p.Settle(t)
}

func TestAuditRecordsByPages(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	root := p.User(t, "root")
	p.SetRole(t, "root", "admin")
	request := &identityv1.ListAuditRecordsRequest{PageSize: 1, SubjectId: root.ID}
	newest, err := root.Admin.ListAuditRecords(t.Context(), request)
	if err != nil || len(newest.GetAuditRecords()) != 1 {
		t.Fatalf("first page: %v, %v", newest, err)
	}
	if r := newest.GetAuditRecords()[0]; r.GetAction() != "account.role_changed" || r.GetActorKind() != "operator" || r.GetDetails()["to"] != "admin" {
		t.Errorf("the newest record: %v", r)
	}
	request.PageToken = newest.GetNextPageToken()
	oldest, err := root.Admin.ListAuditRecords(t.Context(), request)
	if err != nil || len(oldest.GetAuditRecords()) != 1 || oldest.GetNextPageToken() != "" {
		t.Fatalf("second page: %v, %v", oldest, err)
	}
	if r := oldest.GetAuditRecords()[0]; r.GetAction() != "account.registered" || r.GetActorId() != root.ID || r.GetRequestId() == "" {
		t.Errorf("the oldest record: %v", r)
	}
}

package identity_test

import (
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func changeHandle(t *testing.T, who *pulsetest.User, handle string) error {
	t.Helper()
	_, err := who.Accounts.ChangeHandle(t.Context(), &identityv1.ChangeHandleRequest{Handle: handle})
	return err
}

// byHandle asks for somebody.
func byHandle(t *testing.T, c *pulse.Client, handle string) error {
	t.Helper()
	_, err := c.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_Handle{Handle: handle}})
	return err
}

// Posts show the other handle at once, and the one before stays out of use for others.
func TestChangeHandle(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada, bob := s.User(t, "ada"), s.User(t, "bob")
	created, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	shown := func() string {
		timeline, err := bob.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.ID})
		if err != nil || len(timeline.GetPosts()) != 1 || timeline.GetPosts()[0].GetId() != created.GetPost().GetId() {
			t.Fatalf("timeline: %v, %v", timeline, err)
		}
		return timeline.GetPosts()[0].GetAuthor().GetHandle()
	}
	if got := shown(); got != "ada" {
		t.Errorf("before: @%s", got)
	}
	const taken = errorsv1.Reason_REASON_HANDLE_TAKEN
	wantReason(t, "another's handle", changeHandle(t, ada, "BOB"), taken)
	wantReason(t, "change", changeHandle(t, ada, "Lovelace"), succeeds)
	testwait.Until(t, "posts show the other handle", func() bool { return shown() == "Lovelace" })
	wantReason(t, "look for the handle", byHandle(t, bob.Client, "lovelace"), succeeds)
	wantReason(t, "look for the one before", byHandle(t, bob.Client, "ada"), errorsv1.Reason_REASON_USER_NOT_FOUND)

	register := func() error {
		_, err := s.Client(t, pulse.WithMaxAttempts(1)).Identity.Register(t.Context(), &identityv1.RegisterRequest{
			Handle: "Ada", Email: "eve@example.org", Password: "correct horse battery eve",
		})
		return err
	}
	wantReason(t, "somebody takes the one before", changeHandle(t, bob, "ada"), taken)
	wantReason(t, "somebody registers it", register(), taken)
	wantReason(t, "its owner takes it back", changeHandle(t, ada, "ada"), succeeds)
	wantReason(t, "and changes its case", changeHandle(t, ada, "Ada"), succeeds)
	wantReason(t, "and gives it up", changeHandle(t, ada, "lovelace"), succeeds)
	s.advance(31 * 24 * time.Hour)
	wantReason(t, "somebody registers it after a month", register(), succeeds)
	s.Settle(t)
}

// Who deactivates their account is gone until they log in again, and then all is there as it was.
func TestDeactivateAndComeBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada, bob := s.User(t, "ada"), s.User(t, "bob")
	if _, err := bob.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: ada.ID}); err != nil {
		t.Fatal(err)
	}
	created, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	seen := func() error {
		_, err := bob.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: created.GetPost().GetId()})
		return err
	}
	second := s.mustLogIn(t, ada)
	if _, err := ada.Accounts.DeactivateAccount(t.Context(), &identityv1.DeactivateAccountRequest{}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*pulse.Client{"this": ada.Client, "another": second} {
		_, err := c.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
		wantReason(t, name+" session", err, errorsv1.Reason_REASON_SESSION_REVOKED)
	}
	wantReason(t, "the person", byHandle(t, bob.Client, "ada"), errorsv1.Reason_REASON_USER_NOT_FOUND)
	wantReason(t, "their post", seen(), errorsv1.Reason_REASON_POST_NOT_FOUND)
	s.mustLogIn(t, ada)
	wantReason(t, "the person after the log-in", byHandle(t, bob.Client, "ada"), succeeds)
	testwait.Until(t, "their post is seen again", func() bool { return seen() == nil })
	s.Settle(t)
}

// A deleted account is gone at once, and what is left of it soon after.
func TestDeleteAccount(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada, bob := s.User(t, "ada"), s.User(t, "bob")
	if _, err := ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.ID}); err != nil {
		t.Fatal(err)
	}
	created, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := bob.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "bob's"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ada.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: theirs.GetPost().GetId()}); err != nil {
		t.Fatal(err)
	}
	s.Settle(t)
	remove := func() error {
		_, err := ada.Accounts.DeleteAccount(t.Context(), &identityv1.DeleteAccountRequest{})
		return err
	}
	s.advance(time.Hour)
	wantReason(t, "without recent authentication", remove(), errorsv1.Reason_REASON_REAUTHENTICATION_REQUIRED)
	wantReason(t, "reauthenticate", reauthenticate(t, ada.Client, ada.Password), succeeds)
	wantReason(t, "delete", remove(), succeeds)

	_, err = ada.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
	wantReason(t, "their call", err, errorsv1.Reason_REASON_SESSION_REVOKED)
	_, err = s.logIn(t, "ada", ada.Password)
	wantReason(t, "their log-in", err, errorsv1.Reason_REASON_CREDENTIALS_INVALID)
	wantReason(t, "the person", byHandle(t, bob.Client, "ada"), errorsv1.Reason_REASON_USER_NOT_FOUND)
	_, err = bob.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: created.GetPost().GetId()})
	wantReason(t, "their post", err, errorsv1.Reason_REASON_POST_NOT_FOUND)
	wantReason(t, "somebody takes the handle", changeHandle(t, bob, "ada"), errorsv1.Reason_REASON_HANDLE_TAKEN)
	s.Settle(t)
	testwait.Until(t, "counts are as if they had never been", func() bool {
		post, err := bob.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: theirs.GetPost().GetId()})
		me, userErr := bob.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: bob.ID}})
		return err == nil && userErr == nil && post.GetPost().GetCounts().GetLikes() == 0 && me.GetUser().GetCounts().GetFollowers() == 0
	})
	again := s.User(t, "eve")
	_, err = s.Client(t).Identity.Register(t.Context(), &identityv1.RegisterRequest{Handle: "adele", Email: ada.Email, Password: again.Password})
	wantReason(t, "another account with the address", err, succeeds)
	s.Settle(t)
}

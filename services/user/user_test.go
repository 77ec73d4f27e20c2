package user_test

import (
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestAProfileIsThereRightAfterSigningUp(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "Ada")
	for _, c := range []*pulse.Client{ada.Client, p.Client(t)} {
		answer, err := c.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_Handle{Handle: "aDA"}})
		if err != nil {
			t.Fatal(err)
		}
		if u := answer.GetUser(); u.GetId() != ada.ID || u.GetHandle() != "Ada" || u.GetDisplayName() != "Ada" || u.GetViewer() != nil {
			t.Errorf("got %v", u)
		}
	}
}

func TestUpdateProfile(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	update := func(profile *userv1.Profile, etag string, paths ...string) (*userv1.User, error) {
		answer, err := ada.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
			Profile: profile, Etag: etag, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
		})
		return answer.GetUser(), err
	}

	first, err := update(&userv1.Profile{DisplayName: "Ada L.", Bio: "counts", Location: "not named in the mask"}, "0", "display_name", "bio")
	if err != nil || first.GetDisplayName() != "Ada L." || first.GetBio() != "counts" || first.GetLocation() != "" {
		t.Fatalf("first update: %v, %v", first, err)
	}
	second, err := update(&userv1.Profile{Location: "London"}, first.GetEtag(), "location")
	if err != nil || second.GetDisplayName() != "Ada L." || second.GetLocation() != "London" {
		t.Fatalf("second update: %v, %v", second, err)
	}
	if _, err := update(&userv1.Profile{Bio: "late"}, first.GetEtag(), "bio"); pulse.ReasonOf(err) != errorsv1.Reason_REASON_ETAG_MISMATCH {
		t.Errorf("update of what was changed meanwhile: %v", err)
	}
	cleared, err := update(&userv1.Profile{}, "", "display_name")
	if err != nil || cleared.GetDisplayName() != "ada" {
		t.Errorf("clearing the name: %v, %v, want the handle instead", cleared, err)
	}
}

func TestBatchGetUsersKeepsTheOrder(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	answer, err := ada.Users.BatchGetUsers(t.Context(), &userv1.BatchGetUsersRequest{UserIds: []int64{bob.ID, 4711, ada.ID, bob.ID}})
	if err != nil {
		t.Fatal(err)
	}
	var handles []string
	for _, u := range answer.GetUsers() {
		handles = append(handles, u.GetHandle())
	}
	if len(handles) != 3 || handles[0] != "bob" || handles[1] != "ada" || handles[2] != "bob" {
		t.Errorf("got %v, want bob, ada, bob", handles)
	}
}

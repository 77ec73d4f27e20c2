package user_test

import (
	"fmt"
	"sync"
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

func TestAProfileSaysLinksAndLanguage(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	update := func(profile *userv1.Profile, paths ...string) (*userv1.User, error) {
		answer, err := ada.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
			Profile: profile, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
		})
		return answer.GetUser(), err
	}
	link := func(url, label string) *userv1.ProfileLink { return &userv1.ProfileLink{Url: url, Label: label} }

	said, err := update(&userv1.Profile{
		Links: []*userv1.ProfileLink{link("https://ada.example.org/?q=1#top", "Home"), link("https://example.org", "")}, Language: "PT-br", Private: true,
	}, "links", "language")
	if err != nil || len(said.GetLinks()) != 2 || said.GetLinks()[0].GetLabel() != "Home" || said.GetLinks()[1].GetUrl() != "https://example.org" ||
		said.GetLanguage() != "pt-BR" || said.GetPrivate() {
		t.Errorf("said %v, %v", said, err)
	}
	answer, err := p.Client(t).Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: ada.ID}})
	if err != nil || len(answer.GetUser().GetLinks()) != 2 || answer.GetUser().GetLanguage() != "pt-BR" {
		t.Errorf("anybody reads %v, %v", answer, err)
	}
	cleared, err := update(&userv1.Profile{}, "links", "language")
	if err != nil || len(cleared.GetLinks()) != 0 || cleared.GetLanguage() != "" {
		t.Errorf("cleared: %v, %v", cleared, err)
	}

	six := make([]*userv1.ProfileLink, 6)
	for i := range six {
		six[i] = link("https://example.org", "")
	}
	for what, links := range map[string][]*userv1.ProfileLink{
		"six links": six, "no https": {link("http://example.org", "")}, "a script": {link("javascript:alert(1)", "")}, "no address": {link("https://exa mple", "")},
	} {
		if _, err := update(&userv1.Profile{Links: links}, "links"); pulse.ReasonOf(err) != errorsv1.Reason_REASON_INVALID_REQUEST {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, tag := range []string{"english please", "xx-", "und", "a"} {
		if _, err := update(&userv1.Profile{Language: tag}, "language"); pulse.ReasonOf(err) != errorsv1.Reason_REASON_PROFILE_LANGUAGE_INVALID {
			t.Errorf("language %q: %v", tag, err)
		}
	}
	for _, path := range []string{"*", "role", "counts.followers", "links.url", "handle", ""} {
		if _, err := update(&userv1.Profile{}, path); pulse.ReasonOf(err) != errorsv1.Reason_REASON_UPDATE_MASK_INVALID {
			t.Errorf("mask %q: %v", path, err)
		}
	}
}

// TestUpdatesAtOnceKeepEachOthersFields finds an update that writes back what another had just replaced.
func TestUpdatesAtOnceKeepEachOthersFields(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	for round := range 10 {
		text := fmt.Sprintf("round %d", round)
		var group sync.WaitGroup
		for path, profile := range map[string]*userv1.Profile{"bio": {Bio: text}, "location": {Location: text}, "display_name": {DisplayName: text}} {
			group.Go(func() {
				_, err := ada.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
					Profile: profile, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{path}},
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		answer, err := ada.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: ada.ID}})
		if u := answer.GetUser(); err != nil || u.GetBio() != text || u.GetLocation() != text || u.GetDisplayName() != text {
			t.Fatalf("%s: %v, %v", text, u, err)
		}
	}
}

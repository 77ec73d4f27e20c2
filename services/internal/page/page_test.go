package page_test

import (
	"errors"
	"math"
	"testing"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/page"
)

func TestATokenIsBoundToItsRequest(t *testing.T) {
	t.Parallel()
	first, err := page.Read(&graphv1.ListFollowersRequest{UserId: 1})
	if err != nil {
		t.Fatal(err)
	}
	token := first.Token(42, page.Back)

	next, err := page.Read(&graphv1.ListFollowersRequest{UserId: 1, PageToken: token, PageSize: 7})
	if err != nil || next.After != 42 || next.Direction != page.Back || next.Size != 7 {
		t.Errorf("same request: %+v, %v", next, err)
	}
	for name, r := range map[string]page.Request{
		"another user":    &graphv1.ListFollowersRequest{UserId: 2, PageToken: token},
		"another list":    &graphv1.ListFollowingRequest{UserId: 1, PageToken: token},
		"another service": &timelinev1.GetUserTimelineRequest{UserId: 1, PageToken: token},
		"cut short":       &graphv1.ListFollowersRequest{UserId: 1, PageToken: token[:len(token)-1]},
		"not a token":     &graphv1.ListFollowersRequest{UserId: 1, PageToken: "../../etc/passwd"},
	} {
		if _, err := page.Read(r); !errors.Is(err, page.ErrToken) {
			t.Errorf("%s: got %v, want %v", name, err, page.ErrToken)
		}
	}
}

func TestSizesAreBounded(t *testing.T) {
	t.Parallel()
	for asked, want := range map[int32]int{0: page.DefaultSize, 1: 1, 100: 100, 101: page.MaxSize, math.MaxInt32: page.MaxSize} {
		c, err := page.Read(&graphv1.ListFollowersRequest{UserId: 1, PageSize: asked})
		if err != nil || c.Size != want {
			t.Errorf("page_size %d: got %d, %v, want %d", asked, c.Size, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	c, err := page.Read(&graphv1.ListFollowersRequest{UserId: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c.Token(1, page.Onward))
	f.Add(c.Token(math.MaxInt64, page.Back))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		got, err := page.Read(&graphv1.ListFollowersRequest{UserId: 1, PageToken: token})
		if err != nil {
			return
		}
		if got.After < 0 || got.Size <= 0 || got.Direction > page.Back {
			t.Errorf("token %q gives %+v", token, got)
		}
		if token != "" && got.Token(got.After, got.Direction) != token {
			t.Errorf("token %q is accepted, but %q is what is made", token, got.Token(got.After, got.Direction))
		}
	})
}

package page_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"slices"
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

func TestATokenNamesWhatTheCallerHasHad(t *testing.T) {
	t.Parallel()
	first, err := page.Read(&graphv1.ListFollowersRequest{UserId: 1})
	if err != nil {
		t.Fatal(err)
	}
	const after = int64(5)
	var met []int64
	for n := range int64(page.MostMet) { // A minute lies between the first and the last, and all time before them.
		met = append(met, 1<<62+n<<32)
	}
	token := first.Token(after, page.Back, met...)
	if len(token) > 256 {
		t.Errorf("the longest token has %d characters, and requests take 256", len(token))
	}
	next, err := page.Read(&graphv1.ListFollowersRequest{UserId: 1, PageToken: token})
	if err != nil || next.After != after || !slices.Equal(next.Met, met) {
		t.Errorf("got %+v, %v, want %v", next, err, met)
	}
	if _, err := page.Read(&graphv1.ListFollowersRequest{UserId: 1, PageToken: token[:len(token)-1]}); !errors.Is(err, page.ErrToken) {
		t.Errorf("cut short: %v", err)
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
	f.Add(c.Token(1<<60, page.Back, 1<<60+7, 1<<60+9))
	broken := c.Token(1, page.Onward)
	f.Add(broken[:4] + "\r\n" + broken[4:]) // Which decoders of base64 read over.
	far, err := base64.RawURLEncoding.DecodeString(c.Token(math.MaxInt64-1, page.Back))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(base64.RawURLEncoding.EncodeToString(binary.AppendUvarint(binary.AppendUvarint(far, 1), 1))) // The second is beyond the last id.
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		got, err := page.Read(&graphv1.ListFollowersRequest{UserId: 1, PageToken: token})
		if err != nil {
			return
		}
		if got.After < 0 || got.Size <= 0 || got.Direction > page.Back {
			t.Errorf("token %q gives %+v", token, got)
		}
		if again := got.Token(got.After, got.Direction, got.Met...); token != "" && again != token {
			t.Errorf("token %q is accepted, but %q is what is made", token, again)
		}
	})
}

func TestAListMayHavePagesOfOtherSizes(t *testing.T) {
	t.Parallel()
	for asked, want := range map[int32]int{0: 50, 1: 1, 200: 200, 201: 200} {
		c, err := page.ReadSized(&graphv1.ListFollowersRequest{UserId: 1, PageSize: asked}, 50, 200)
		if err != nil || c.Size != want {
			t.Errorf("page_size %d: got %d, %v, want %d", asked, c.Size, err, want)
		}
	}
}

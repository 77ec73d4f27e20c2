package pulse_test

import (
	"slices"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/gen/pulse/graph/v1/graphv1connect"
	pulse "github.com/pulse-social/pulse/sdk"
)

const listFollowers = graphv1connect.GraphServiceListFollowersProcedure

// handles answers the handles of all followers up to the first error, and all errors.
func handles(t *testing.T, client *pulse.Client, req *graphv1.ListFollowersRequest) (found []string, errs []error) {
	t.Helper()
	for follower, err := range client.AllFollowers(t.Context(), req) {
		if err != nil {
			if follower != nil {
				t.Errorf("got %v beside an error", follower)
			}
			errs = append(errs, err)
			continue
		}
		found = append(found, follower.GetUser().GetHandle())
	}
	return found, errs
}

// TestAllPages crosses a page that is empty, which is no end.
func TestAllPages(t *testing.T) {
	overEachTransport(t, func(t *testing.T, start func(*server, ...pulse.Option) *pulse.Client) {
		s := newServer()
		found, errs := handles(t, start(s), &graphv1.ListFollowersRequest{UserId: 7, PageSize: 2})
		if len(errs) != 0 || !slices.Equal(found, []string{"ada", "grace", "edsger"}) {
			t.Errorf("got %v, %v", found, errs)
		}
		if got := len(s.seen(listFollowers)); got != 3 {
			t.Errorf("%d calls, want one a page", got)
		}
	})
}

func TestRequestIsNotChanged(t *testing.T) {
	client := connectInProcess(t, newServer())
	req := &graphv1.ListFollowersRequest{UserId: 7, PageToken: "ada"}
	before := proto.CloneOf(req)
	sequence := client.AllFollowers(t.Context(), req)
	for range 2 { // a sequence may be ranged over again
		count := 0
		for _, err := range sequence {
			if err != nil {
				t.Fatal(err)
			}
			count++
		}
		if count != 2 {
			t.Errorf("%d items from the second page on, want 2", count)
		}
	}
	if !proto.Equal(req, before) {
		t.Errorf("request became %v", req)
	}
}

func TestErrorEndsPages(t *testing.T) {
	s := newServer()
	s.script = func(_ string, n int) error {
		if n == 2 {
			return failure(connect.CodeNotFound, "USER_NOT_FOUND")
		}
		return nil
	}
	found, errs := handles(t, connectInProcess(t, s), &graphv1.ListFollowersRequest{UserId: 7})
	if !slices.Equal(found, []string{"ada"}) || len(errs) != 1 {
		t.Errorf("got %v, %v, want the first page and one error", found, errs)
	} else if got := pulse.ReasonOf(errs[0]); got != errorsv1.Reason_REASON_USER_NOT_FOUND {
		t.Errorf("reason %v", got)
	}
}

func TestBreakAsksForNoMore(t *testing.T) {
	s := newServer()
	for _, err := range connectInProcess(t, s).AllFollowers(t.Context(), nil) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if got := len(s.seen(listFollowers)); got != 1 {
		t.Errorf("%d calls, want 1", got)
	}
}

package graph_test

import (
	"testing"

	"github.com/pulse-social/pulse/ent"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testmain"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestMain(m *testing.M) { testmain.Run(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantReason fails the test unless the call was refused for that reason.
func wantReason(t *testing.T, what string, err error, want errorsv1.Reason) {
	t.Helper()
	if got := pulse.ReasonOf(err); got != want || err == nil {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// database opens the database of a Pulse, for what no call does.
func database(t *testing.T, p *pulsetest.Pulse) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), p.Config(t).Store, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// crowd makes people who never sign in, and answers their ids.
func crowd(t *testing.T, s *store.Store, handle func(n int) string, size int) []int64 {
	t.Helper()
	var ids []int64
	must(t, s.For("identity").Write(t.Context(), func(tx *store.Tx) error {
		rows := make([]*ent.AccountCreate, size)
		ids = make([]int64, size)
		for n := range rows {
			ids[n] = tx.NewID()
			rows[n] = tx.Account.Create().SetID(ids[n]).SetHandle(handle(n)).SetHandleKey(handle(n))
			if err := tx.Emit(&busv1.AccountRegistered{UserId: ids[n], Handle: handle(n)}); err != nil {
				return err
			}
		}
		return tx.Account.CreateBulk(rows...).Exec(t.Context())
	}))
	return ids
}

func follow(t *testing.T, who *pulsetest.User, userID int64) *graphv1.Relationship {
	t.Helper()
	answer, err := who.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: userID})
	must(t, err)
	return answer.GetRelationship()
}

func unfollow(t *testing.T, who *pulsetest.User, userID int64) {
	t.Helper()
	_, err := who.Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: userID})
	must(t, err)
}

// setPrivate makes an account private, or public.
func setPrivate(t *testing.T, who *pulsetest.User, private bool) {
	t.Helper()
	_, err := who.Users.UpdateProfile(t.Context(), privacyOf(private))
	must(t, err)
}

// writeRequests writes that people who never sign in ask to follow somebody.
func writeRequests(t *testing.T, s *store.Store, target int64, requesters ...int64) {
	t.Helper()
	must(t, s.For("graph").Write(t.Context(), func(tx *store.Tx) error {
		rows := make([]*ent.FollowRequestCreate, len(requesters))
		for n, requester := range requesters {
			rows[n] = tx.FollowRequest.Create().SetID(tx.NewID()).SetRequesterID(requester).SetTargetID(target)
		}
		return tx.FollowRequest.CreateBulk(rows...).Exec(t.Context())
	}))
}

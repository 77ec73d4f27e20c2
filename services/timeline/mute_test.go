package timeline_test

import (
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// Who is muted, and what has a muted word in it, is in no timeline of many, and pages are as full as before.
func TestMutedPeopleAndWordsAreLeftOut(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	p := pulsetest.Start(t, pulsetest.WithClock(func() time.Time {
		return time.Now().UTC().Truncate(time.Millisecond).Add(time.Duration(ahead.Load()))
	}))
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	follow(t, ada, bob, eve)
	all := map[string]timeline{
		"home": homeTimeline, "list": listTimeline(newList(t, ada, bob, eve)), "hashtag": hashtagTimeline("daily"), "public": publicTimeline,
	}
	var bobs, eves, both []int64
	for range 4 {
		bobs = append([]int64{write(t, bob, public, "a word #daily")}, bobs...)
		eves = append([]int64{write(t, eve, public, "Football again #daily")}, eves...)
		both = append([]int64{eves[0], bobs[0]}, both...)
	}
	p.Settle(t)
	expect := func(what string, want []int64) {
		t.Helper()
		for name, read := range all {
			read.expect(t, name+": "+what, ada.Client, want...)
		}
	}
	expect("nothing is muted", both)

	_, err := ada.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: bob.ID, Ttl: durationpb.New(time.Hour)})
	must(t, err)
	expect("bob is muted", eves)
	userTimeline(bob.ID).expect(t, "where one looks for him he is found", ada.Client, bobs...)
	timeline(publicTimeline).expect(t, "others meet him", eve.Client, both...)
	if page := homeTimeline(t, ada.Client, 3, ""); len(page.GetPosts()) != 3 {
		t.Errorf("a page of 3 has %d posts though there are more", len(page.GetPosts()))
	}
	_, err = ada.Graph.MuteWord(t.Context(), &graphv1.MuteWordRequest{Text: "football", Ttl: durationpb.New(2 * time.Hour)})
	must(t, err)
	expect("and the word", nil)
	ahead.Add(int64(61 * time.Minute))
	signInAgain(t, p, ada)
	expect("bob is not muted any more", bobs)
	ahead.Add(int64(time.Hour))
	signInAgain(t, p, ada)
	expect("nothing is muted any more", both)
}

// signInAgain gives somebody a new session: their access token is too old by the clock that a test moved.
func signInAgain(t *testing.T, p *pulsetest.Pulse, u *pulsetest.User) {
	t.Helper()
	u.Client = p.Client(t)
	_, err := u.LogIn(t.Context(), &identityv1.LogInRequest{Login: u.Handle, Password: u.Password})
	must(t, err)
}

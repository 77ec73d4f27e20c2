package graph_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// later is a clock that a test puts forward.
type later struct{ ahead atomic.Int64 }

func (l *later) now() time.Time {
	return time.Now().Add(time.Duration(l.ahead.Load())).UTC().Truncate(time.Millisecond)
}

func TestMutesLastAsLongAsToldAndAreNobodyElses(t *testing.T) {
	t.Parallel()
	clock := &later{}
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada, bob, cleo := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cleo")
	mute := func(userID int64, ttl time.Duration) *graphv1.Relationship {
		request := &graphv1.MuteUserRequest{UserId: userID}
		if ttl > 0 {
			request.Ttl = durationpb.New(ttl)
		}
		answer, err := ada.Graph.MuteUser(t.Context(), request)
		must(t, err)
		return answer.GetRelationship()
	}
	muted := func() string {
		var handles []string
		for listing, err := range ada.AllMuted(t.Context(), &graphv1.ListMutedRequest{PageSize: 1}) {
			must(t, err)
			handles = append(handles, listing.GetUser().GetHandle())
		}
		return strings.Join(handles, " ")
	}
	if muted() != "" {
		t.Errorf("before: %q", muted())
	}
	if r := mute(bob.ID, 0); !r.GetMuting() || r.GetMuteExpireTime() != nil {
		t.Errorf("muted for good: %v", r)
	}
	if r := mute(cleo.ID, 5*time.Minute); !r.GetMuting() || r.GetMuteExpireTime() == nil {
		t.Errorf("muted for five minutes: %v", r)
	}
	if r := relationships(t, bob, ada.ID)[0]; r.GetMuting() {
		t.Errorf("bob is told %v", r)
	}
	if seen := user(t, ada.Client, cleo.ID).GetViewer(); muted() != "cleo bob" || !seen.GetMuting() || seen.GetMuteExpireTime() == nil {
		t.Errorf("muted %q; ada sees %v", muted(), seen)
	}
	clock.ahead.Add(int64(5 * time.Minute)) // The access tokens still live.
	if seen := user(t, ada.Client, cleo.ID).GetViewer(); muted() != "bob" || seen.GetMuting() || seen.GetMuteExpireTime() != nil {
		t.Errorf("after five minutes: muted %q; ada sees %v", muted(), seen)
	}
	if r := mute(bob.ID, time.Minute); r.GetMuteExpireTime() == nil {
		t.Errorf("an end set for a mute without: %v", r)
	}
	for range 2 {
		_, err := ada.Graph.UnmuteUser(t.Context(), &graphv1.UnmuteUserRequest{UserId: bob.ID})
		must(t, err)
	}
	if r := relationships(t, ada, bob.ID)[0]; muted() != "" || r.GetMuting() {
		t.Errorf("in the end: muted %q; %v", muted(), r)
	}
}

func TestMuteRefuses(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	_, err := ada.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: ada.ID})
	wantReason(t, "mute oneself", err, errorsv1.Reason_REASON_CANNOT_MUTE_SELF)
	_, err = ada.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: bob.ID, Ttl: durationpb.New(time.Second)})
	wantReason(t, "mute for a second", err, errorsv1.Reason_REASON_INVALID_REQUEST)
	_, err = ada.Graph.MuteWord(t.Context(), &graphv1.MuteWordRequest{Text: "?!"})
	wantReason(t, "mute no word", err, errorsv1.Reason_REASON_MUTED_WORD_EMPTY)
}

func TestMutedWordsAreKeptOnceUpToALimit(t *testing.T) {
	t.Parallel()
	clock := &later{}
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now), pulsetest.InProcess())
	ada := p.User(t, "ada")
	muteWord := func(text string, ttl *durationpb.Duration) (*graphv1.MutedWord, error) {
		answer, err := ada.Graph.MuteWord(t.Context(), &graphv1.MuteWordRequest{Text: text, Ttl: ttl})
		return answer.GetMutedWord(), err
	}
	words := func() (texts []string) {
		for word, err := range ada.AllMutedWords(t.Context(), &graphv1.ListMutedWordsRequest{PageSize: 90}) {
			must(t, err)
			texts = append(texts, word.GetText())
		}
		return texts
	}
	_, err := muteWord("Spoiler", nil)
	must(t, err)
	again, err := muteWord("SPOILER!", durationpb.New(time.Minute))
	if got := words(); err != nil || len(got) != 1 || got[0] != "SPOILER!" || again.GetExpireTime() == nil {
		t.Errorf("the same word twice: %v, %v, %v", got, again, err)
	}
	for n := range 199 {
		if _, err := muteWord(fmt.Sprintf("word %d", n), nil); err != nil {
			t.Fatal(err)
		}
	}
	_, err = muteWord("one more", nil)
	wantReason(t, "the 201st word", err, errorsv1.Reason_REASON_TOO_MANY_MUTES)
	if _, err = muteWord("word 7", nil); err != nil || len(words()) != 200 {
		t.Errorf("muting again at the limit: %v; %d words", err, len(words()))
	}
	clock.ahead.Add(int64(time.Minute))
	if _, err = muteWord("one more", nil); err != nil || len(words()) != 200 {
		t.Errorf("in place of one that has ended: %v; %d words", err, len(words()))
	}
	for range 2 {
		_, err = ada.Graph.UnmuteWord(t.Context(), &graphv1.UnmuteWordRequest{Text: "  ONE more"})
		must(t, err)
	}
	if len(words()) != 199 {
		t.Errorf("%d words in the end", len(words()))
	}
}

package search_test

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func describe(t testing.TB, who *pulsetest.User, name, bio string) {
	t.Helper()
	_, err := who.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{DisplayName: name, Bio: bio}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"display_name", "bio"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// handles answers the handles of whom a query finds, page by page.
func handles(t testing.TB, who *pulse.Client, query string) []string {
	t.Helper()
	var found []string
	for user, err := range who.AllFoundUsers(t.Context(), &searchv1.SearchUsersRequest{Query: query, PageSize: 1}) {
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		found = append(found, user.GetHandle())
	}
	return found
}

// suggested answers what is suggested, people by handle and hashtags with #.
func suggested(t testing.TB, who *pulse.Client, prefix string) []string {
	t.Helper()
	answer, err := who.Search.Suggest(t.Context(), &searchv1.SuggestRequest{Prefix: prefix})
	if err != nil {
		t.Fatalf("%q: %v", prefix, err)
	}
	var all []string
	for _, s := range answer.GetSuggestions() {
		if s.GetTag() != nil {
			all = append(all, "#"+s.GetTag().GetTag())
		} else {
			all = append(all, s.GetUser().GetHandle())
		}
	}
	return all
}

func TestSearchUsers(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, love, rene := p.User(t, "ada"), p.User(t, "lovelace_fan"), p.User(t, "rene")
	describe(t, ada, "Ada Lovelace", "counts on the analytical engine")
	describe(t, love, "Zoë", "reads Ada")
	describe(t, rene, "René Łukasz 山田太郎", "")
	if _, err := rene.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: love.ID}); err != nil {
		t.Fatal(err)
	}
	p.Settle(t)
	for query, want := range map[string][]string{
		"ada":             {"ada", "lovelace_fan"}, // The handle before a mention of it.
		"@ADA":            {"ada", "lovelace_fan"},
		"lovelace":        {"lovelace_fan", "ada"},
		"ada love":        {"ada", "lovelace_fan"},
		"zoe":             {"lovelace_fan"},
		"engine":          {"ada"},
		"anal eng":        {"ada"},
		"luk":             {"rene"},
		"山田":              {"rene"},
		"郎":               {"rene"},
		"nobody":          nil,
		"lovelace_fan":    {"lovelace_fan"},
		"lovelace engine": {"ada"},
	} {
		for _, who := range []*pulse.Client{rene.Client, p.Client(t)} {
			if got := handles(t, who, query); !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", query, got, want)
			}
		}
	}
	if _, err := ada.Search.SearchUsers(t.Context(), &searchv1.SearchUsersRequest{Query: "@!?"}); pulse.ReasonOf(err) != errorsv1.Reason_REASON_QUERY_INVALID {
		t.Errorf("a query without a word: %v", err)
	}
}

func TestSuggestPeople(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, adam, zoe := p.User(t, "ada"), p.User(t, "adam_smith"), p.User(t, "zoe")
	describe(t, zoe, "Adele Müller", "")
	for _, who := range []*pulsetest.User{ada, zoe} {
		if _, err := who.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: adam.ID}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := adam.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: zoe.ID}); err != nil {
		t.Fatal(err)
	}
	p.Settle(t)
	for prefix, want := range map[string][]string{
		"ad":      {"adam_smith", "zoe", "ada"}, // By followers.
		"ada":     {"ada", "adam_smith"},        // Whose handle it is goes first.
		"@Adam_":  {"adam_smith"},
		"smi":     {"adam_smith"},
		"mull":    {"zoe"},
		"adele m": {"zoe"},
		"#ad":     nil,
		"@":       nil,
		"":        nil,
		"\"* %":   nil,
	} {
		if got := suggested(t, p.Client(t), prefix); !slices.Equal(got, want) {
			t.Errorf("%q suggests %v, want %v", prefix, got, want)
		}
	}
	if got, want := suggested(t, adam.Client, "ad"), []string{"zoe", "adam_smith", "ada"}; !slices.Equal(got, want) {
		t.Errorf("suggests %v to who follows zoe, want %v", got, want)
	}
}

// What changes of people is followed, and who is gone is found by nobody.
func TestPeopleChange(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	d := open(t, p)
	ada, eve := p.User(t, "ada"), p.User(t, "eve")
	describe(t, ada, "Countess", "")
	p.Settle(t)
	describe(t, ada, "Mathematician", "")
	d.write(t, "identity", func(tx *store.Tx) error {
		if err := tx.Account.UpdateOneID(ada.ID).SetHandle("Byron").SetHandleKey("byron").Exec(t.Context()); err != nil {
			return err
		}
		return tx.Emit(&busv1.HandleChanged{UserId: ada.ID, OldHandle: "ada", NewHandle: "Byron"})
	})
	p.Settle(t)
	for query, want := range map[string][]string{"countess": nil, "ada": nil, "math": {"Byron"}, "byr": {"Byron"}} {
		if got := handles(t, eve.Client, query); !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", query, got, want)
		}
		if got := suggested(t, eve.Client, query); !slices.Equal(got, want) {
			t.Errorf("%q suggests %v, want %v", query, got, want)
		}
	}

	d.write(t, "graph", func(tx *store.Tx) error {
		return tx.Block.Create().SetID(tx.NewID()).SetBlockerID(ada.ID).SetBlockedID(eve.ID).Exec(t.Context())
	})
	if got, others := handles(t, eve.Client, "byron"), handles(t, p.Client(t), "byron"); len(got) != 0 || len(others) != 1 {
		t.Errorf("found by whom they block: %v, by others: %v", got, others)
	}
	if got := suggested(t, eve.Client, "byron"); len(got) != 0 {
		t.Errorf("suggested to whom they block: %v", got)
	}
	const suspended, deleted = 2, 3
	for _, state := range []int32{suspended, deleted} {
		d.write(t, "identity", func(tx *store.Tx) error {
			return tx.Account.UpdateOneID(ada.ID).SetState(state).Exec(t.Context())
		})
		if got := handles(t, p.Client(t), "byron"); len(got) != 0 {
			t.Errorf("found in state %d: %v", state, got)
		}
	}
	d.write(t, "identity", func(tx *store.Tx) error { return tx.Emit(&busv1.AccountDeleted{UserId: ada.ID}) })
	p.Settle(t)
	left, err := d.For("search").SearchPerson.Query().Count(t.Context())
	if err != nil || left != 1 {
		t.Errorf("%d people are indexed, %v, want the one who is left", left, err)
	}
}

// Muted people are left out of who searches, until the mute ends.
func TestMutedPeopleAreLeftOut(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	d := open(t, p)
	ada, eve := p.User(t, "ada"), p.User(t, "eve")
	post := write(t, eve, "something loud")
	p.Settle(t)
	for _, expiry := range []time.Duration{0, time.Hour, -time.Second} {
		d.write(t, "graph", func(tx *store.Tx) error {
			if _, err := tx.Mute.Delete().Exec(t.Context()); err != nil {
				return err
			}
			mute := tx.Mute.Create().SetID(tx.NewID()).SetMuterID(ada.ID).SetMutedID(eve.ID)
			if expiry != 0 {
				mute.SetExpiresAt(tx.Now.Add(expiry))
			}
			return mute.Exec(t.Context())
		})
		if expiry < 0 {
			finds(t, ada.Client, "loud", post)
		} else {
			finds(t, ada.Client, "loud")
		}
		finds(t, eve.Client, "loud", post)
		finds(t, p.Client(t), "loud", post)
	}
}

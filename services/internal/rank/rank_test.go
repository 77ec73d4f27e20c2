package rank_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pulse-social/pulse/services/internal/rank"
)

func TestScores(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		candidate rank.Candidate
		want      float64
	}{
		"nothing is known":           {rank.Candidate{}, 1},
		"half a day old":             {rank.Candidate{Age: 12 * time.Hour}, 0.5},
		"a day old":                  {rank.Candidate{Age: 24 * time.Hour}, 0.25},
		"from the future":            {rank.Candidate{Age: -time.Hour}, 1},
		"followed":                   {rank.Candidate{Followed: true}, 2},
		"followed, by mutuals":       {rank.Candidate{Followed: true, Mutuals: 9}, 2},
		"ten likes":                  {rank.Candidate{Likes: 10}, 1 + math.Log(11)},
		"a reply is two likes":       {rank.Candidate{Replies: 5}, 1 + math.Log(11)},
		"a repost is three":          {rank.Candidate{Reposts: 3, Likes: 1}, 1 + math.Log(11)},
		"counts that lag":            {rank.Candidate{Likes: -4}, 1},
		"affinity":                   {rank.Candidate{Affinity: 7}, 1 + math.Log(8)/2},
		"liked by those one follows": {rank.Candidate{Likers: 3}, 1 + math.Log(4)/2},
		"followed by them":           {rank.Candidate{Mutuals: 3}, 1 + math.Log(4)/4},
		"all at once": {
			rank.Candidate{Age: 6 * time.Hour, Likes: 2, Replies: 1, Affinity: 1, Likers: 1, Followed: true},
			math.Exp2(-0.5) * (1 + math.Log(5)) * (1 + math.Log(2)/2) * (1 + math.Log(2)/2) * 2,
		},
	} {
		if got := c.candidate.Score(); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestNobodyHasMoreThanTwoInARowWhileOthersAreLeft(t *testing.T) {
	t.Parallel()
	var candidates []rank.Candidate
	for n := range int64(5) {
		candidates = append(candidates, rank.Candidate{PostID: 100 + n, AuthorID: 1, Likes: 100})
	}
	candidates = append(candidates, rank.Candidate{PostID: 200, AuthorID: 2}, rank.Candidate{PostID: 201, AuthorID: 3})
	if got, want := idsOf(rank.Posts(candidates)), []int64{104, 103, 201, 102, 101, 200, 100}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := rank.Posts(nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
	// When only one author is left, theirs follow one another.
	if got, want := idsOf(rank.Posts(candidates[:3])), []int64{102, 101, 100}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTheOrderDoesNotDependOnTheOrderGiven(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var candidates []rank.Candidate
	for n := range int64(200) {
		candidates = append(candidates, rank.Candidate{
			PostID: n, AuthorID: random.Int64N(20), Age: time.Duration(random.IntN(5)) * time.Hour, Likes: random.Int64N(4),
			Followed: random.IntN(2) == 0,
		})
	}
	want := idsOf(rank.Posts(candidates))
	for range 20 {
		random.Shuffle(len(candidates), func(i, j int) { candidates[i], candidates[j] = candidates[j], candidates[i] })
		if got := idsOf(rank.Posts(candidates)); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func idsOf(ranked []rank.Candidate) []int64 {
	ids := make([]int64, len(ranked))
	for i, c := range ranked {
		ids[i] = c.PostID
	}
	return ids
}

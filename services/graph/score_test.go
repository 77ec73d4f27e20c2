package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestGatherWeighsWhoFollowsFewMost(t *testing.T) {
	t.Parallel()
	following := map[int64]counts{1: {following: 2}, 2: {following: 1000}, 3: {following: 1000}}
	edges := []edge{{2, 20}, {3, 20}, {1, 10}, {2, 30}}
	got := gather(edges, following)
	// One who follows two people weighs more than two who follow a thousand each.
	var order []int64
	for _, c := range got {
		order = append(order, c.id)
	}
	if !slices.Equal(order, []int64{10, 20, 30}) {
		t.Fatalf("order %v", order)
	}
	if want := 2 / math.Log(1002); math.Abs(got[1].score-want) > 1e-12 {
		t.Errorf("score %g, want %g", got[1].score, want)
	}
	damp(got, map[int64]counts{10: {followers: 1_000_000}})
	if got[0].id != 20 || got[2].id != 10 {
		t.Errorf("damped: %v, want the one whom a million follow last", got)
	}
}

func TestGatherDoesNotDependOnTheOrderOfRows(t *testing.T) {
	t.Parallel()
	following, edges := map[int64]counts{}, []edge{}
	for from := range int64(30) {
		following[from] = counts{following: 3 + from%7}
		for to := range int64(20) {
			if (from*7+to*3)%4 != 0 {
				edges = append(edges, edge{from, 100 + to})
			}
		}
	}
	want := fmt.Sprint(gather(slices.Clone(edges), following))
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(edges), func(i, j int) { edges[i], edges[j] = edges[j], edges[i] })
		if got := fmt.Sprint(gather(slices.Clone(edges), following)); got != want {
			t.Fatalf("seed %d: %s\nwant %s", seed, got, want)
		}
	}
	var c candidate
	if len(c.named()) != 0 || len(gather(nil, nil)) != 0 {
		t.Error("something was made of nothing")
	}
}

package graph

import (
	"cmp"
	"math"
	"slices"
)

// edge is that one person follows another.
type edge struct{ from, to int64 }

// candidate is somebody who may be recommended.
type candidate struct {
	id    int64
	score float64
	// through are the followees who follow them, who follow the fewest first.
	through []int64
}

// named are those who are named as the reason.
func (c candidate) named() []int64 { return c.through[:min(namedFollowers, len(c.through))] }

// gather makes candidates of the follows of followees, best first by the sum of what each followee's follow weighs: 1 /
// ln(2 + how many they follow), which is less of who follows everybody. Sums are made in one order, so that the same graph
// gives the same answer.
func gather(edges []edge, following map[int64]counts) []candidate {
	weights := make(map[int64]float64, len(following))
	weigh := func(followee int64) float64 {
		w, known := weights[followee]
		if !known {
			// A count may lag, and who is looked at follows somebody.
			w = 1 / math.Log(2+float64(max(1, following[followee].following)))
			weights[followee] = w
		}
		return w
	}
	slices.SortFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(weigh(b.from), weigh(a.from)), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	places, candidates := map[int64]int{}, []candidate{}
	for _, e := range edges {
		at, known := places[e.to]
		if !known {
			at = len(candidates)
			places[e.to], candidates = at, append(candidates, candidate{id: e.to})
		}
		candidates[at].score += weigh(e.from)
		candidates[at].through = append(candidates[at].through, e.from)
	}
	slices.SortFunc(candidates, better)
	return candidates
}

// damp divides the scores by ln(e + followers), and puts the best first again.
func damp(candidates []candidate, read map[int64]counts) {
	for i, c := range candidates {
		candidates[i].score = c.score / math.Log(math.E+float64(max(0, read[c.id].followers)))
	}
	slices.SortFunc(candidates, better)
}

// better orders the higher score first, and the older account where scores are the same.
func better(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
}

func idsOf(candidates []candidate) []int64 {
	ids := make([]int64, len(candidates))
	for i, c := range candidates {
		ids[i] = c.id
	}
	return ids
}

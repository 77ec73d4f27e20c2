package demo_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulse-social/pulse/services/internal/demo"
	"github.com/pulse-social/pulse/services/internal/seed"
)

var handle = regexp.MustCompile("^[a-z]{2,}[0-9]*$")

func TestPlan(t *testing.T) {
	t.Parallel()
	for _, people := range []int{demo.MinPeople, 40, 200} {
		plan := demo.Plan(people)
		if len(plan.People) != people || plan.People[0].Handle != demo.Handle {
			t.Errorf("%d people, the first %s", len(plan.People), plan.People[0].Handle)
		}
		checkPeople(t, plan)
		checkPosts(t, plan)
		if other := demo.Plan(people); len(other.Likes) != len(plan.Likes) || !slices.EqualFunc(other.Posts, plan.Posts, samePost) {
			t.Errorf("the plan for %d people is another each time", people)
		}
	}
}

func checkPeople(t *testing.T, plan seed.Plan) {
	t.Helper()
	seen := map[string]bool{}
	for _, p := range plan.People {
		if seen[p.Handle] || !handle.MatchString(p.Handle) || p.Profile.GetBio() == "" || strings.ContainsAny(p.Profile.GetBio(), "{|}") {
			t.Errorf("%s: %v", p.Handle, p.Profile)
		}
		seen[p.Handle] = true
	}
	follows := map[seed.Follow]bool{}
	for _, f := range plan.Follows {
		if f.Follower == f.Followee || follows[f] {
			t.Errorf("%v", f)
		}
		follows[f] = true
	}
}

func checkPosts(t *testing.T, plan seed.Plan) {
	t.Helper()
	said := map[[2]string]bool{}
	before := map[*seed.Post]bool{nil: true}
	for _, p := range plan.Posts {
		key := [2]string{plan.People[p.Author].Handle, p.Text}
		if said[key] || !before[p.ReplyTo] || p.Text == "" || strings.ContainsAny(p.Text, "{|}") {
			t.Errorf("%q", key)
		}
		said[key], before[p] = true, true
	}
}

func samePost(a, b *seed.Post) bool {
	return a.Author == b.Author && a.Text == b.Text && (a.ReplyTo == nil) == (b.ReplyTo == nil)
}

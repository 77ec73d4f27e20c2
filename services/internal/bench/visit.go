package bench

import (
	"context"

	"github.com/pulse-social/pulse/services/internal/bulk"
	"github.com/pulse-social/pulse/services/internal/seed"
)

// visit makes the people of the graph at a Pulse that runs already, through its API, and answers that Pulse. Who is there
// from a visit before stays.
func (b *bench) visit(ctx context.Context) (*server, error) {
	_, err := seed.Run(ctx, seed.Options{
		Addr: b.Addr, Plan: plan(b.Graph), Password: b.Password, Concurrency: visitors, Progress: b.Progress,
	})
	if err != nil {
		return nil, err
	}
	s := &server{urls: map[string]string{}, processes: b.Servers}
	for range b.Servers {
		s.names = append(s.names, wholePulse)
	}
	for _, name := range b.Services {
		s.urls[name] = b.Addr
	}
	return s, nil
}

// visitors is how many calls make people at once.
const visitors = 8

// plan is a graph as it is made through the API.
func plan(g Graph) seed.Plan {
	p := seed.Plan{People: make([]seed.Person, g.People)}
	for n := range g.People {
		handle := bulk.Handle(n)
		p.People[n] = seed.Person{Handle: handle, Email: handle + "@example.org"}
	}
	for follower, followee := range g.Edges() {
		p.Follows = append(p.Follows, seed.Follow{Follower: follower, Followee: followee})
	}
	for n := range g.People * g.Posts {
		text := bulk.Text(n)
		if g.Words {
			text, _ = bulk.WordsText(n)
		}
		p.Posts = append(p.Posts, &seed.Post{Author: n % g.People, Text: text})
	}
	return p
}

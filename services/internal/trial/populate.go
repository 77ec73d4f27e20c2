package trial

import (
	"context"
	"fmt"
	"slices"
	"time"

	"connectrpc.com/connect/v2"
	"golang.org/x/sync/errgroup"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
)

// populate registers the people and gives them first posts and follows.
func (r *run) populate(ctx context.Context) error {
	attempts := max(1, r.fault.attempts[r.options.Topology])
	var group errgroup.Group
	for n := range people {
		p, err := newPerson(n+1, r.options.Seed, r.topology.URL(), attempts, r.pool, r.history)
		if err != nil {
			return err
		}
		r.people = append(r.people, p)
		group.Go(func() error { return p.begin(ctx) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, p := range r.people {
		p.others = slices.DeleteFunc(slices.Clone(r.people), func(other *person) bool { return other == p })
		group.Go(func() error { return p.followFirst(ctx) })
	}
	return group.Wait()
}

// begin registers the person and writes their first posts.
func (p *person) begin(ctx context.Context) error {
	err := p.prepare(ctx, "register", func(ctx context.Context) error {
		account, err := p.Register(ctx, &identityv1.RegisterRequest{Handle: p.handle, Email: p.handle + "@example.org", Password: p.password})
		p.id = account.GetId()
		return err
	})
	if err != nil {
		return err
	}
	for n := range firstPosts {
		text := fmt.Sprintf("%s begins %d", p.handle, n)
		err := p.prepare(ctx, fmt.Sprintf("post-%d", n), func(ctx context.Context) error {
			answer, err := p.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: text})
			p.newest = answer.GetPost().GetId()
			return err
		})
		if err != nil {
			return err
		}
		p.first = append(p.first, p.newest)
		p.posts[text] = &post{outcome: ok, id: p.newest}
	}
	return nil
}

// followFirst follows some of the others, drawn by the person.
func (p *person) followFirst(ctx context.Context) error {
	for _, n := range p.draw.Perm(len(p.others))[:firstFollows] {
		other := p.others[n]
		err := p.prepare(ctx, "follow-"+other.handle, func(ctx context.Context) error {
			_, err := p.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: other.id})
			return err
		})
		if err != nil {
			return err
		}
		relationTo(p.follows, other.id).on = true
	}
	return nil
}

// prepare makes a call until it is answered. Nothing is tried yet: that so many processes, which start at once, let a call wait
// says nothing of the fault.
func (p *person) prepare(ctx context.Context, what string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		ctx, info := connect.NewClientContext(ctx)
		info.RequestHeader().Set("Idempotency-Key", "before-the-trial-"+p.handle+"-"+what)
		err := do(ctx)
		if outcomeOf(err) != unknown || sleep(ctx, time.Second) != nil {
			return err
		}
	}
}

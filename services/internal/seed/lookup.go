package seed

import (
	"context"
	"fmt"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
)

// lookUp finds out what people who were there before the run have done of the plan.
func (r *run) lookUp(ctx context.Context) error {
	planned := r.postsByAuthor()
	var existing []int
	for i, p := range r.people {
		if p.existed {
			existing = append(existing, i)
		}
	}
	stage := r.Progress.Stage("look-ups", len(existing))
	defer stage.End()
	return each(ctx, r.Concurrency, existing, func(ctx context.Context, i int) error {
		if err := r.people[i].lookUpFollows(ctx); err != nil {
			return err
		}
		if err := r.people[i].lookUpPosts(ctx, planned[i]); err != nil {
			return err
		}
		stage.Done()
		return nil
	})
}

// postsByAuthor counts the plan's posts.
func (r *run) postsByAuthor() []map[string]bool {
	planned := make([]map[string]bool, len(r.people))
	for _, post := range r.Plan.Posts {
		if !r.people[post.Author].existed {
			continue
		}
		if planned[post.Author] == nil {
			planned[post.Author] = map[string]bool{}
		}
		planned[post.Author][post.Text] = true
	}
	return planned
}

func (p *person) lookUpFollows(ctx context.Context) error {
	p.following = map[int64]bool{}
	for followee, err := range p.client.AllFollowing(ctx, &graphv1.ListFollowingRequest{UserId: p.id, PageSize: pageSize}) {
		if err != nil {
			return fmt.Errorf("whom %s follows: %w", p.Handle, err)
		}
		p.following[followee.GetUser().GetId()] = true
	}
	return nil
}

// lookUpPosts reads a person's timeline, until all the planned posts are found.
func (p *person) lookUpPosts(ctx context.Context, planned map[string]bool) error {
	p.texts = map[string]int64{}
	if len(planned) == 0 {
		return nil
	}
	for post, err := range p.client.AllUserTimelinePosts(ctx, &timelinev1.GetUserTimelineRequest{UserId: p.id, PageSize: pageSize}) {
		if err != nil {
			return fmt.Errorf("timeline of %s: %w", p.Handle, err)
		}
		if planned[post.GetText()] {
			p.texts[post.GetText()] = post.GetId()
		}
		if len(p.texts) == len(planned) {
			break
		}
	}
	return nil
}

package seed

import (
	"context"
	"fmt"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
)

// follow makes people follow whom they do not follow yet.
func (r *run) follow(ctx context.Context) error {
	var missing []Follow
	for _, f := range r.Plan.Follows {
		if !r.people[f.Follower].following[r.people[f.Followee].id] {
			missing = append(missing, f)
		}
	}
	stage := r.Progress.Stage("follows", len(missing))
	defer stage.End()
	return each(ctx, r.Concurrency, missing, func(ctx context.Context, f Follow) error {
		follower, followee := r.people[f.Follower], r.people[f.Followee]
		client, err := r.as(ctx, follower)
		if err != nil {
			return err
		}
		if _, err := client.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: followee.id}); err != nil {
			return fmt.Errorf("%s follows %s: %w", follower.Handle, followee.Handle, err)
		}
		r.follows.Add(1)
		stage.Done()
		return nil
	})
}

// post writes the posts that are not there yet, round by round.
func (r *run) post(ctx context.Context) error {
	var missing []*Post
	for _, post := range r.Plan.Posts {
		if id, ok := r.people[post.Author].texts[post.Text]; ok {
			r.ids[post] = id
		} else {
			missing = append(missing, post)
		}
	}
	stage := r.Progress.Stage("posts", len(missing))
	defer stage.End()
	for round := range rounds(missing) {
		err := each(ctx, r.Concurrency, round, func(ctx context.Context, post *Post) error {
			if err := r.write(ctx, post); err != nil {
				return err
			}
			stage.Done()
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// write writes one post; what it replies to is there.
func (r *run) write(ctx context.Context, post *Post) error {
	author := r.people[post.Author]
	client, err := r.as(ctx, author)
	if err != nil {
		return err
	}
	answer, err := client.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: post.Text, ReplyToId: r.idOf(post.ReplyTo)})
	if err != nil {
		return fmt.Errorf("%s writes %q: %w", author.Handle, post.Text, err)
	}
	r.posts.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ids[post] = answer.GetPost().GetId()
	return nil
}

// idOf answers the id of a post that is there, 0 for none.
func (r *run) idOf(post *Post) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ids[post]
}

// like likes posts. Liking twice is liking once, so what was liked before is not looked up.
func (r *run) like(ctx context.Context) error {
	stage := r.Progress.Stage("likes", len(r.Plan.Likes))
	defer stage.End()
	return each(ctx, r.Concurrency, r.Plan.Likes, func(ctx context.Context, l Like) error {
		person := r.people[l.Person]
		client, err := r.as(ctx, person)
		if err != nil {
			return err
		}
		if _, err := client.Posts.LikePost(ctx, &postv1.LikePostRequest{PostId: r.idOf(l.Post)}); err != nil {
			return fmt.Errorf("%s likes a post: %w", person.Handle, err)
		}
		r.likes.Add(1)
		stage.Done()
		return nil
	})
}

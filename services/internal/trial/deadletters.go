package trial

import (
	"context"
	"errors"
	"fmt"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// failConsumer has the counter of likes fail for one post, looks that its neighbours are counted meanwhile, and replays
// the dead letters when the counter is mended.
func failConsumer(ctx context.Context, r *run) error {
	watcher, err := pulse.NewClient(r.topology.URL(), pulse.WithHTTPClient(r.pool))
	if err != nil {
		return err
	}
	_, err = watcher.Register(ctx, &identityv1.RegisterRequest{Handle: "watcher", Email: "watcher@example.org", Password: "trial password w"})
	if err != nil {
		return err
	}
	unlucky, neighbour := r.people[0].first[0], r.people[0].first[1]
	err = r.during(ctx, "consumer.fail", fmt.Sprintf("post.counts:%d", unlucky), func(ctx context.Context) error {
		return r.watchNeighbour(ctx, watcher, unlucky, neighbour)
	})
	if err != nil {
		return err
	}
	return until(ctx, "all dead letters are replayed", func(ctx context.Context) (bool, error) {
		letters, err := r.letters(ctx)
		if err != nil || len(letters) == 0 {
			return err == nil, err
		}
		_, err = r.topology.Command(ctx, "dlq", "replay", "--all")
		return false, err
	})
}

// watchNeighbour likes both posts, and waits until the one like is a dead letter and a later one of the other is counted.
func (r *run) watchNeighbour(ctx context.Context, watcher *pulse.Client, unlucky, neighbour int64) error {
	if _, err := watcher.Posts.LikePost(ctx, &postv1.LikePostRequest{PostId: unlucky}); err != nil {
		return err
	}
	_, err := watcher.Posts.LikePost(ctx, &postv1.LikePostRequest{PostId: neighbour})
	if err != nil {
		return err
	}
	err = until(ctx, "the neighbour is counted", func(ctx context.Context) (bool, error) {
		answer, err := watcher.Posts.GetPost(ctx, &postv1.GetPostRequest{PostId: neighbour})
		return answer.GetPost().GetCounts().GetLikes() > 0, err
	})
	return errors.Join(err, until(ctx, "there is a dead letter", func(ctx context.Context) (bool, error) {
		letters, err := r.letters(ctx)
		return len(letters) > 0, err
	}))
}

package smoke

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// a walk is one trial of everything that two people need. The author speaks Connect, the reader gRPC.
type walk struct {
	Options
	connections
	author, reader *client
	post           *postv1.Post
}

// Run takes each step once, and stops at the first that fails.
func Run(ctx context.Context, o Options) error {
	w := &walk{Options: o, connections: newConnections(1)}
	defer w.close()
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"the author signs up, over Connect", w.signUpAuthor},
		{"the reader signs up, over gRPC", w.signUpReader},
		{"the reader follows the author", w.follow},
		{"the author posts, twice with one idempotency key: one post", w.publish},
		{"the post is in the reader's home timeline", w.seePost},
		{"the reader likes the post, and the author sees the count", w.like},
		{"the post is read as Connect JSON", w.readJSON},
		{"the post is read over gRPC", w.readGRPC},
		{"the post is read over REST", w.readREST},
		{"the keys that sign tokens are published", w.readKeys},
		{"the author logs out, and the session is dead", w.logOut},
	} {
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		o.Say("ok %6.0f ms  %s", time.Since(began).Seconds()*1000, step.name)
	}
	return nil
}

func (w *walk) signUpAuthor(ctx context.Context) (err error) {
	w.author, err = signUp(ctx, w.Addr, w.overConnect())
	return err
}

func (w *walk) signUpReader(ctx context.Context) (err error) {
	w.reader, err = signUp(ctx, w.Addr, w.overGRPC())
	return err
}

func (w *walk) follow(ctx context.Context) error {
	_, err := w.reader.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: w.author.id})
	return err
}

// publish writes the post, and repeats the call as a client would that has lost the answer.
func (w *walk) publish(ctx context.Context) error {
	for range 2 {
		ctx, info := connect.NewClientContext(ctx)
		info.RequestHeader().Set("Idempotency-Key", w.author.handle)
		answer, err := w.author.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "Does " + w.author.handle + " come through?"})
		if err != nil {
			return err
		}
		if w.post != nil && w.post.GetId() != answer.GetPost().GetId() {
			return fmt.Errorf("posts %d and %d", w.post.GetId(), answer.GetPost().GetId())
		}
		w.post = answer.GetPost()
	}
	return nil
}

func (w *walk) seePost(ctx context.Context) error {
	return until(ctx, w.Within, func(ctx context.Context) (string, error) {
		answer, err := w.reader.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
		if err != nil {
			return "", err
		}
		if len(answer.GetPosts()) == 0 || answer.GetPosts()[0].GetId() != w.post.GetId() {
			return fmt.Sprintf("post %d is not at its head: its %d posts are others", w.post.GetId(), len(answer.GetPosts())), nil
		}
		return "", nil
	})
}

func (w *walk) like(ctx context.Context) error {
	if _, err := w.reader.Posts.LikePost(ctx, &postv1.LikePostRequest{PostId: w.post.GetId()}); err != nil {
		return err
	}
	return until(ctx, w.Within, func(ctx context.Context) (string, error) {
		answer, err := w.author.Posts.GetPost(ctx, &postv1.GetPostRequest{PostId: w.post.GetId()})
		if likes := answer.GetPost().GetCounts().GetLikes(); err == nil && likes != 1 {
			return fmt.Sprintf("the post has %d likes, not 1", likes), nil
		}
		return "", err
	})
}

func (w *walk) readGRPC(ctx context.Context) error {
	answer, err := w.reader.Posts.GetPost(ctx, &postv1.GetPostRequest{PostId: w.post.GetId()})
	if err != nil {
		return err
	}
	return w.isPost(answer.GetPost())
}

// isPost tells whether what was read is what was written.
func (w *walk) isPost(got *postv1.Post) error {
	if got.GetId() != w.post.GetId() || got.GetText() != w.post.GetText() || got.GetAuthor().GetHandle() != w.author.handle {
		return fmt.Errorf("the answer is post %d by %q, %q, not post %d by %q, %q",
			got.GetId(), got.GetAuthor().GetHandle(), got.GetText(), w.post.GetId(), w.author.handle, w.post.GetText())
	}
	return nil
}

// logOut ends the author's session, and then uses its token, which has minutes to go.
func (w *walk) logOut(ctx context.Context) error {
	if err := w.author.LogOut(ctx); err != nil {
		return err
	}
	ctx, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set("Authorization", "Bearer "+w.author.tokens.GetAccessToken())
	_, err := w.author.Identity.GetAccount(ctx, &identityv1.GetAccountRequest{})
	switch {
	case err == nil:
		return errors.New("its access token still works")
	case pulse.ReasonOf(err) != errorsv1.Reason_REASON_SESSION_REVOKED:
		return fmt.Errorf("its access token is refused, but for another reason: %w", err)
	}
	return nil
}

package smoke

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// A listener is somebody's stream: the SDK opens it again whenever it breaks.
type listener struct {
	mu     sync.Mutex
	posts  map[string][]int64 // Ids by text, in the order in which they were told.
	opened int

	stop context.CancelFunc
	done chan struct{}
	err  error // Why it ended, when done is closed.
}

// listen opens the stream of a client, and returns when it is open.
func listen(ctx context.Context, c *client) (*listener, error) {
	ctx, stop := context.WithCancel(ctx)
	l := &listener{posts: map[string][]int64{}, stop: stop, done: make(chan struct{})}
	isOpen := make(chan struct{})
	go func() {
		defer close(l.done)
		for update, err := range c.Subscribe(ctx, &realtimev1.SubscribeRequest{}) {
			if err != nil {
				l.err = err
				return
			}
			if l.hear(update) {
				close(isOpen)
			}
		}
	}()
	select {
	case <-isOpen:
		return l, nil
	case <-l.done:
		stop()
		return nil, l.err
	}
}

// hear notes an update, and tells whether it is that the stream is open for the first time.
func (l *listener) hear(update pulse.Update) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch event := update.Event.(type) {
	case *realtimev1.SubscribeResponse_Opened:
		l.opened++
		return l.opened == 1
	case *realtimev1.SubscribeResponse_TimelinePost:
		post := event.TimelinePost.GetPost()
		l.posts[post.GetText()] = append(l.posts[post.GetText()], post.GetId())
	}
	return false
}

// told answers the ids of the posts that were told, by their texts, and how often the stream was opened.
func (l *listener) told() (posts map[string][]int64, opened int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	posts = maps.Clone(l.posts)
	for text := range posts {
		posts[text] = slices.Clone(posts[text])
	}
	return posts, l.opened
}

// close ends the stream, and answers why it had ended before.
func (l *listener) close() error {
	l.stop()
	<-l.done
	if errors.Is(l.err, context.Canceled) {
		return nil
	}
	return l.err
}

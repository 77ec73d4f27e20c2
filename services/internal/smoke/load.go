package smoke

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"golang.org/x/sync/errgroup"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

const (
	// attemptTimeout is short, so that a call that a dead process will never answer is soon made again.
	attemptTimeout = 5 * time.Second
	// Before the first repetition firstPause or half of it passes; it doubles up to longestPause, which is the SDK's: those who wait
	// for a server that starts must not keep it from starting.
	firstPause, longestPause = 50 * time.Millisecond, 5 * time.Second
	// signUpsAtOnce leaves the server, which hashes a password for each, room for others.
	signUpsAtOnce = 2
)

// LoadOptions say what load there is.
type LoadOptions struct {
	Options
	// For is how long posts are begun, Rate how many a second.
	For  time.Duration
	Rate float64
	// Authors is how many people write.
	Authors int
	// Patience is how long a call is made again and again until it is answered.
	Patience time.Duration
}

// A Report is what became of a load.
type Report struct {
	// Posts are how many were begun, Acknowledged how many of them were answered with success.
	Posts        int `json:"posts"`
	Acknowledged int `json:"acknowledged"`
	// Calls are all attempts of all calls, and Failed those that failed, by code, and were made again.
	Calls  int            `json:"calls"`
	Failed map[string]int `json:"failed"`
	// Longest is the longest that a post or a read took, repetitions included.
	Longest time.Duration `json:"longestNs"`
	// Outage is the longest time in which no call succeeded.
	Outage time.Duration `json:"outageNs"`
	// Streams is how often the reader's stream was opened: once, and again whenever it broke.
	Streams int `json:"streams"`
	// Lost are acknowledged posts that are not there, Twice those that are there more than once, in the author's timeline, the
	// reader's, or what the reader's stream told. Refused are calls that were refused or never answered.
	Lost    []string `json:"lost"`
	Twice   []string `json:"twice"`
	Refused []string `json:"refused"`
}

// FailedCalls is how many attempts failed.
func (r Report) FailedCalls() int {
	sum := 0
	for _, n := range r.Failed {
		sum += n
	}
	return sum
}

// Err tells whether a promise was broken.
func (r Report) Err() error {
	switch {
	case len(r.Lost) > 0:
		return fmt.Errorf("%d acknowledged posts are lost, such as %s", len(r.Lost), r.Lost[0])
	case len(r.Twice) > 0:
		return fmt.Errorf("%d posts are there twice, such as %s", len(r.Twice), r.Twice[0])
	case len(r.Refused) > 0:
		return fmt.Errorf("%d calls were refused or never answered, such as %s", len(r.Refused), r.Refused[0])
	}
	return nil
}

// load is a load under way.
type load struct {
	LoadOptions
	connections
	reader  *client
	stream  *listener // The reader's.
	authors []*client

	mu     sync.Mutex
	report Report
	// acknowledged are the ids of the posts that were acknowledged, by text.
	acknowledged map[string]int64
	succeeded    time.Time
}

// Load has people write posts at a rate and read their home timelines after each, whatever happens to the Pulse meanwhile.
// A call that fails is made again with the same idempotency key until it is answered. In the end it looks for each post
// in its author's timeline, and in the home timeline and the stream of somebody who follows all authors.
func Load(ctx context.Context, o LoadOptions) (report Report, err error) {
	l := &load{LoadOptions: o, connections: newConnections(o.Authors), acknowledged: map[string]int64{}}
	l.report.Failed = map[string]int{}
	defer l.close()
	if err := l.signUpAll(ctx); err != nil {
		return l.report, err
	}
	if l.stream, err = listen(ctx, l.reader); err != nil {
		return l.report, fmt.Errorf("open a stream: %w", err)
	}
	defer func() { err = errors.Join(err, l.stream.close()) }()
	l.Say("%d people write %g posts a second for %s", o.Authors, o.Rate, o.For)
	l.drive(ctx)
	if err := ctx.Err(); err != nil {
		return l.report, err
	}
	l.report.Acknowledged = len(l.acknowledged)
	l.Say("%d of %d posts are acknowledged; now each is looked for", l.report.Acknowledged, l.report.Posts)
	err = l.verify(ctx)
	_, l.report.Streams = l.stream.told()
	return l.report, err
}

func (l *load) signUpAll(ctx context.Context) (err error) {
	if l.reader, err = signUp(ctx, l.Addr, l.overConnect()); err != nil {
		return err
	}
	l.authors = make([]*client, l.Authors)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(signUpsAtOnce)
	for n := range l.authors {
		group.Go(func() error {
			author, err := signUp(ctx, l.Addr, append(l.overConnect(), pulse.WithMaxAttempts(1)))
			if err != nil {
				return err
			}
			l.authors[n] = author
			_, err = l.reader.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: author.id})
			return err
		})
	}
	return group.Wait()
}

// drive begins each post when it is due, whether those before are answered or not.
func (l *load) drive(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	began := time.Now()
	l.succeeded = began
	for n := range int(l.Rate * l.For.Seconds()) {
		due := began.Add(time.Duration(float64(n) / l.Rate * float64(time.Second)))
		if sleep(ctx, time.Until(due)) != nil {
			return
		}
		l.report.Posts++
		group.Go(func() { l.write(ctx, n) })
	}
}

// write writes the nth post, and reads its author's home timeline when it is acknowledged.
func (l *load) write(ctx context.Context, n int) {
	author := l.authors[n%len(l.authors)]
	text := fmt.Sprintf("Post %d of %s", n, author.handle)
	var id int64
	answered := l.insist(ctx, text, func(ctx context.Context) error {
		ctx, info := connect.NewClientContext(ctx)
		info.RequestHeader().Set("Idempotency-Key", fmt.Sprintf("%s-%d", author.handle, n))
		answer, err := author.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: text})
		id = answer.GetPost().GetId()
		return err
	})
	if !answered {
		return
	}
	l.mu.Lock()
	l.acknowledged[text] = id
	l.mu.Unlock()
	l.insist(ctx, "home timeline of "+author.handle, func(ctx context.Context) error {
		_, err := author.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
		return err
	})
}

// insist makes a call until it is answered, and tells whether it was.
func (l *load) insist(ctx context.Context, what string, call func(context.Context) error) bool {
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := l.attempt(ctx, call)
		l.note(began, err)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false // The trial was interrupted.
		}
		if !repeatable(err) || time.Since(began) > l.Patience {
			l.mu.Lock()
			l.report.Refused = append(l.report.Refused, fmt.Sprintf("%s: %v", what, err))
			l.mu.Unlock()
			return false
		}
		if sleep(ctx, max(pause/2+rand.N(pause/2), askedFor(err))) != nil { //nolint:gosec // Nobody gains from guessing a pause.
			return false
		}
	}
}

// askedFor is how long the server asks to wait before the call is made again.
func askedFor(err error) time.Duration {
	var failure *pulse.Error
	if !errors.As(err, &failure) {
		return 0
	}
	return min(failure.RetryAfter, longestPause)
}

func (l *load) attempt(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	return call(ctx)
}

// note counts an attempt of a call that began then.
func (l *load) note(began time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report.Calls++
	if err != nil {
		l.report.Failed[connect.CodeOf(err).String()]++
		return
	}
	now := time.Now()
	l.report.Longest = max(l.report.Longest, now.Sub(began))
	l.report.Outage = max(l.report.Outage, now.Sub(l.succeeded))
	l.succeeded = now
}

// repeatable tells whether a call may succeed when it is made again.
func repeatable(err error) bool {
	switch pulse.ReasonOf(err) {
	case errorsv1.Reason_REASON_UNSPECIFIED, errorsv1.Reason_REASON_UNAVAILABLE, errorsv1.Reason_REASON_INTERNAL, errorsv1.Reason_REASON_OVERLOADED:
	default:
		return false // Pulse itself has refused it.
	}
	switch connect.CodeOf(err) {
	case connect.CodeInvalidArgument, connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeNotFound:
		return false
	default:
		return true
	}
}

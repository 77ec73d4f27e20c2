package trial

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

const (
	// listeners is how many others each person talks to in their group.
	listeners = 3
	// talkPause is how long each group's owner rests between two messages, on average.
	talkPause = 2 * time.Second
	// longestStream is after how many bytes at most a connection of a stream breaks: a few items, or in its head.
	longestStream = 6000
)

// streams are everybody's streams, and what is said in their groups.
type streams struct {
	run     *run
	readers []*reader
	groups  []*talk
	// cutting is whether connections break; cuts is how many did.
	cutting atomic.Bool
	cuts    atomic.Int64
	// interrupted is how often the readers were told that a stream has broken.
	interrupted atomic.Int64
	talking     sync.WaitGroup
	quiet       context.CancelFunc
}

// talk is a group in which its owner says something now and then.
type talk struct {
	owner *person
	id    int64
	said  int
}

// reader is somebody's loop over Subscribe.
type reader struct {
	*person
	streams *streams
	client  *pulse.Client
	pool    *http.Transport
	done    chan struct{}
	stop    context.CancelFunc

	mu     sync.Mutex
	heard  map[int64][]*messagingv1.Message // by conversation
	posts  map[int64]int
	opened int
	resync int
	err    error
}

// openStreams has everybody subscribe, and the owners of groups talk.
func (r *run) openStreams(ctx context.Context) (*streams, error) {
	r.options.Progress("open streams")
	s := &streams{run: r}
	for n, p := range r.people {
		group, err := r.group(ctx, n)
		if err != nil {
			return s, err
		}
		s.groups = append(s.groups, group)
		if err := s.subscribe(ctx, p); err != nil {
			return s, err
		}
	}
	err := until(ctx, "all streams are open", func(context.Context) (bool, error) {
		for _, reader := range s.readers {
			if opened, err := reader.state(); err != nil || opened == 0 {
				return false, err
			}
		}
		return true, nil
	})
	talking, quiet := context.WithCancel(context.WithoutCancel(ctx))
	s.quiet = quiet
	for _, group := range s.groups {
		s.talking.Go(func() { s.talk(talking, group) })
	}
	return s, err
}

// group makes a group of a person and those after them, who follow them for good: so it is no request, and they are to be told of
// what the person posts.
func (r *run) group(ctx context.Context, n int) (*talk, error) {
	owner := r.people[n]
	var others []int64
	for i := range listeners {
		other := r.people[(n+1+i)%len(r.people)]
		others = append(others, other.id)
		if _, err := other.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: owner.id}); err != nil {
			return nil, err
		}
		follow := relationTo(other.follows, owner.id)
		follow.on, follow.kept = true, true
	}
	answer, err := owner.Messaging.CreateGroup(ctx, &messagingv1.CreateGroupRequest{Title: owner.handle, UserIds: others})
	return &talk{owner: owner, id: answer.GetConversation().GetId()}, err
}

// subscribe begins a person's loop, in a session of its own, on connections that break.
func (s *streams) subscribe(ctx context.Context, p *person) error {
	reader := &reader{person: p, streams: s, pool: &http.Transport{DialContext: s.dial}, done: make(chan struct{}), heard: map[int64][]*messagingv1.Message{}, posts: map[int64]int{}}
	var err error
	if reader.client, err = pulse.NewClient(s.run.topology.URL(), pulse.WithHTTPClient(&http.Client{Transport: reader.pool})); err != nil {
		return err
	}
	if _, err := reader.client.LogIn(ctx, &identityv1.LogInRequest{Login: p.handle, Password: p.password}); err != nil {
		return err
	}
	ctx, reader.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.readers = append(s.readers, reader)
	go func() {
		defer close(reader.done)
		for update, err := range reader.client.Subscribe(ctx, &realtimev1.SubscribeRequest{}) {
			reader.hear(update, err)
		}
	}()
	return nil
}

// hear notes what the reader was told.
func (r *reader) hear(update pulse.Update, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.err = err
		return
	}
	switch event := update.Event.(type) {
	case *realtimev1.SubscribeResponse_Opened:
		r.opened++
	case *realtimev1.SubscribeResponse_MessageSent:
		if event.MessageSent.GetKind() != messagingv1.MessageKind_MESSAGE_KIND_TEXT {
			return
		}
		id := event.MessageSent.GetConversationId()
		r.heard[id] = append(r.heard[id], event.MessageSent)
	case *realtimev1.SubscribeResponse_TimelinePost:
		r.posts[event.TimelinePost.GetPost().GetId()]++
	case *pulse.Resync:
		r.resync++
	case *pulse.Interrupted:
		r.streams.interrupted.Add(1)
	}
}

// state answers how many streams the reader has had, and why there are no more.
func (r *reader) state() (opened int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.opened, r.err
}

// dial connects a stream, for as many bytes as are drawn once connections are to break.
func (s *streams) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &brittle{Conn: conn, streams: s, left: 1 + rand.Int64N(longestStream)}, nil //nolint:gosec // Any byte will do.
}

// brittle is a connection that breaks after some bytes.
type brittle struct {
	net.Conn
	streams *streams
	left    int64
}

var errBroke = errors.New("the connection broke")

// Read implements [net.Conn].
func (b *brittle) Read(p []byte) (int, error) {
	if !b.streams.cutting.Load() {
		return b.Conn.Read(p)
	}
	if b.left <= 0 {
		b.streams.cuts.Add(1)
		return 0, errors.Join(errBroke, b.Close())
	}
	n, err := b.Conn.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// talk has a group's owner say something at drawn times; a message without an answer is said again, under its name.
func (s *streams) talk(ctx context.Context, group *talk) {
	draw := rand.New(rand.NewPCG(s.run.options.Seed, uint64(group.id))) //nolint:gosec // It is to be repeated, not to be secret.
	for sleep(ctx, time.Duration(draw.Int64N(int64(2*talkPause)))) == nil {
		if err := s.say(context.WithoutCancel(ctx), group); err != nil {
			s.run.history.breaks("%s could not say something: %v", group.owner.handle, err)
			return
		}
	}
}

// say has a group's owner say something.
func (s *streams) say(ctx context.Context, group *talk) error {
	text := fmt.Sprintf("%s says %d", group.owner.handle, group.said+1)
	err := until(ctx, text, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		_, err := group.owner.Messaging.SendMessage(ctx, &messagingv1.SendMessageRequest{ConversationId: group.id, Text: text, ClientId: text})
		if outcomeOf(err) == failed {
			return false, err
		}
		return err == nil, nil
	})
	if err == nil {
		group.said++
	}
	return err
}

// end has everybody be silent, waits until all have heard all, and compares.
func (s *streams) end(ctx context.Context) error {
	if s.quiet != nil {
		s.quiet()
		s.talking.Wait()
	}
	s.cutting.Store(false)
	s.run.options.Progress(fmt.Sprintf("compare what was heard: %d connections broke, %d streams", s.cuts.Load(), s.interrupted.Load()))
	truth, err := s.truth(ctx)
	if err == nil {
		err = until(ctx, "everybody has heard everything", func(context.Context) (bool, error) { return s.allHeard(truth), nil })
		if err != nil {
			s.run.history.breaks("streams: %v", err)
			err = nil // What is missing is told below.
		}
	}
	for _, reader := range s.readers {
		reader.stop()
		<-reader.done
		reader.pool.CloseIdleConnections()
		if ctx.Err() == nil && truth != nil {
			reader.compare(truth)
		}
	}
	return errors.Join(err, ctx.Err())
}

// truth reads what was said in each group, in order.
func (s *streams) truth(ctx context.Context) (map[int64]map[int64]*messagingv1.Message, error) {
	all := make(map[int64]map[int64]*messagingv1.Message, len(s.groups))
	var mu sync.Mutex
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(4)
	for _, group := range s.groups {
		work.Go(func() error {
			said := map[int64]*messagingv1.Message{}
			texts := map[string]int{}
			for message, err := range group.owner.AllMessages(ctx, &messagingv1.ListMessagesRequest{ConversationId: group.id, PageSize: 100}) {
				if err != nil {
					return err
				}
				if message.GetKind() != messagingv1.MessageKind_MESSAGE_KIND_TEXT {
					continue // How the group began, before anybody listened.
				}
				said[message.GetSequence()] = message
				texts[message.GetText()]++
			}
			for n := range group.said {
				if text := fmt.Sprintf("%s says %d", group.owner.handle, n+1); texts[text] != 1 {
					s.run.history.breaks("%q was acknowledged, and is there %d times", text, texts[text])
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all[group.id] = said
			return nil
		})
	}
	return all, work.Wait()
}

// mine answers the groups that a reader is in, their own first.
func (r *reader) mine() []*talk {
	var mine []*talk
	n := slices.Index(r.streams.run.people, r.person)
	for i := range listeners + 1 {
		mine = append(mine, r.streams.groups[(n-i+people)%people])
	}
	return mine
}

// posted answers the posts that a reader is to be told of: those of the owners of their groups, themselves included, that were
// acknowledged since the streams were open, and are no replies.
func (r *reader) posted() map[int64]*person {
	all := map[int64]*person{}
	for _, group := range r.mine() {
		for _, post := range group.owner.posts {
			if post.outcome == ok && !post.reply && !slices.Contains(group.owner.first, post.id) {
				all[post.id] = group.owner
			}
		}
	}
	return all
}

// allHeard tells whether everybody has heard as much as was said in their groups.
func (s *streams) allHeard(truth map[int64]map[int64]*messagingv1.Message) bool {
	for _, reader := range s.readers {
		if reader.behind(truth) {
			return false
		}
	}
	return true
}

// behind tells whether the reader has not heard everything yet.
func (r *reader) behind(truth map[int64]map[int64]*messagingv1.Message) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, group := range r.mine() {
		if len(r.heard[group.id]) < len(truth[group.id]) {
			return true
		}
	}
	for id := range r.posted() {
		if r.posts[id] == 0 {
			return true
		}
	}
	return false
}

// compare holds what a reader has heard against what was said: once each, in order, and nothing of other groups.
func (r *reader) compare(truth map[int64]map[int64]*messagingv1.Message) {
	h, mine := r.streams.run.history, map[int64]bool{}
	for _, group := range r.mine() {
		mine[group.id] = true
	}
	if r.err != nil && !errors.Is(r.err, context.Canceled) {
		h.breaks("the stream of %s has ended: %v", r.handle, r.err)
	}
	if r.resync > 0 {
		h.breaks("%s was told %d times to read anew", r.handle, r.resync)
	}
	for id, messages := range r.heard {
		if !mine[id] {
			h.breaks("%s heard %d messages of a conversation of others", r.handle, len(messages))
		}
		last := int64(0)
		for _, message := range messages {
			if message.GetSequence() <= last {
				h.breaks("%s heard message %d of conversation %d after %d", r.handle, message.GetSequence(), id, last)
			}
			last = message.GetSequence()
			if said := truth[id][last]; said.GetText() != message.GetText() {
				h.breaks("%s heard %q where %q was said", r.handle, message.GetText(), said.GetText())
			}
		}
	}
	for id := range mine {
		if got := len(r.heard[id]); got != len(truth[id]) {
			h.breaks("%s heard %d of %d messages of conversation %d", r.handle, got, len(truth[id]), id)
		}
	}
	for id, author := range r.posted() {
		if r.posts[id] == 0 {
			h.breaks("%s was not told of post %d of %s", r.handle, id, author.handle)
		}
	}
	for id, times := range r.posts {
		if times > 1 {
			h.breaks("%s was told %d times of post %d", r.handle, times, id)
		}
	}
}

// cutsASecond is how many connections of streams are to break for each second of the fault, and cutsAKill how many between two
// kills: 1,000 and ten in the four seconds that are the default.
const (
	cutsASecond = 250
	cutsAKill   = 100
)

// breakStreams breaks the connections of streams, and kills processes meanwhile.
func breakStreams(ctx context.Context, r *run) error {
	s := r.streams
	s.cutting.Store(true)
	defer s.cutting.Store(false)
	kills := int(r.options.FaultFor.Seconds()*cutsASecond) / cutsAKill
	for n := range kills {
		if err := s.breakFor(ctx, int64(n+1)*cutsAKill); err != nil {
			return err
		}
		victim := r.topology.Processes[r.draw.IntN(len(r.topology.Processes))]
		if r.split() && n%2 == 0 {
			victim = r.victim("realtime")
		}
		r.options.Progress(fmt.Sprintf("%d connections broke, kill %s", s.cuts.Load(), victim.Name))
		victim.Kill()
		if err := victim.Start(nil); err != nil {
			return err
		}
		if err := victim.WaitReady(ctx); err != nil {
			return err
		}
	}
	return r.topology.WaitRouted(ctx)
}

// breakFor waits until so many connections have broken.
func (s *streams) breakFor(ctx context.Context, cuts int64) error {
	return until(ctx, fmt.Sprintf("%d connections have broken", cuts), func(context.Context) (bool, error) { return s.cuts.Load() >= cuts, nil })
}

package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"golang.org/x/sync/errgroup"

	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/gen/pulse/realtime/v1/realtimev1connect"
)

// StreamMixes are the mixes of open streams: with messages and posts, and with nothing.
var StreamMixes = []string{"stream", "stream-idle"}

const (
	// defaultStreams is how many streams are open, unless the caller says.
	defaultStreams, defaultIdleStreams = 2000, 5000
	// streamsEach is how many streams one person may have.
	streamsEach = 20
	// opensAtOnce is how many are opened at a time.
	opensAtOnce = 32
	// receiptWithin bounds the wait for what was sent last.
	receiptWithin = 30 * time.Second
)

// listening is the streams of the readers, and when what they told had been sent.
type listening struct {
	cancel context.CancelFunc
	reads  sync.WaitGroup
	pool   *http.Transport

	// streams and readers are how many there are.
	streams, readers int
	// sent is when the nth request began, in nanoseconds; expected and told are how many receipts of messages there should be
	// and are.
	sent           []atomic.Int64
	expected, told atomic.Int64
	broken         atomic.Int64
	// measured is the first request whose receipts count; those before it were to warm up.
	measured atomic.Int64

	mu       sync.Mutex
	receipts []time.Duration
}

// listen opens so many streams, over HTTP/2 with many on a connection, in turn for each reader.
func (b *bench) listen(ctx context.Context, streams, requests int) (*listening, error) {
	if streams > len(b.load.readers)*streamsEach {
		return nil, fmt.Errorf("%d readers may have %d streams: give more --readers", len(b.load.readers), len(b.load.readers)*streamsEach)
	}
	b.Say("opening %d streams", streams)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	ctx, cancel := context.WithCancel(ctx)
	l := &listening{streams: streams, readers: len(b.load.readers), cancel: cancel, pool: &http.Transport{Protocols: protocols}, sent: make([]atomic.Int64, requests)}
	l.measured.Store(math.MaxInt64)
	transport := connecthttp.NewTransport(&http.Client{Transport: l.pool}, b.server.urls["realtime"])
	client := realtimev1connect.NewRealtimeServiceClient(connect.NewClient(transport))
	var group errgroup.Group
	group.SetLimit(opensAtOnce)
	for n := range streams {
		group.Go(func() error { return l.open(ctx, client, b.load.readers[n%len(b.load.readers)]) })
	}
	return l, group.Wait()
}

// open opens a stream, and reads it until the load is over.
func (l *listening) open(ctx context.Context, client realtimev1connect.RealtimeServiceClient, reader person) error {
	ctx, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set("Authorization", "Bearer "+reader.token)
	stream, err := client.Subscribe(ctx, &realtimev1.SubscribeRequest{})
	if err != nil {
		return err
	}
	if _, err := stream.Receive(); err != nil {
		return errors.Join(err, stream.Close())
	}
	l.reads.Go(func() {
		defer func() { _ = stream.Close() }()
		for {
			msg, err := stream.Receive()
			if err != nil {
				if ctx.Err() == nil {
					l.broken.Add(1)
				}
				return
			}
			l.hear(msg, reader)
		}
	})
	return nil
}

// hear notes how long something by somebody else was on its way.
func (l *listening) hear(msg *realtimev1.SubscribeResponse, reader person) {
	text, by := msg.GetTimelinePost().GetPost().GetText(), msg.GetTimelinePost().GetPost().GetAuthor()
	if message := msg.GetMessageSent(); message != nil {
		text, by = message.GetText(), message.GetSender()
	}
	if strconv.FormatInt(by.GetId(), 10) == reader.id {
		return
	}
	if msg.GetMessageSent() != nil {
		l.told.Add(1)
	}
	number, _, _ := strings.Cut(strings.TrimPrefix(text, "Load "), ":")
	n, err := strconv.Atoi(number)
	if err != nil || n < int(l.measured.Load()) || n >= len(l.sent) {
		return
	}
	took := time.Duration(time.Now().UnixNano() - l.sent[n].Load())
	l.mu.Lock()
	defer l.mu.Unlock()
	l.receipts = append(l.receipts, took)
}

// of is how many streams a reader has.
func (l *listening) of(reader int) int64 {
	each := l.streams / l.readers
	if reader < l.streams%l.readers {
		each++
	}
	return int64(each)
}

// close ends the streams, and answers how long things were on their way, sorted.
func (l *listening) close() []time.Duration {
	l.cancel()
	l.reads.Wait()
	l.pool.CloseIdleConnections()
	slices.Sort(l.receipts)
	return l.receipts
}

// streamMix measures open streams: how long messages and posts are on their way, and how much memory a stream takes. The
// server is another process, whose memory alone counts.
func (b *bench) streamMix(ctx context.Context, mix string) (Result, error) {
	// Most of what reads thousands of streams is done in a moment: on as many CPUs as there are, Go would wake a thread for it each
	// time, and take from the server more for the waking than for the reading.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS((runtime.NumCPU() + 3) / 4))
	streams, rate := b.Streams, b.Rate
	if streams == 0 {
		if streams = defaultStreams; mix == "stream-idle" {
			streams = defaultIdleStreams
		}
	}
	if rate == 0 {
		rate = Rates[mix]
	}
	conversations, err := b.converse(ctx, mix)
	if err != nil {
		return Result{}, err
	}
	if err := b.vacuum(ctx); err != nil {
		return Result{}, err
	}
	before, err := b.residents()
	if err != nil {
		return Result{}, err
	}
	requests := int(rate*b.warmFor().Seconds()) + int(rate*b.Duration.Seconds())
	l, err := b.listen(ctx, streams, requests)
	if err != nil {
		return Result{}, err
	}
	defer l.close()
	if mix == "stream-idle" { // A heartbeat passes, and what opening took is given back.
		select {
		case <-ctx.Done():
		case <-time.After(b.warmFor() + b.Duration):
		}
	}
	after, err := b.residents()
	if err != nil {
		return Result{}, err
	}
	var m measured
	if mix == "stream" {
		b.Say("%s: %.0f messages and posts a second for %s", mix, rate, b.warmFor()+b.Duration)
		use := func(ctx context.Context) (usage, error) { return b.usage(ctx, false) }
		var next atomic.Int64
		do := func(ctx context.Context, _ int) (int, error) {
			return b.tell(ctx, l, conversations, int(next.Add(1)-1))
		}
		settle := func(ctx context.Context) error {
			l.measured.CompareAndSwap(math.MaxInt64, next.Load())
			return l.heard(ctx)
		}
		if m, err = b.measure(ctx, use, settle, rate, do); err != nil {
			return Result{}, err
		}
	} else if m.cost, err = b.usage(ctx, false); err == nil {
		m.cost = m.cost.since(m.cost)
	}
	r, err := b.streamResult(mix, rate, m, l.close())
	r.Streams, r.BrokenStreams = streams, int(l.broken.Load())
	r.KiBPerStream = float64(after-before) / float64(streams) / (1 << 10)
	return r, err
}

// streamResult is what was measured.
func (b *bench) streamResult(mix string, rate float64, m measured, receipts []time.Duration) (Result, error) {
	parts, err := b.partsOf(m)
	r := Result{
		Mix: mix, Mode: b.mode(), Rate: rate, Requests: m.requests, Errors: m.failed, P50: ms(m.quantile(0.5)), P99: ms(m.quantile(0.99)), P999: ms(m.quantile(0.999)),
		VisibleP50: ms(quantile(receipts, 0.5)), VisibleP99: ms(quantile(receipts, 0.99)),
		Machine: machine(), MeasuredAt: time.Now().UTC().Truncate(time.Second), ActivePeople: b.Readers, Parts: parts, Receipts: len(receipts),
	}
	for _, p := range parts {
		r.CPUPerRequest += p.CPUPerRequest
		r.ResidentMiB += p.ResidentMiB
		r.KiBPerActivePerson += p.KiBPerActivePerson
	}
	return r, err
}

// heard waits until all messages that were sent have been told.
func (l *listening) heard(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, receiptWithin)
	defer cancel()
	for l.told.Load() < l.expected.Load() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("after %s %d of %d receipts were there, %d streams broke", receiptWithin, l.told.Load(), l.expected.Load(), l.broken.Load())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// converse opens a conversation of each reader with the one before, who follows them.
func (b *bench) converse(ctx context.Context, mix string) ([]string, error) {
	if mix == "stream-idle" {
		return nil, nil
	}
	ids := make([]string, len(b.load.readers)-1)
	var group errgroup.Group
	group.SetLimit(opensAtOnce)
	for n := range ids {
		group.Go(func() error {
			raw, err := b.load.post(ctx, "messaging", "/pulse.messaging.v1.MessagingService/OpenDirectConversation",
				b.load.readers[n+1].token, fmt.Appendf(nil, `{"userId":%q}`, b.load.readers[n].id))
			if err != nil {
				return err
			}
			var answer struct{ Conversation struct{ ID string } }
			err = json.Unmarshal(raw, &answer)
			if ids[n] = answer.Conversation.ID; err != nil {
				return err
			}
			// The first message of a conversation is dearer than those that follow, which most messages are.
			_, err = b.load.post(ctx, "messaging", "/pulse.messaging.v1.MessagingService/SendMessage",
				b.load.readers[n+1].token, fmt.Appendf(nil, `{"conversationId":%q,"text":"hello"}`, ids[n]))
			return err
		})
	}
	return ids, group.Wait()
}

// tell sends the nth message, or a post instead of every tenth.
func (b *bench) tell(ctx context.Context, l *listening, conversations []string, n int) (int, error) {
	if n < len(l.sent) {
		l.sent[n].Store(time.Now().UnixNano())
	}
	if n%10 == 9 {
		raw, err := b.load.post(ctx, "post", "/pulse.post.v1.PostService/CreatePost", b.load.readers[n%len(b.load.readers)].token,
			fmt.Appendf(nil, `{"text":"Load %d: the tram was late again."}`, n))
		return len(raw), err
	}
	at := n % len(conversations)
	raw, err := b.load.post(ctx, "messaging", "/pulse.messaging.v1.MessagingService/SendMessage", b.load.readers[at+1].token,
		fmt.Appendf(nil, `{"conversationId":%q,"text":"Load %d: is the tram late again?"}`, conversations[at], n))
	if err == nil {
		l.expected.Add(l.of(at))
	}
	return len(raw), err
}

// residents is how many bytes the processes of Pulse have resident.
func (b *bench) residents() (int64, error) {
	var all int64
	for _, g := range b.groups() {
		if g.backend {
			continue
		}
		bytes, err := g.resident()
		if err != nil {
			return 0, err
		}
		all += bytes
	}
	return all, nil
}

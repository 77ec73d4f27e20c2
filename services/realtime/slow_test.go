package realtime_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// One who does not read is cut off, others are not slower for it, and nothing is lost to the one who comes back.
func TestWhoDoesNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_STREAM_SEND_TIMEOUT", "500ms"), pulsetest.WithEnv("PULSE_POST_MAX_CHARS", "100000"),
		pulsetest.WithEnv("PULSE_STREAMS_PER_PERSON", "1"))
	reader, fast, author := newPerson(t, p, "reader"), newPerson(t, p, "fast"), newPerson(t, p, "author")
	reader.follow(t, author)
	fast.follow(t, author)
	quick := fast.subscribe(t, "").opened()
	slow := openSlowly(t, reader)
	// One may have one stream: another is there once the first has been cut off.
	another := func(cursor string) *events {
		e := reader.subscribe(t, cursor)
		select {
		case event := <-e.came:
			if e.noted(event).GetOpened() == nil {
				t.Fatalf("first came %T, want that the stream is open", event.GetEvent())
			}
			return e
		case err := <-e.failed:
			if reason := reasonOf(err); reason != "TOO_MANY_STREAMS" {
				t.Fatalf("another stream is refused: %v", err)
			}
			return nil
		}
	}
	cut := func() bool {
		probe := another("")
		if probe == nil {
			return false
		}
		probe.close()
		return true
	}
	// Each post brings along the long one that it quotes.
	long := author.post(t, strings.Repeat("a long text ", 8000))
	quick.wantPost(long)
	posts := []int64{long}
	for n := 0; n < 300 && !cut(); n++ {
		began := time.Now()
		post := author.quote(t, long, strconv.Itoa(n))
		quick.wantPost(post)
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("a post took %s to come to one who reads", took)
		}
		posts = append(posts, post)
	}
	testwait.Until(t, "the one who does not read to be cut off", cut)
	read, cursor := slow.rest()
	for i, post := range read {
		if post != posts[i] {
			t.Fatalf("the post at %d was %d, want %d", i, post, posts[i])
		}
	}
	var again *events
	testwait.Until(t, "the server to see that the other stream is closed", func() bool {
		again = another(cursor)
		return again != nil
	})
	for _, post := range posts[len(read):] {
		again.wantPost(post)
	}
}

// slowReader is a stream over HTTP/1.1 whose client reads when it is told to.
type slowReader struct {
	t      *testing.T
	conn   net.Conn
	body   io.Reader
	cursor string
}

// openSlowly opens a stream, with as little in between as can be.
func openSlowly(t *testing.T, a *person) *slowReader {
	t.Helper()
	address := strings.TrimPrefix(a.p.URL(), "http://")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(128 << 10); err != nil {
		t.Fatal(err)
	}
	body, err := proto.Marshal(&realtimev1.SubscribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	framed := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))), body...)
	_, err = io.WriteString(conn, "POST /pulse.realtime.v1.RealtimeService/Subscribe HTTP/1.1\r\nHost: "+address+
		"\r\nContent-Type: application/connect+proto\r\nAuthorization: Bearer "+a.token(t)+
		"\r\nContent-Length: "+strconv.Itoa(len(framed))+"\r\n\r\n"+string(framed))
	if err != nil {
		t.Fatal(err)
	}
	s := &slowReader{t: t, conn: conn}
	s.open()
	return s
}

// open reads that the stream is open, and no more.
func (s *slowReader) open() {
	s.t.Helper()
	r := bufio.NewReaderSize(s.conn, 512)
	for line := "-"; line != "\r\n"; {
		var err error
		if line, err = r.ReadString('\n'); err != nil {
			s.t.Fatal(err)
		}
	}
	s.body = &chunks{r: r}
	if event, ok := s.event(); !ok || event.GetOpened() == nil {
		s.t.Fatalf("first came %v, want that the stream is open", event)
	}
}

// event reads the next event; false is the end.
func (s *slowReader) event() (*realtimev1.SubscribeResponse, bool) {
	s.t.Helper()
	var head [5]byte
	if _, err := io.ReadFull(s.body, head[:]); err != nil || head[0]&2 != 0 {
		return nil, false
	}
	raw := make([]byte, binary.BigEndian.Uint32(head[1:]))
	if _, err := io.ReadFull(s.body, raw); err != nil {
		return nil, false
	}
	event := &realtimev1.SubscribeResponse{}
	if err := proto.Unmarshal(raw, event); err != nil {
		s.t.Fatal(err)
	}
	s.cursor = event.GetCursor()
	return event, true
}

// rest reads what had been sent before the stream was cut off: the posts that are whole, and the cursor of the last.
func (s *slowReader) rest() (posts []int64, cursor string) {
	s.t.Helper()
	for event, ok := s.event(); ok; event, ok = s.event() {
		if post := event.GetTimelinePost().GetPost(); post != nil {
			posts = append(posts, post.GetId())
		}
	}
	return posts, s.cursor
}

// chunks reads a body in chunks (RFC 9112, section 7.1) as far as it goes.
type chunks struct {
	r    *bufio.Reader
	left int64
}

// Read implements [io.Reader].
func (c *chunks) Read(p []byte) (int, error) {
	for c.left == 0 {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return 0, err
		}
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if c.left, err = strconv.ParseInt(line, 16, 64); err != nil || c.left == 0 {
			return 0, io.EOF
		}
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

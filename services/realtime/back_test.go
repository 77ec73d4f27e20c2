package realtime_test

import (
	"bufio"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// served is how many calls of a method have been served, those of other services included.
func served(t *testing.T, p *pulsetest.Pulse, method string) int {
	t.Helper()
	req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodGet, p.App.OpsURL()+"/metrics", http.NoBody))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	calls := 0
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "} ")
		if strings.HasPrefix(name, "rpc_server_call_duration_seconds_count{") && strings.Contains(name, method) {
			calls += must[int](t)(strconv.Atoi(value))
		}
	}
	return calls
}

// Who was away finds what came in turns. It is told in its order, and asked for by what it is.
func TestWhoComesBackCostsACallForEachKind(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	reader, writer := newPerson(t, p, "reader"), newPerson(t, p, "writer")
	reader.follow(t, writer)
	conversation := reader.open(t, writer)
	reader.say(t, conversation, "hello") // Only then the other finds it.
	p.Settle(t)
	before := reader.subscribe(t, "").opened()
	first := writer.post(t, "first")
	before.wantPost(first)
	before.close()

	const each = 8
	asked := served(t, p, "BatchGetMessages")
	var want []int64
	for n := range each {
		want = append(want, writer.post(t, "post "+strconv.Itoa(n)))
		p.Settle(t) // Each is logged by itself, in its turn.
		want = append(want, writer.say(t, conversation, "message "+strconv.Itoa(n)))
		p.Settle(t)
	}
	stream := reader.subscribe(t, before.cursor).opened()
	var came []int64
	for len(came) < len(want) {
		switch event := stream.durable(); {
		case event.GetTimelinePost() != nil:
			came = append(came, event.GetTimelinePost().GetPost().GetId())
		case event.GetMessageSent() != nil:
			came = append(came, event.GetMessageSent().GetId())
		}
	}
	if !slices.Equal(came, want) {
		t.Errorf("came %v, want %v", came, want)
	}
	calls := 0
	testwait.Until(t, "the calls are counted", func() bool { // A call is counted when it has been answered.
		calls = served(t, p, "BatchGetMessages") - asked
		return calls > 0
	})
	if calls >= each/2 {
		t.Errorf("messages were asked for in %d calls, want a few for %d messages", calls, each)
	}
}

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// Mixes are the kinds of load, as the command names them.
var Mixes = slices.Concat([]string{"home", "compose", "dsb", "celebrity", "recommend"}, SearchMixes, StreamMixes)

// Rates are the requests a second of each mix, unless the caller says: what two cores serve at ease beside the load's own
// cost.
var Rates = map[string]float64{"home": 500, "compose": 100, "dsb": 300, "celebrity": 50, "recommend": 20, "search": 50, "search-ranked": 20, "search-people": 50, "search-tags": 50, "suggest": 100, "stream": 200}

// postsPerRequest is how many posts a request of each mix writes.
var postsPerRequest = map[string]float64{"compose": 1, "celebrity": 1, "dsb": 0.1}

// person is somebody who calls.
type person struct{ id, token string }

// load makes the calls of the mixes.
type load struct {
	urls    map[string]string
	client  *http.Client
	readers []person
	famous  []person
}

func newLoad(urls map[string]string) *load {
	return &load{urls: urls, client: &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 256,
			// As curl does: an answer that is unpacked by the client would cost the server its packing.
			DisableCompression: true,
		},
	}}
}

// post makes a call with JSON, by nothing but HTTP/1.1, and answers the body.
func (l *load) post(ctx context.Context, service, method, token string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.urls[service]+method, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := l.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: HTTP %d: %.200s", method, answer.StatusCode, raw)
	}
	return raw, nil
}

// logIn signs somebody in.
func (l *load) logIn(ctx context.Context, handle, password string) (person, error) {
	body, err := json.Marshal(map[string]string{"login": handle, "password": password, "deviceName": "pulse bench"})
	if err != nil {
		return person{}, err
	}
	raw, err := l.post(ctx, "identity", "/pulse.identity.v1.IdentityService/LogIn", "", body)
	if err != nil {
		return person{}, err
	}
	var answer struct {
		Account struct{ ID string }
		Tokens  struct{ AccessToken string }
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return person{}, err
	}
	return person{id: answer.Account.ID, token: answer.Tokens.AccessToken}, nil
}

// of answers the calls of a mix.
func (l *load) of(mix string) (call, error) {
	switch mix {
	case "home":
		return l.home, nil
	case "compose":
		return func(ctx context.Context, n int) (int, error) { return l.compose(ctx, l.readers[n%len(l.readers)], n) }, nil
	case "celebrity":
		if len(l.famous) == 0 {
			return nil, fmt.Errorf("the mix celebrity needs celebrities: give --celebrities and --fans")
		}
		return func(ctx context.Context, n int) (int, error) { return l.compose(ctx, l.famous[n%len(l.famous)], n) }, nil
	case "recommend":
		return l.recommend, nil
	case "dsb":
		// The shares of DeathStarBench's social network: 60 % home timeline, 30 % user timeline, 10 % compose.
		return func(ctx context.Context, n int) (int, error) {
			switch n % 10 {
			case 9:
				return l.compose(ctx, l.anyone(), n)
			case 1, 4, 7:
				return l.user(ctx, n)
			default:
				return l.home(ctx, n*dsbStride)
			}
		}, nil
	case "search", "search-ranked", "search-people", "search-tags", "suggest":
		return l.searching(mix), nil
	default:
		return nil, fmt.Errorf("there is no mix %q: choose from %v", mix, Mixes)
	}
}

// dsbStride spreads the home timelines that are read over all readers, though only every other call reads one.
const dsbStride = 7

// anyone answers one of the readers.
func (l *load) anyone() person {
	return l.readers[rand.IntN(len(l.readers))] //nolint:gosec // Whoever it is.
}

func (l *load) home(ctx context.Context, n int) (int, error) {
	raw, err := l.post(ctx, "timeline", "/pulse.timeline.v1.TimelineService/GetHomeTimeline", l.readers[n%len(l.readers)].token, []byte("{}"))
	return len(raw), err
}

func (l *load) user(ctx context.Context, n int) (int, error) {
	raw, err := l.post(ctx, "timeline", "/pulse.timeline.v1.TimelineService/GetUserTimeline",
		l.readers[n%len(l.readers)].token, fmt.Appendf(nil, `{"userId":%q}`, l.anyone().id))
	return len(raw), err
}

func (l *load) recommend(ctx context.Context, n int) (int, error) {
	raw, err := l.post(ctx, "graph", "/pulse.graph.v1.GraphService/RecommendUsers", l.readers[n%len(l.readers)].token, []byte("{}"))
	return len(raw), err
}

func (l *load) compose(ctx context.Context, author person, n int) (int, error) {
	raw, err := l.post(ctx, "post", "/pulse.post.v1.PostService/CreatePost", author.token,
		fmt.Appendf(nil, `{"text":"Load %d: the tram was late again this morning, the blackbird sang for an hour, and nobody minded; more of it tomorrow."}`, n))
	return len(raw), err
}

package topology_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// The proxy knows where REST paths belong from the schema, and passes gRPC's trailers on.
func TestTheProxyServesRESTAndGRPC(t *testing.T) {
	s := split(t)
	ada := register(t, s, "protocols_ada")
	grpc, err := pulse.NewClient(s.URL(), pulse.WithGRPC(), pulse.WithTokenStore(ada.tokens))
	must(t, err)
	write(t, grpc, "by gRPC")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/v1/posts", strings.NewReader(`{"text": "by REST"}`))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+ada.signedIn(t).GetAccessToken())
	req.Header.Set("Content-Type", "application/json")
	answer, err := connections.Do(req)
	must(t, err)
	must(t, answer.Body.Close())
	if answer.StatusCode != http.StatusOK {
		t.Errorf("POST /v1/posts: %s", answer.Status)
	}

	var texts []string
	for post, err := range grpc.AllUserTimelinePosts(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.id}) {
		must(t, err)
		texts = append(texts, post.GetText())
	}
	if want := []string{"by REST", "by gRPC"}; !slices.Equal(texts, want) {
		t.Errorf("user timeline %q, want %q", texts, want)
	}
	for _, path := range []string{fmt.Sprintf("/v1/users/%d/timeline", ada.id), "/v1/handles/protocols_ada", "/openapi.yaml"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, http.NoBody)
		must(t, err)
		answer, err := connections.Do(req)
		must(t, err)
		must(t, answer.Body.Close())
		if answer.StatusCode != http.StatusOK {
			t.Errorf("GET %s: %s", path, answer.Status)
		}
	}
}

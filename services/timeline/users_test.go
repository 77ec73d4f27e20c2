package timeline_test

import (
	"net/http"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// graphUser is a person of a graph, with tokens that outlive the client.
type graphUser struct {
	*pulse.Client
	id     int64
	tokens *pulsetest.Tokens
}

// shared is one pool of connections for all people: a thousand clients of their own would hold a thousand.
var shared = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

func (u *graphUser) connect(t *testing.T, p stack) {
	t.Helper()
	u.Client = p.Client(t, pulse.WithTokenStore(u.tokens), pulse.WithHTTPClient(shared))
}

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

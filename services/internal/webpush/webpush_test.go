package webpush_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pulse-social/pulse/services/internal/outbound"
	"github.com/pulse-social/pulse/services/internal/testpush"
	"github.com/pulse-social/pulse/services/internal/webpush"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// config is one that reaches the push service of the test.
func config(t *testing.T, s *testpush.Server) webpush.Config {
	t.Helper()
	key, err := webpush.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return webpush.Config{Key: key, Contact: "mailto:operator@example.org", Private: true, CAFile: s.CAFile(t)}
}

// client makes one of a configuration.
func client(t *testing.T, c webpush.Config) *webpush.Client {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	made, err := webpush.NewClient(c, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// subscription is what the browser tells the server.
func subscription(t *testing.T, c webpush.Config, b *testpush.Browser) webpush.Subscription {
	t.Helper()
	s, err := c.Parse(b.Endpoint, b.PublicKey(), b.Auth())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestReceiver holds the tests' own browser against the example of RFC 8291, section 5 and appendix A.
func TestReceiver(t *testing.T) {
	t.Parallel()
	b := testpush.BrowserOf(t, "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94", "BTBZMqHH6r4Tts7J_aSIgg")
	body, err := base64.RawURLEncoding.DecodeString("DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := b.Decrypt(body)
	if err != nil || string(plain) != "When I grow up, I want to be a watermelon" {
		t.Errorf("decrypted %q, %v", plain, err)
	}
	body[len(body)-1] ^= 1
	if _, err := b.Decrypt(body); err == nil {
		t.Error("a message that was altered is read")
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	s := testpush.Start(t)
	c := config(t, s)
	sender, b := client(t, c), s.Subscribe(t)
	for i, m := range []webpush.Message{
		{Payload: []byte(`{"a":1}`), Topic: "topic-1_A", Life: 24 * time.Hour, Urgent: true},
		{Payload: []byte(strings.Repeat("x", webpush.MaxPayload)), Life: 90 * time.Second},
		{},
	} {
		if r := sender.Send(t.Context(), subscription(t, c, b), m); r.Outcome != webpush.Sent || r.Err != nil || r.Status != http.StatusCreated {
			t.Fatalf("message %d: %+v", i, r)
		}
		got := s.Wait(t, b, i+1)
		urgency := map[bool]string{true: "high", false: "normal"}[m.Urgent]
		if string(got.Payload) != string(m.Payload) || got.Topic != m.Topic || got.TTL != int(m.Life/time.Second) || got.Urgency != urgency {
			t.Errorf("message %d: %+v", i, got)
		}
		if got.Contact != c.Contact || got.Key != sender.PublicKey() || got.Size != 4096 {
			t.Errorf("message %d is from %q with the key %q, %d bytes", i, got.Contact, got.Key, got.Size)
		}
	}
	if r := sender.Send(t.Context(), subscription(t, c, b), webpush.Message{Payload: make([]byte, webpush.MaxPayload+1)}); r.Outcome != webpush.Refused {
		t.Errorf("too large a payload: %+v", r)
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	s := testpush.Start(t)
	c := config(t, s)
	sender, b := client(t, c), s.Subscribe(t)
	for _, test := range []struct {
		status  int
		retry   string
		outcome webpush.Outcome
		wait    time.Duration
	}{
		{status: 201, outcome: webpush.Sent},
		{status: 202, outcome: webpush.Sent},
		{status: 404, outcome: webpush.Gone},
		{status: 410, outcome: webpush.Gone},
		{status: 413, outcome: webpush.Refused},
		{status: 403, outcome: webpush.Refused},
		{status: 307, outcome: webpush.Refused},
		{status: 429, retry: "120", outcome: webpush.Later, wait: 2 * time.Minute},
		{status: 503, retry: time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), outcome: webpush.Later, wait: time.Hour},
		{status: 500, retry: "soon", outcome: webpush.Later},
		{status: 429, retry: "-5", outcome: webpush.Later},
	} {
		s.Answer(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", test.retry)
			w.Header().Set("Location", b.Endpoint)
			w.WriteHeader(test.status)
			return true
		})
		r := sender.Send(t.Context(), subscription(t, c, b), webpush.Message{})
		if r.Outcome != test.outcome || (r.RetryAfter-test.wait).Abs() > 10*time.Second || r.Status != test.status {
			t.Errorf("%d: %+v, want the outcome %d after %s", test.status, r, test.outcome, test.wait)
		}
	}
}

// TestUnknownOutcomes tells what was surely not sent from what may have been.
func TestUnknownOutcomes(t *testing.T) {
	t.Parallel()
	s := testpush.Start(t)
	c := config(t, s)
	b := s.Subscribe(t)
	s.Answer(func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) })
	if r := client(t, c).Send(t.Context(), subscription(t, c, b), webpush.Message{}); r.Outcome != webpush.Unknown || r.Err == nil || strings.Contains(r.Err.Error(), "/push/") {
		t.Errorf("no answer: %+v", r)
	}
	nobody := testpush.NewBrowser(t, "https://127.0.0.1:1/push/secret")
	if r := client(t, c).Send(t.Context(), subscription(t, c, nobody), webpush.Message{}); r.Outcome != webpush.Later || strings.Contains(r.Err.Error(), "secret") {
		t.Errorf("nobody listens: %+v", r)
	}
	distrusting := c
	distrusting.CAFile = ""
	if r := client(t, distrusting).Send(t.Context(), subscription(t, c, b), webpush.Message{}); r.Outcome != webpush.Later {
		t.Errorf("a certificate of nobody: %+v", r)
	}
	public := c
	public.Private = false
	if r := client(t, public).Send(t.Context(), subscription(t, c, b), webpush.Message{}); r.Outcome != webpush.Refused || !errors.Is(r.Err, outbound.ErrForbidden) {
		t.Errorf("an address of this machine: %+v", r)
	}
	if got := s.Tries(); got != 1 {
		t.Errorf("%d messages were offered, want 1", got)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	b := testpush.NewBrowser(t, "https://push.example.org/1")
	var c webpush.Config
	if _, err := c.Parse(b.Endpoint, b.PublicKey(), b.Auth()+"=="); err != nil {
		t.Errorf("with padding: %v", err)
	}
	for _, endpoint := range []string{
		"", "push.example.org", "http://push.example.org/1", "https:///1", "https://a:b@push.example.org/", "https:push.example.org", "https://push.example.org/#x",
		"https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1:8443/", "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/",
	} {
		if _, err := c.Parse(endpoint, b.PublicKey(), b.Auth()); !errors.Is(err, webpush.ErrEndpoint) {
			t.Errorf("the endpoint %q: %v", endpoint, err)
		}
	}
	off := []byte(b.PublicKey())
	off[40] ^= 3 // No point of the curve any more, or no base64url.
	for i, keys := range [][2]string{
		{string(off), b.Auth()},
		{"", b.Auth()},
		{b.PublicKey(), ""},
		{b.PublicKey(), b.Auth() + "AAAA"},
		{b.Auth(), b.PublicKey()},
		{base64.RawURLEncoding.EncodeToString(make([]byte, 65)), b.Auth()},
	} {
		if _, err := c.Parse(b.Endpoint, keys[0], keys[1]); !errors.Is(err, webpush.ErrKeys) {
			t.Errorf("keys %d: %v", i, err)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	key, err := webpush.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for c, ok := range map[webpush.Config]bool{
		{}: true,
		{Key: key, Contact: "mailto:operator@example.org"}:       true,
		{Key: key, Contact: "https://example.org/contact"}:       true,
		{Key: key + "=", Contact: "https://example.org/contact"}: true,
		{Key: key}: false,
		{Key: key, Contact: "operator@example.org"}:                               false,
		{Key: key, Contact: "mailto:"}:                                            false,
		{Key: key, Contact: "http://example.org"}:                                 false,
		{Key: key[1:], Contact: "https://example.org"}:                            false,
		{Key: strings.Repeat("A", 43), Contact: "https://example.org"}:            false,
		{Key: key, Contact: "https://example.org", CAFile: "/nowhere/at/all.pem"}: false,
	} {
		err := c.Validate()
		if (err == nil) != ok || err != nil && (!strings.Contains(err.Error(), "PULSE_PUSH_") || strings.Contains(err.Error(), strconv.Quote(c.Key))) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

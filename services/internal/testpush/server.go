package testpush

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"log" //nolint:depguard // What the server takes.

	"github.com/pulse-social/pulse/services/internal/clock"

	"github.com/pulse-social/pulse/services/internal/testwait"
)

// A Push is what a browser got.
type Push struct {
	// Payload is what was sent, decrypted.
	Payload []byte
	// Topic and Urgency are of the header; TTL is in seconds.
	Topic, Urgency string
	TTL            int
	// Contact is the sender's, from what they signed.
	Contact string
	// Key is the sender's public key.
	Key string
	// Size is how large the encrypted message was, in bytes.
	Size int
}

// A Server is a push service that runs, over TLS on the loopback.
type Server struct {
	server *httptest.Server

	mu       sync.Mutex
	browsers map[string]*Browser
	pushes   map[string][]Push
	answer   func(w http.ResponseWriter, r *http.Request) bool
	tries    int
	broken   []error
}

// Start starts a push service, until the test has ended. The test fails when it was sent anything that the standards do not
// allow.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{browsers: map[string]*Browser{}, pushes: map[string][]Push{}}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.StartTLS()
	t.Cleanup(func() {
		s.server.Close()
		for _, err := range s.broken {
			t.Errorf("the push service was sent what is not allowed: %v", err)
		}
	})
	return s
}

// CAFile writes the authority that the service's certificate is checked with to a file, and answers its path.
func (s *Server) CAFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "push-ca.pem")
	content := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.server.Certificate().Raw})
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Subscribe makes a browser that has subscribed.
func (s *Server) Subscribe(t testing.TB) *Browser {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	path := "/push/" + strconv.Itoa(len(s.browsers)+1)
	b := NewBrowser(t, s.server.URL+path)
	s.browsers[path] = b
	return b
}

// Answer has the service call a function before it takes a message: one that answers true has answered the sender itself, and
// the message is not taken. Nil takes all.
func (s *Server) Answer(with func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = with
}

// Tries is how many messages were offered, refused ones included.
func (s *Server) Tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries
}

// Pushes are what a browser got so far, oldest first.
func (s *Server) Pushes(b *Browser) []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Push{}, s.pushes[strings.TrimPrefix(b.Endpoint, s.server.URL)]...)
}

// Wait waits for the n-th push to a browser, from 1, and answers it.
func (s *Server) Wait(t testing.TB, b *Browser, n int) Push {
	t.Helper()
	testwait.Until(t, fmt.Sprintf("push %d", n), func() bool { return len(s.Pushes(b)) >= n })
	return s.Pushes(b)[n-1]
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.tries++
	answer, browser := s.answer, s.browsers[r.URL.Path]
	s.mu.Unlock()
	if answer != nil {
		// A server that answers before it has read the request cuts off a sender that is still writing.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if answer(w, r) {
			return
		}
	}
	if browser == nil {
		w.WriteHeader(http.StatusGone)
		return
	}
	push, err := s.read(r, browser)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.broken = append(s.broken, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.pushes[r.URL.Path] = append(s.pushes[r.URL.Path], push)
	w.Header().Set("Location", s.server.URL+"/message/"+strconv.Itoa(s.tries))
	w.WriteHeader(http.StatusCreated)
}

// read checks a request as RFC 8030 has it, and reads the message.
func (s *Server) read(r *http.Request, b *Browser) (Push, error) {
	p := Push{Topic: r.Header.Get("Topic"), Urgency: r.Header.Get("Urgency")}
	var err error
	if r.Method != http.MethodPost || r.Header.Get("Content-Encoding") != "aes128gcm" {
		return p, fmt.Errorf("%s with the coding %q", r.Method, r.Header.Get("Content-Encoding"))
	}
	if p.TTL, err = strconv.Atoi(r.Header.Get("TTL")); err != nil || p.TTL < 0 {
		return p, fmt.Errorf("TTL %q", r.Header.Get("TTL"))
	}
	if strings.Trim(p.Topic, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" || len(p.Topic) > 32 {
		return p, fmt.Errorf("topic %q", p.Topic)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return p, err
	}
	if p.Size = len(body); p.Size > 4096 {
		return p, fmt.Errorf("a message of %d bytes", p.Size)
	}
	if p.Contact, p.Key, err = verify(r.Header.Get("Authorization"), s.server.URL, clock.System()); err != nil {
		return p, err
	}
	p.Payload, err = b.Decrypt(body)
	return p, err
}

// verify checks what the sender signed (RFC 8292, sections 2 and 3) for the service at an origin.
func verify(authorization, origin string, now time.Time) (contact, key string, err error) {
	parameters, ok := strings.CutPrefix(authorization, "vapid ")
	if !ok {
		return "", "", fmt.Errorf("authorization %q", authorization)
	}
	values := map[string]string{}
	for part := range strings.SplitSeq(parameters, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		values[name] = value
	}
	public, err := base64.RawURLEncoding.DecodeString(values["k"])
	if err != nil || len(public) != 65 || public[0] != 4 {
		return "", "", fmt.Errorf("the key %q is no uncompressed point", values["k"])
	}
	parts := strings.Split(values["t"], ".")
	if len(parts) != 3 {
		return "", "", errors.New("the token has not three parts")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return "", "", errors.New("the signature is not 64 bytes")
	}
	at, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public)
	if err != nil {
		return "", "", err
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(at, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return "", "", errors.New("the signature is wrong")
	}
	contact, err = claims(parts[0], parts[1], origin, now)
	return contact, values["k"], err
}

// claims checks what a token says.
func claims(header, body, origin string, now time.Time) (contact string, err error) {
	var head struct{ Typ, Alg string }
	var claimed struct {
		Aud, Sub string
		Exp      int64
	}
	for text, into := range map[string]any{header: &head, body: &claimed} {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			return "", err
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return "", err
		}
	}
	left := time.Unix(claimed.Exp, 0).Sub(now)
	if head.Alg != "ES256" || claimed.Aud != origin || left <= 0 || left > 24*time.Hour {
		return "", fmt.Errorf("a token of %q for %q that ends in %s", head.Alg, claimed.Aud, left)
	}
	return claimed.Sub, nil
}

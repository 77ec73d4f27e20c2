package mtls_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pulse-social/pulse/services/internal/mtls"
	"github.com/pulse-social/pulse/services/internal/testca"
	"github.com/pulse-social/pulse/services/internal/testwait"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ids = "spiffe://example.org/ns/pulse/sa/pulse-"

// soon is when certificates of tests expire.
func soon() time.Time { return time.Now().Add(time.Hour) }

// someone is a process with files of its own.
type someone struct {
	files  testca.Files
	config mtls.Config
	log    *lockedLog
}

// lockedLog is a log that is read while it is written.
type lockedLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func newSomeone(t *testing.T, c testca.Certificate, trusted ...*testca.Authority) *someone {
	t.Helper()
	s := &someone{files: testca.In(t, t.TempDir()), log: &lockedLog{}}
	s.files.Put(t, c)
	s.files.Trust(t, trusted...)
	s.config = mtls.Config{
		CertFile: s.files.Cert, KeyFile: s.files.Key, CAFile: s.files.CA, IDs: map[string]string{"*": ids + "{service}"},
	}
	return s
}

func (s *someone) open(t *testing.T) *mtls.Identity {
	t.Helper()
	i, err := mtls.Open(s.config, slog.New(slog.NewTextHandler(s.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// serve starts a server that callers may call.
func serve(t *testing.T, i *mtls.Identity, callers ...string) string {
	t.Helper()
	config, err := i.Server(callers...)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		TLSConfig: config, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }),
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		_ = server.ServeTLS(l, "", "")
		close(served)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	return "https://" + l.Addr().String()
}

// call calls on a connection of its own.
func call(t *testing.T, config *tls.Config, url string) error {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return err
}

func TestBothSidesAreChecked(t *testing.T) {
	t.Parallel()
	ours, others := testca.New(t, "ours"), testca.New(t, "ours")
	post := ours.Issue(t, ids+"post", soon())
	for name, c := range map[string]struct {
		client testca.Certificate
		server testca.Certificate
		works  bool
	}{
		"both right":                     {ours.Issue(t, ids+"timeline", soon()), post, true},
		"gateway":                        {ours.Issue(t, ids+"gateway", soon()), post, true},
		"caller who may not":             {ours.Issue(t, ids+"graph", soon()), post, false},
		"caller of another authority":    {others.Issue(t, ids+"timeline", soon()), post, false},
		"caller of another domain":       {ours.Issue(t, "spiffe://other.org/ns/pulse/sa/pulse-timeline", soon()), post, false},
		"caller whose id goes on":        {ours.Issue(t, ids+"timeline/more", soon()), post, false},
		"caller that expired":            {ours.Issue(t, ids+"timeline", time.Now().Add(-time.Minute)), post, false},
		"another service than meant":     {ours.Issue(t, ids+"timeline", soon()), ours.Issue(t, ids+"user", soon()), false},
		"a service of another authority": {ours.Issue(t, ids+"timeline", soon()), others.Issue(t, ids+"post", soon()), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, newSomeone(t, c.server, ours).open(t), "timeline", mtls.Gateway)
			config, err := newSomeone(t, ours.Issue(t, ids+"timeline", soon()), ours).open(t).Client("post")
			if err != nil {
				t.Fatal(err)
			}
			pair, err := tls.X509KeyPair(c.client.Cert, c.client.Key)
			if err != nil {
				t.Fatal(err)
			}
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
			if c.works {
				if err := call(t, config, url); err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if call(t, config, url) == nil {
				t.Error("the call was let through")
			}
		})
	}
	t.Run("a service that expires", func(t *testing.T) {
		t.Parallel()
		url := serve(t, newSomeone(t, ours.Issue(t, ids+"post", time.Now().Add(2*time.Second)), ours).open(t), "timeline")
		config, err := newSomeone(t, ours.Issue(t, ids+"timeline", soon()), ours).open(t).Client("post")
		if err != nil {
			t.Fatal(err)
		}
		testwait.Until(t, "the call is refused", func() bool {
			err := call(t, config, url)
			return err != nil && strings.Contains(err.Error(), "expired")
		})
	})
	t.Run("no certificate", func(t *testing.T) {
		t.Parallel()
		url := serve(t, newSomeone(t, post, ours).open(t), "timeline")
		if call(t, &tls.Config{InsecureSkipVerify: true}, url) == nil { // The server is to refuse.
			t.Error("a caller without a certificate was let in")
		}
	})
}

func TestFilesAreReadAgain(t *testing.T) {
	t.Parallel()
	old, next := testca.New(t, "old"), testca.New(t, "next")
	server := newSomeone(t, old.Issue(t, ids+"post", soon()), old)
	client := newSomeone(t, old.Issue(t, ids+"timeline", soon()), old)
	url := serve(t, server.open(t), "timeline")
	config, err := client.open(t).Client("post")
	if err != nil {
		t.Fatal(err)
	}
	works := func() bool { return call(t, config, url) == nil }

	// A key without its certificate, as in the middle of a change, and files that are away leave in force what was.
	cut := next.Issue(t, ids+"post", soon())
	if err := os.WriteFile(server.files.Key, cut.Key, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(client.files.CA, client.files.CA+".away"); err != nil {
		t.Fatal(err)
	}
	testwait.Until(t, "the server has seen the change", func() bool {
		if !works() {
			t.Fatal("refused in the middle of a change")
		}
		return strings.Contains(server.log.String(), "cannot be replaced") && strings.Contains(client.log.String(), "cannot be replaced")
	})

	server.files.Put(t, cut) // By an authority that the client does not know.
	client.files.Trust(t, old)
	testwait.Until(t, "the client refuses the server", func() bool { return !works() })
	client.files.Trust(t, old, next)
	testwait.Until(t, "the client knows both authorities", works)
	server.files.Trust(t, next)
	testwait.Until(t, "the server refuses the client", func() bool { return !works() })
	client.files.Put(t, next.Issue(t, ids+"timeline", soon()))
	testwait.Until(t, "the client has a new certificate", works)
}

func TestWrongSettingsSayWhatIsRight(t *testing.T) {
	t.Parallel()
	ours := testca.New(t, "ours")
	good := func(t *testing.T) *someone {
		t.Helper()
		return newSomeone(t, ours.Issue(t, ids+"post", soon()), ours)
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, s *someone)
		want   string
	}{
		"half set":        {func(_ *testing.T, s *someone) { s.config.KeyFile = "" }, "set all of PULSE_TLS_CERT_FILE"},
		"no id":           {func(_ *testing.T, s *someone) { s.config.IDs = map[string]string{"post": "post"} }, "spiffe://example.org/ns/pulse/sa/pulse-{service}"},
		"two domains":     {func(_ *testing.T, s *someone) { s.config.IDs["gateway"] = "spiffe://other.org/gateway" }, "use ids of one"},
		"no file":         {func(_ *testing.T, s *someone) { s.config.CAFile = "/nowhere" }, "PULSE_TLS_CA_FILE=/nowhere cannot be read (no such file or directory)"},
		"no authorities":  {func(t *testing.T, s *someone) { s.files.Trust(t) }, "holds no certificates"},
		"another's key":   {func(t *testing.T, s *someone) { mustCopy(t, good(t).files.Key, s.files.Key) }, "is not an X.509-SVID with the key"},
		"not a SPIFFE id": {func(t *testing.T, s *someone) { s.files.Put(t, ours.Issue(t, "https://example.org/post", soon())) }, "is not an X.509-SVID"},
		"expired": {func(t *testing.T, s *someone) {
			s.files.Put(t, ours.Issue(t, ids+"post", time.Now().Add(-time.Minute)))
		}, "renew it"},
		"of another domain": {func(t *testing.T, s *someone) { s.files.Put(t, ours.Issue(t, "spiffe://other.org/post", soon())) }, "use certificates of that"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := good(t)
			c.change(t, s)
			err := s.config.Validate()
			if err == nil {
				_, err = mtls.Open(s.config, slog.New(slog.DiscardHandler))
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
	if err := (mtls.Config{}).Validate(); err != nil {
		t.Errorf("no TLS at all: %v", err)
	}
	if err := (mtls.Config{IDs: map[string]string{"post": ids + "post"}}).CheckIDs("post", "gateway"); err == nil || !strings.Contains(err.Error(), "no id of gateway") {
		t.Errorf("no id of the gateway: %v", err)
	}
}

func mustCopy(t *testing.T, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Clean(from))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

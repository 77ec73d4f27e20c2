package topology_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2/connecthttp"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/mtls"
	"github.com/pulse-social/pulse/services/internal/testca"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/internal/topology"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// spiffeID begins the ids of all services.
const spiffeID = "spiffe://example.org/ns/pulse/sa/pulse-"

// secured is a topology whose services speak mutual TLS: one process each of identity, post and timeline, which calls post.
type secured struct {
	*topology.Topology
	at        addresses
	authority *testca.Authority
	files     map[string]testca.Files
	gateway   *mtls.Identity
	tokens    *pulsetest.Tokens
	id        int64
}

func startSecured(t *testing.T) *secured {
	t.Helper()
	servers, ok := topology.ServersFromEnvironment()
	if !ok {
		t.Skip("needs Postgres and Redis: run it under .tools/with-backends.sh")
	}
	s := &secured{at: drawAddresses(), authority: testca.New(t, "first"), files: map[string]testca.Files{}, tokens: &pulsetest.Tokens{}}
	services := []string{"identity", "post", "timeline"}
	dir := t.TempDir()
	for _, name := range append(services, mtls.Gateway) {
		s.files[name] = testca.In(t, filepath.Join(dir, "tls", name))
		s.files[name].Trust(t, s.authority)
		s.certify(t, s.authority, name)
	}
	binary, err := built()
	must(t, err)
	s.Topology, err = topology.Split(context.WithoutCancel(t.Context()), topology.Options{
		Binary: binary, Dir: dir, Servers: servers, Services: services, Replicas: 1, Addr: s.at.address,
		Env: map[string]string{"PULSE_PEERS": "post:" + s.at.address("post", 0), "PULSE_TLS_IDS": "*:" + spiffeID + "{service}"},
		ServiceEnv: func(service string) map[string]string {
			f := s.files[service]
			return map[string]string{"PULSE_TLS_CERT_FILE": f.Cert, "PULSE_TLS_KEY_FILE": f.Key, "PULSE_TLS_CA_FILE": f.CA}
		},
	})
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("logs of the processes:\n%s", s.Logs())
		}
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop the topology: %v", err)
		}
	})
	f := s.files[mtls.Gateway]
	s.gateway, err = mtls.Open(mtls.Config{
		CertFile: f.Cert, KeyFile: f.Key, CAFile: f.CA, IDs: map[string]string{"*": spiffeID + "{service}"},
	}, slog.New(slog.DiscardHandler))
	must(t, err)
	account, err := s.client(t, "identity", false).Register(t.Context(), &identityv1.RegisterRequest{
		Handle: "tls_ada", Email: "tls_ada@example.org", Password: "correct horse battery",
	})
	must(t, err)
	s.id = account.GetId()
	return s
}

// certify gives a service, or the gateway, a certificate that is right.
func (s *secured) certify(t *testing.T, by *testca.Authority, name string) {
	t.Helper()
	s.files[name].Put(t, by.Issue(t, spiffeID+name, time.Now().Add(time.Hour), "pulse-"+name))
}

func (s *secured) url(service string) string { return "https://" + s.at.address(service, 0) }

// client is the gateway's client of a service, on a connection for each call or on one for all. It tries nothing twice.
func (s *secured) client(t *testing.T, service string, fresh bool) *pulse.Client {
	t.Helper()
	config, err := s.gateway.Client(service)
	must(t, err)
	transport := &http.Transport{TLSClientConfig: config, DisableKeepAlives: fresh}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := pulse.NewClient(s.url(service), pulse.WithTokenStore(s.tokens), pulse.WithMaxAttempts(1), pulse.WithHTTPClient(&http.Client{Transport: transport}))
	must(t, err)
	return c
}

// home reads the home timeline, for which timeline asks post about posts that are new.
func (s *secured) home(t *testing.T) error {
	t.Helper()
	_, err := s.client(t, "timeline", true).Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{})
	return err
}

func TestTLSBetweenServices(t *testing.T) {
	s := startSecured(t)
	write(t, s.client(t, "post", false), "hello")
	must(t, s.home(t))
	t.Run("through a gateway", s.throughAGateway)
	t.Run("callers who may not", s.refusesCallers)
	t.Run("peers who are not right", s.refusesPeers)
	t.Run("rotation", s.rotates)
}

// throughAGateway calls through an HAProxy that has a certificate of its own.
func (s *secured) throughAGateway(t *testing.T) {
	names := serveNames(t)
	for _, service := range []string{"identity", "post", "timeline"} {
		names.set("pulse-"+service, s.at.ip(service, 0))
	}
	f := s.files[mtls.Gateway]
	both := filepath.Join(t.TempDir(), "gateway.pem")
	var pair []byte
	for _, name := range []string{f.Cert, f.Key} {
		raw, err := os.ReadFile(name)
		must(t, err)
		pair = append(pair, raw...)
	}
	must(t, os.WriteFile(both, pair, 0o600))
	g := startGateway(t, names, s.at.port, map[string]string{
		"PULSE_GATEWAY_UPSTREAM_OPTIONS": "ssl crt " + both + " ca-file " + f.CA + " verify required",
	})
	g.waitUp(t, 3, 1)
	for name, opts := range map[string][]connecthttp.Option{"Connect": nil, "gRPC": {connecthttp.WithGRPC()}} {
		c, err := pulse.NewClient(g.url, pulse.WithTransport(connecthttp.NewTransport(http2Client(t), g.url, opts...)),
			pulse.WithTokenStore(s.tokens), pulse.WithMaxAttempts(1))
		must(t, err)
		if id := write(t, c, "by "+name); len(home(t, c)) == 0 || home(t, c)[0] != id {
			t.Errorf("%s: post %d is not the first of the home timeline", name, id)
		}
	}
}

// refusesCallers calls post as those would who may not.
func (s *secured) refusesCallers(t *testing.T) {
	hour := time.Now().Add(time.Hour)
	for name, c := range map[string]*testca.Certificate{
		"no certificate":     nil,
		"another authority":  new(testca.New(t, "first").Issue(t, spiffeID+"timeline", hour)),
		"expired":            new(s.authority.Issue(t, spiffeID+"timeline", time.Now().Add(-time.Minute))),
		"another domain":     new(s.authority.Issue(t, strings.Replace(spiffeID, "example", "other", 1)+"timeline", hour)),
		"a service that has": new(s.authority.Issue(t, spiffeID+"identity", hour)), // no business with posts
	} {
		config := &tls.Config{InsecureSkipVerify: true} // Whom it calls is not the question.
		if c != nil {
			pair, err := tls.X509KeyPair(c.Cert, c.Key)
			must(t, err)
			config.Certificates = []tls.Certificate{pair}
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		if got, err := try(t.Context(), client, http.MethodGet, s.url("post")+"/openapi.yaml", nil); err == nil {
			t.Errorf("%s: HTTP %d, want no answer", name, got.status)
		}
	}
	if got, err := try(t.Context(), connections, http.MethodGet, "http://"+s.at.address("post", 0)+"/openapi.yaml", nil); err == nil && got.status == http.StatusOK {
		t.Error("without TLS: answered")
	}
}

// refusesPeers has timeline call post while one of them is not who it should be. What callers get is typed.
func (s *secured) refusesPeers(t *testing.T) {
	hour := time.Now().Add(time.Hour)
	post := s.Running("post")[0]
	for name, c := range map[string]struct {
		service     string
		certificate testca.Certificate
	}{
		"caller of another authority": {"timeline", testca.New(t, "first").Issue(t, spiffeID+"timeline", hour)},
		"caller that expired":         {"timeline", s.authority.Issue(t, spiffeID+"timeline", time.Now().Add(-time.Minute))},
		"service with another id":     {"post", s.authority.Issue(t, spiffeID+"identity", hour)},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, s.client(t, "post", true), name)
			s.files[c.service].Put(t, c.certificate)
			must(t, post.Restart(t.Context(), nil)) // So that timeline has to connect anew.
			testwait.Until(t, "the home timeline is unavailable", func() bool {
				return pulse.ReasonOf(s.homeOf(t, c.service == "timeline")) == errorsv1.Reason_REASON_UNAVAILABLE
			})
			s.certify(t, s.authority, c.service)
			testwait.Until(t, "the home timeline is back", func() bool { return s.home(t) == nil })
		})
	}
}

// homeOf reads the home timeline; when timeline's own certificate is wrong, whoever it is.
func (s *secured) homeOf(t *testing.T, whoever bool) error {
	t.Helper()
	if !whoever {
		return s.home(t)
	}
	f := s.files[mtls.Gateway]
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	must(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
		Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true, // Whom it calls is not the question.
	}}}
	c, err := pulse.NewClient(s.url("timeline"), pulse.WithTokenStore(s.tokens), pulse.WithMaxAttempts(1), pulse.WithHTTPClient(client))
	must(t, err)
	_, err = c.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{})
	return err
}

// rotates replaces certificates several times and then the authority, under load, on old connections and on new ones.
func (s *secured) rotates(t *testing.T) {
	postID := write(t, s.client(t, "post", false), "while certificates change")
	r := s.startCallers(t, postID)
	names := []string{"identity", "post", "timeline", mtls.Gateway}
	for range 3 {
		for _, name := range names {
			s.certify(t, s.authority, name)
			r.more(t, 20)
		}
		s.waitServed(t)
	}
	next := testca.New(t, "second")
	for _, name := range names {
		s.files[name].Trust(t, s.authority, next)
	}
	s.waitTrusted(t, next)
	for _, name := range names {
		s.certify(t, next, name)
		r.more(t, 20)
	}
	s.waitServed(t)
	for _, name := range names {
		s.files[name].Trust(t, next)
	}
	for _, service := range []string{"identity", "post", "timeline"} {
		old := s.authority.Issue(t, spiffeID+mtls.Gateway, time.Now().Add(time.Hour))
		testwait.Until(t, "the authority from before is refused by "+service, func() bool { return !s.answers(t, service, old) })
	}
	r.more(t, 100)
	r.end(t)

	// Timeline has called post on one connection all the time; a new one has the new certificates too.
	must(t, s.Running("post")[0].Restart(t.Context(), nil))
	write(t, s.client(t, "post", true), "afterwards")
	testwait.Until(t, "the home timeline is read with the new certificates", func() bool { return s.home(t) == nil })
}

// startCallers calls post and timeline as the gateway does.
func (s *secured) startCallers(t *testing.T, postID int64) *readers {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &readers{stop: stop}
	for _, fresh := range []bool{false, true} {
		posts, timelines := s.client(t, "post", fresh), s.client(t, "timeline", fresh)
		for what, call := range map[string]func() error{
			"post": func() error {
				_, err := posts.Posts.GetPost(ctx, &postv1.GetPostRequest{PostId: postID})
				return err
			},
			"timeline": func() error {
				_, err := timelines.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
				return err
			},
		} {
			r.wait.Go(func() {
				for ctx.Err() == nil {
					r.note(ctx, fmt.Sprintf("%s, fresh connections: %t", what, fresh), call())
				}
			})
		}
	}
	return r
}

// waitServed waits until each service serves the certificate that is in its files.
func (s *secured) waitServed(t *testing.T) {
	t.Helper()
	for _, service := range []string{"identity", "post", "timeline"} {
		f := s.files[service]
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		must(t, err)
		testwait.Until(t, service+" serves its new certificate", func() bool {
			conn, err := tls.Dial("tcp", s.at.address(service, 0), &tls.Config{InsecureSkipVerify: true}) // It is looked at below.
			if err != nil {
				return false
			}
			defer func() { _ = conn.Close() }()
			return conn.ConnectionState().PeerCertificates[0].Equal(pair.Leaf)
		})
	}
}

// waitTrusted waits until each service accepts certificates of an authority.
func (s *secured) waitTrusted(t *testing.T, authority *testca.Authority) {
	t.Helper()
	certificate := authority.Issue(t, spiffeID+mtls.Gateway, time.Now().Add(time.Hour))
	for _, service := range []string{"identity", "post", "timeline"} {
		testwait.Until(t, service+" trusts the new authority", func() bool { return s.answers(t, service, certificate) })
	}
}

// answers tells whether a service answers a caller with a certificate.
func (s *secured) answers(t *testing.T, service string, c testca.Certificate) bool {
	t.Helper()
	pair, err := tls.X509KeyPair(c.Cert, c.Key)
	must(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
		Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true, // Whom it calls is not the question.
	}}}
	_, err = try(t.Context(), client, http.MethodGet, s.url(service)+"/openapi.yaml", nil)
	return err == nil
}

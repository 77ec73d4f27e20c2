// Package pulsetest runs a real Pulse in the process of a test: all services, with everything embedded, in a folder that
// goes when the test does. It is for the tests of those who use the SDK, and for Pulse's own.
//
//	func TestGreeting(t *testing.T) {
//		p := pulsetest.Start(t)
//		ada := p.User(t, "ada")
//		answer, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"})
//		...
//	}
//
// Each Pulse has real backends of its own where the environment names them: PULSE_TEST_DATABASE_URL is a Postgres whose
// user may create databases, where one called pulse_template_... stays to be copied from, PULSE_TEST_REDIS_URL a Redis with
// many databases, and PULSE_TEST_NATS=tcp starts a NATS in the test's process that is reached over TCP. What a test sets itself
// ([WithEnv]) stays.
package pulsetest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2/connectinprocess"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/app"
	"github.com/pulse-social/pulse/services/internal/testbackend"
)

// A Pulse is a Pulse that runs.
type Pulse struct {
	// App is the process that runs it.
	App *app.App

	options options
	env     map[string]string
	log     *lockedBuffer
	// redis and nats are its own, where the environment names some; otherwise Pulse embeds them.
	redis string
	nats  *testbackend.NATS
}

// An Option changes how a Pulse is started.
type Option func(*options)

type options struct {
	env       map[string]string
	services  []string
	now       func() time.Time
	inProcess bool
	strong    bool
}

// WithEnv sets an environment variable for the Pulse, such as PULSE_POST_MAX_CHARS.
func WithEnv(name, value string) Option {
	return func(o *options) { o.env[name] = value }
}

// WithClock makes the Pulse take the time from now.
func WithClock(now func() time.Time) Option {
	return func(o *options) { o.now = now }
}

// WithServices makes the Pulse run only these services.
func WithServices(names ...string) Option {
	return func(o *options) { o.services = names }
}

// InProcess makes clients call without a network.
func InProcess() Option {
	return func(o *options) { o.inProcess = true }
}

// WithStrongPasswords has the Pulse hash passwords as everywhere else. Without it the hash of a test's password is worth nothing,
// and costs as much.
func WithStrongPasswords() Option {
	return func(o *options) { o.strong = true }
}

// Start starts a Pulse and stops it when the test has ended.
func Start(t testing.TB, opts ...Option) *Pulse {
	t.Helper()
	o := options{env: map[string]string{}}
	for _, opt := range opts {
		opt(&o)
	}
	p := &Pulse{options: o, log: &lockedBuffer{}, env: map[string]string{
		"PULSE_ADDR": "127.0.0.1:0", "PULSE_OPS_ADDR": "127.0.0.1:0", "PULSE_DATA_DIR": t.TempDir(),
		"PULSE_EVENT_RETRY_DELAY": "5ms", "PULSE_EVENT_TRIES": "3", "PULSE_STOP_TIMEOUT": "5s",
		"PULSE_REDIS_TIMEOUT": "5s", // A machine that is busy with tests is not a Redis that is down.
	}}
	for _, class := range []string{"READ", "WRITE", "SIGN_IN", "EXPENSIVE", "ACCOUNT"} {
		p.env["PULSE_RATE_"+class] = "0" // All the people of a test call from one address.
	}
	maps.Copy(p.env, o.env)
	p.takeBackends(t)
	p.start(t)
	t.Cleanup(func() {
		p.Stop(t)
		if t.Failed() {
			t.Logf("log of Pulse, but for the mail it wrote to it:\n%s", withoutMail(p.log.String()))
		}
	})
	return p
}

// withoutMail leaves out of a log the letters that were not sent: every person of a test got one.
func withoutMail(log string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(log, "\n"), func(line string) bool {
		return strings.Contains(line, `"msg":"mail, not sent`)
	}), "\n")
}

// connections are those to a Postgres at once, unless the test says otherwise. Each is a process that plans all statements anew:
// with sixteen, Postgres takes half of the time of all tests.
const connections = "4"

// takeBackends gives the Pulse real backends for those that the test has not set.
func (p *Pulse) takeBackends(t testing.TB) {
	t.Helper()
	unset := func(name string) bool { return p.env[name] == "" && p.env[name+"_FILE"] == "" }
	if unset("PULSE_DATABASE_URL") {
		if url := databaseCopy(t); url != "" {
			p.env["PULSE_DATABASE_URL"] = url
			if unset("PULSE_DATABASE_MAX_CONNS") {
				p.env["PULSE_DATABASE_MAX_CONNS"] = connections
			}
		} else {
			p.placeDatabase(t)
		}
	}
	if unset("PULSE_MEDIA_URL") { // With a database elsewhere Pulse does not guess.
		p.env["PULSE_MEDIA_URL"] = "file://" + filepath.Join(p.env["PULSE_DATA_DIR"], "media")
	}
	if unset("PULSE_REDIS_URL") {
		p.redis = testbackend.Redis(t)
		p.env["PULSE_REDIS_URL"] = p.redis
	}
	if unset("PULSE_NATS_URL") {
		if p.nats = testbackend.Broker(t); p.nats != nil {
			p.env["PULSE_NATS_URL"] = p.nats.URL()
		}
	}
}

// Config is the configuration of the Pulse.
func (p *Pulse) Config(t testing.TB) app.Config {
	t.Helper()
	config, _, err := app.LoadConfig(func(name string) (string, bool) { value, ok := p.env[name]; return value, ok })
	if err != nil {
		t.Fatalf("configure Pulse: %v", err)
	}
	config.Identity.QuickHashes = !p.options.strong
	return config
}

func (p *Pulse) start(t testing.TB) {
	t.Helper()
	a, err := app.New(p.Config(t), app.Options{Services: p.options.services, Version: "test", LogTo: p.log, Now: p.options.now})
	if err != nil {
		t.Fatalf("make Pulse: %v", err)
	}
	if err := a.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatalf("start Pulse: %v", err)
	}
	p.App = a
}

// Stop stops the Pulse. Stopping twice is stopping once.
func (p *Pulse) Stop(t testing.TB) {
	t.Helper()
	if p.App == nil {
		return
	}
	if err := p.App.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("stop Pulse: %v", err)
	}
	p.App = nil
}

// Restart stops the Pulse if it runs, calls while with the folder of its data, and starts it again. Its address is a new
// one; clients have to be made anew.
func (p *Pulse) Restart(t testing.TB, while func(dataDir string)) {
	t.Helper()
	p.Stop(t)
	if while != nil {
		while(p.env["PULSE_DATA_DIR"])
	}
	p.start(t)
}

// LoseCaches restarts the Pulse and deletes everything that its Redis and its broker hold while it is stopped. The
// database keeps all, so nothing may be missing afterwards. A Redis or a broker that the test has set itself stays as it
// is.
func (p *Pulse) LoseCaches(t testing.TB) {
	t.Helper()
	p.Restart(t, func(dataDir string) {
		if p.redis != "" { // The embedded one ends with its process.
			testbackend.FlushRedis(t, p.redis)
		}
		if p.nats != nil {
			p.nats.Lose(t)
		}
		if err := os.RemoveAll(filepath.Join(dataDir, "nats")); err != nil {
			t.Fatal(err)
		}
	})
}

// Setenv changes an environment variable of the Pulse for its next start.
func (p *Pulse) Setenv(name, value string) { p.env[name] = value }

// SetServices changes which services the Pulse runs at its next start; none means all.
func (p *Pulse) SetServices(names ...string) { p.options.services = names }

// URL is where the API is reached.
func (p *Pulse) URL() string { return p.App.URL() }

// Log is what the Pulse has logged so far.
func (p *Pulse) Log() string { return p.log.String() }

// Client makes a client that nobody has signed in with.
func (p *Pulse) Client(t testing.TB, opts ...pulse.Option) *pulse.Client {
	t.Helper()
	if p.options.inProcess {
		opts = append(opts, pulse.WithTransport(connectinprocess.New(p.App.Server())))
	}
	client, err := pulse.NewClient(p.URL(), opts...)
	if err != nil {
		t.Fatalf("make client: %v", err)
	}
	return client
}

// A User is a client that somebody has signed in with.
type User struct {
	*pulse.Client
	// ID is the person's id.
	ID int64
	// Handle, Email and Password are what they registered with.
	Handle, Email, Password string
}

// User registers a person of that handle and signs them in.
func (p *Pulse) User(t testing.TB, handle string, opts ...pulse.Option) *User {
	t.Helper()
	u := &User{
		Client: p.Client(t, opts...), Handle: handle, Email: handle + "@example.org", Password: "correct horse battery " + handle,
	}
	account, err := u.Register(t.Context(), &identityv1.RegisterRequest{Handle: handle, Email: u.Email, Password: u.Password})
	if err != nil {
		t.Fatalf("register %s: %v", handle, err)
	}
	u.ID = account.GetId()
	return u
}

// SetRole gives somebody a role, as pulse user role does: user, moderator or admin.
func (p *Pulse) SetRole(t testing.TB, handle, role string) {
	t.Helper()
	p.users(t, func(u *app.Users) error { return u.SetRole(t.Context(), handle, role) })
}

// Suspend suspends somebody, as pulse user suspend does.
func (p *Pulse) Suspend(t testing.TB, handle string) {
	t.Helper()
	p.users(t, func(u *app.Users) error { return u.Suspend(t.Context(), handle, "test") })
}

// users does something to accounts as an operator beside the Pulse.
func (p *Pulse) users(t testing.TB, do func(*app.Users) error) {
	t.Helper()
	users, err := app.OpenUsers(t.Context(), p.Config(t))
	if err == nil {
		err = errors.Join(do(users), users.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Settle waits until every event has been consumed, and fails the test when an invariant is broken.
func (p *Pulse) Settle(t testing.TB) {
	t.Helper()
	results, err := p.App.Check(t.Context())
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	for _, r := range results {
		if !r.OK() {
			t.Errorf("%s is broken (%s): %d of %d, such as %q", r.ID, r.What, r.Broken, r.Checked, r.Violations)
		}
	}
}

// lockedBuffer is a buffer that many write to.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements [io.Writer].
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

// String answers what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

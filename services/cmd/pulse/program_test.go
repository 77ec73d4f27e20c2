package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" // To break and mend what a consumer writes.

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testmain"
)

// asProgram makes the test's own binary be the program.
const asProgram = "PULSE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	testmain.Run(m)
}

// program is the program with a data folder.
type program struct{ dir string }

func (p program) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1", "PULSE_DATA_DIR="+p.dir, "PULSE_ADDR=127.0.0.1:0", "PULSE_OPS_ADDR=127.0.0.1:0",
		"PULSE_EVENT_TRIES=3", "PULSE_EVENT_RETRY_DELAY=5ms")
	return c
}

// run runs a command to its end and answers what it printed and its exit code.
func (p program) run(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	var both bytes.Buffer
	c := p.command(t.Context(), args...)
	c.Stdout, c.Stderr = &both, &both
	var exit *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return both.String(), c.ProcessState.ExitCode()
}

var servesAt = regexp.MustCompile(`Pulse serves at (\S+), for operators at`)

// serve starts a server and answers its URL and how to stop it.
func (p program) serve(t *testing.T) (url string, stop func() error) {
	t.Helper()
	c := p.command(context.WithoutCancel(t.Context()), "serve")
	printed, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	lines := bufio.NewScanner(printed)
	for url == "" && lines.Scan() {
		if found := servesAt.FindStringSubmatch(lines.Text()); found != nil {
			url = found[1]
		}
	}
	go func() {
		for lines.Scan() { // The pipe must not fill up.
		}
	}()
	return url, func() error {
		return errors.Join(c.Process.Signal(syscall.SIGTERM), c.Wait())
	}
}

// until runs a command again and again until it prints a text.
func (p program) until(t *testing.T, text string, args ...string) string {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		out, _ := p.run(t, args...)
		if strings.Contains(out, text) {
			return out
		}
		if time.Now().After(deadline) {
			t.Fatalf("pulse %s never printed %q, but\n%s", strings.Join(args, " "), text, out)
		}
	}
}

// A consumer is broken for one post by a trigger in the database, and mended; the letter is listed and replayed by
// command while the server runs.
func TestDeadLettersAndCheckByCommand(t *testing.T) {
	t.Parallel()
	p := program{dir: t.TempDir()}
	url, stop := p.serve(t)
	ada, err := pulse.NewClient(url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ada.Register(t.Context(), &identityv1.RegisterRequest{Handle: "ada", Email: "ada@example.org", Password: "correct horse battery"}); err != nil {
		t.Fatal(err)
	}
	fine, broken := post(t, ada, "fine"), post(t, ada, "broken")
	p.exec(t, fmt.Sprintf(`CREATE TRIGGER broken BEFORE INSERT ON post_counts WHEN NEW.id = %d BEGIN SELECT RAISE(ABORT, 'unlucky post'); END`, broken))
	for _, postID := range []int64{broken, fine} {
		if _, err := ada.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: postID}); err != nil {
			t.Fatal(err)
		}
	}

	listed := p.until(t, "unlucky post", "dlq", "list")
	if !strings.Contains(listed, "post.counts") || !strings.Contains(listed, "pulse.bus.v1.PostLiked") || strings.Count(listed, "\n") != 2 {
		t.Errorf("dlq list prints\n%s", listed)
	}
	if out, code := p.run(t, "check"); code != 1 || !strings.Contains(out, fmt.Sprintf("likes of post %d: 0 stored, 1 there", broken)) {
		t.Errorf("check of a broken count: exit code %d\n%s", code, out)
	}
	p.exec(t, `DROP TRIGGER broken`)
	if out, code := p.run(t, "dlq", "replay", "--all"); code != 0 || !strings.Contains(out, "1 letters are on their way") {
		t.Errorf("replay: exit code %d\n%s", code, out)
	}
	p.until(t, "no dead letters", "dlq", "list")
	if out, code := p.run(t, "check"); code != 0 {
		t.Errorf("check after the replay: exit code %d\n%s", code, out)
	}
	if out, code := p.run(t, "dlq", "replay", "4711"); code != 1 || !strings.Contains(out, "pulse dlq list") {
		t.Errorf("replay of no letter: exit code %d\n%s", code, out)
	}
	if out, code := p.run(t, "serve"); code != 1 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "is in use by another process") {
		t.Errorf("a second server on the folder: exit code %d\n%s", code, out)
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if out, code := p.run(t, "check"); code != 0 {
		t.Errorf("check while nothing runs: exit code %d\n%s", code, out)
	}
}

func post(t *testing.T, c *pulse.Client, text string) int64 {
	t.Helper()
	answer, err := c.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetPost().GetId()
}

// exec changes the database behind the program's back.
func (p program) exec(t *testing.T, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.dir, "pulse.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestCommandsThatNeedNoServer(t *testing.T) {
	t.Parallel()
	p := program{dir: t.TempDir()}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"version"}, 0, "pulse unreleased"},
		{[]string{"config"}, 0, "PULSE_DATA_DIR "},
		{[]string{"config", "--json"}, 0, `"source":"environment"`},
		{[]string{"dlq", "list"}, 1, "run pulse migrate"},
		{[]string{"migrate"}, 0, "the schema is up to date"},
		{[]string{"migrate", "--roles"}, 1, "PULSE_DATABASE_URL is SQLite, which has no roles: use --roles with Postgres"},
		{[]string{"migrate", "--help"}, 0, "IN ROLE pulse_post, pulse_timeline"},
		{[]string{"dlq", "list"}, 0, "no dead letters"},
		{[]string{"check"}, 0, "I10"},
		{[]string{"dlq", "replay"}, 1, "name the letters to replay, or use --all"},
		{[]string{"serve", "posts"}, 1, `there is no service "posts"`},
		{[]string{"--help"}, 0, "pulse seed --graph friends.txt"},
		{[]string{"serve", "--help"}, 0, "PULSE_PEERS"},
		{[]string{"nonsense"}, 80, "unexpected argument nonsense"},
	} {
		if out, code := p.run(t, c.args...); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("pulse %s: exit code %d, want %d with %q, got\n%s", strings.Join(c.args, " "), code, c.code, c.want, out)
		}
	}
}

package streamtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// A page of another origin subscribes with connect-web, in a real browser. Its network goes, by the browser and by the wire, and
// comes back, and the page is loaded anew with the cursor that it had: it was told everything once.
func TestABrowserMissesNothing(t *testing.T) {
	program := os.Getenv("PULSE_TEST_BROWSER")
	if program == "" {
		t.Skip("needs a Chromium: task test:browser runs it")
	}
	pages := servePage(t)
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_CORS_ORIGINS", pages), pulsetest.WithEnv("PULSE_STREAM_HEARTBEAT", "2s"))
	f := befriend(t, p.User(t, "ada"), p.User(t, "bob"))
	w := layWire(t, address(t, p))
	b := openBrowser(t, program)
	b.follow(t, pages, w.url(), f, "")

	sent := time.Now()
	want := []string{f.write(t, "connected")}
	b.wait(t, want[0])
	if took := time.Since(sent); took > time.Second {
		t.Errorf("told after %v, want a second at most", took)
	}

	b.offline(t, true)
	w.cut() // For what is open already stays so in a browser that is offline.
	w.join()
	testwait.Until(t, "the page to try again in vain", func() bool { return len(only(b.told(t), "(interrupted)")) > 1 })
	want = append(want, f.write(t, "offline 1"), f.post(t, "offline"), f.write(t, "offline 2"))
	b.offline(t, false)
	b.wait(t, want[3])

	w.cut()
	want = append(want, f.write(t, "cut"), f.post(t, "cut"))
	w.join()
	b.wait(t, want[4])

	for n := range 10 {
		want = append(want, f.write(t, fmt.Sprintf("broken %d", n)))
		w.cut()
		w.join()
	}
	b.wait(t, want[len(want)-1])
	b.wait(t, "post cut")
	b.compare(t, want)

	cursor := b.cursor(t)
	away := f.write(t, "away")
	b.follow(t, pages, w.url(), f, cursor)
	b.wait(t, away)
	b.compare(t, []string{away})
}

// servePage bundles the page and serves it, and answers its origin.
func servePage(t *testing.T) string {
	t.Helper()
	tools, err := filepath.Abs("../../.tools/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	bundle := exec.CommandContext(t.Context(), filepath.Join(tools, ".bin", "esbuild"), "page/page.ts", "--bundle", "--format=iife", "--log-level=warning")
	bundle.Env = append(os.Environ(), "NODE_PATH="+tools)
	bundle.Stderr = os.Stderr
	script, err := bundle.Output()
	if err != nil {
		t.Fatalf("bundle the page: %v", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `<!doctype html><meta charset="utf-8"><title>streams</title><script src="page.js"></script>`)
	})
	mux.HandleFunc("/page.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(script)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// browser is a page in a real browser.
type browser struct{ ctx context.Context } // chromedp keeps the page in it.

func openBrowser(t *testing.T, program string) *browser {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses root otherwise.
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(t.Logf))
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		cancelAllocator()
	})
	b := &browser{ctx}
	do(t, b, command(network.Enable, network.EnableParams{}))
	return b
}

// do does something to the page, and answers what that answers.
func do[T any](t *testing.T, b *browser, action chromedp.Action[T]) T {
	t.Helper()
	answer, err := chromedp.Run(b.ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// command sends a command of the DevTools protocol.
func command[P, R any](command cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, params)
	}
}

// follow loads the page, and has bob log in and subscribe.
func (b *browser) follow(t *testing.T, pages, server string, f *friends, cursor string) {
	t.Helper()
	arguments, err := json.Marshal([]string{server, f.bob.Handle, f.bob.Password, cursor})
	if err != nil {
		t.Fatal(err)
	}
	do(t, b, chromedp.Navigate(pages))
	do(t, b, chromedp.Evaluate[chromedp.Void]("void window.follow(..."+string(arguments)+").catch((e) => { window.ended = String(e); })"))
	b.wait(t, "(opened)")
}

// offline takes the network from the page, and gives it back.
func (b *browser) offline(t *testing.T, offline bool) {
	t.Helper()
	do(t, b, command(network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: offline, DownloadThroughput: -1, UploadThroughput: -1}},
	}))
}

// told answers what the page was told since it was loaded.
func (b *browser) told(t *testing.T) []string {
	t.Helper()
	if ended := do(t, b, chromedp.Evaluate[string]("window.ended")); ended != "" {
		t.Fatalf("the page's stream has ended: %s", ended)
	}
	return do(t, b, chromedp.Evaluate[[]string]("window.told"))
}

func (b *browser) cursor(t *testing.T) string {
	t.Helper()
	return do(t, b, chromedp.Evaluate[string]("window.cursor"))
}

func (b *browser) wait(t *testing.T, what string) {
	t.Helper()
	testwait.Until(t, what+" to be told", func() bool { return slices.Contains(b.told(t), what) })
}

// compare holds what was told against what was sent.
func (b *browser) compare(t *testing.T, want []string) {
	t.Helper()
	told := b.told(t)
	for _, kind := range []string{"message ", "post "} {
		if got, want := only(told, kind), only(want, kind); !slices.Equal(got, want) {
			t.Errorf("told %q\nwant %q", got, want)
		}
	}
}

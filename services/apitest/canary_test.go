package apitest_test

import (
	"crypto/rand"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/pulse-social/pulse/services/pulsetest"
)

// canaries are strings that must not turn up where they do not belong: texts of deleted posts in no answer and no log,
// secrets in no log and no metric.
type canaries struct {
	mu      sync.Mutex
	texts   []string
	secrets map[string]bool
	readers map[string][]string // of texts that only some may read
	answers strings.Builder
}

// text makes the text of a post that will be deleted.
func (c *canaries) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts = append(c.texts, "canary "+rand.Text())
	return c.texts[len(c.texts)-1]
}

// restricted makes a text that only some actors may read, and that is a secret to logs and metrics.
func (c *canaries) restricted(readers []string) string {
	text := "canary " + rand.Text()
	c.secret(text)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.readers == nil {
		c.readers = map[string][]string{}
	}
	c.readers[text] = readers
	return text
}

// leaks fails when a cell's actor was told what they may not read.
func (c *cast) leaks(t *testing.T, x cell, seen string) {
	t.Helper()
	c.canaries.mu.Lock()
	defer c.canaries.mu.Unlock()
	for text, readers := range c.canaries.readers {
		if strings.Contains(seen, text) && !slices.Contains(readers, x.actor) {
			t.Errorf("%v is told %q, which is for %v", x, text, readers)
		}
	}
}

// secret adds secrets.
func (c *canaries) secret(values ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.secrets == nil {
		c.secrets = map[string]bool{}
	}
	for _, value := range values {
		c.secrets[value] = true
	}
}

// answer notes an answer as its caller saw it.
func (c *canaries) answer(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers.WriteString(text + "\n")
}

// secretsOf adds what the schema marks with debug_redact, so that a new secret is looked for without a line here.
func (c *canaries) secretsOf(t *testing.T, messages ...proto.Message) {
	t.Helper()
	for _, message := range messages {
		err := protorange.Range(message.ProtoReflect(), func(path protopath.Values) error {
			last := path.Index(-1)
			field := last.Step.FieldDescriptor
			if last.Step.Kind() != protopath.FieldAccessStep || field().Kind() != protoreflect.StringKind {
				return nil
			}
			if options, ok := field().Options().(*descriptorpb.FieldOptions); ok && options.GetDebugRedact() {
				c.secret(last.Value.String())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// check looks for the canaries in all answers so far, the log and the metrics.
func (c *canaries) check(t *testing.T, p *pulsetest.Pulse) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	answers, log, metrics := c.answers.String(), p.Log(), metricsOf(t, p)
	// A canary would be missed if nothing were told at all.
	for place, telling := range map[string]string{answers: "public", log: `"msg":"call"`, metrics: "rpc_"} {
		if !strings.Contains(place, telling) {
			t.Errorf("no %q where it should be: is it still told?", telling)
		}
	}
	if len(c.texts) == 0 || len(c.secrets) == 0 {
		t.Errorf("%d texts and %d secrets to look for", len(c.texts), len(c.secrets))
	}
	for _, text := range c.texts {
		absent(t, "the text of a deleted post", text, map[string]string{"an answer": answers, "the log": log, "the metrics": metrics})
	}
	for secret := range c.secrets {
		absent(t, "a secret", secret, map[string]string{"the log": log, "the metrics": metrics})
	}
}

func absent(t *testing.T, what, canary string, places map[string]string) {
	t.Helper()
	for name, content := range places {
		if at := strings.Index(content, canary); at >= 0 {
			t.Errorf("%s is in %s: ...%s", what, name, content[max(0, at-200):at+len(canary)])
		}
	}
}

func metricsOf(t *testing.T, p *pulsetest.Pulse) string {
	t.Helper()
	res, err := newHTTP1Client(t).Get(p.App.OpsURL() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("/metrics: %d, %v", res.StatusCode, err)
	}
	return string(body)
}

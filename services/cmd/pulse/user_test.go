package main

import (
	"strings"
	"testing"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// The first admin is made by command, beside a running server.
func TestUsersByCommand(t *testing.T) {
	t.Parallel()
	p := program{dir: t.TempDir()}
	url, stop := p.serve(t)
	ada, err := pulse.NewClient(url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ada.Register(t.Context(), &identityv1.RegisterRequest{Handle: "Ada", Email: "ada@example.org", Password: "correct horse battery"}); err != nil {
		t.Fatal(err)
	}
	if out, code := p.run(t, "user", "role", "@ada", "admin"); code != 0 {
		t.Errorf("role: exit code %d\n%s", code, out)
	}
	if _, err := ada.Admin.ListApiKeys(t.Context(), &identityv1.ListApiKeysRequest{}); err != nil {
		t.Errorf("a call of the admin: %v", err)
	}
	if out, code := p.run(t, "user", "list", "--role", "moderator"); code != 0 || strings.Count(out, "\n") != 2 || !strings.Contains(out, "Ada") || !strings.Contains(out, "admin") {
		t.Errorf("list: exit code %d\n%s", code, out)
	}
	if out, code := p.run(t, "user", "suspend", "ada", "--reason", "spam"); code != 0 {
		t.Errorf("suspend: exit code %d\n%s", code, out)
	}
	if out, code := p.run(t, "user", "show", "ada", "--json"); code != 0 || !strings.Contains(out, `"state":"suspended"`) || !strings.Contains(out, `"sessions":0`) {
		t.Errorf("show: exit code %d\n%s", code, out)
	}
	if out, code := p.run(t, "user", "restore", "ada"); code != 0 {
		t.Errorf("restore: exit code %d\n%s", code, out)
	}
	if out, code := p.run(t, "user", "show", "bob"); code != 1 || !strings.Contains(out, `nobody has the handle "bob"`) {
		t.Errorf("show of nobody: exit code %d\n%s", code, out)
	}
	if out, code := p.run(t, "audit", "list", "--action", "account.suspended"); code != 0 || !strings.Contains(out, `reason="spam"`) || !strings.Contains(out, "operator") {
		t.Errorf("audit: exit code %d\n%s", code, out)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

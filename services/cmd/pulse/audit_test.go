package main

import (
	"strings"
	"testing"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// The audit log is read and verified beside a running server, and what was done to it is told by name and by exit code.
func TestAuditByCommand(t *testing.T) {
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
	if _, err := ada.Identity.LogOut(t.Context(), &identityv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
	if out, code := p.run(t, "audit", "verify"); code != 0 || !strings.HasPrefix(out, "2 audit records, head 2:") {
		t.Errorf("verify: exit code %d\n%s", code, out)
	}
	out, code := p.run(t, "audit", "list")
	if lines := strings.Split(out, "\n"); code != 0 || len(lines) != 4 || !strings.Contains(lines[1], "account.logged_out") || !strings.Contains(lines[2], "account.registered") {
		t.Errorf("list: exit code %d\n%s", code, out)
	}
	if out, code := p.run(t, "audit", "list", "--json", "--limit", "1"); code != 0 || !strings.HasPrefix(out, `{"id":"2",`) {
		t.Errorf("list --json: exit code %d\n%s", code, out)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	p.exec(t, `DROP TRIGGER audit_records_no_update`)
	p.exec(t, `UPDATE audit_records SET subject_id = 7 WHERE id = 1`)
	if out, code := p.run(t, "audit", "verify"); code != 1 || !strings.Contains(out, "record 1 (account.registered of 7) was altered") {
		t.Errorf("verify of an altered record: exit code %d\n%s", code, out)
	}
}

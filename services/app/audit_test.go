package app_test

import (
	"slices"
	"testing"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/app"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// actions lists what the audit log says was done to somebody, oldest first.
func actions(t *testing.T, p *pulsetest.Pulse, subject int64) []audit.Action {
	t.Helper()
	records, err := app.ListAudit(t.Context(), p.Config(t), app.AuditFilter{SubjectID: subject, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var done []audit.Action
	for _, record := range slices.Backward(records) {
		done = append(done, audit.Action(record.Action))
	}
	return done
}

func TestSigningInAndOutIsAudited(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	if _, err := ada.Identity.RevokeAllSessions(t.Context(), &identityv1.RevokeAllSessionsRequest{KeepCurrent: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := ada.Identity.LogOut(t.Context(), &identityv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Client(t).Identity.LogIn(t.Context(), &identityv1.LogInRequest{Login: "ada", Password: ada.Password}); err != nil {
		t.Fatal(err)
	}
	want := []audit.Action{audit.AccountRegistered, audit.SessionsRevoked, audit.AccountLoggedOut, audit.AccountLoggedIn}
	if got := actions(t, p, ada.ID); !slices.Equal(got, want) {
		t.Errorf("of ada: %q, want %q", got, want)
	}
	if got := actions(t, p, bob.ID); !slices.Equal(got, want[:1]) {
		t.Errorf("of bob: %q, want %q", got, want[:1])
	}
	report, err := app.VerifyAudit(t.Context(), p.Config(t), "")
	if err != nil || len(report.Problems) > 0 || report.Records != 5 {
		t.Errorf("verify: %+v, %v; want five sound records", report, err)
	}
}

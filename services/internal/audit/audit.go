// Package audit is the log of what has to be accounted for: who signed in, who changed a password, who was given a role or
// suspended, and by whom. A record is written in the transaction of its act, so that there is never one without the other.
//
// The records are one chain: each has the SHA-256 of itself and of the hash before, and the chain's head is kept beside
// it. [Verify] finds a record that was altered, taken out or put in. Whoever can change everything in the database could
// compute the whole chain anew; what [Verify] answers of the head, kept elsewhere, tells of that too.
//
// On Postgres, appending keeps others from appending until the transaction commits, which is why it is the last that a
// transaction does. The database itself refuses to change or delete a record, by triggers and grants.
package audit

import (
	"context"
	"maps"

	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// An Action is what was done.
type Action string

// The actions of identity. The subject is an account unless it says otherwise.
const (
	AccountRegistered    Action = "account.registered"
	AccountLoggedIn      Action = "account.logged_in"
	AccountLoggedOut     Action = "account.logged_out"
	SessionsRevoked      Action = "account.sessions_revoked"     // Details: sessions.
	RefreshTokenReused   Action = "account.refresh_token_reused" // Details: session_id.
	HandleChanged        Action = "account.handle_changed"       // Details: from, to.
	RoleChanged          Action = "account.role_changed"         // Details: from, to.
	AccountSuspended     Action = "account.suspended"            // Details: reason.
	AccountRestored      Action = "account.restored"
	AccountDeactivated   Action = "account.deactivated"
	AccountReactivated   Action = "account.reactivated"
	AccountDeleted       Action = "account.deleted"
	PasswordChanged      Action = "account.password_changed"
	PasswordReset        Action = "account.password_reset"
	EmailChanged         Action = "account.email_changed"
	EmailVerified        Action = "account.email_verified"
	SecondFactorEnabled  Action = "account.second_factor_enabled"
	SecondFactorDisabled Action = "account.second_factor_disabled"
	RecoveryCodeUsed     Action = "account.recovery_code_used"
	IdentityLinked       Action = "account.identity_linked"   // Details: provider.
	IdentityUnlinked     Action = "account.identity_unlinked" // Details: provider.
	APIKeyCreated        Action = "api_key.created"           // The subject is the key. Details: name.
	APIKeyRevoked        Action = "api_key.revoked"           // The subject is the key.
	SigningKeyRotated    Action = "signing_key.rotated"       // The subject is the key that signs now.
	SigningKeyRevoked    Action = "signing_key.revoked"       // The subject is the key.
)

// Details are further values of a record. They are kept for good: no secrets, no addresses, no texts of people.
type Details map[string]string

// The kinds of actors.
const (
	ActorUser     = "user"
	ActorAPIKey   = "api_key"
	ActorOperator = "operator"
	ActorSystem   = "system"
)

// Record writes that the caller did something to a subject, when the transaction commits.
func Record(ctx context.Context, tx *store.Tx, action Action, subjectID int64, details Details) {
	kind, actor := ActorSystem, int64(0)
	if caller := auth.Caller(ctx); caller.SignedIn() {
		kind, actor = ActorUser, caller.UserID
	}
	record(ctx, tx, action, kind, actor, subjectID, details)
}

// RecordBy is [Record] for a person who is not the caller yet: who registers, logs in, or presents a token.
func RecordBy(ctx context.Context, tx *store.Tx, action Action, userID, subjectID int64, details Details) {
	record(ctx, tx, action, ActorUser, userID, subjectID, details)
}

// RecordByOperator is [Record] for a command on the machine; who is the name of the system's user.
func RecordByOperator(ctx context.Context, tx *store.Tx, action Action, who string, subjectID int64, details Details) {
	with := Details{"by": who}
	maps.Copy(with, details)
	record(ctx, tx, action, ActorOperator, 0, subjectID, with)
}

func record(ctx context.Context, tx *store.Tx, action Action, kind string, actor, subjectID int64, details Details) {
	if details == nil {
		details = Details{}
	}
	tx.Audit(store.Act{
		Action: string(action), ActorKind: kind, ActorID: actor, SubjectID: subjectID,
		RequestID: telemetry.RequestID(ctx), Details: details,
	})
}

package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

const identity = "identity"

// Account is that a person exists, and under which handle.
type Account struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Account) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(identity)} }

// Fields implements [ent.Interface].
func (Account) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the person everywhere."),
		field.String("handle").Comment("Handle without @, in the case it was registered with."),
		field.String("handle_key").Unique().Comment("Handle in lower case: handles are unique without regard to case."),
		field.Int32("state").Default(0).Comment("0 active, 1 deactivated, 2 suspended, 3 deleted. Who is not active is seen by nobody."),
		field.Int32("role").Default(0).Comment("0 user, 1 moderator, 2 admin."),
	}
}

// Credential is how a person proves who they are. It is apart from Account so that no other service needs to read it.
type Credential struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Credential) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(identity)} }

// Fields implements [ent.Interface].
func (Credential) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the account."),
		field.String("email").Comment("E-mail address as it was registered."),
		field.String("email_key").Unique().Comment("E-mail address in lower case."),
		field.String("password_hash").Sensitive().Comment("argon2id in PHC string format; empty when there is no password."),
		field.Time("email_verified_at").Optional().Nillable().Comment("When the address was proved to be its owner's."),
		field.String("pending_email").Optional().Comment("The address that shall take its place once it is proved; empty when there is none."),
	}
}

// OutgoingMail is a mail that an account's owner is sent: why and to where, never what it says. It stays for a day after it was
// asked for, to bound how many an address is sent.
type OutgoingMail struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (OutgoingMail) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(identity)} }

// Fields implements [ent.Interface].
func (OutgoingMail) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the mail."),
		field.Int64("user_id").Immutable().Comment("Whom it is about; 0 when it is for whoever has the address, if anybody."),
		field.String("kind").Immutable().Comment("What it says."),
		field.String("address").Immutable().Comment("Where it goes."),
		field.String("slot").Optional().Nillable().Unique().Immutable().
			Comment("Which of the few mails it is that anybody can have an address sent within an hour; nil for those that nobody asks for."),
		field.Int64("notification_id").Default(0).Immutable().Comment("The notification that it tells of, 0 for none."),
		field.Int64("actor_id").Default(0).Immutable().Comment("Who caused the notification, the latest of them; 0 for none."),
		field.Int32("others").Default(0).Immutable().Comment("How many more caused the notification."),
		field.Time("claimed_at").Optional().Nillable().Comment("When somebody last began to send it."),
		field.Time("sent_at").Optional().Nillable().Comment("When the mail server took it, or it turned out that there is nothing to send."),
	}
}

// Indexes implements [ent.Interface].
func (OutgoingMail) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id")}
}

// EmailToken is a link that was mailed and not used yet. The link itself is nowhere but in the mail.
type EmailToken struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (EmailToken) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(identity)} }

// Fields implements [ent.Interface].
func (EmailToken) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("user_id").Immutable().Comment("Whose link it is."),
		field.String("purpose").Immutable().Comment("What it is good for."),
		field.String("address").Immutable().Comment("The address that it was mailed to, and proves."),
		field.Bytes("hash").Unique().Immutable().Comment("SHA-256 of the token in the link."),
		field.Time("expires_at").Immutable().Comment("When it is good for nothing any more."),
	}
}

// Indexes implements [ent.Interface].
func (EmailToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id"), index.Fields("expires_at")}
}

// Session is one log-in on one device: the family of its refresh tokens.
type Session struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Session) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(identity)} }

// Fields implements [ent.Interface].
func (Session) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the session, the sid of its access tokens."),
		field.Int64("user_id").Immutable().Comment("Owner."),
		field.String("device_name").Default("").Comment("What the client called the device."),
		field.Time("refreshed_at").Comment("When tokens were last issued."),
		field.Time("expires_at").Comment("When it ends without a refresh."),
		field.Time("ends_at").Immutable().Comment("When it ends in any case."),
		field.Time("revoked_at").Optional().Nillable().Comment("When it was ended early."),
		field.Time("authenticated_at").Optional().Nillable().Comment("When its owner last proved again who they are; nil: when they signed in."),
	}
}

// Indexes implements [ent.Interface].
func (Session) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "id"), index.Fields("ends_at")}
}

// RefreshToken is a refresh token that was issued, used or not. The token itself is nowhere.
type RefreshToken struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (RefreshToken) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(identity)} }

// Fields implements [ent.Interface].
func (RefreshToken) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("session_id").Immutable().Comment("The session whose tokens it renews."),
		field.Bytes("hash").Unique().Immutable().Comment("SHA-256 of the token."),
		field.Time("used_at").Optional().Nillable().Comment("When it was exchanged."),
		field.Bytes("sealed_successor").Optional().Sensitive().
			Comment("The token it was exchanged for, sealed under a key that only the holder of this token can derive."),
	}
}

// Indexes implements [ent.Interface].
func (RefreshToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("session_id")}
}

// TotpSecret is what a person's authenticator app makes its codes from.
type TotpSecret struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (TotpSecret) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(identity)} }

// Fields implements [ent.Interface].
func (TotpSecret) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the account."),
		field.Bytes("sealed_secret").Sensitive().Comment("The shared secret, sealed under the server's key."),
		field.Time("confirmed_at").Optional().Nillable().Comment("When a first code proved that the app has it; until then it protects nothing."),
		field.Int64("used_step").Default(0).Comment("The time step of the last code that was accepted: no code of it or before is accepted again."),
		field.Int("failures").Default(0).Comment("How many wrong codes came since failing_since."),
		field.Time("failing_since").Optional().Nillable().Comment("When the first of the wrong codes came that are counted."),
	}
}

// RecoveryCode is a code that stands in for an authenticator app once.
type RecoveryCode struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (RecoveryCode) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(identity)} }

// Fields implements [ent.Interface].
func (RecoveryCode) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("user_id").Immutable().Comment("Whose it is."),
		field.Bytes("hash").Immutable().Comment("SHA-256 of the code."),
	}
}

// Indexes implements [ent.Interface].
func (RecoveryCode) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "hash").Unique()}
}

// SignInChallenge is a sign-in that lacks its second factor.
type SignInChallenge struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (SignInChallenge) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(identity)} }

// Fields implements [ent.Interface].
func (SignInChallenge) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("user_id").Immutable().Comment("Who signs in."),
		field.Bytes("hash").Unique().Immutable().Comment("SHA-256 of the challenge that the client holds."),
		field.String("device_name").Immutable().Comment("What the client called the device."),
		field.Int("tries_left").Comment("How many more codes may be tried."),
		field.Time("expires_at").Immutable().Comment("When it is good for nothing any more."),
	}
}

// Indexes implements [ent.Interface].
func (SignInChallenge) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id"), index.Fields("expires_at")}
}

// SignInAttempt is a sign-in that a person is on their way with to an identity provider and back.
type SignInAttempt struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (SignInAttempt) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(identity)} }

// Fields implements [ent.Interface].
func (SignInAttempt) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("user_id").Immutable().Comment("Who began it, 0 when they were not signed in."),
		field.String("provider").Immutable().Comment("Name of the provider."),
		field.Bytes("state_hash").Unique().Immutable().Comment("SHA-256 of the state that the provider sends back."),
		field.Bytes("sealed_proof").Immutable().Sensitive().Comment("PKCE verifier and nonce, sealed under a secret that only the client has."),
		field.Time("expires_at").Immutable().Comment("When it is good for nothing any more."),
	}
}

// Indexes implements [ent.Interface].
func (SignInAttempt) Indexes() []ent.Index {
	return []ent.Index{index.Fields("expires_at")}
}

// LinkedIdentity is an account at an identity provider that its owner signs in with.
type LinkedIdentity struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (LinkedIdentity) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(identity)} }

// Fields implements [ent.Interface].
func (LinkedIdentity) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("user_id").Immutable().Comment("Who signs in with it."),
		field.String("provider").Immutable().Comment("Name of the provider."),
		field.String("subject").Immutable().Comment("What the provider calls the account for good."),
		field.String("label").Immutable().Comment("What its owner knows it by: an e-mail address or a name."),
	}
}

// Indexes implements [ent.Interface].
func (LinkedIdentity) Indexes() []ent.Index {
	return []ent.Index{index.Fields("provider", "subject").Unique(), index.Fields("user_id", "provider").Unique()}
}

// SealingKey is what secrets are sealed under when the configuration names no key.
type SealingKey struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (SealingKey) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(identity)} }

// Fields implements [ent.Interface].
func (SealingKey) Fields() []ent.Field {
	return []ent.Field{
		idField("Always 1."),
		field.Bytes("key").Immutable().Sensitive().Comment("32 random bytes."),
	}
}

// SigningKey is the public half of a key that signs access tokens. Every service reads it to check tokens.
type SigningKey struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (SigningKey) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(identity)} }

// Fields implements [ent.Interface].
func (SigningKey) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the key; its decimal form is the kid."),
		field.Bytes("public_key").Immutable().Comment("Ed25519 public key, 32 bytes."),
		field.Bool("active").Default(false).Comment("Whether new tokens are signed with it; the others are published ahead of their turn, or until their last token has expired."),
		field.Time("activated_at").Optional().Nillable().Comment("When its turn began; nil before, and for keys that are older than rotation."),
		field.Time("retired_at").Optional().Nillable().Comment("When another took its turn; it is published on until its last token has expired."),
	}
}

// SigningSecret is the private half of a signing key. Only identity reads it.
type SigningSecret struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (SigningSecret) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(identity)} }

// Fields implements [ent.Interface].
func (SigningSecret) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the signing key."),
		field.Bytes("seed").Immutable().Sensitive().Comment("Ed25519 seed, 32 bytes; longer when it is sealed under PULSE_SECRET_KEY."),
	}
}

// APIKey lets a program of the operator's call as a service. Every process reads it to check keys; the key itself is
// nowhere.
type APIKey struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (APIKey) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(identity)} }

// Fields implements [ent.Interface].
func (APIKey) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the key; it tells when it was made."),
		field.String("name").Immutable().Comment("What it is for, in the words of who made it."),
		field.Bytes("hash").Unique().Immutable().Comment("SHA-256 of the key, which has 256 random bits."),
		field.Int64("created_by").Immutable().Comment("Account of who made it."),
		field.Time("expires_at").Optional().Nillable().Immutable().Comment("When it ends by itself; nil is never."),
		field.Time("revoked_at").Optional().Nillable().Comment("When it was ended early."),
	}
}

// FormerHandle is a handle that an account has given up. It stays reserved for that account for some time, so that nobody
// else is taken for its owner.
type FormerHandle struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (FormerHandle) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(identity)} }

// Fields implements [ent.Interface].
func (FormerHandle) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row; it tells when the handle was given up."),
		field.Int64("user_id").Immutable().Comment("Account that had it."),
		field.String("handle_key").Unique().Immutable().Comment("Handle in lower case."),
		field.Time("reserved_until").Immutable().Comment("From when on others may take it."),
	}
}

// Indexes implements [ent.Interface].
func (FormerHandle) Indexes() []ent.Index { return []ent.Index{index.Fields("user_id")} }

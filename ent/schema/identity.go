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
		field.String("password_hash").Sensitive().Comment("argon2id in PHC string format."),
	}
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
		field.Bytes("seed").Immutable().Sensitive().Comment("Ed25519 seed, 32 bytes."),
	}
}

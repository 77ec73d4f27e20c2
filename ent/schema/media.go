package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

const media = "media"

// Media is a picture, or an upload that is to become one. Its files are in the storage under its id: a row stays until they are gone.
type Media struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Media) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(media)} }

// Fields implements [ent.Interface].
func (Media) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the picture; it tells when its upload began."),
		field.Int64("owner_id").Immutable(),
		field.Int32("state").Comment("1 an upload is under way, 2 it is a picture, 3 its files are to be deleted."),
		field.String("content_type").Immutable().Comment("Media type that the file was said to have."),
		field.Int64("size_bytes").Comment("What counts towards the owner's quota: of an upload what it was said to be, of a picture all its files."),
		field.Text("alt_text").Default(""),
		field.Int32("width").Default(0).Comment("Of the largest variant, in pixels."),
		field.Int32("height").Default(0).Comment("Of the largest variant, in pixels."),
		field.String("blurhash").Default(""),
		field.Bool("animated").Default(false),
		field.Time("going_at").Optional().Nillable().Comment("Since when its files are to be deleted: in state 3, and never else."),
		field.JSON("variants", []MediaVariant{}).Optional().Comment("The files, the largest first; null while there are none."),
	}
}

// Indexes implements [ent.Interface].
func (Media) Indexes() []ent.Index {
	return []ent.Index{index.Fields("owner_id", "id"), index.Fields("state", "id")}
}

// MediaVariant is one file of a picture.
type MediaVariant struct {
	// Size is a value of pulse.media.v1.MediaSize.
	Size int32 `json:"size"`
	// ContentType is its media type.
	ContentType string `json:"type"`
	// Width and Height are in pixels.
	Width  int32 `json:"width"`
	Height int32 `json:"height"`
	// Bytes is how large it is.
	Bytes int64 `json:"bytes"`
}

// MediaUsage is how much of their quota a person uses. It has no row while that is nothing. Whoever changes it holds its row.
type MediaUsage struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (MediaUsage) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(media)} }

// Fields implements [ent.Interface].
func (MediaUsage) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the person."),
		field.Int64("bytes").Comment("The sum of size_bytes of the person's media, without those whose files are to be deleted."),
	}
}

// MediaKey is what upload addresses and delivery keys are sealed with. There is one row.
type MediaKey struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (MediaKey) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(media)} }

// Fields implements [ent.Interface].
func (MediaKey) Fields() []ent.Field {
	return []ent.Field{
		idField("Always 1."),
		field.String("secret").Immutable().Sensitive().Comment("256 random bits, in hexadecimal."),
	}
}

package apitest_test

import (
	"maps"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent/schema"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	"github.com/pulse-social/pulse/gen/pulse/media/v1/mediav1connect"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/store"
)

func init() { maps.Copy(recipes, mediaRecipes) }

// mediaRecipes are those of MediaService. Who fetches which file is for the tests of package media.
var mediaRecipes = map[string]recipe{
	mediav1connect.MediaServiceCreateUploadProcedure: simple(func(int64) proto.Message {
		return &mediav1.CreateUploadRequest{ContentType: "image/png", SizeBytes: 1}
	}),
	mediav1connect.MediaServiceCompleteUploadProcedure: simple(func(id int64) proto.Message {
		return &mediav1.CompleteUploadRequest{MediaId: id}
	}),
	mediav1connect.MediaServiceGetMediaProcedure: simple(func(id int64) proto.Message {
		return &mediav1.GetMediaRequest{MediaId: id}
	}),
	mediav1connect.MediaServiceUpdateMediaProcedure: simple(func(id int64) proto.Message {
		return &mediav1.UpdateMediaRequest{MediaId: id, AltText: "another"}
	}),
	mediav1connect.MediaServiceDeleteMediaProcedure: simple(func(id int64) proto.Message {
		return &mediav1.DeleteMediaRequest{MediaId: id}
	}),
	mediav1connect.MediaServiceGetMediaUsageProcedure: simple(func(int64) proto.Message {
		return &mediav1.GetMediaUsageRequest{}
	}),
	mediav1connect.MediaServiceCreateDeliveryKeyProcedure: simple(func(int64) proto.Message {
		return &mediav1.CreateDeliveryKeyRequest{}
	}),
}

// mediaID writes a picture of the actor's, or of somebody else's, and answers its id. What it says is told to nobody but its owner.
func (x cell) mediaID(t *testing.T, c *cast) int64 {
	t.Helper()
	whose := c.caller(x)
	altText := "a picture"
	if x.object == another {
		whose, altText = c.people[recluse], c.canaries.text()
	}
	var media int64
	c.behind(t, "media", func(tx *store.Tx) error {
		media = tx.NewID()
		return tx.Media.Create().SetID(media).SetOwnerID(whose.id).SetState(attachment.Ready).SetContentType("image/png").SetSizeBytes(0).
			SetAltText(altText).SetWidth(1).SetHeight(1).SetVariants([]schema.MediaVariant{{Size: 1, ContentType: "image/png", Width: 1, Height: 1}}).
			Exec(t.Context())
	})
	return media
}

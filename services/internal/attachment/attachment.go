// Package attachment is about pictures where they are attached: whose may be, and how they are answered.
package attachment

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	entmedia "github.com/pulse-social/pulse/ent/media"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// States of a picture: the values of the column.
const (
	// Uploading is an upload that is under way.
	Uploading = 1
	// Ready is a picture.
	Ready = 2
	// Going is what is about to be deleted: it is not there for anybody.
	Going = 3
)

// sizes are the names of variants in addresses.
var sizes = map[mediav1.MediaSize]string{
	mediav1.MediaSize_MEDIA_SIZE_ORIGINAL: "original",
	mediav1.MediaSize_MEDIA_SIZE_LARGE:    "large",
	mediav1.MediaSize_MEDIA_SIZE_SMALL:    "small",
}

// SizeName is how addresses call a size, empty for what is none.
func SizeName(size mediav1.MediaSize) string { return sizes[size] }

// Size is the other way of [SizeName].
func Size(name string) (mediav1.MediaSize, bool) {
	for size, known := range sizes {
		if known == name {
			return size, true
		}
	}
	return 0, false
}

// URL is where a variant of a picture is fetched; empty for no picture.
func URL(mediaID int64, size mediav1.MediaSize) string {
	if mediaID == 0 {
		return ""
	}
	return "/media/" + id.String(mediaID) + "/" + SizeName(size)
}

// Key is where the storage keeps a variant of a picture.
func Key(mediaID int64, size int32) string {
	return "media/" + id.String(mediaID) + "/" + SizeName(mediav1.MediaSize(size))
}

// Check refuses pictures that are not the owner's, or not there; 0 stands for none. A picture that is attached while it is being
// collected stays: whoever collects looks a second time.
func Check(ctx context.Context, db *ent.Client, owner int64, mediaIDs ...int64) error {
	wanted := named(mediaIDs)
	if len(wanted) == 0 {
		return nil
	}
	found, err := db.Media.Query().Where(entmedia.IDIn(wanted...), entmedia.OwnerID(owner), entmedia.State(Ready)).Count(ctx)
	if err != nil {
		return fmt.Errorf("look for pictures: %w", err)
	}
	if found < len(wanted) {
		return NotFound()
	}
	return nil
}

// NotFound is the failure for pictures that are not there and for those of others, which must not be told apart.
func NotFound() *rpc.Failure {
	return rpc.Fail(errorsv1.Reason_REASON_MEDIA_NOT_FOUND, "you have no such picture: upload it, and complete the upload, before you attach it")
}

// Of answers pictures by id. Whoever asks has made sure that what they are attached to may be seen.
func Of(ctx context.Context, db *ent.Client, mediaIDs ...int64) (map[int64]*mediav1.Media, error) {
	wanted := named(mediaIDs)
	if len(wanted) == 0 {
		return nil, nil
	}
	rows, err := db.Media.Query().Where(entmedia.IDIn(wanted...), entmedia.State(Ready)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read pictures: %w", err)
	}
	found := make(map[int64]*mediav1.Media, len(rows))
	for _, row := range rows {
		found[row.ID] = ToProto(row)
	}
	return found, nil
}

// ToProto answers a picture as it is in the API.
func ToProto(row *ent.Media) *mediav1.Media {
	m := &mediav1.Media{
		Id: row.ID, AltText: row.AltText, Width: row.Width, Height: row.Height, Blurhash: row.Blurhash, Animated: row.Animated,
		Variants: make([]*mediav1.MediaVariant, len(row.Variants)),
	}
	for i, v := range row.Variants {
		size := mediav1.MediaSize(v.Size)
		m.Variants[i] = &mediav1.MediaVariant{
			Size: size, Url: URL(row.ID, size), Width: v.Width, Height: v.Height, SizeBytes: v.Bytes, ContentType: v.ContentType,
		}
	}
	return m
}

// Named are pictures of which nothing is known but their ids, for [Fill].
func Named(mediaIDs []int64) []*mediav1.Media {
	if len(mediaIDs) == 0 {
		return nil
	}
	media := make([]*mediav1.Media, len(mediaIDs))
	for i, mediaID := range mediaIDs {
		media[i] = &mediav1.Media{Id: mediaID}
	}
	return media
}

// Fill completes lists of pictures of which the ids alone are known, in one query. What is not there any more is left out.
func Fill(ctx context.Context, db *ent.Client, lists ...*[]*mediav1.Media) error {
	var wanted []int64
	for _, list := range lists {
		for _, m := range *list {
			wanted = append(wanted, m.GetId())
		}
	}
	found, err := Of(ctx, db, wanted...)
	if err != nil || len(wanted) == 0 {
		return err
	}
	for _, list := range lists {
		var there []*mediav1.Media
		for _, m := range *list {
			if is := found[m.GetId()]; is != nil {
				there = append(there, is)
			}
		}
		*list = there
	}
	return nil
}

// named answers each id once, and no 0.
func named(mediaIDs []int64) []int64 {
	var wanted []int64
	for _, mediaID := range mediaIDs {
		if mediaID != 0 {
			wanted = append(wanted, mediaID)
		}
	}
	return id.Unique(wanted)
}

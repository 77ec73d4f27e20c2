// Package picture turns what somebody uploads as a picture into what Pulse keeps and delivers: a few sizes of it, encoded
// anew from its pixels. Nothing else of the upload is left: no EXIF with the place it was taken at, no comments, no
// thumbnails, no color profile (which is applied), nothing that was appended.
package picture

import (
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"net/http"

	"github.com/buckket/go-blurhash"
)

// Names of the variants.
const (
	Original = "original" // the picture itself, at most 4,096 pixels on a side
	Large    = "large"    // at most 1,280 pixels on a side
	Small    = "small"    // at most 400 pixels on a side
)

var (
	// ErrType tells that data is no picture, or one of a type that is not accepted.
	ErrType = errors.New("this type of picture is not accepted")
	// ErrSize tells that a picture has more pixels, frames or scans than are decoded.
	ErrSize = errors.New("picture is too large")
	// ErrDamaged tells that a picture has an accepted type but cannot be decoded: it is cut short, for instance.
	ErrDamaged = errors.New("picture is damaged")
)

// variants are those that are made, largest first.
var variants = []struct {
	name string
	side int
}{{Original, 4096}, {Large, 1280}, {Small, 400}}

// Limits bound what is decoded. Both must be positive.
type Limits struct {
	// MaxPixels bounds width times height, and of an animation the pixels of all its frames together.
	MaxPixels int
	// MaxSide bounds width and height, in pixels.
	MaxSide int
}

// A Picture is what Make makes of an upload.
type Picture struct {
	// Width and Height are those of the largest variant, in pixels, as the picture is looked at: rotated as its EXIF says.
	Width, Height int
	// Blurhash stands for the picture until it is loaded (https://blurha.sh), with 4 by 3 components. Where the picture is
	// transparent, it is taken as white.
	Blurhash string
	// Animated tells that the largest variant is an animated GIF. The others are of its first frame.
	Animated bool
	// Variants has Original and those that are smaller than the one before, largest first.
	Variants []Variant
}

// A Variant is a picture in one size.
type Variant struct {
	// Name is Original, Large or Small.
	Name string
	// ContentType is what Data is: image/jpeg, image/png or image/gif.
	ContentType string
	// Width and Height are in pixels, 1 at least.
	Width, Height int
	// Data is the encoded picture.
	Data []byte
}

// Make decodes a JPEG, PNG, GIF or still WebP, which it tells by its first bytes, and encodes its variants: as JPEG what is
// opaque and as PNG what is not. What is opaque and was no JPEG becomes a PNG where that is smaller, as it is of line art. A
// GIF of several frames stays one, with its delays and its loop; of an animated PNG only the still picture is taken.
//
// An error is ErrType, ErrSize or ErrDamaged and says what was found; it is meant for whoever uploads.
//
// Make holds, in the worst case, 24 bytes for each of MaxPixels (a progressive JPEG of four components; most pictures take
// 2 to 8), and 384 MiB besides, for what is encoded. What is beyond the limits is refused by its headers, and takes less than 1 MiB. Make uses
// one core and cannot be stopped: its caller bounds how many run at once.
func Make(data []byte, limits Limits) (*Picture, error) {
	contentType := Sniff(data)
	if contentType == "" {
		return nil, fmt.Errorf("%w: found %s, want JPEG, PNG, GIF or still WebP", ErrType, http.DetectContentType(data))
	}
	if err := check(contentType, data, limits); err != nil {
		return nil, err
	}
	still, animation, err := decode(contentType, data)
	if err != nil {
		return nil, err
	}
	m := readMetadata(contentType, data)
	width, height := fit(still.Bounds().Dx(), still.Bounds().Dy(), variants[0].side)
	pixels := turn(shrink(still, width, height), orientation(m.exif))
	if p := parseProfile(m.profile); p != nil {
		p.apply(pixels)
	}
	made := &Picture{Width: pixels.Rect.Dx(), Height: pixels.Rect.Dy(), Animated: animation != nil}
	return made, made.add(pixels, animation, contentType != typeJPEG)
}

// add adds the variants and the Blurhash, each from the pixels of the one before, as they are fewer.
func (p *Picture) add(pixels *image.RGBA, animation *gif.GIF, drawn bool) (err error) {
	for i, v := range variants {
		w, h := fit(pixels.Rect.Dx(), pixels.Rect.Dy(), v.side)
		if i > 0 {
			if pixels.Rect.Dx() == w && pixels.Rect.Dy() == h {
				continue
			}
			pixels = shrink(pixels, w, h)
		}
		made := Variant{Name: v.name, Width: w, Height: h}
		if i == 0 && animation != nil {
			made.ContentType = typeGIF
			made.Data, err = encodeGIF(animation)
		} else {
			made.ContentType, made.Data, err = encode(pixels, drawn)
		}
		if err != nil {
			return fmt.Errorf("encode the %s variant: %w", v.name, err)
		}
		p.Variants = append(p.Variants, made)
	}
	p.Blurhash, err = blur(pixels)
	return err
}

// blur answers the Blurhash of a picture, of a few pixels of it: more make no difference to what is so blurred.
func blur(pixels *image.RGBA) (string, error) {
	const side = 32
	w, h := fit(pixels.Rect.Dx(), pixels.Rect.Dy(), side)
	few := shrink(pixels, w, h)
	m := image.NewRGBA(few.Rect)
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(m, m.Rect, few, image.Point{}, draw.Over)
	return blurhash.Encode(4, 3, m)
}

package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image/gif"
	"testing"

	"github.com/pulse-social/pulse/services/internal/picture"
)

func FuzzMake(f *testing.F) {
	few := picture.Limits{MaxPixels: 1 << 14, MaxSide: 1 << 10}
	for _, data := range laden(f, 24, 16) {
		f.Add(data)
	}
	for _, data := range bombs(f) {
		f.Add(data)
	}
	f.Add(jpegOf(f, flag(24, 16)))
	f.Add(withSegment(jpegOf(f, flag(24, 16)), 0xe1, "Exif\x00\x00"+exif(binary.LittleEndian, 6)))
	f.Add(withSegment(jpegOf(f, flag(24, 16)), 0xe2, "ICC_PROFILE\x00\x01\x01"+profile(curveSRGB, displayP3)))
	f.Add(progressive(24, 16))
	f.Add(pngOf(f, flag(24, 16)))
	f.Add(pngOf(f, paletted(24, 16, red, empty, blue, white)))
	f.Add(gifOf(f, 24, 16, red, green, blue))
	f.Add(webpOf(f, lossyWebP))
	f.Add(webpOf(f, lossyAlphaWebP))
	f.Add(riff("VP8X", vp8x(24, 16), "ICCP", profile(curveSRGB, adobeRGB), "VP8L", vp8l(24, 16, red), "EXIF", exif(binary.BigEndian, 8)))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := picture.Make(data, few)
		if err != nil {
			if !errors.Is(err, picture.ErrType) && !errors.Is(err, picture.ErrSize) && !errors.Is(err, picture.ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		if p.Width*p.Height > few.MaxPixels || max(p.Width, p.Height) > few.MaxSide || len(p.Variants) == 0 || len(p.Blurhash) != 28 {
			t.Fatalf("%d x %d, %d variants, %q", p.Width, p.Height, len(p.Variants), p.Blurhash)
		}
		for _, v := range p.Variants {
			decoded(t, v)
		}
		if !p.Animated {
			return
		}
		animation, err := gif.DecodeAll(bytes.NewReader(p.Variants[0].Data))
		if err != nil {
			t.Fatal(err)
		}
		pixels := 0
		for _, frame := range animation.Image {
			pixels += len(frame.Pix)
		}
		if pixels > few.MaxPixels || len(animation.Image) < 2 {
			t.Fatalf("%d frames of %d pixels", len(animation.Image), pixels)
		}
	})
}

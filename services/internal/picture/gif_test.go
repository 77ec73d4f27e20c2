package picture_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"slices"
	"testing"
)

// paletted draws quarters with a palette.
func paletted(w, h int, colors ...color.Color) *image.Paletted {
	m := image.NewPaletted(image.Rect(0, 0, w, h), colors)
	for i := range w * h {
		x, y := i%w, i/w
		m.Pix[i] = byte(x*2/w + y*2/h*2)
	}
	return m
}

func stillGIF(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// deep is a picture with 16 bits for each component.
type deep struct{ *image.NRGBA }

func (deep) ColorModel() color.Model { return color.NRGBA64Model }

// gifBlock is a block of an extension.
func gifBlock(s string) []byte { return append([]byte{byte(len(s))}, s...) }

// withExtensions puts extensions before the first frame.
func withExtensions(data, extensions []byte) []byte {
	at := 13
	if flags := data[10]; flags&0x80 != 0 {
		at += 3 << (1 + flags&7)
	}
	return slices.Concat(data[:at], extensions, data[at:])
}

// gifScreen begins a GIF of two colors.
func gifScreen(w, h int) []byte {
	return append([]byte("GIF89a"), byte(w), byte(w>>8), byte(h), byte(h>>8), 0x80, 0, 0, 0, 0, 0, 255, 255, 255)
}

// gifFrame is a frame, with so much of its pixels as stands in blocks.
func gifFrame(w, h int, blocks ...byte) []byte {
	return append([]byte{',', 0, 0, 0, 0, byte(w), byte(w >> 8), byte(h), byte(h >> 8), 0, 2}, blocks...)
}

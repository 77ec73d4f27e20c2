package picture_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pulse-social/pulse/services/internal/picture"
)

// limits are those of tests that are not about them.
var limits = picture.Limits{MaxPixels: 40_000_000, MaxSide: 16_384}

// canary stands for what somebody does not know that they upload.
const canary = "52.5163N-13.3777E-CANARY"

var (
	red   = color.NRGBA{R: 220, G: 30, B: 30, A: 255}
	green = color.NRGBA{R: 30, G: 200, B: 30, A: 255}
	blue  = color.NRGBA{R: 30, G: 30, B: 220, A: 255}
	white = color.NRGBA{R: 240, G: 240, B: 240, A: 255}
	empty = color.NRGBA{}
)

// quarters draws four rectangles: top left, top right, bottom left, bottom right.
func quarters(w, h int, colors ...color.Color) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i, c := range colors {
		x, y := i%2*(w/2), i/2*(h/2)
		draw.Draw(m, image.Rect(x, y, x+w-w/2, y+h-h/2), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return m
}

// flag is quarters of the four colors.
func flag(w, h int) *image.NRGBA { return quarters(w, h, red, green, blue, white) }

// noise is what a photograph is to an encoder.
func noise(w, h int) *image.NRGBA {
	m := flag(w, h)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		if i%4 != 3 {
			m.Pix[i] ^= byte(random.UintN(64))
		}
	}
	return m
}

// faded makes all pixels transparent.
func faded(m *image.NRGBA, alpha uint8) *image.NRGBA {
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = alpha
	}
	return m
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// gifOf encodes an animation of frames in these colors, each shown for 70 ms more than the one before, three times in all.
func gifOf(t testing.TB, w, h int, colors ...color.Color) []byte {
	t.Helper()
	animation := &gif.GIF{LoopCount: 2}
	for i, c := range colors {
		frame := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{c, color.Black})
		animation.Image = append(animation.Image, frame)
		animation.Delay = append(animation.Delay, 7*(i+1))
		animation.Disposal = append(animation.Disposal, gif.DisposalBackground)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, animation); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// progressive is a gray JPEG of four components, in a scan of their first coefficients and one of the others of the first
// component. Each code table has one code, a zero bit, that stands for nothing.
func progressive(w, h int) []byte {
	const components = 4
	blocks := ((w + 7) / 8) * ((h + 7) / 8)
	quantization := append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)
	codes := func(kind byte) []byte { return append([]byte{kind, 1}, make([]byte, 16)...) }
	frame := []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), components}
	scan := []byte{components}
	for i := range byte(components) {
		frame, scan = append(frame, i, 0x11, 0), append(scan, i, 0)
	}
	data := []byte{0xff, 0xd8}
	for _, s := range []struct {
		marker  byte
		payload []byte
		pixels  int
	}{
		{0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00\x02"), 0},
		{0xdb, quantization, 0},
		{0xc2, frame, 0},
		{0xc4, codes(0x00), 0},
		{0xc4, codes(0x10), 0},
		{0xda, append(scan, 0, 0, 0), blocks * components},
		{0xda, []byte{1, 0, 0, 1, 63, 0}, blocks},
	} {
		data = binary.BigEndian.AppendUint16(append(data, 0xff, s.marker), uint16(len(s.payload)+2))
		data = append(append(data, s.payload...), make([]byte, (s.pixels+7)/8)...)
	}
	return append(data, 0xff, 0xd9)
}

// withSegment puts a segment at the head of a JPEG.
func withSegment(data []byte, marker byte, payload string) []byte {
	segment := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(payload)+2))
	return slices.Concat(data[:2], segment, []byte(payload), data[2:])
}

func pngChunk(name, payload string) []byte {
	c := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	c = append(append(c, name...), payload...)
	return binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE(c[4:]))
}

// withChunk puts a chunk behind the header of a PNG.
func withChunk(data []byte, name, payload string) []byte {
	const header = 8 + 25
	return slices.Concat(data[:header], pngChunk(name, payload), data[header:])
}

// riff puts chunks, of names and payloads in turn, into a WebP.
func riff(parts ...string) []byte {
	var body []byte
	for i := 0; i < len(parts); i += 2 {
		body = binary.LittleEndian.AppendUint32(append(body, parts[i]...), uint32(len(parts[i+1])))
		body = append(body, parts[i+1]...)
		if len(parts[i+1])%2 == 1 {
			body = append(body, 0)
		}
	}
	head := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4))
	return slices.Concat(head, []byte("WEBP"), body)
}

// vp8x is the head of a WebP that has metadata.
func vp8x(w, h int) string {
	const exif, xmp, profile = 8, 4, 32
	return string([]byte{
		exif | xmp | profile, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), byte((w - 1) >> 16),
		byte(h - 1), byte((h - 1) >> 8), byte((h - 1) >> 16),
	})
}

// vp8l is a lossless WebP's pixels, all of one color: each of its codes has one symbol, so pixels take no bits.
func vp8l(w, h int, c color.NRGBA) string {
	var b bits
	b.put(0x2f, 8)
	b.put(uint32(w-1), 14)
	b.put(uint32(h-1), 14)
	b.put(1, 1) // alpha is used
	b.put(0, 3+1+1+1)
	for _, v := range []uint8{c.G, c.R, c.B, c.A} {
		b.put(0b101, 3) // simple, one symbol, of 8 bits
		b.put(uint32(v), 8)
	}
	b.put(0b0001, 4) // distances: simple, one symbol, of 1 bit: 0
	return string(append(b.bytes, 0, 0, 0, 0))
}

// bits are written from the lowest on.
type bits struct {
	bytes []byte
	n     int
}

func (b *bits) put(v uint32, n int) {
	for i := range n {
		if b.n%8 == 0 {
			b.bytes = append(b.bytes, 0)
		}
		b.bytes[b.n/8] |= byte(v>>i&1) << (b.n % 8)
		b.n++
	}
}

// lossyWebP is flag(24, 16), lossyAlphaWebP the same with its last quarter transparent by 62 %: Go has no encoder for them.
const (
	lossyWebP      = "UklGRlgAAABXRUJQVlA4IEwAAADwAgCdASoYABAALoVarVaipycnBwCES1AABc+7SUkiAAD+4qzdR//005//xv/gPvXD//YO9c/+DKf6m///7B2o/+NDj/F/0g7pgAAA"
	lossyAlphaWebP = "UklGRoYAAABXRUJQVlA4WAoAAAAQAAAAFwAADwAAQUxQSBMAAAABINK2sTr/JsYGfxoRE+CV5J0AAFZQOCBMAAAA8AIAnQEqGAAQAC6FWq1WoqcnJwcAhEtQ" +
		"AAXPu0lJIgAA/uKs3Uf/9NOf/8b/4D71w//2DvXP/gyn+pv//+wdqP/jQ4/xf9IO6YAAAA=="
)

func webpOf(t testing.TB, encoded string) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// exif is a TIFF of three tags: a description, the orientation, and a place.
func exif(order binary.AppendByteOrder, orientation int) string {
	b := []byte("II*\x00")
	if order.String() == "BigEndian" {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 3)
	const valueAt = 8 + 2 + 3*12 + 4
	tag := func(tag, kind uint16, n uint32) {
		b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, tag), kind), n)
	}
	tag(0x010e, 2, uint32(len(canary)))
	b = order.AppendUint32(b, valueAt)
	tag(0x0112, 3, 1)
	b = order.AppendUint16(order.AppendUint16(b, uint16(orientation)), 0)
	tag(0x8825, 4, 1)
	b = order.AppendUint32(b, valueAt)
	b = order.AppendUint32(b, 0)
	return string(b) + canary
}

func mustMake(t testing.TB, data []byte) *picture.Picture {
	t.Helper()
	p, err := picture.Make(data, limits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// decoded decodes a variant and compares what it says with what it is.
func decoded(t testing.TB, v picture.Variant) image.Image {
	t.Helper()
	m, format, err := image.Decode(bytes.NewReader(v.Data))
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(v.Data)) // Of a GIF its screen, which the first frame may not cover.
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	if got := image.Pt(config.Width, config.Height); v.ContentType != "image/"+format || picture.Sniff(v.Data) != v.ContentType || got != image.Pt(v.Width, v.Height) {
		t.Fatalf("%s: says %s of %d x %d, is %s of %v", v.Name, v.ContentType, v.Width, v.Height, format, got)
	}
	return m
}

// near tells whether a pixel has a color, but for what JPEG does to it.
func near(m image.Image, x, y int, want color.Color) bool {
	const off = 12
	b := m.Bounds().Min
	got, to := color.NRGBAModel.Convert(m.At(b.X+x, b.Y+y)).(color.NRGBA), color.NRGBAModel.Convert(want).(color.NRGBA)
	far := func(a, b uint8) bool { return max(a, b)-min(a, b) > off }
	return !far(got.A, to.A) && (to.A == 0 || !far(got.R, to.R) && !far(got.G, to.G) && !far(got.B, to.B))
}

// wantQuarters checks the middle of each quarter.
func wantQuarters(t testing.TB, m image.Image, colors ...color.NRGBA) {
	t.Helper()
	size := m.Bounds().Size()
	for i, want := range colors {
		x, y := size.X/4+i%2*(size.X/2), size.Y/4+i/2*(size.Y/2)
		if !near(m, x, y, want) {
			t.Errorf("pixel %d,%d is %v, want %v", x, y, m.At(x, y), want)
		}
	}
}

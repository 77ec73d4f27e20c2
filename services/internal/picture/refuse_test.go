package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/pulse-social/pulse/services/internal/picture"
)

func TestOtherTypesAreRefused(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"nothing":         "",
		"one byte":        "\xff",
		"SVG":             `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
		"SVG with a head": `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`,
		"HTML":            "<!DOCTYPE html><html></html>",
		"PDF":             "%PDF-1.7\n%\xe2\xe3\xcf\xd3",
		"TIFF":            "II*\x00\x08\x00\x00\x00",
		"BMP":             "BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00",
		"AVIF":            "\x00\x00\x00\x20ftypavif\x00\x00\x00\x00avifmif1",
		"HEIC":            "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
		"another RIFF":    "RIFF\x24\x00\x00\x00WAVEfmt ",
		"animated WebP":   string(riff("VP8X", vp8x(8, 8), "ANIM", "\x00\x00\x00\x00\x00\x00", "ANMF", strings.Repeat("\x00", 24))),
		"GIF of a kind":   "GIF88a" + string(gifScreen(1, 1)[6:]),
		"arithmetic JPEG": string(bytes.Replace(jpegOf(t, flag(8, 8)), []byte{0xff, 0xc0}, []byte{0xff, 0xc9}, 1)),
	} {
		_, err := picture.Make([]byte(data), limits)
		wantRefusal(t, name, err, picture.ErrType)
	}
}

// wantRefusal checks that it is that one error, and that it says more.
func wantRefusal(t testing.TB, name string, err, want error) {
	t.Helper()
	are := 0
	for _, is := range []error{picture.ErrType, picture.ErrSize, picture.ErrDamaged} {
		if errors.Is(err, is) {
			are++
		}
	}
	if are != 1 || !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", name, err, want)
	} else if len(err.Error()) < len(want.Error())+8 {
		t.Errorf("%s: %v does not say what was found", name, err)
	}
}

// bombs are small, and large when they are decoded.
func bombs(t testing.TB) map[string][]byte {
	t.Helper()
	ihdr := func(w, h uint32) string {
		b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
		return string(append(b, 8, 6, 0, 0, 0))
	}
	pngOfSize := func(w, h uint32, before ...byte) []byte {
		return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), before, pngChunk("IHDR", ihdr(w, h)), pngChunk("IDAT", "\x78\x9c\x03\x00\x00\x00\x00\x01"), pngChunk("IEND", ""))
	}
	huge := jpegOf(t, flag(8, 8))
	sof := bytes.Index(huge, []byte{0xff, 0xc0})
	copy(huge[sof+5:], "\xfd\xe8\xfd\xe8")
	scan := []byte{0xff, 0xda, 0, 8, 1, 1, 0, 1, 5, 0, 0x7f, 0xff, 0, 0x7f}
	small := jpegOf(t, flag(8, 8))
	end := []byte{0}
	return map[string][]byte{
		"PNG":              pngOfSize(50_000, 50_000),
		"PNG too wide":     pngOfSize(20_000, 1),
		"PNG too high":     pngOfSize(1, 20_000),
		"PNG largest":      pngOfSize(1<<31-1, 1<<31-1),
		"PNG past the end": pngOfSize(1<<32-1, 1<<32-1),
		"JPEG":             huge,
		"JPEG of scans":    slices.Concat(small[:len(small)-2], bytes.Repeat(scan, 32), []byte{0xff, 0xd9}),
		"GIF screen":       append(gifScreen(65_535, 65_535), append(gifFrame(1, 1, end...), ';')...),
		"GIF frames":       slices.Concat(gifScreen(1000, 1000), bytes.Repeat(gifFrame(1000, 1000, end...), 41), []byte{';'}),
		"GIF small frames": slices.Concat(gifScreen(1, 1), bytes.Repeat(gifFrame(1, 1, end...), 2001), []byte{';'}),
		// An extension without an identifier, whose blocks could be taken for frames with blocks in which frames hide.
		"GIF hidden frames": slices.Concat(gifScreen(1000, 1000), []byte{'!', 0xff, 0, ',', 0}, make([]byte, 43), []byte{0},
			bytes.Repeat(gifFrame(1000, 1000, end...), 41), []byte{';'}),
		// A text that says it has no head, behind which image/gif steps over one all the same.
		"GIF behind a text": slices.Concat(gifScreen(1000, 1000), []byte("!\x01\x00;"), make([]byte, 12),
			bytes.Repeat(gifFrame(1000, 1000, end...), 41), []byte{';'}),
		"GIF animation too wide": slices.Concat(gifScreen(4097, 1), bytes.Repeat(gifFrame(1, 1, end...), 2), []byte{';'}),
		"lossless WebP":          riff("VP8L", vp8l(16_384, 16_384, red)),
		"extended WebP":          riff("VP8X", vp8x(40_000, 40_000), "VP8L", vp8l(16_384, 16_384, red)),
	}
}

// It is not parallel, as it counts what the process allocates.
func TestBombsAreRefusedCheaply(t *testing.T) {
	const most = 1 << 20
	for name, data := range bombs(t) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := picture.Make(data, limits)
		runtime.ReadMemStats(&after)
		wantRefusal(t, name, err, picture.ErrSize)
		if took := after.TotalAlloc - before.TotalAlloc; took > most {
			t.Errorf("%s of %d bytes took %d bytes", name, len(data), took)
		}
	}
}

// It is not parallel, as it counts what the process allocates.
func TestMakeTakesNoMoreMemoryThanItSays(t *testing.T) {
	const width, height = 1200, 900
	const most = 24*width*height + 8<<20
	m := noise(width, height)
	for name, data := range map[string][]byte{
		"JPEG": jpegOf(t, m), "progressive JPEG": progressive(width, height), "PNG": pngOf(t, m), "PNG of 16 bits": pngOf(t, &deep{m}),
		"WebP": riff("VP8L", vp8l(width, height, red)), "GIF": gifOf(t, width/2, height/2, red, green, blue, white),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		mustMake(t, data)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > most {
			t.Errorf("%s took %d bytes, want %d at most", name, took, most)
		}
	}
}

func TestAChunkBeforeTheHeaderDoesNotPassForIt(t *testing.T) {
	t.Parallel()
	data := pngOf(t, flag(8, 8))
	before := pngChunk("prVt", "\x00\x00\x00\x01\x00\x00\x00\x01")
	_, err := picture.Make(slices.Concat(data[:8], before, data[8:]), limits)
	wantRefusal(t, "a chunk before the header", err, picture.ErrDamaged)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	data := pngOf(t, flag(200, 100))
	for _, test := range []struct {
		limits picture.Limits
		ok     bool
	}{
		{picture.Limits{MaxPixels: 20_000, MaxSide: 200}, true},
		{picture.Limits{MaxPixels: 19_999, MaxSide: 200}, false},
		{picture.Limits{MaxPixels: 20_000, MaxSide: 199}, false},
		{picture.Limits{}, false},
	} {
		if _, err := picture.Make(data, test.limits); errors.Is(err, picture.ErrSize) == test.ok {
			t.Errorf("%+v: %v", test.limits, err)
		}
	}
	frames := gifOf(t, 100, 100, red, green, blue)
	if _, err := picture.Make(frames, picture.Limits{MaxPixels: 30_000, MaxSide: 100}); err != nil {
		t.Error(err)
	}
	_, err := picture.Make(frames, picture.Limits{MaxPixels: 29_999, MaxSide: 100})
	wantRefusal(t, "one pixel too many", err, picture.ErrSize)
}

func TestWhatIsCutShortIsRefused(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"JPEG": jpegOf(t, noise(64, 48)), "PNG": pngOf(t, noise(64, 48)), "GIF": gifOf(t, 64, 48, red, green), "lossy WebP": webpOf(t, lossyWebP),
		"lossy WebP with alpha": webpOf(t, lossyAlphaWebP),
	} {
		for n := 12; n < len(data)-4; n += 1 + n/50 {
			_, err := picture.Make(data[:n:n], limits)
			wantRefusal(t, name, err, picture.ErrDamaged)
		}
	}
}

func TestGarbageBehindAHeaderIsRefused(t *testing.T) {
	t.Parallel()
	garbage := noise(64, 64).Pix
	for name, data := range map[string][]byte{
		"JPEG": jpegOf(t, flag(64, 48)), "PNG": pngOf(t, flag(64, 48)), "GIF": gifOf(t, 64, 48, red, green), "WebP": webpOf(t, lossyWebP),
	} {
		head := map[string]int{"JPEG": 160, "PNG": 33, "GIF": 19, "WebP": 30}[name]
		_, err := picture.Make(slices.Concat(data[:head], garbage), limits)
		wantRefusal(t, name, err, picture.ErrDamaged)
	}
	for _, size := range []int{0, 1} {
		_, err := picture.Make(slices.Concat(gifScreen(size, size), gifFrame(0, 0, 0), []byte{';'}), limits)
		wantRefusal(t, "no pixels", err, picture.ErrDamaged)
	}
}

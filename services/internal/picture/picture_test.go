package picture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"math"
	"slices"
	"testing"

	"github.com/buckket/go-blurhash"
	"go.uber.org/goleak"

	"github.com/pulse-social/pulse/services/internal/picture"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestVariantsAreOfTheirSizes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		width, height int
		want          string
	}{
		{1, 1, "[original 1x1]"},
		{300, 200, "[original 300x200]"},
		{400, 10, "[original 400x10]"},
		{401, 200, "[original 401x200 small 400x200]"},
		{200, 1000, "[original 200x1000 small 80x400]"},
		{1600, 1200, "[original 1600x1200 large 1280x960 small 400x300]"},
		{8192, 64, "[original 4096x32 large 1280x10 small 400x3]"},
		{3, 6000, "[original 2x4096 large 1x1280 small 1x400]"},
	} {
		for _, data := range [][]byte{jpegOf(t, flag(test.width, test.height)), pngOf(t, flag(test.width, test.height))} {
			p := mustMake(t, data)
			var got []any
			for _, v := range p.Variants {
				decoded(t, v)
				got = append(got, v.Name, fmt.Sprintf("%dx%d", v.Width, v.Height))
			}
			if fmt.Sprint(got) != test.want {
				t.Errorf("%d x %d became %v, want %s", test.width, test.height, got, test.want)
			}
			if first := p.Variants[0]; p.Width != first.Width || p.Height != first.Height || p.Animated {
				t.Errorf("picture is %d x %d, animated %v; its largest variant %d x %d", p.Width, p.Height, p.Animated, first.Width, first.Height)
			}
		}
	}
}

func TestPixelsBecomeTheMeanOfTheirArea(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		width, height int
		at            func(x, y int) uint8
		want          func(x, y int) float64
	}{
		{800, 600, func(x, _ int) uint8 { return uint8(x%2) * 200 }, func(int, int) float64 { return 100 }},
		{600, 800, func(_, y int) uint8 { return uint8(y%2) * 200 }, func(int, int) float64 { return 100 }},
		{1000, 500, func(int, int) uint8 { return 77 }, func(int, int) float64 { return 77 }},
		// 2.5 pixels to one, of the values 0, 100, 200, 0, 100, ...
		{1000, 4, func(x, _ int) uint8 { return uint8(x%5) * 50 }, func(x, _ int) float64 { return []float64{(0 + 50 + 100*.5) / 2.5, (100*.5 + 150 + 200) / 2.5}[x%2] }},
	} {
		m := image.NewNRGBA(image.Rect(0, 0, test.width, test.height))
		for i := range test.width * test.height {
			v := test.at(i%test.width, i/test.width)
			m.SetNRGBA(i%test.width, i/test.width, color.NRGBA{v, v, v, 255})
		}
		m.SetNRGBA(0, 0, color.NRGBA{}) // What is not opaque becomes a PNG, which loses nothing.
		small := mustMake(t, pngOf(t, m)).Variants[1]
		got := decoded(t, small)
		for y := range small.Height {
			for x := range small.Width {
				if x+y == 0 {
					continue
				}
				if c := color.NRGBAModel.Convert(got.At(x, y)).(color.NRGBA); math.Abs(float64(c.R)-test.want(x, y)) > 1 || c.A != 255 {
					t.Fatalf("%d x %d: pixel %d,%d is %v, want %v", test.width, test.height, x, y, c, test.want(x, y))
				}
			}
		}
	}
}

func TestOrientationIsApplied(t *testing.T) {
	t.Parallel()
	upright := []color.NRGBA{red, green, blue, white}
	// What stands where in a picture whose pixels are upright, by EXIF's definition.
	shown := map[int][]color.NRGBA{
		0: upright, // no such orientation
		1: upright,
		2: {green, red, white, blue},
		3: {white, blue, green, red},
		4: {blue, white, red, green},
		5: {red, blue, green, white},
		6: {blue, red, white, green},
		7: {white, green, blue, red},
		8: {green, white, red, blue},
		9: upright,
	}
	lossy := string(webpOf(t, lossyWebP)[20:])
	for orientation, want := range shown {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			tiff := exif(order, orientation)
			for name, data := range map[string][]byte{
				"JPEG":               withSegment(jpegOf(t, flag(480, 320)), 0xe1, "Exif\x00\x00"+tiff),
				"PNG":                withChunk(pngOf(t, flag(480, 320)), "eXIf", tiff),
				"WebP":               riff("VP8X", vp8x(24, 16), "VP8 ", lossy, "EXIF", tiff),
				"WebP with a prefix": riff("VP8X", vp8x(24, 16), "VP8 ", lossy, "XMP ", "odd", "EXIF", "Exif\x00\x00"+tiff),
				"JPEG of several":    withSegment(withSegment(withSegment(jpegOf(t, flag(480, 320)), 0xe1, "Exif\x00\x00"+exif(order, 3)), 0xe1, "Exif\x00\x00"+tiff), 0xe1, "http://ns.adobe.com/xap/1.0/\x00"),
			} {
				t.Run(fmt.Sprint(name, " ", orientation, " ", order), func(t *testing.T) {
					t.Parallel()
					p := mustMake(t, data)
					if wide := orientation < 5 || orientation > 8; (p.Width > p.Height) != wide {
						t.Errorf("%d x %d", p.Width, p.Height)
					}
					for _, v := range p.Variants {
						wantQuarters(t, decoded(t, v), want...)
					}
				})
			}
		}
	}
}

func TestMalformedEXIFIsPassedOver(t *testing.T) {
	t.Parallel()
	whole := exif(binary.BigEndian, 3)
	for n := range len(whole) {
		got := decoded(t, mustMake(t, withSegment(jpegOf(t, flag(48, 32)), 0xe1, "Exif\x00\x00"+whole[:n])).Variants[0])
		if orientationEnds := 8 + 2 + 24; n < orientationEnds {
			wantQuarters(t, got, red, green, blue, white)
		} else {
			wantQuarters(t, got, white, blue, green, red)
		}
	}
	for _, broken := range []string{"MM\x00*\xff\xff\xff\xff", "MM\x00*\x00\x00\x00\x07\xff\xff", "II\x00*\x00\x00\x00\x08", "MM\x00*\x00\x00\x00\x08\xff\xff\x01\x12"} {
		wantQuarters(t, decoded(t, mustMake(t, withChunk(pngOf(t, flag(48, 32)), "eXIf", broken)).Variants[0]), red, green, blue, white)
	}
}

func TestTransparencyStays(t *testing.T) {
	t.Parallel()
	half := color.NRGBA{R: 200, G: 40, B: 40, A: 128}
	for name, data := range map[string][]byte{
		"PNG":        pngOf(t, quarters(600, 400, red, empty, half, white)),
		"photograph": pngOf(t, faded(noise(600, 400), 128)),
		"paletted":   pngOf(t, paletted(600, 400, red, empty, half, white)),
		"16 bits":    pngOf(t, &deep{quarters(600, 400, red, empty, half, white)}),
		"still GIF":  stillGIF(t, paletted(600, 400, red, empty, blue, white)),
		"lossy WebP": webpOf(t, lossyAlphaWebP),
		"lossless":   riff("VP8L", vp8l(600, 400, half)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := map[string][]color.NRGBA{
				"photograph": {},
				"still GIF":  {red, empty, blue, white},
				"lossy WebP": {red, green, blue, {R: 240, G: 240, B: 240, A: 96}},
				"lossless":   {half, half, half, half},
			}[name]
			if want == nil {
				want = []color.NRGBA{red, empty, half, white}
			}
			for _, v := range mustMake(t, data).Variants {
				if v.ContentType != "image/png" {
					t.Errorf("%s is %s", v.Name, v.ContentType)
				}
				wantQuarters(t, decoded(t, v), want...)
			}
		})
	}
}

func TestOpaquePicturesAreWhatIsSmaller(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"a photograph":            {jpegOf(t, noise(600, 400)), "image/jpeg"},
		"a photograph as PNG":     {pngOf(t, noise(600, 400)), "image/jpeg"},
		"line art":                {pngOf(t, flag(600, 400)), "image/png"},
		"gray line art":           {pngOf(t, image.NewGray(image.Rect(0, 0, 600, 400))), "image/png"},
		"line art as GIF":         {stillGIF(t, paletted(600, 400, red, green, blue, white)), "image/png"},
		"line art as JPEG":        {jpegOf(t, flag(600, 400)), "image/jpeg"},
		"lossless WebP":           {riff("VP8L", vp8l(600, 400, red)), "image/png"},
		"gray as JPEG":            {jpegOf(t, image.NewGray(image.Rect(0, 0, 600, 400))), "image/jpeg"},
		"a photograph of 16 bits": {pngOf(t, &deep{noise(600, 400)}), "image/jpeg"},
	} {
		p := mustMake(t, test.data)
		for _, v := range p.Variants {
			decoded(t, v)
			if v.ContentType != test.want {
				t.Errorf("%s: %s is %s, want %s", name, v.Name, v.ContentType, test.want)
			}
		}
		if len(p.Variants) != 2 {
			t.Errorf("%s: %d variants", name, len(p.Variants))
		}
	}
}

func TestAnimationsStay(t *testing.T) {
	t.Parallel()
	p := mustMake(t, gifOf(t, 900, 600, red, green, blue))
	if !p.Animated || p.Width != 900 || p.Height != 600 || len(p.Variants) != 2 {
		t.Fatalf("animated %v, %d x %d, %d variants", p.Animated, p.Width, p.Height, len(p.Variants))
	}
	original, small := p.Variants[0], p.Variants[1]
	decoded(t, original)
	got, err := gif.DecodeAll(bytes.NewReader(original.Data))
	if err != nil {
		t.Fatal(err)
	}
	disposal := []byte{gif.DisposalBackground, gif.DisposalBackground, gif.DisposalBackground}
	if !slices.Equal(got.Delay, []int{7, 14, 21}) || got.LoopCount != 2 || !bytes.Equal(got.Disposal, disposal) {
		t.Errorf("delays %v, loop %d, disposal %v", got.Delay, got.LoopCount, got.Disposal)
	}
	for i, want := range []color.NRGBA{red, green, blue} {
		wantQuarters(t, got.Image[i], want, want, want, want)
	}
	if small.Width != 400 || small.ContentType != "image/png" {
		t.Errorf("small is %s, %d wide", small.ContentType, small.Width)
	}
	wantQuarters(t, decoded(t, small), red, red, red, red)
}

func TestAFirstFrameThatIsSmallerThanItsScreen(t *testing.T) {
	t.Parallel()
	part := image.NewPaletted(image.Rect(300, 0, 600, 200), color.Palette{green})
	whole := image.NewPaletted(image.Rect(0, 0, 600, 400), color.Palette{red})
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{
		Image: []*image.Paletted{part, whole}, Delay: []int{1, 1}, Config: image.Config{Width: 600, Height: 400},
	}); err != nil {
		t.Fatal(err)
	}
	p := mustMake(t, b.Bytes())
	decoded(t, p.Variants[0])
	wantQuarters(t, decoded(t, p.Variants[1]), empty, green, empty, empty)
}

func TestBlurhash(t *testing.T) {
	t.Parallel()
	p := mustMake(t, jpegOf(t, flag(1500, 1000)))
	got, err := blurhash.Decode(p.Blurhash, 30, 20, 1)
	if x, y, err := blurhash.Components(p.Blurhash); err != nil || x != 4 || y != 3 {
		t.Errorf("%q has %d by %d components, %v", p.Blurhash, x, y, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, dominant := range []func(r, g, b uint32) bool{
		func(r, g, b uint32) bool { return r > g && r > b },
		func(r, g, b uint32) bool { return g > r && g > b },
		func(r, g, b uint32) bool { return b > r && b > g },
		func(r, g, b uint32) bool { return min(r, g, b) > 0x9000 },
	} {
		if r, g, b, _ := got.At(3+i%2*24, 3+i/2*14).RGBA(); !dominant(r, g, b) {
			t.Errorf("quarter %d is %x %x %x", i, r, g, b)
		}
	}
	white := mustMake(t, pngOf(t, quarters(64, 64, color.White, color.White, color.White, color.White))).Blurhash
	if hash := mustMake(t, pngOf(t, image.NewNRGBA(image.Rect(0, 0, 64, 64)))).Blurhash; hash != white {
		t.Errorf("what is transparent is %q, what is white %q", hash, white)
	}
}

func TestSniff(t *testing.T) {
	t.Parallel()
	for want, data := range map[string][]byte{
		"image/jpeg": jpegOf(t, flag(2, 2)), "image/png": pngOf(t, flag(2, 2)), "image/gif": gifOf(t, 2, 2, red), "image/webp": webpOf(t, lossyWebP),
	} {
		if got := picture.Sniff(data[:12]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		for n := range 3 {
			if got := picture.Sniff(data[:n]); got != "" {
				t.Errorf("%q is %s", data[:n], got)
			}
		}
	}
}

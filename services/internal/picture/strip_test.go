package picture_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/pulse-social/pulse/services/internal/picture"
)

// laden are pictures with all that may come with one; each holds the canary at least once.
func laden(t testing.TB, w, h int) map[string][]byte {
	t.Helper()
	photo := jpegOf(t, noise(w, h))
	for marker, payload := range map[byte]string{
		0xe1: "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>" + canary, 0xe2: "ICC_PROFILE\x00\x01\x01" + canary, 0xec: canary, 0xed: "Photoshop 3.0\x00" + canary, 0xfe: canary,
	} {
		photo = withSegment(photo, marker, payload)
	}
	photo = withSegment(photo, 0xe1, "Exif\x00\x00"+exif(binary.BigEndian, 1)+string(jpegOf(t, flag(16, 16))))

	drawing := pngOf(t, flag(w, h))
	for _, chunk := range [][2]string{
		{"tEXt", "Comment\x00" + canary},
		{"iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00" + canary},
		{"eXIf", exif(binary.LittleEndian, 1)},
		{"iCCP", "p\x00\x00" + canary},
		{"prVt", canary},
	} {
		drawing = withChunk(drawing, chunk[0], chunk[1])
	}

	extensions := slices.Concat(
		[]byte("!\xfe"), gifBlock(canary), []byte{0}, // a comment
		[]byte("!\xff\x0bXMP DataXMP"), gifBlock(canary), []byte{0},
		[]byte("!\xff\x0bNETSCAPE2.0\x03\x01\x05\x00"), gifBlock(canary), []byte{0},
		[]byte("!\x01\x0c"), make([]byte, 12), gifBlock(canary), []byte{0}, // a text
	)
	return map[string][]byte{
		"JPEG":          photo,
		"PNG":           drawing,
		"still GIF":     withExtensions(stillGIF(t, paletted(w, h, red, green, blue, white)), extensions),
		"GIF":           withExtensions(gifOf(t, w, h, red, green), extensions),
		"lossless WebP": riff("VP8X", vp8x(w, h), "ICCP", canary, "VP8L", vp8l(w, h, red), "EXIF", exif(binary.BigEndian, 1), "XMP ", canary),
	}
}

func TestNothingButPixelsIsLeft(t *testing.T) {
	t.Parallel()
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	if w, err := z.CreateHeader(&zip.FileHeader{Name: canary, Method: zip.Store}); err != nil {
		t.Fatal(err)
	} else if _, err := w.Write([]byte(canary)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for tailName, tail := range map[string]string{
		"": "", "HTML": "<html><script>/*" + canary + "*/</script>", "zip": archive.String(), "JPEG": string(laden(t, 500, 300)["JPEG"]),
	} {
		for name, data := range laden(t, 500, 300) {
			data = append(data, tail...)
			if !bytes.Contains(data, []byte(canary)) {
				t.Fatalf("%s has no canary", name)
			}
			t.Run(name+" "+tailName, func(t *testing.T) {
				t.Parallel()
				p := mustMake(t, data)
				for _, v := range p.Variants {
					decoded(t, v)
					wantBare(t, v)
					if _, err := zip.NewReader(bytes.NewReader(v.Data), int64(len(v.Data))); err == nil {
						t.Errorf("%s is a zip", v.Name)
					}
				}
			})
		}
	}
}

// wantBare checks that a variant holds neither the canary nor a part that is not about pixels.
func wantBare(t *testing.T, v picture.Variant) {
	t.Helper()
	for _, part := range []string{canary, "Exif", "ICC_PROFILE", "http://", "<html", "PK\x03\x04", "XMP"} {
		if bytes.Contains(v.Data, []byte(part)) {
			t.Errorf("%s has %q", v.Name, part)
		}
	}
	switch v.ContentType {
	case "image/png":
		for rest := v.Data[8:]; len(rest) > 0; {
			n, name := binary.BigEndian.Uint32(rest), string(rest[4:8])
			if name != "IHDR" && name != "IDAT" && name != "IEND" {
				t.Errorf("%s has %s", v.Name, name)
			}
			rest = rest[12+n:]
		}
	case "image/jpeg":
		for rest := v.Data[2:]; rest[1] != 0xda; rest = rest[2+binary.BigEndian.Uint16(rest[2:]):] {
			if marker := rest[1]; marker >= 0xe0 {
				t.Errorf("%s has segment %#x", v.Name, marker)
			}
		}
		if end := bytes.Index(v.Data, []byte{0xff, 0xd9}); end != len(v.Data)-2 {
			t.Errorf("%s ends at %d of %d", v.Name, end+2, len(v.Data))
		}
	case "image/gif":
		if v.Data[len(v.Data)-1] != ';' {
			t.Errorf("%s does not end where it ends", v.Name)
		}
	}
}

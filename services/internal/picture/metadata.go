package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"iter"
)

const (
	markerSOS  = 0xda // begins a scan
	markerEOI  = 0xd9 // ends the picture
	markerAPP1 = 0xe1 // EXIF, XMP
	markerAPP2 = 0xe2 // color profiles
)

// exifPrefix begins EXIF in a JPEG, and in a WebP of some programs.
var exifPrefix = []byte("Exif\x00\x00")

// maxProfile bounds what a compressed color profile is inflated to. Those of cameras have less than 4 KiB.
const maxProfile = 1 << 20

// metadata is what a picture says about its pixels, as far as it changes how they look.
type metadata struct {
	exif    []byte // a TIFF file
	profile []byte // an ICC profile
}

// readMetadata finds the metadata of a picture. What is malformed is left out.
func readMetadata(contentType string, data []byte) (m metadata) {
	switch contentType {
	case typeJPEG:
		for marker, s := range jpegSegments(data) {
			if exif, ok := bytes.CutPrefix(s, exifPrefix); ok && marker == markerAPP1 && m.exif == nil {
				m.exif = exif
			}
			const numbers = 2 // A profile is in numbered parts.
			if part, ok := bytes.CutPrefix(s, []byte("ICC_PROFILE\x00")); ok && marker == markerAPP2 && len(part) > numbers {
				m.profile = append(m.profile, part[numbers:]...)
			}
		}
	case typePNG:
		for name, c := range pngChunks(data) {
			switch name {
			case "eXIf":
				m.exif = c
			case "iCCP":
				m.profile = inflateProfile(c)
			}
		}
	case typeWebP:
		for name, c := range riffChunks(data) {
			switch name {
			case "EXIF":
				m.exif = bytes.TrimPrefix(c, exifPrefix)
			case "ICCP":
				m.profile = c
			}
		}
	}
	return m
}

// inflateProfile answers the profile of an iCCP chunk: a name, a zero, a zero for zlib, and what zlib made of it.
func inflateProfile(chunk []byte) []byte {
	_, rest, found := bytes.Cut(chunk, []byte{0})
	if !found || len(rest) == 0 || rest[0] != 0 {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(rest[1:]))
	if err != nil {
		return nil
	}
	profile, err := io.ReadAll(io.LimitReader(z, maxProfile))
	if err != nil {
		return nil
	}
	return profile
}

// jpegSegments walks the segments of a JPEG, with their markers. As image/jpeg does, it takes what stands between segments
// for nothing, which is where the coded pixels are.
func jpegSegments(data []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for rest := data[2:]; ; {
			at := bytes.IndexByte(rest, 0xff)
			if at < 0 || at+4 > len(rest) {
				return
			}
			marker := rest[at+1]
			switch {
			case marker == 0xff: // A filling byte.
				rest = rest[at+1:]
				continue
			case marker == 0, marker&0xf8 == 0xd0: // A byte of pixels, or a mark between them.
				rest = rest[at+2:]
				continue
			case marker == markerEOI:
				return
			}
			rest = rest[at+2:]
			n := int(binary.BigEndian.Uint16(rest))
			if n < 2 || n > len(rest) || !yield(marker, rest[2:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// pngChunks walks the chunks of a PNG, by name.
func pngChunks(data []byte) iter.Seq2[string, []byte] {
	const signature, head, tail = 8, 8, 4
	return func(yield func(string, []byte) bool) {
		for rest := data[signature:]; len(rest) >= head+tail; {
			n := uint64(binary.BigEndian.Uint32(rest))
			name := string(rest[4:head])
			if rest = rest[head:]; n+tail > uint64(len(rest)) || !yield(name, rest[:n]) {
				return
			}
			rest = rest[n+tail:]
		}
	}
}

// riffChunks walks the chunks of a WebP, by name.
func riffChunks(data []byte) iter.Seq2[string, []byte] {
	const form, head = 12, 8
	return func(yield func(string, []byte) bool) {
		for rest := data[form:]; len(rest) >= head; {
			name := string(rest[:4])
			n := uint64(binary.LittleEndian.Uint32(rest[4:]))
			if rest = rest[head:]; n > uint64(len(rest)) || !yield(name, rest[:n]) {
				return
			}
			rest = rest[min(n+n%2, uint64(len(rest))):]
		}
	}
}

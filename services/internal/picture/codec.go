package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"strings"

	"golang.org/x/image/webp"
)

// jpegQuality is that of JPEGs, of 100.
const jpegQuality = 85

// decode answers the picture, of an animation the first frame, and the animation if it is one.
func decode(contentType string, data []byte) (still image.Image, animation *gif.GIF, err error) {
	// Decoders of what strangers made have had indexes out of range, x/image/webp more than one.
	defer func() {
		if p := recover(); p != nil {
			err = unreadable(contentType, fmt.Errorf("decoder failed: %v", p))
		}
	}()
	r := bytes.NewReader(data)
	switch contentType {
	case typeJPEG:
		still, err = jpeg.Decode(r)
	case typePNG:
		still, err = png.Decode(r)
	case typeWebP:
		if still, err = webp.Decode(r); err == nil {
			fullRange(still)
		}
	case typeGIF:
		if animation, err = gif.DecodeAll(r); err == nil {
			still = firstFrame(animation)
			if len(animation.Image) == 1 {
				animation = nil
			}
		}
	}
	if err != nil {
		return nil, nil, unreadable(contentType, err)
	}
	return still, animation, nil
}

// fullRange stretches the values of a lossy WebP to those of a JPEG, which package image takes them for: black is 16 in a
// WebP and white 235 (RFC 6386, 9.2, after ITU-R BT.601), and pictures would be pale. A lossless WebP has no such values.
func fullRange(m image.Image) {
	var planes *image.YCbCr
	switch m := m.(type) {
	case *image.YCbCr:
		planes = m
	case *image.NYCbCrA:
		planes = &m.YCbCr
	default:
		return
	}
	stretch(planes.Y, 16, 219, 0)
	stretch(planes.Cb, 128, 224, 128)
	stretch(planes.Cr, 128, 224, 128)
}

// stretch turns values around one zero, of which there are so many, into those around another, of which there are 255.
func stretch(values []byte, from, count, to int) {
	var table [256]byte
	for i := range table {
		v := math.Round(float64((i-from)*255)/float64(count)) + float64(to)
		table[i] = byte(min(max(v, 0), 255))
	}
	for i, v := range values {
		values[i] = table[v]
	}
}

// firstFrame answers the first frame on its screen, of which it may cover a part.
func firstFrame(animation *gif.GIF) image.Image {
	frame := animation.Image[0]
	screen := image.Rect(0, 0, animation.Config.Width, animation.Config.Height)
	if frame.Rect == screen {
		return frame
	}
	m := image.NewRGBA(screen)
	draw.Draw(m, frame.Rect, frame, frame.Rect.Min, draw.Src)
	return m
}

// unreadable makes an error of what a decoder says.
func unreadable(contentType string, err error) error {
	name := strings.ToUpper(strings.TrimPrefix(contentType, "image/"))
	var ofJPEG jpeg.UnsupportedError
	var ofPNG png.UnsupportedError
	switch {
	case errors.As(err, &ofJPEG), errors.As(err, &ofPNG):
		return fmt.Errorf("%w: %s: %w", ErrType, name, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %s: it ends too early", ErrDamaged, name)
	}
	return fmt.Errorf("%w: %s: %w", ErrDamaged, name, err)
}

// encode encodes a picture: as PNG what is not opaque, otherwise as JPEG, or as PNG where drawn says that it may be smaller
// and it is.
func encode(m *image.RGBA, drawn bool) (contentType string, data []byte, err error) {
	var b bytes.Buffer
	if !m.Opaque() {
		err := png.Encode(&b, m)
		return typePNG, b.Bytes(), err
	}
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return "", nil, err
	}
	if !drawn {
		return typeJPEG, b.Bytes(), nil
	}
	smaller := capped{room: b.Len() - 1}
	switch err := png.Encode(&smaller, m); {
	case errors.Is(err, errFull):
		return typeJPEG, b.Bytes(), nil
	case err != nil:
		return "", nil, err
	}
	return typePNG, smaller.b.Bytes(), nil
}

var errFull = errors.New("no room is left")

// capped takes so many bytes and no more: a photograph as PNG is given up when it has become larger than the JPEG.
type capped struct {
	b    bytes.Buffer
	room int
}

// Write fails with errFull when p would be too much.
func (c *capped) Write(p []byte) (int, error) {
	if c.room -= len(p); c.room < 0 {
		return 0, errFull
	}
	return c.b.Write(p)
}

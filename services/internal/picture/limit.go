package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"

	"golang.org/x/image/webp"
)

const (
	// maxScans bounds the passes over a progressive JPEG: each takes as long as all pixels do, and a few bytes of the file.
	// Encoders write 12 at most.
	maxScans = 32
	// maxFrames bounds the frames of an animation, as each takes its palette's 6 KiB however small it is.
	maxFrames = 2000
)

// check refuses, by its headers alone, what is not to be decoded.
func check(contentType string, data []byte, limits Limits) error {
	width, height, err := dimensions(contentType, data)
	if err != nil {
		return err
	}
	if width < 1 || height < 1 {
		return fmt.Errorf("%w: its header says %d x %d pixels", ErrDamaged, width, height)
	}
	if width > limits.MaxSide || height > limits.MaxSide || width > limits.MaxPixels/height {
		return fmt.Errorf("%w: %d x %d pixels, at most %d on a side and %d in all are accepted",
			ErrSize, width, height, limits.MaxSide, limits.MaxPixels)
	}
	switch contentType {
	case typeJPEG:
		return checkScans(data)
	case typeGIF:
		return checkFrames(data, max(width, height), limits)
	case typeWebP:
		for name := range riffChunks(data) {
			if name == "ANIM" || name == "ANMF" {
				return fmt.Errorf("%w: found an animated WebP, want JPEG, PNG, GIF or still WebP", ErrType)
			}
		}
	}
	return nil
}

// dimensions answers width and height as the header says them.
func dimensions(contentType string, data []byte) (width, height int, err error) {
	var config image.Config
	switch contentType {
	case typeJPEG:
		config, err = jpeg.DecodeConfig(bytes.NewReader(data))
	case typePNG:
		// By hand: image/png calls dimensions that do not fit its integers unsupported, not large. That the header comes first
		// is checked here, since it steps over other chunks before.
		const nameAt, widthAt, heightAt, end = 12, 16, 20, 24
		if len(data) < end || string(data[nameAt:widthAt]) != "IHDR" {
			return 0, 0, fmt.Errorf("%w: PNG: its header is missing", ErrDamaged)
		}
		return int(binary.BigEndian.Uint32(data[widthAt:])), int(binary.BigEndian.Uint32(data[heightAt:])), nil
	case typeGIF:
		config, err = gif.DecodeConfig(bytes.NewReader(data))
	case typeWebP:
		config, err = webp.DecodeConfig(bytes.NewReader(data))
	}
	if err != nil {
		return 0, 0, unreadable(contentType, err)
	}
	return config.Width, config.Height, nil
}

// checkScans counts the scans of a JPEG.
func checkScans(data []byte) error {
	scans := 0
	for marker := range jpegSegments(data) {
		if marker == markerSOS {
			scans++
		}
	}
	if scans > maxScans {
		return fmt.Errorf("%w: a JPEG of %d scans, at most %d are accepted", ErrSize, scans, maxScans)
	}
	return nil
}

// checkFrames adds up the frames of a GIF. An animation is not scaled, so it may have no longer side than its variant.
func checkFrames(data []byte, side int, limits Limits) error {
	frames, pixels := 0, 0
	for n, err := range gifFrames(data) {
		if err != nil {
			return err
		}
		frames++
		pixels += n
	}
	switch {
	case frames > maxFrames:
		return fmt.Errorf("%w: %d frames, at most %d are accepted", ErrSize, frames, maxFrames)
	case pixels > limits.MaxPixels:
		return fmt.Errorf("%w: %d frames of %d pixels together, at most %d are accepted", ErrSize, frames, pixels, limits.MaxPixels)
	case frames > 1 && side > variants[0].side:
		return fmt.Errorf("%w: an animation of %d pixels on a side, at most %d are accepted", ErrSize, side, variants[0].side)
	}
	return nil
}

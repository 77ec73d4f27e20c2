package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/gif"
	"io"
	"iter"
)

// gifFrames walks the blocks of a GIF and answers how many pixels each frame has, without decoding any. It steps exactly as
// image/gif does, down to what that accepts in extensions that are not well-formed: a GIF that the two read differently
// would be decoded without a bound.
func gifFrames(data []byte) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		b := gifBlocks{bytes.NewReader(data)}
		for err := b.header(); ; {
			var kind byte
			if err == nil {
				kind, err = b.ReadByte()
			}
			pixels := 0
			switch {
			case err != nil:
			case kind == ';':
				return
			case kind == '!':
				err = b.extension()
			case kind == ',':
				pixels, err = b.frame()
			default:
				err = fmt.Errorf("found %#02x where a block begins", kind)
			}
			if err != nil {
				yield(0, unreadable(typeGIF, err))
				return
			}
			if pixels > 0 && !yield(pixels, nil) {
				return
			}
		}
	}
}

// gifBlocks steps over the parts of a GIF.
type gifBlocks struct{ *bytes.Reader }

func (b gifBlocks) skip(n int) error {
	if n > b.Len() {
		return io.ErrUnexpectedEOF
	}
	_, err := b.Seek(int64(n), io.SeekCurrent)
	return err
}

// header steps over the screen's description and its palette.
func (b gifBlocks) header() error {
	var h [13]byte
	if _, err := io.ReadFull(b, h[:]); err != nil {
		return err
	}
	return b.palette(h[10])
}

// palette steps over the palette that the flags of a screen or a frame tell.
func (b gifBlocks) palette(flags byte) error {
	if flags&0x80 == 0 {
		return nil
	}
	return b.skip(3 << (1 + flags&7))
}

// extension steps over an extension.
func (b gifBlocks) extension() error {
	label, err := b.ReadByte()
	if err != nil {
		return err
	}
	size := 0
	switch label {
	case 0x01: // Text.
		size = 13
	case 0xff: // An application's: of 11 bytes by the specification, of 10 by some programs.
		n, err := b.ReadByte()
		if err != nil {
			return err
		}
		size = int(n)
	}
	if err := b.skip(size); err != nil {
		return err
	}
	return b.blocks()
}

// blocks steps over blocks up to the empty one that ends them.
func (b gifBlocks) blocks() error {
	for {
		n, err := b.ReadByte()
		if n == 0 || err != nil {
			return err
		}
		if err := b.skip(int(n)); err != nil {
			return err
		}
	}
}

// frame steps over a frame and answers its pixels.
func (b gifBlocks) frame() (int, error) {
	var f [9]byte
	if _, err := io.ReadFull(b, f[:]); err != nil {
		return 0, err
	}
	if err := b.palette(f[8]); err != nil {
		return 0, err
	}
	if err := b.skip(1); err != nil { // The width of the first codes.
		return 0, err
	}
	pixels := int(binary.LittleEndian.Uint16(f[4:])) * int(binary.LittleEndian.Uint16(f[6:]))
	if pixels == 0 {
		return 0, errors.New("a frame has no pixels")
	}
	return pixels, b.blocks()
}

// encodeGIF encodes an animation. Comments and extensions are none of what was decoded.
func encodeGIF(animation *gif.GIF) ([]byte, error) {
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, animation); err != nil {
		return nil, unreadable(typeGIF, err)
	}
	return b.Bytes(), nil
}

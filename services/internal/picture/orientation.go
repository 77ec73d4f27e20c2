package picture

import (
	"encoding/binary"
	"image"
)

// upright is the orientation of what need not be turned. The eight are those of EXIF 2.32, 4.6.4, and say at which side of
// the picture the first row and the first column of its pixels are.
const upright = 1

// orientation answers what EXIF says of it, and upright when that is nothing that makes sense. It reads the one tag by hand:
// the rest of EXIF is of no use here, and a door to what is malformed.
func orientation(exif []byte) int {
	const head, entry, tag, short = 8, 12, 0x0112, 3
	if len(exif) < head {
		return upright
	}
	var order binary.ByteOrder
	switch string(exif[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return upright
	}
	at := uint64(order.Uint32(exif[4:]))
	if at+2 > uint64(len(exif)) {
		return upright
	}
	n := int(order.Uint16(exif[at:]))
	for e := exif[at+2:]; n > 0 && len(e) >= entry; n, e = n-1, e[entry:] {
		if order.Uint16(e) != tag {
			continue
		}
		if o := int(order.Uint16(e[8:])); order.Uint16(e[2:]) == short && o >= 1 && o <= 8 {
			return o
		}
		return upright
	}
	return upright
}

// turn answers src as it is looked at when its pixels have that orientation.
func turn(src *image.RGBA, orientation int) *image.RGBA {
	if orientation == upright {
		return src
	}
	swapped := orientation >= 5 // Rows are columns.
	var mirrorX, mirrorY bool   // From the last column or row of src to the first.
	switch orientation {
	case 2, 8:
		mirrorX = true
	case 3, 7:
		mirrorX, mirrorY = true, true
	case 4, 6:
		mirrorY = true
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	right, down := 4, src.Stride // Steps in src, for a step to the right or down in dst.
	at := 0
	if mirrorX {
		at, right = at+(w-1)*4, -right
	}
	if mirrorY {
		at, down = at+(h-1)*src.Stride, -down
	}
	if swapped {
		w, h, right, down = h, w, down, right
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		row := dst.Pix[y*dst.Stride:]
		for x := range w {
			from := at + y*down + x*right
			copy(row[x*4:x*4+4], src.Pix[from:from+4])
		}
	}
	return dst
}

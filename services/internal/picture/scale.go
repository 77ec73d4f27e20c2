package picture

import (
	"image"
	"image/draw"
)

// stripRows is how many rows are converted at once.
const stripRows = 32

// fit answers width and height scaled so that the longer is at most side.
func fit(width, height, side int) (w, h int) {
	longest := max(width, height)
	if longest <= side {
		return width, height
	}
	return max(1, (width*side+longest/2)/longest), max(1, (height*side+longest/2)/longest)
}

// shrink answers src in a size that is no larger. A pixel becomes the mean of the area that it covers, which is reckoned in
// whole numbers and takes a few rows of memory: the kernels of golang.org/x/image/draw look no better at these sizes, and
// take 32 bytes for each row of src times each column of dst.
func shrink(src image.Image, width, height int) *image.RGBA {
	b := src.Bounds()
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	if b.Dx() == width && b.Dy() == height {
		draw.Draw(dst, dst.Rect, src, b.Min, draw.Src)
		return dst
	}
	strip := image.NewRGBA(image.Rect(0, 0, b.Dx(), min(stripRows, b.Dy())))
	sums := make([]uint32, 4*width)
	area := newAreaRows(dst, b.Dx(), b.Dy())
	for y := 0; y < b.Dy(); y += stripRows {
		rows := min(stripRows, b.Dy()-y)
		draw.Draw(strip, image.Rect(0, 0, b.Dx(), rows), src, b.Min.Add(image.Pt(0, y)), draw.Src)
		for r := range rows {
			shrinkRow(sums, strip.Pix[r*strip.Stride:r*strip.Stride+4*b.Dx()])
			area.add(sums)
		}
	}
	return dst
}

// shrinkRow sums up a row of pixels into fewer: where one of n pixels covers [i*m, i*m+m), one of m covers [j*n, j*n+n). The
// sums are so n times the mean.
func shrinkRow(sums []uint32, pix []byte) {
	clear(sums)
	n, m := uint32(len(pix)/4), uint32(len(sums)/4)
	left := n // What the current sum has yet to cover.
	for s := sums; len(pix) >= 4; pix = pix[4:] {
		part := min(m, left)
		addPixel(s, pix, part)
		if left -= part; left > 0 {
			continue
		}
		left = n
		if s = s[4:]; part < m {
			addPixel(s, pix, m-part)
			left -= m - part
		}
	}
}

func addPixel(sums []uint32, pix []byte, part uint32) {
	_, _ = sums[3], pix[3]
	sums[0] += uint32(pix[0]) * part
	sums[1] += uint32(pix[1]) * part
	sums[2] += uint32(pix[2]) * part
	sums[3] += uint32(pix[3]) * part
}

// areaRows sums up rows into fewer, as shrinkRow does pixels, and writes them.
type areaRows struct {
	dst          *image.RGBA
	y            int // the row of dst that sums is of
	sums         []uint64
	rows, left   uint64 // rows of the source, and what sums has yet to cover
	width, whole uint64 // columns of the source, and of a sum all that it covers
}

func newAreaRows(dst *image.RGBA, width, height int) *areaRows {
	w, h := uint64(width), uint64(height)
	return &areaRows{dst: dst, sums: make([]uint64, 4*dst.Rect.Dx()), rows: h, left: h, width: w, whole: w * h}
}

// add adds one row of the source.
func (a *areaRows) add(row []uint32) {
	covers := uint64(a.dst.Rect.Dy())
	part := min(covers, a.left)
	a.addPart(row, part)
	if a.left > 0 {
		return
	}
	a.write()
	if part < covers {
		a.addPart(row, covers-part)
	}
}

func (a *areaRows) addPart(row []uint32, part uint64) {
	for i, s := range row {
		a.sums[i] += uint64(s) * part
	}
	a.left -= part
}

// write writes the row that is complete, and begins the next.
func (a *areaRows) write() {
	pix := a.dst.Pix[a.y*a.dst.Stride:]
	for i, s := range a.sums {
		pix[i] = byte((s + a.whole/2) / a.whole)
	}
	clear(a.sums)
	a.y, a.left = a.y+1, a.rows
}

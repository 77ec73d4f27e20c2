package picture

import (
	"encoding/binary"
	"image"
	"math"
)

// A profile turns the colors of a device into sRGB, which is what a picture without a profile is taken to be: photographs of
// phones are in Display P3, and look pale when it is only taken off. It knows the profiles that are three curves and a
// matrix, as those of cameras and screens are. Colors that sRGB does not have become the nearest in each component.
type profile struct {
	linear [3][256]float64 // of each component, the light that a value stands for, 0 to 1
	matrix [3][3]float64   // from that to the light of sRGB
}

// fromXYZ turns CIE XYZ under D50, in which profiles are, into linear sRGB (Bradford; http://www.brucelindbloom.com).
var fromXYZ = [3][3]float64{
	{3.1338561, -1.6168667, -0.4906146},
	{-0.9787684, 1.9161415, 0.0334540},
	{0.0719453, -0.2289914, 1.4052427},
}

// parseProfile reads an ICC profile (ICC.1:2022). It answers nil for one that is of another kind, malformed, or sRGB itself.
func parseProfile(icc []byte) *profile {
	const head = 128
	if len(icc) < head+4 || string(icc[16:20]) != "RGB " || string(icc[20:24]) != "XYZ " || string(icc[36:40]) != "acsp" {
		return nil
	}
	p := &profile{}
	for i, component := range []string{"r", "g", "b"} {
		xyz := profileTag(icc, component+"XYZ")
		if len(xyz) < 20 || !p.curve(i, profileTag(icc, component+"TRC")) {
			return nil
		}
		for row := range p.matrix {
			for k := range 3 {
				p.matrix[row][i] += fromXYZ[row][k] * fixed(xyz[8+4*k:])
			}
		}
	}
	if p.isSRGB() {
		return nil
	}
	return p
}

// profileTag answers a tag's data, nil when there is none.
func profileTag(icc []byte, name string) []byte {
	const table, entry = 132, 12
	n := binary.BigEndian.Uint32(icc[table-4:])
	for t := icc[table:]; n > 0 && len(t) >= entry; n, t = n-1, t[entry:] {
		if string(t[:4]) != name {
			continue
		}
		at, size := uint64(binary.BigEndian.Uint32(t[4:])), uint64(binary.BigEndian.Uint32(t[8:]))
		if at+size > uint64(len(icc)) {
			return nil
		}
		return icc[at : at+size]
	}
	return nil
}

// fixed reads a number with 16 bits behind the point.
func fixed(b []byte) float64 {
	return float64(int32(binary.BigEndian.Uint32(b))) / (1 << 16)
}

// curve reads the curve of a component, and tells whether it could.
func (p *profile) curve(component int, tag []byte) bool {
	if len(tag) < 12 {
		return false
	}
	var of func(x float64) float64
	switch string(tag[:4]) {
	case "curv":
		of = sampled(tag[8:])
	case "para":
		of = parametric(tag[8:])
	}
	if of == nil {
		return false
	}
	for i := range p.linear[component] {
		y := of(float64(i) / 255)
		if math.IsNaN(y) {
			return false
		}
		p.linear[component][i] = min(max(y, 0), 1)
	}
	return true
}

// sampled reads a curve that is given by none (the line), one (the exponent) or many values (its course).
func sampled(b []byte) func(float64) float64 {
	n := uint64(binary.BigEndian.Uint32(b))
	if b = b[4:]; 2*n > uint64(len(b)) {
		return nil
	}
	switch n {
	case 0:
		return func(x float64) float64 { return x }
	case 1:
		gamma := float64(binary.BigEndian.Uint16(b)) / (1 << 8)
		return func(x float64) float64 { return math.Pow(x, gamma) }
	}
	value := func(i int) float64 { return float64(binary.BigEndian.Uint16(b[2*i:])) / math.MaxUint16 }
	last := int(n) - 1
	return func(x float64) float64 {
		at := x * float64(last)
		i := min(int(at), last-1)
		return value(i) + (at-float64(i))*(value(i+1)-value(i))
	}
}

// parametric reads a curve that is given by a function's kind and its parameters (ICC.1:2022, 10.18).
func parametric(b []byte) func(float64) float64 {
	kind := int(binary.BigEndian.Uint16(b))
	counts := []int{1, 3, 4, 5, 7}
	if b = b[4:]; kind >= len(counts) || len(b) < 4*counts[kind] {
		return nil
	}
	var v [7]float64
	for i := range counts[kind] {
		v[i] = fixed(b[4*i:])
	}
	g, a, bb, c, d, e, f := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	switch kind {
	case 0:
		a, d = 1, math.Inf(-1)
	case 1:
		c, d = 0, -bb/a
	case 2:
		c, d, e, f = 0, -bb/a, c, c
	}
	return func(x float64) float64 {
		if x >= d {
			return math.Pow(a*x+bb, g) + e
		}
		return c*x + f
	}
}

// isSRGB tells whether what the profile does cannot be seen.
func (p *profile) isSRGB() bool {
	const unseen = 0.005
	for i := range p.matrix {
		for k, m := range p.matrix[i] {
			same := 0.0
			if i == k {
				same = 1
			}
			if math.Abs(m-same) > unseen {
				return false
			}
		}
		for x, y := range p.linear[i] {
			if math.Abs(255*fromLinear(y)-float64(x)) > 1 {
				return false
			}
		}
	}
	return true
}

// fromLinear answers the value, 0 to 1, that sRGB has for light from 0 to 1 (IEC 61966-2-1).
func fromLinear(y float64) float64 {
	if y <= 0.0031308 {
		return 12.92 * y
	}
	return 1.055*math.Pow(y, 1/2.4) - 0.055
}

// apply turns the pixels of m into sRGB.
func (p *profile) apply(m *image.RGBA) {
	const steps = 1 << 14 // Fine enough for the steepest part of sRGB's curve.
	values := make([]byte, steps+1)
	for i := range values {
		values[i] = byte(255*fromLinear(float64(i)/steps) + 0.5)
	}
	for pix := m.Pix; len(pix) >= 4; pix = pix[4:] {
		alpha := int(pix[3])
		if alpha == 0 {
			continue
		}
		var light [3]float64
		for i := range light {
			light[i] = p.linear[i][min(int(pix[i])*255/alpha, 255)]
		}
		for i, row := range p.matrix {
			y := row[0]*light[0] + row[1]*light[1] + row[2]*light[2]
			value := values[int(min(max(y, 0), 1)*steps+0.5)]
			pix[i] = byte(int(value) * alpha / 255)
		}
	}
}

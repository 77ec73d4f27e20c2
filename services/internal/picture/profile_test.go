package picture_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image/color"
	"testing"
)

// profile makes an ICC profile of three colors in CIE XYZ under D50, and one curve for all.
func profile(curve string, colors [3][3]float64) string {
	const tags = 6
	head := make([]byte, 128)
	copy(head[12:], "mntrRGB XYZ ")
	copy(head[36:], "acsp")
	table := binary.BigEndian.AppendUint32(nil, tags)
	var body []byte
	add := func(name, data string) {
		for len(data)%4 != 0 {
			data += "\x00"
		}
		table = append(table, name...)
		table = binary.BigEndian.AppendUint32(table, uint32(128+4+12*tags+len(body)))
		table = binary.BigEndian.AppendUint32(table, uint32(len(data)))
		body = append(body, data...)
	}
	for i, name := range []string{"r", "g", "b"} {
		xyz := []byte("XYZ \x00\x00\x00\x00")
		for _, v := range colors[i] {
			xyz = append(xyz, fixed(v)...)
		}
		add(name+"XYZ", string(xyz))
		add(name+"TRC", curve)
	}
	return string(head) + string(table) + string(body)
}

func fixed(v float64) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(int32(v*(1<<16)))))
}

var (
	curveSRGB = "para\x00\x00\x00\x00\x00\x03\x00\x00" + fixed(2.4) + fixed(1/1.055) + fixed(0.055/1.055) + fixed(1/12.92) + fixed(0.04045)
	displayP3 = [3][3]float64{{0.51512, 0.2412, -0.00105}, {0.29198, 0.69225, 0.04189}, {0.1571, 0.06657, 0.78407}}
	adobeRGB  = [3][3]float64{{0.60974, 0.31111, 0.01947}, {0.20528, 0.62567, 0.06087}, {0.14919, 0.06322, 0.74457}}
	sRGB      = [3][3]float64{{0.43607, 0.22249, 0.01392}, {0.38515, 0.71687, 0.09708}, {0.14307, 0.06061, 0.7141}}
)

func TestColorProfilesAreApplied(t *testing.T) {
	t.Parallel()
	gamma := "curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33"        // 2.199
	line := "curv\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\xff\xff" // from 0 to 1
	for name, test := range map[string]struct {
		profile   string
		has, want color.NRGBA
	}{
		// sRGB's own red, in the values that other color spaces have for it.
		"Display P3": {profile(curveSRGB, displayP3), color.NRGBA{234, 51, 35, 255}, color.NRGBA{255, 0, 0, 255}},
		"Adobe RGB":  {profile(gamma, adobeRGB), color.NRGBA{219, 0, 0, 255}, color.NRGBA{255, 0, 0, 255}},
		"gray":       {profile(curveSRGB, displayP3), color.NRGBA{128, 128, 128, 255}, color.NRGBA{128, 128, 128, 255}},
		"linear":     {profile(line, sRGB), color.NRGBA{55, 55, 55, 255}, color.NRGBA{128, 128, 128, 255}},
		"no curve":   {profile("curv\x00\x00\x00\x00\x00\x00\x00\x00", sRGB), color.NRGBA{55, 55, 55, 255}, color.NRGBA{128, 128, 128, 255}},
		"sRGB":       {profile(curveSRGB, sRGB), red, red},
		"sRGB of 16": {profile("para\x00\x00\x00\x00\x00\x00\x00\x00"+fixed(2.2), sRGB), color.NRGBA{128, 128, 128, 255}, color.NRGBA{128, 128, 128, 255}},
		"alpha":      {profile(curveSRGB, displayP3), color.NRGBA{234, 51, 35, 128}, color.NRGBA{255, 0, 0, 128}},
		"cut short":  {profile(curveSRGB, displayP3)[:300], red, red},
		"no numbers": {profile("para\x00\x00\x00\x00\x00\x01\x00\x00"+fixed(2.4)+fixed(0)+fixed(0), displayP3), red, color.NRGBA{0, 0, 0, 255}},
		"no number":  {profile("para\x00\x00\x00\x00\x00\x03\x00\x00"+fixed(2.4)+fixed(1)+fixed(-2)+fixed(0)+fixed(0), displayP3), red, red},
		"too few":    {profile("curv\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00", displayP3), red, red},
		"a foot":     {profile("para\x00\x00\x00\x00\x00\x02\x00\x00"+fixed(1)+fixed(2)+fixed(-0.5)+fixed(0.2), sRGB), color.NRGBA{26, 26, 26, 255}, color.NRGBA{124, 124, 124, 255}},
		"other":      {profile("text", displayP3), red, red},
	} {
		m := quarters(60, 40, test.has, test.has, test.has, test.has)
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		if _, err := w.Write([]byte(test.profile)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for as, data := range map[string][]byte{
			"JPEG": withSegment(withSegment(jpegOf(t, m), 0xe2, "ICC_PROFILE\x00\x02\x02"+test.profile[100:]), 0xe2, "ICC_PROFILE\x00\x01\x02"+test.profile[:100]),
			"PNG":  withChunk(pngOf(t, m), "iCCP", "a profile\x00\x00"+z.String()),
			"WebP": riff("VP8X", vp8x(60, 40), "ICCP", test.profile, "VP8L", vp8l(60, 40, test.has)),
		} {
			if as == "JPEG" && test.has.A < 255 {
				continue
			}
			got := decoded(t, mustMake(t, data).Variants[0])
			if !near(got, 30, 20, test.want) {
				t.Errorf("%s as %s: %v is %v, want %v", name, as, test.has, got.At(30, 20), test.want)
			}
		}
	}
}

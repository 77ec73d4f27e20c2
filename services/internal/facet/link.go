package facet

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// longestLink bounds a link, in bytes: no browser takes longer ones everywhere.
const longestLink = 2048

// link answers where the link ends that begins at a place, 0 when there is none.
func link(text string, at int, before rune) int {
	rest := text[at:]
	scheme, _, ok := strings.Cut(rest[:min(len(rest), len("https://"))], "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return 0
	}
	if before != none && (joins(before) || strings.ContainsRune("@＠#＃/.+-", before)) {
		return 0
	}
	raw := trim(rest[:extent(rest)])
	if len(raw) > longestLink || !isURL(raw) {
		return 0
	}
	return at + len(raw)
}

// extent answers how far the characters of a URL go.
func extent(text string) int {
	for at, r := range text {
		if at > longestLink || !inURL(r) || r == '%' && !escape(text[at:]) {
			return at
		}
	}
	return len(text)
}

// inURL tells whether a character may be in a URL: those of RFC 3986, and of those beyond ASCII what RFC 3987 lets in and is
// no punctuation.
func inURL(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._~:/?#[]@!$&'()*+,;=%", r)
	}
	return r != utf8.RuneError && unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.So)
}

// escape tells whether a text begins with a percent-encoded byte.
func escape(text string) bool {
	if len(text) < 3 {
		return false
	}
	_, err := strconv.ParseUint(text[1:3], 16, 8)
	return err == nil
}

// trim takes off what belongs to the sentence around a URL: punctuation, and brackets that were not opened within.
func trim(raw string) string {
	opened := strings.Count(raw, "(") - strings.Count(raw, ")")
	squares := strings.Count(raw, "[") - strings.Count(raw, "]")
	for raw != "" {
		switch last := raw[len(raw)-1]; {
		case strings.IndexByte(".,;:!?'", last) >= 0:
		case last == ')' && opened < 0:
			opened++
		case last == ']' && squares < 0:
			squares++
		default:
			return raw
		}
		raw = raw[:len(raw)-1]
	}
	return raw
}

// isURL tells whether a text is an absolute URL with a host. One with a user in it is not taken for one: it says one host
// and means another.
func isURL(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Hostname() == "" {
		return false
	}
	if port := u.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return false
		}
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return true
	}
	_, err = idna.Lookup.ToASCII(u.Hostname())
	return err == nil
}

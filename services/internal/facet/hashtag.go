package facet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// longestTag bounds a hashtag, in characters.
const longestTag = 100

// Joiners of UAX #31: within a word they change how it looks, and in Persian and others how it is spelt.
const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// hashtag answers where the hashtag ends whose identifier begins at a place, 0 when there is none.
func hashtag(text string, at int, before rune) int {
	if before != none && (inWord(before) || strings.ContainsRune("&/#＃@＠", before)) || unicode.Is(unicode.M, next(text, at)) {
		return 0
	}
	end, length, letters := at, 0, false
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		joiner := r == zeroWidthNonJoiner || r == zeroWidthJoiner
		if !continues(r) && !(joiner && length > 0 && continues(next(text, end+size))) {
			break
		}
		letters = letters || unicode.In(r, unicode.L, unicode.Nl)
		end += size
		if length++; length > longestTag {
			return 0
		}
	}
	after := next(text, end)
	if !letters || after == '#' || after == '＃' || strings.HasPrefix(text[end:], "://") {
		return 0
	}
	return end
}

// continues tells whether a character has the property XID_Continue.
func continues(r rune) bool {
	return r >= 0 && unicode.In(r, unicode.L, unicode.Nl, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc,
		unicode.Other_ID_Start, unicode.Other_ID_Continue)
}

// TagKey answers a hashtag as it is compared: case folded, in normal form NFKC, without what is not seen.
func TagKey(tag string) string {
	visible := strings.Map(func(r rune) rune {
		if r == zeroWidthJoiner || r == zeroWidthNonJoiner || unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, tag)
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(visible)))
}

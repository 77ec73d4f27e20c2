// Package terms cuts texts into the terms that search compares, in documents and queries alike. Databases only store and
// match terms: what is a word and which words are the same is decided here, so that every database finds the same.
package terms

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// folder folds case as Unicode does in full: ß becomes ss.
var folder = cases.Fold()

// alike are letters that many write as others and that Unicode does not decompose, or that mean the same at the end of an
// Arabic word.
var alike = strings.NewReplacer(
	"æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "ł", "l", "ħ", "h", "ı", "i", "þ", "th", "ŧ", "t",
	"ة", "ه", "ى", "ي", "ـ", "",
)

// Fold answers a text as it is compared: in normal form NFKC, without case, without the diacritics of Latin, Greek,
// Cyrillic, Arabic and Hebrew, and without what cannot be seen. Marks of other scripts stay, for there they are no mere
// diacritics: a vowel in Devanagari, another consonant in kana.
func Fold(text string) string {
	if plain, ok := foldASCII(text); ok {
		return plain
	}
	var bare strings.Builder
	strip := false
	for _, r := range norm.NFKD.String(folder.String(norm.NFKC.String(text))) {
		switch {
		case unicode.Is(unicode.Cf, r):
			continue
		case !unicode.Is(unicode.M, r):
			strip = unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew)
		case strip:
			continue
		}
		bare.WriteRune(r)
	}
	return alike.Replace(norm.NFKC.String(bare.String()))
}

// foldASCII is [Fold] for the texts that most are.
func foldASCII(text string) (string, bool) {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return "", false
		}
	}
	return strings.ToLower(text), true
}

// Tag answers a hashtag, with or without #, as hashtags are compared: they keep their diacritics, and have no case.
func Tag(tag string) string {
	tag = strings.TrimPrefix(norm.NFKC.String(strings.TrimSpace(tag)), "#")
	return norm.NFKC.String(folder.String(tag))
}

// Clean answers what was typed without what cannot be: control characters are blanks.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, text)
}

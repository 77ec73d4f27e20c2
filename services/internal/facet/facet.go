// Package facet finds what stands in a text: mentions, hashtags and links, by the bytes of its UTF-8 as the facets of AT
// Protocol (app.bsky.richtext.facet) count them.
//
// A mention is @ or ＠ with a handle of Pulse after it; what may stand around it is what twitter-text allows, so that an
// e-mail address is none. A hashtag is # or ＃ with an identifier after it that continues as UAX #31 (R8, hashtag
// identifiers, without emoji) says, and has a letter. A link is an absolute http or https URL after RFC 3986, or RFC 3987
// with international characters, whose host IDNA (UTS #46) accepts. Domains without a scheme are no links: too many file
// names and abbreviations look like them.
package facet

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Kind is what a facet is.
type Kind int

// The kinds.
const (
	// Mention is a mention of a person.
	Mention Kind = iota
	// Hashtag is a hashtag.
	Hashtag
	// Link is a link.
	Link
)

// A Facet is a part of a text, of the bytes from Start to before End. Both lie between characters.
type Facet struct {
	// Kind is what it is.
	Kind Kind
	// Start and End are where it is.
	Start, End int
	// Value is the handle without @, the tag without #, or the URL, as it is written.
	Value string
}

// none stands for the character before the first.
const none = -1

// Find answers the facets of a text, in order; they do not overlap. Its cost is linear in the text.
func Find(text string) []Facet {
	if !strings.ContainsAny(text, "@＠#＃") && !strings.Contains(text, "://") {
		return nil
	}
	var found []Facet
	before := rune(none)
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		var kind Kind
		end := 0
		switch r {
		case '@', '＠':
			kind, end = Mention, mention(text, at+size, before)
		case '#', '＃':
			kind, end = Hashtag, hashtag(text, at+size, before)
		case 'h', 'H':
			kind, end = Link, link(text, at, before)
		}
		if end == 0 {
			before, at = r, at+size
			continue
		}
		value := text[at:end]
		if kind != Link {
			value = text[at+size : end]
		}
		found = append(found, Facet{Kind: kind, Start: at, End: end, Value: value})
		before, _ = utf8.DecodeLastRuneInString(text[:end])
		at = end
	}
	return found
}

// next answers the character at a place, none at the end.
func next(text string, at int) rune {
	if at >= len(text) {
		return none
	}
	r, _ := utf8.DecodeRuneInString(text[at:])
	return r
}

// inWord tells whether a character belongs to a word.
func inWord(r rune) bool {
	return r == '_' || unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl)
}

// unspaced are scripts that put no space between words: a letter of theirs says nothing about where a word ends.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// joins tells whether a character beside an ASCII word would make one word with it.
func joins(r rune) bool { return inWord(r) && !unicode.In(r, unspaced...) }

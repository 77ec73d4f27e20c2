package mute

import (
	"strings"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// hash begins a word of a key that is muted, or written, as a hashtag.
const hash = "#"

// Key answers a word or phrase as it is compared: its words in a row, in Unicode's NFKC_Casefold
// (https://www.unicode.org/reports/tr44/#NFKC_Casefold), separated by spaces. Words are those of UAX #29
// (https://www.unicode.org/reports/tr29/#Word_Boundaries), and emoji. What separates words does not count; of signs before
// a word only # does, which makes the key match that hashtag alone, whereas a word without it matches the hashtag too. The
// key of what holds no word is empty.
func Key(text string) string {
	tokens := split(text)
	parts := make([]string, len(tokens))
	for i, t := range tokens {
		parts[i] = t.text
		if t.tag {
			parts[i] = hash + t.text
		}
	}
	return strings.Join(parts, " ")
}

// token is a word of a text.
type token struct {
	text string
	tag  bool // a # stands before it
}

// split answers the words of a text.
func split(text string) []token {
	folded := fold(text)
	tokens := make([]token, 0, len(folded)/5)
	tag, state := false, -1
	for folded != "" {
		var word string
		word, folded, state = uniseg.FirstWordInString(folded, state)
		if isWord(word) {
			tokens = append(tokens, token{word, tag})
		}
		tag = word == hash
	}
	return tokens
}

// fold answers a text in NFKC_Casefold, near enough: composed and folded until neither changes the other. The apostrophe
// that typographers prefer is the one of keyboards.
func fold(text string) string {
	folded := norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text)))
	return strings.ReplaceAll(folded, "\u2019", "'")
}

// isWord tells a segment that says something from space and punctuation.
func isWord(segment string) bool {
	for _, r := range segment {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.So, r) {
			return true
		}
	}
	return false
}

// words are phrases by their first word.
type words map[string][]phrase

// phrase is one muted entry.
type phrase struct {
	tokens []token
	ends   time.Time
}

// with adds an entry by its key.
func (w words) with(key string, ends time.Time) words {
	var tokens []token
	for part := range strings.SplitSeq(key, " ") {
		if text, tag := strings.CutPrefix(part, hash); text != "" {
			tokens = append(tokens, token{text, tag})
		}
	}
	if len(tokens) == 0 {
		return w
	}
	if w == nil {
		w = words{}
	}
	w[tokens[0].text] = append(w[tokens[0].text], phrase{tokens, ends})
	return w
}

// in tells whether an entry that has not ended is in a text.
func (w words) in(text []token, now time.Time) bool {
	for i := range text {
		for _, p := range w[text[i].text] {
			if lasts(p.ends, now) && p.begins(text[i:]) {
				return true
			}
		}
	}
	return false
}

// begins tells whether a text begins with the phrase.
func (p phrase) begins(text []token) bool {
	if len(text) < len(p.tokens) {
		return false
	}
	for i, t := range p.tokens {
		if t.text != text[i].text || t.tag && !text[i].tag {
			return false
		}
	}
	return true
}

package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	"github.com/pulse-social/pulse/services/internal/terms"
)

const (
	// maxMatches bounds how many ranges of a text are told.
	maxMatches = 50
	// snippetRunes and leadRunes are how long a snippet is, and how much of it goes before the first match.
	snippetRunes, leadRunes = 200, 60
)

// words are the phrases that can be found in a text: all but labels, and for a hashtag the words it is made of.
func (q *query) words() []phrase {
	var words []phrase
	for _, p := range q.all {
		switch first := p.terms[0]; first[0] {
		case '@', ':':
		case '#':
			if p := sequence(first); len(p.terms) > 0 {
				words = append(words, p)
			}
		default:
			words = append(words, p)
		}
	}
	return words
}

// in answers where the tokens of a text are the phrase: the indexes of the first ones.
func (p phrase) in(tokens []terms.Token) []int {
	var found []int
	for i := 0; i+len(p.terms) <= len(tokens); i++ {
		if p.at(tokens[i:]) {
			found = append(found, i)
		}
	}
	return found
}

// at tells whether tokens begin with the phrase.
func (p phrase) at(tokens []terms.Token) bool {
	for i, term := range p.terms {
		if last := i == len(p.terms)-1; tokens[i].Text != term && !(last && p.prefix && strings.HasPrefix(tokens[i].Text, term)) {
			return false
		}
	}
	return true
}

// matches answers the ranges of a text that the query finds.
func (q *query) matches(tokens []terms.Token) []*searchv1.TextRange {
	var ranges []*searchv1.TextRange
	for _, p := range q.words() {
		for _, i := range p.in(tokens) {
			first, last := tokens[i], tokens[i+len(p.terms)-1]
			end := last.End
			if p.prefix {
				end = last.HeadEnd
			}
			ranges = append(ranges, &searchv1.TextRange{ByteStart: int32(first.Start), ByteEnd: int32(end)})
		}
	}
	slices.SortFunc(ranges, func(x, y *searchv1.TextRange) int {
		return cmp.Or(cmp.Compare(x.GetByteStart(), y.GetByteStart()), cmp.Compare(y.GetByteEnd(), x.GetByteEnd()))
	})
	var disjoint []*searchv1.TextRange
	for _, r := range ranges {
		if n := len(disjoint); n > 0 && r.GetByteStart() < disjoint[n-1].GetByteEnd() {
			disjoint[n-1].ByteEnd = max(disjoint[n-1].GetByteEnd(), r.GetByteEnd())
			continue
		}
		disjoint = append(disjoint, r)
	}
	return disjoint[:min(len(disjoint), maxMatches)]
}

// snippet answers what of a text to show where there is room for little.
func snippet(text string, tokens []terms.Token, matches []*searchv1.TextRange) *searchv1.TextRange {
	if utf8.RuneCountInString(text) <= snippetRunes || len(tokens) == 0 {
		return &searchv1.TextRange{ByteEnd: int32(len(text))}
	}
	start, end := 0, 0
	if len(matches) > 0 {
		first := int(matches[0].GetByteStart())
		for _, token := range tokens {
			if within(text, token.Start, first, leadRunes) {
				start = token.Start
				break
			}
		}
		if within(text, 0, first, leadRunes) {
			start = 0
		}
	}
	for _, token := range tokens {
		if token.Start < start {
			continue
		}
		if end > 0 && !within(text, start, token.End, snippetRunes) {
			break
		}
		end = token.End
	}
	return &searchv1.TextRange{ByteStart: int32(start), ByteEnd: int32(end)}
}

// within tells whether a range of a text has at most so many characters.
func within(text string, start, end, runes int) bool {
	return end-start <= utf8.UTFMax*runes && utf8.RuneCountInString(text[start:max(start, end)]) <= runes
}

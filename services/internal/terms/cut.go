package terms

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxTokens is how many tokens of a text are looked at: as many positions as Postgres keeps of a document.
	MaxTokens = 16_000
	// maxRunes is how much of a word is compared.
	maxRunes = 64
)

// A Token is one term of a text, and where it is.
type Token struct {
	// Text is the term, folded.
	Text string
	// Start and End are the offsets of the first byte in the text and of the byte after the last.
	Start, End int
	// HeadEnd is where the first character ends of a term of two; End otherwise.
	HeadEnd int
	// Tail tells that it is the last character of a run of a script without blanks: a term that is whole only there.
	Tail bool
}

// Cut answers the tokens of a text in their order. A word is a run of letters, digits and marks. Scripts that do not divide
// words by blanks have a token for each two characters that follow each other, and one for the last: so each character
// begins one token, and a run of characters is found as a sequence. A symbol such as an emoji is a token by itself.
func Cut(text string) []Token {
	var tokens []Token
	for at := 0; at < len(text) && len(tokens) < MaxTokens; {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch kindOf(r) {
		case word:
			end := runEnd(text, at, word)
			if folded := shorten(Fold(text[at:end])); folded != "" {
				tokens = append(tokens, Token{Text: folded, Start: at, End: end, HeadEnd: end})
			}
			at = end
		case unspaced:
			end := runEnd(text, at, unspaced)
			tokens = appendPairs(tokens, text, at, end)
			at = end
		case symbol:
			tokens = append(tokens, Token{Text: string(r), Start: at, End: at + size, HeadEnd: at + size})
			at += size
		default:
			at += size
		}
	}
	return tokens[:min(len(tokens), MaxTokens)]
}

// kind is what a character is to the division into tokens.
type kind int

const (
	gap kind = iota
	word
	unspaced
	symbol
	joined // Belongs to whatever it follows.
)

func kindOf(r rune) kind {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return word
		}
		return gap
	case unicode.In(r, unicode.M, unicode.Cf) || r == 'ー' || r == 'ﾞ' || r == 'ﾟ':
		return joined
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return unspaced
	case unicode.In(r, unicode.L, unicode.N):
		return word
	case unicode.Is(unicode.So, r):
		return symbol
	default:
		return gap
	}
}

// runEnd answers where the run of a kind ends that begins at an offset.
func runEnd(text string, at int, of kind) int {
	for end, r := range text[at:] {
		if k := kindOf(r); k != of && k != joined {
			return at + end
		}
	}
	return len(text)
}

// appendPairs adds the tokens of a run of a script without blanks.
func appendPairs(tokens []Token, text string, at, end int) []Token {
	var units []Token
	for at < end {
		_, size := utf8.DecodeRuneInString(text[at:])
		next := at + size
		for next < end {
			r, size := utf8.DecodeRuneInString(text[next:])
			if kindOf(r) != joined || r == 'ー' {
				break
			}
			next += size
		}
		if folded := shorten(Fold(text[at:next])); folded != "" {
			units = append(units, Token{Text: folded, Start: at, End: next, HeadEnd: next})
		}
		at = next
	}
	for i, unit := range units {
		if i+1 < len(units) {
			tokens = append(tokens, Token{Text: unit.Text + units[i+1].Text, Start: unit.Start, End: units[i+1].End, HeadEnd: unit.End})
		} else {
			unit.Tail = true
			tokens = append(tokens, unit)
		}
	}
	return tokens
}

// shorten bounds a token, and drops what a folded one may hold that is no part of a word: NFKC takes some letters apart.
func shorten(folded string) string {
	folded = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && kindOf(r) == gap {
			return -1
		}
		return r
	}, folded)
	for i, n := 0, 0; i < len(folded); n++ {
		if n == maxRunes {
			return folded[:i]
		}
		_, size := utf8.DecodeRuneInString(folded[i:])
		i += size
	}
	return folded
}

// Texts answers what the tokens say.
func Texts(tokens []Token) []string {
	texts := make([]string, len(tokens))
	for i, token := range tokens {
		texts[i] = token.Text
	}
	return texts
}

// InWord tells whether a character is part of what is compared, of whatever script.
func InWord(r rune) bool { return kindOf(r) != gap }

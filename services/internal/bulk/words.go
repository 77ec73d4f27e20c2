package bulk

import (
	"math/rand/v2"
	"strings"
)

const (
	// vocabulary is how many words posts are made of, tagVocabulary how many hashtags.
	vocabulary, tagVocabulary = 20_000, 2_000
	// wordsAPost is how many words a post has.
	wordsAPost = 18
	// taggedEvery is of how many posts one has a hashtag.
	taggedEvery = 4
	// zipf is the exponent of how rarer words are than those before them; about 1 in languages (Zipf, Human Behavior and
	// the Principle of Least Effort, 1949), and it has to be greater here.
	zipf = 1.07
)

var syllables = []string{"ka", "lo", "mi", "ren", "sta", "tu", "vel", "no", "pa", "bri", "den", "go", "hal", "ji", "ser", "wo"}

// Word is a word of the vocabulary, the commonest first.
func Word(n int) string {
	var word strings.Builder
	for n += len(syllables); n > 0; n /= len(syllables) {
		word.WriteString(syllables[n%len(syllables)])
	}
	return word.String()
}

// drawn draws what a post says. Every run draws the same.
func drawn(n int) (words *rand.Zipf, source *rand.Rand) {
	source = rand.New(rand.NewPCG(uint64(n), 1)) //nolint:gosec // It has to be the same each time.
	return rand.NewZipf(source, zipf, 1, vocabulary-1), source
}

// WordsText is a post in words of which few are common and most rare, and its hashtag, empty for most.
func WordsText(n int) (text, tag string) {
	words, source := drawn(n)
	said := make([]string, 0, wordsAPost+1)
	for range wordsAPost {
		said = append(said, Word(int(words.Uint64())))
	}
	if n%taggedEvery == 0 {
		tag = Word(int(rand.NewZipf(source, zipf, 1, tagVocabulary-1).Uint64()))
		said = append(said, "#"+tag)
	}
	return strings.Join(said, " "), tag
}

// Name is what a person of a graph with a vocabulary calls themselves.
func Name(n int) string { return Word(n*7%vocabulary) + " " + Word(n*13%vocabulary) }

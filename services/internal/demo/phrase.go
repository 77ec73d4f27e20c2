package demo

import (
	"math/rand/v2"
	"strings"
)

// phrase picks one of the alternatives of each {one|other}, the innermost first.
func phrase(r *rand.Rand, pattern string) string {
	for {
		end := strings.IndexByte(pattern, '}')
		if end < 0 {
			return pattern
		}
		begin := strings.LastIndexByte(pattern[:end], '{')
		pattern = pattern[:begin] + pick(r, strings.Split(pattern[begin+1:end], "|")) + pattern[end+1:]
	}
}

// pick picks one of several.
func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// sentence begins a sentence with a capital letter. It is for ASCII.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

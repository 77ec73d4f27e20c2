package facet

import "strings"

// Bounds of a handle, as the schema of Register has them.
const (
	shortestHandle = 2
	longestHandle  = 30
)

// mention answers where the mention ends whose handle begins at a place, 0 when there is none.
func mention(text string, at int, before rune) int {
	if before != none && (joins(before) || strings.ContainsRune("!#$%&*@＠＃/.+-", before)) {
		return 0
	}
	end := at
	for end < len(text) && inHandle(text[end]) {
		if end++; end-at > longestHandle {
			return 0
		}
	}
	after := next(text, end)
	if end-at < shortestHandle || joins(after) || after == '@' || after == '＠' || strings.HasPrefix(text[end:], "://") {
		return 0
	}
	return end
}

func inHandle(b byte) bool {
	return b == '_' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

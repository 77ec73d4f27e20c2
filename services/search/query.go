package search

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/terms"
)

// maxQueryTerms bounds what one query makes the database look for.
const maxQueryTerms = 32

// A query is what a search for posts looks for.
type query struct {
	// all must be there, none of none may be.
	all, none []phrase
	// from and notFrom are handles in lower case.
	from, notFrom []string
	// since and until bound when a post was written: since or later, before until. Zero bounds nothing.
	since, until time.Time

	terms int
}

// A phrase is terms that follow each other.
type phrase struct {
	terms []string
	// prefix is whether the last term only has to begin so.
	prefix bool
}

// parse reads a query; see SearchPosts for the language. What cannot be meant literally and is wrong fails with
// QUERY_INVALID.
func parse(text string) (*query, error) {
	q := &query{}
	text = strings.Map(straighten, terms.Clean(text))
	for {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		if text == "" {
			return q, nil
		}
		negated := strings.HasPrefix(text, "-")
		text = strings.TrimPrefix(text, "-")
		var err error
		if inner, ok := strings.CutPrefix(text, `"`); ok {
			inner, text, _ = strings.Cut(inner, `"`) // One that is not closed goes on to the end.
			err = q.add(negated, sequence(inner))
		} else {
			end := strings.IndexFunc(text, unicode.IsSpace)
			if end < 0 {
				end = len(text)
			}
			err = q.item(negated, text[:end])
			text = text[end:]
		}
		if err != nil {
			return nil, err
		}
	}
}

// straighten makes the quotation marks of keyboards and languages one, and full-width signs plain.
func straighten(r rune) rune {
	switch r {
	case '“', '”', '„', '‟', '«', '»', '＂', '「', '」':
		return '"'
	case '＃':
		return '#'
	case '：':
		return ':'
	default:
		return r
	}
}

// item adds what stands between blanks.
func (q *query) item(negated bool, item string) error {
	if tag, ok := strings.CutPrefix(item, "#"); ok && terms.Tag(tag) != "" {
		return q.add(negated, label(tagLabel(terms.Tag(tag))))
	}
	operator, value, found := strings.Cut(item, ":")
	if !found {
		return q.add(negated, sequence(item))
	}
	switch strings.ToLower(operator) {
	case "from":
		return q.author(negated, item, value)
	case "lang":
		tag, err := parseLanguage(value, item)
		if err != nil {
			return err
		}
		return q.add(negated, label(languageLabel(tag)))
	case "since", "until":
		return q.bound(negated, item, strings.ToLower(operator), value)
	default:
		return q.add(negated, sequence(item))
	}
}

// author adds from:HANDLE.
func (q *query) author(negated bool, item, value string) error {
	handle := strings.ToLower(strings.TrimPrefix(value, "@"))
	if handle == "" {
		return invalid(item, "%q names nobody: write from: and a handle, such as from:ada", item)
	}
	if negated {
		q.notFrom = append(q.notFrom, handle)
	} else {
		q.from = append(q.from, handle)
	}
	return q.count(item, 1)
}

// bound adds since:DAY or until:DAY. The narrower of two bounds counts.
func (q *query) bound(negated bool, item, operator, value string) error {
	at, err := time.Parse(time.DateOnly, value)
	if err != nil {
		at, err = time.Parse(time.RFC3339, strings.ToUpper(value))
	}
	switch {
	case negated:
		return invalid(item, "-%s says when not: turn since: into until:, or until: into since:", item)
	case err != nil:
		return invalid(item, "%q is no day: write it as %s:2026-11-24, or a time as %s:2026-11-24T15:04:05Z", item, operator, operator)
	case operator == "since" && at.After(q.since):
		q.since = at
	case operator == "until" && (q.until.IsZero() || at.Before(q.until)):
		q.until = at
	}
	return nil
}

// add adds a phrase, unless it says nothing.
func (q *query) add(negated bool, p phrase) error {
	if len(p.terms) == 0 {
		return nil
	}
	if negated {
		q.none = append(q.none, p)
	} else {
		q.all = append(q.all, p)
	}
	return q.count(strings.Join(p.terms, " "), len(p.terms))
}

func (q *query) count(part string, more int) error {
	if q.terms += more; q.terms > maxQueryTerms {
		return invalid(part, "the query has more than %d words: leave out the common ones", maxQueryTerms)
	}
	return nil
}

// says fails unless the query says something to look for.
func (q *query) says() error {
	if len(q.all) == 0 && len(q.from) == 0 {
		return invalid("", "the query says nothing to look for: write a word, a \"phrase\", a #tag or from: and a handle")
	}
	return nil
}

// sequence makes a phrase of a text. The last character of a script without blanks begins a term that is longer wherever
// more follows; after another of its kind it is part of that one's term already.
func sequence(text string) phrase {
	tokens := terms.Cut(text)
	prefix := false
	if last := len(tokens) - 1; last >= 0 && tokens[last].Tail {
		if last > 0 && tokens[last-1].End == tokens[last].End {
			tokens = tokens[:last]
		} else {
			prefix = true
		}
	}
	return phrase{terms: terms.Texts(tokens), prefix: prefix}
}

// label makes a phrase of a label.
func label(l string) phrase { return phrase{terms: []string{l}} }

// parseLanguage reads the tag of a language.
func parseLanguage(tag, part string) (language.Tag, error) {
	parsed, err := language.Parse(tag)
	if err != nil || parsed == language.Und {
		return parsed, invalid(part, "%q names no language: write a BCP 47 tag, such as de or pt-BR", part)
	}
	return parsed, nil
}

func invalid(part, format string, args ...any) error {
	return rpc.Fail(errorsv1.Reason_REASON_QUERY_INVALID, format, args...).With("part", part)
}

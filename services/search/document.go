package search

import (
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/services/internal/terms"
)

// A document is what something is found by: the terms of its text in their order, and labels that are in no text.
type document struct{ text, labels []string }

// Labels begin with a character that no term of a text has.

func tagLabel(key string) string { return "#" + key }

func authorLabel(userID int64) string { return "@" + strconv.FormatInt(userID, 10) }

func languageLabel(tag language.Tag) string { return ":" + strings.ToLower(tag.String()) }

// postDocument is what a post is found by: its text, the warning before it, its hashtags, its author, its language.
func postDocument(post *ent.Post, tagKeys []string) document {
	d := document{
		text:   terms.Texts(terms.Cut(post.Text + "\n" + post.ContentWarning)),
		labels: []string{authorLabel(post.AuthorID)},
	}
	for _, key := range tagKeys {
		d.labels = append(d.labels, tagLabel(terms.Tag(key)))
	}
	// pt-BR is found as pt too.
	for tag, err := language.Parse(post.Language); err == nil && tag != language.Und; tag = tag.Parent() {
		d.labels = append(d.labels, languageLabel(tag))
	}
	return d
}

// personDocument is what a person is found by: handle, name, and what they say of themselves.
func personDocument(account *ent.Account, profile *ent.Profile) document {
	return document{text: terms.Texts(terms.Cut(strings.Join([]string{account.Handle, profile.DisplayName, profile.Bio}, "\n")))}
}

// maxKey bounds the keys of type-ahead, in bytes.
const maxKey = 200

// nameKeys are the beginnings by which type-ahead finds a person: the handle as it is and by its words, and the display
// name from each of its words on.
func nameKeys(account *ent.Account, displayName string) []string {
	keys := []string{account.HandleKey}
	for _, name := range []string{account.Handle, displayName} {
		words := nameWords(name)
		for i := range words {
			keys = append(keys, strings.Join(words[i:], " "))
		}
	}
	return keys
}

// nameWords are the words of a name as type-ahead compares them. Scripts without blanks are one word here.
func nameWords(name string) []string {
	return strings.FieldsFunc(terms.Fold(name), func(r rune) bool { return !terms.InWord(r) })
}

// keyRange answers the keys that begin with a prefix: from the first that may, up to the first that may not.
func keyRange(prefix string) (from, to []byte) {
	from, to = []byte(prefix), []byte(prefix)
	to[len(to)-1]++ // UTF-8 has no byte 0xff, so nothing overflows.
	return from, to
}

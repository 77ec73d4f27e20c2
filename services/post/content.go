package post

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/facet"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// content is what a post says, found fit to be published.
type content struct {
	text, warning, language string
	found                   []facet.Facet
	media                   []int64
}

// content checks what a post is to say. Whom the text mentions is not asked here.
func (c Config) content(text, warning, tag string, media []int64) (content, error) {
	if err := c.checkText(text, len(media) > 0); err != nil {
		return content{}, err
	}
	canonical, err := checkLanguage(tag)
	if err != nil {
		return content{}, err
	}
	return content{text: text, warning: warning, language: canonical, found: facet.Find(text), media: media}, nil
}

// checkText refuses texts that say nothing, where no pictures do, and texts that say too much.
func (c Config) checkText(text string, pictures bool) error {
	if strings.TrimSpace(text) == "" && !pictures {
		return rpc.Fail(errorsv1.Reason_REASON_POST_EMPTY, "the post says nothing: write at least one visible character, or add a picture")
	}
	if length := utf8.RuneCountInString(text); length > c.MaxChars {
		return rpc.Fail(errorsv1.Reason_REASON_POST_TOO_LONG, "the post is %d characters long: at most %d are accepted", length, c.MaxChars).
			With("length", length).With("limit", c.MaxChars)
	}
	return nil
}

// checkLanguage answers the canonical form of a language tag.
func checkLanguage(tag string) (string, error) {
	if tag == "" {
		return "", nil
	}
	parsed, err := language.Parse(tag)
	if err != nil {
		return "", rpc.Fail(errorsv1.Reason_REASON_LANGUAGE_INVALID, "%q is not a language: send a BCP 47 tag such as en or pt-BR", tag).
			With("language", tag)
	}
	return parsed.String(), nil
}

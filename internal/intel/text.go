package intel

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain makes a text from a file safe to print: a character that moves the cursor, colours, hides or turns text round becomes
// a question mark; a tab or line break becomes a space.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return '?'
		}
		return r
	}, text)
}

// plainWords is a text safe to print and no longer than limit bytes.
func plainWords(text string, limit int) string {
	text = strings.TrimSpace(text)
	cut := len(text) > limit
	if cut {
		text = text[:limit]
		for len(text) > 0 && !utf8.RuneStart(text[len(text)-1]) {
			text = text[:len(text)-1]
		}
		if len(text) > 0 && text[len(text)-1] >= utf8.RuneSelf {
			text = text[:len(text)-1]
		}
	}
	text = plain(text)
	if cut {
		text += "..."
	}
	return text
}

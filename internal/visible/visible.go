// Package visible makes text from the wire safe to show: nothing in it acts any more, and everything in it can be seen.
//
// Here: one guard for every output. Not here: escaping for HTML or SVG, widths, colours (term, svg, report). Start at Text.
package visible

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text shows what would act instead of being read: control characters and broken UTF-8 as \xNN, characters that have no
// shape or turn the direction of text as \u{NNNN}. What is left holds only characters that can be seen, and blanks.
func Text(s string) string {
	if len(s) > mostText {
		whole := len(s)
		s = strings.ToValidUTF8(s[:mostText], "")
		return Text(s) + fmt.Sprintf(" (and %d bytes more)", whole-len(s))
	}
	if printable(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r != ' ' && !unicode.IsGraphic(r), unseen(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// mostText bounds one text, in bytes; how much more there was is said.
const mostText = 4096

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// unseen holds graphic characters without a shape of their own: blanks other than the usual one, fillers, selectors.
func unseen(r rune) bool {
	switch {
	case r != ' ' && unicode.IsSpace(r), unicode.Is(unicode.Zs, r) && r != ' ':
		return true
	case r == 0x034f, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x2800, r == 0x3164, r == 0xffa0:
		return true
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef:
		return true
	}
	return false
}

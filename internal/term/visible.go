package term

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible shows what would act instead of being read: control characters and broken UTF-8 as \xNN, characters that have no
// shape or turn the direction of text as \u{NNNN}. What is left holds only characters that can be seen, and blanks.
// It is the same as svg.Visible: each package that shows text carries its own guard, and a test there holds them equal.
func Visible(s string) string {
	if len(s) > mostText {
		whole := len(s)
		s = strings.ToValidUTF8(s[:mostText], "")
		return Visible(s) + fmt.Sprintf(" (and %d bytes more)", whole-len(s))
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

// wide is how many columns s takes at most: letters of East Asia and pictures take two, marks on letters count one.
func wide(s string) int {
	n := 0
	for _, r := range s {
		n += columns(r)
	}
	return n
}

func columns(r rune) int {
	switch {
	case r < 0x1100:
		return 1
	case r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xa960 && r <= 0xa97f, r >= 0xac00 && r <= 0xd7ff,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe10 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x16fe0 && r <= 0x18fff, r >= 0x1aff0 && r <= 0x1b2ff, r >= 0x1f000, r == 0x231a, r == 0x231b,
		r >= 0x23e9 && r <= 0x23f3, r >= 0x25fd && r <= 0x27bf, r >= 0x2b1b && r <= 0x2b55, r == 0x2329, r == 0x232a:
		return 2
	}
	return 1
}

package term

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

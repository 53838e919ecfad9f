package svg

import (
	"fmt"
	"math"
	"strings"
)

// Bar draws the bits of one sign: to the right of zero they speak for the defect, to the left against it. Limit is the most
// bits a bar can show.
func Bar(bits, limit float64) string {
	if !(limit > 0) {
		limit = 4
	}
	share := clamp(bits/limit) * 50
	x, class := 50.0, "wrong"
	if share < 0 {
		x, class = 50+share, "seen"
	}
	return fmt.Sprintf(`<svg class="csvg bits" width="100%%" height="12" aria-hidden="true" focusable="false"><rect class="tint" y="5" width="100%%" height="2"/>`+
		`<rect class="%s" x="%s%%" y="1" width="%s%%" height="10"/><rect class="tickline" x="50%%" width="1" height="12"/></svg>`,
		class, num(x), num(math.Abs(share)))
}

func clamp(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return max(-1, min(1, v))
}

// Scale draws all bits together on a line: the verdict no at the left, cannot say hatched in the middle, yes at the right.
// Decisive is how many bits decide; no and yes are the words for the two ends.
func Scale(bits, decisive float64, no, yes string) string {
	const limit = 14
	if math.IsNaN(bits) {
		bits = 0
	}
	at := func(b float64) float64 { return (clamp(b/limit) + 1) * 50 }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="csvg scale" role="img" width="100%%" height="46"><title>%s</title>`,
		escape(fmt.Sprintf("Together %+.1f bits of evidence: %+.0f or less says %s, %+.0f or more says %s, between them we cannot say", bits, -decisive, no, decisive, yes)))
	fmt.Fprintf(&b, `<rect class="seen" y="16" width="%s%%" height="9"/><rect class="hatch" x="%s%%" y="16" width="%s%%" height="9"/><rect class="wrong" x="%s%%" y="16" width="%s%%" height="9"/>`,
		num(at(-decisive)), num(at(-decisive)), num(at(decisive)-at(-decisive)), num(at(decisive)), num(100-at(decisive)))
	fmt.Fprintf(&b, `<text class="axis" x="0" y="41">%s</text><text class="axis" x="50%%" y="41" text-anchor="middle">cannot say</text><text class="axis" x="100%%" y="41" text-anchor="end">%s</text>`,
		escape(short(no, 14)), escape(short(yes, 14)))
	fmt.Fprintf(&b, `<text class="axis" x="%s%%" y="41" text-anchor="middle">−%.0f</text><text class="axis" x="%s%%" y="41" text-anchor="middle">+%.0f</text>`,
		num(at(-decisive)), decisive, num(at(decisive)), decisive)
	anchor := "middle"
	switch {
	case at(bits) > 92:
		anchor = "end"
	case at(bits) < 8:
		anchor = "start"
	}
	fmt.Fprintf(&b, `<text class="strong axis" x="%s%%" y="8" text-anchor="%s">%+.1f</text><line class="now" x1="%s%%" x2="%s%%" y1="11" y2="30"/></svg>`,
		num(at(bits)), anchor, bits, num(at(bits)), num(at(bits)))
	return b.String()
}

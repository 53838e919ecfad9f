package svg

import (
	"fmt"
	"strings"
)

// Group is the hosts of one segment.
type Group struct {
	Name     string
	Promised int // 0: nobody promised a number, only what was seen is drawn
	Seen     int // directly
	Passing  int // only as somebody's peer
}

// most squares that stay readable in one drawing.
const mostSquares = 1000

// PerSquare says how many hosts one square must stand for, so that all groups of a page fit. The groups of one page
// share it, so that area compares.
func PerSquare(groups []Group) int {
	total := 0
	for _, g := range groups {
		total += max(g.Promised, 0)
		if g.Promised <= 0 {
			total += max(g.Seen, 0) + max(g.Passing, 0)
		}
	}
	per := 1
	for ten := 1; total/per > mostSquares; ten *= 10 {
		for _, n := range []int{2, 5, 10} {
			if per = n * ten; total/per <= mostSquares {
				break
			}
		}
	}
	return per
}

const (
	cell = 13
	gap  = 3
)

// Squares draws one square per host (or per `per` hosts): filled when seen, hollow with a dot when seen in passing, hatched
// when not seen. A group reads full only when every promised host was seen.
func Squares(g Group, per int) string {
	per = max(per, 1)
	seen, passing := max(g.Seen, 0), max(g.Passing, 0)
	all := max(g.Promised, 0)
	if all == 0 {
		all = seen + passing
	}
	n := min(up(all, per), 4*mostSquares)
	full := min(part(seen, all, n), n)
	hollow := min(part(passing, all, n), n-full)
	columns := columnsFor(n)
	rows := max(up(n, columns), 1)
	var on, off, half, dots strings.Builder
	for i := range n {
		x, y := i/rows*(cell+gap), i%rows*(cell+gap)
		switch {
		case i < full:
			fmt.Fprintf(&on, "M%d %dh%dv%dh-%dz", x, y, cell, cell, cell)
		case i < full+hollow:
			fmt.Fprintf(&half, "M%d.75 %d.75h%d.5v%d.5h-%d.5z", x, y, cell-2, cell-2, cell-2)
			fmt.Fprintf(&dots, "M%d %dh3v3h-3z", x+5, y+5)
		default:
			fmt.Fprintf(&off, "M%d %dh%dv%dh-%dz", x, y, cell, cell, cell)
		}
	}
	w, h := columns*(cell+gap)-gap, rows*(cell+gap)-gap
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="csvg squares" role="img" viewBox="0 0 %d %d" width="%d" height="%d"><title>%s</title><desc>%s</desc>`,
		max(w, 1), max(h, 1), max(w, 1), max(h, 1), escape(squaresTitle(g)), escape(squaresDesc(g, per)))
	path(&b, "blank", off.String())
	path(&b, "cut", cuts(full+hollow, n, rows))
	path(&b, "ring", half.String())
	path(&b, "seen", dots.String())
	path(&b, "seen", on.String())
	b.WriteString("</svg>")
	return b.String()
}

// part is how many of n squares stand for k of all hosts: none only for none, all only for all.
func part(k, all, n int) int {
	switch {
	case k <= 0 || all <= 0:
		return 0
	case k >= all:
		return n
	}
	return max(1, min(n-1, int(float64(k)/float64(all)*float64(n)+0.5)))
}

func up(a, b int) int { return a/b + min(a%b, 1) }

func columnsFor(n int) int {
	switch {
	case n <= 7:
		return max(n, 1)
	case n <= 7*36:
		return up(n, 7)
	}
	return 36
}

func path(b *strings.Builder, class, d string) {
	if d != "" {
		fmt.Fprintf(b, `<path class="%s" d="%s"/>`, class, d)
	}
}

// cuts draws the stroke across each square from index `from` on.
func cuts(from, n, rows int) string {
	var b strings.Builder
	for i := from; i < n; i++ {
		fmt.Fprintf(&b, "M%d %dl%d -%d", i/rows*(cell+gap), i%rows*(cell+gap)+cell, cell, cell)
	}
	return b.String()
}

func squaresTitle(g Group) string {
	if g.Promised <= 0 {
		return fmt.Sprintf("%s: %d hosts seen directly", g.Name, g.Seen)
	}
	return fmt.Sprintf("%s: %d of %d promised hosts seen directly", g.Name, g.Seen, g.Promised)
}

func squaresDesc(g Group, per int) string {
	each := "One square is one host."
	if per > 1 {
		each = fmt.Sprintf("One square is %d hosts.", per)
	}
	if g.Promised <= 0 {
		return fmt.Sprintf("%s %d more were seen in passing. Nobody promised a number.", each, g.Passing)
	}
	return fmt.Sprintf("%s %d more were seen in passing, %d were not seen.", each, g.Passing, max(0, g.Promised-g.Seen-g.Passing))
}

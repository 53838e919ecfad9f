package svg

import (
	"fmt"
	"strings"
)

// Row is one kind of data over time.
type Row struct {
	Label  string
	Counts []uint64 // one for each step of time

	// Start and End are the part that is drawn, in steps: time before and after was not looked at. All of it when End is 0.
	Start, End float64
}

// mostSteps is how many steps of a strip are drawn; more are joined.
const mostSteps = 480

// Strip draws a row: filled where something came, hatched where nothing did, half filled where joined steps disagree. It
// takes the width it is given; its hatching does not stretch.
func Strip(r Row) string {
	levels := levelsOf(r.Counts)
	start, end := r.Start, r.End
	if !(end > start && start >= 0) {
		start, end = 0, float64(len(r.Counts))
	}
	at := func(level int) float64 { // per cent of the width at which a level begins
		step := float64(level) * float64(len(r.Counts)) / float64(len(levels))
		return 100 * (max(start, min(end, step)) - start) / (end - start)
	}
	seen := 0
	for _, c := range r.Counts {
		if c > 0 {
			seen++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="csvg strip" role="img" width="100%%" height="20"><title>%s</title><desc>%s</desc><rect class="hatch" width="100%%" height="20"/>`,
		escape(fmt.Sprintf("%s: seen in %d of %d steps of time", r.Label, seen, len(r.Counts))),
		"Filled where something was seen, hatched where nothing was.")
	for i := 0; i < len(levels); {
		j := i + 1
		for j < len(levels) && levels[j] == levels[i] {
			j++
		}
		x, w := at(i), at(j)-at(i)
		switch levels[i] {
		case all:
			fmt.Fprintf(&b, `<rect class="seen" x="%s%%" width="%s%%" height="20"/>`, num(x), num(w))
		case some:
			fmt.Fprintf(&b, `<rect class="seen" x="%s%%" y="10" width="%s%%" height="10"/>`, num(x), num(w))
		}
		i = j
	}
	b.WriteString("</svg>")
	return b.String()
}

type level uint8

const (
	none level = iota
	some
	all
)

// levelsOf joins counts into at most mostSteps levels.
func levelsOf(counts []uint64) []level {
	n := min(len(counts), mostSteps)
	out := make([]level, n)
	for i := range out {
		part := counts[i*len(counts)/n : (i+1)*len(counts)/n]
		hit := 0
		for _, c := range part {
			if c > 0 {
				hit++
			}
		}
		switch {
		case hit == len(part):
			out[i] = all
		case hit > 0:
			out[i] = some
		}
	}
	return out
}

// Tick is a label on the axis of time. At runs from 0 (start) to 1 (end).
type Tick struct {
	At    float64
	Label string
}

// Axis draws the labels under a strip of the same width.
func Axis(ticks []Tick) string {
	var b strings.Builder
	b.WriteString(`<svg class="csvg strip" aria-hidden="true" focusable="false" width="100%" height="18">`)
	for _, t := range ticks {
		if t.At < 0 || t.At > 1 {
			continue
		}
		x := num(100 * t.At)
		anchor := "middle"
		switch {
		case t.At < 0.03:
			anchor = "start"
		case t.At > 0.97:
			anchor = "end"
		}
		fmt.Fprintf(&b, `<rect class="tickline" x="%s%%" width="1" height="4"/><text class="axis" x="%s%%" y="15" text-anchor="%s">%s</text>`,
			x, x, anchor, escape(t.Label))
	}
	b.WriteString("</svg>")
	return b.String()
}

// Share draws how much of a whole was looked at: filled for the part, hatched for the rest. A bar is full only at n of n.
func Share(n, of int) string {
	percent := 0.0
	if of > 0 && n > 0 {
		percent = min(100, 100*float64(n)/float64(of))
		if n < of {
			percent = min(percent, 97)
		}
		percent = max(percent, 2)
	}
	return fmt.Sprintf(`<svg class="csvg share" width="100%%" height="8" aria-hidden="true" focusable="false"><rect class="hatch" width="100%%" height="8"/>`+
		`<rect class="seen" width="%s%%" height="8"/></svg>`, num(percent))
}

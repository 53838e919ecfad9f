package svg

// Style is the CSS of all plots. A page gives the variables: --paper, --surface, --ink, --ink2, --ink3, --rule2 (paper and
// text), --seen, --seenfill, --seentint (seen, kept), --wrong, --wrongfill (needs a person), --hz1, --hz2 (hatching).
func Style() string {
	return `.cdefs{position:absolute;width:0;height:0;overflow:hidden}
.csvg{display:block;overflow:visible}
.csvg text{font-family:inherit;font-size:12.5px;font-weight:500;fill:var(--ink2)}
.csvg .axis{font-size:11.5px;font-weight:400;fill:var(--ink3)}
.csvg .strong{fill:var(--ink);font-weight:600}
.csvg .wtext{fill:var(--wrong);font-weight:600}
.csvg .stext{fill:var(--seen);font-weight:600}
.csvg .seen{fill:var(--seenfill)}
.csvg .tint{fill:var(--seentint)}
.csvg .wrong{fill:var(--wrongfill)}
.csvg .ring{fill:var(--seentint);stroke:var(--seenfill);stroke-width:1.5}
.csvg .asagreed{fill:none;stroke:var(--seen);stroke-width:3}
.csvg .promised{fill:var(--paper);stroke:var(--seen);stroke-width:2;stroke-dasharray:3 3}
.csvg .blank{fill:var(--hz1)}
.csvg .cut{fill:none;stroke:var(--hz2);stroke-width:1.5}
.csvg .knock{fill:var(--paper)}
.csvg .hatch{fill:url(#candor-hatch)}
.csvg .dash{stroke:var(--ink3);stroke-width:1.2;stroke-dasharray:3 3}
.csvg .line{stroke:var(--rule2);stroke-width:2;fill:none}
.csvg .nocopy{stroke:var(--wrongfill);stroke-width:2;stroke-dasharray:4 4;fill:none}
.csvg .box{fill:var(--surface);stroke:var(--rule2);stroke-width:1.5}
.csvg .tickline{fill:var(--ink3)}
.csvg .now{stroke:var(--ink);stroke-width:3}
.hzb{fill:var(--hz1)}.hzl{stroke:var(--hz2);stroke-width:1.6}
`
}

// Defs holds the hatching that the plots refer to. A page holds it once, before the first plot.
func Defs() string {
	return `<svg class="cdefs" aria-hidden="true" focusable="false"><defs><pattern id="candor-hatch" width="6" height="6" ` +
		`patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" class="hzb"/>` +
		`<path d="M0 0V6" class="hzl"/></pattern></defs></svg>`
}

// Sign is the small shape before a word.
type Sign uint8

// The signs. The zero value is the honest one.
const (
	Hatch   Sign = iota // cannot say
	Diamond             // needs attention
	Ring                // as it should be
)

// Icon draws a sign as wide as it is high. The word beside it says the same, so it is hidden from screen readers.
func Icon(s Sign) string {
	head := `<svg class="csvg icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">`
	switch s {
	case Diamond:
		return head + `<path class="wrong" d="M8 0L16 8L8 16L0 8Z"/></svg>`
	case Ring:
		return head + `<circle class="asagreed" cx="8" cy="8" r="6"/></svg>`
	}
	return head + `<rect class="blank" x="1" y="1" width="14" height="14"/><path class="cut" d="M1 6L6 1M1 11L11 1M2 15L15 2M7 15L15 7M12 15L15 12"/>` +
		`<rect x="1" y="1" width="14" height="14" fill="none" class="dash"/></svg>`
}

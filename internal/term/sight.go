package term

import (
	"fmt"
	"math"
	"strings"
	"time"

	"candor/internal/visible"

	"candor/internal/judge"
	"candor/internal/verdict"
)

const labelColumn = 14

// barWidth is how many columns a bar or strip may take; the note at its right has 18.
func (p *page) barWidth() int {
	if p.narrow() {
		return p.width - 4
	}
	return min(96, p.width-labelColumn-18)
}

// sight prints which promised hosts were seen, and when which kind of data came.
func (p *page) sight(r *judge.Result) {
	p.title("WHERE IT COULD SEE", "# seen   : in part or passing   / not seen")
	if len(r.Segments) == 0 {
		p.indented(0, "No segment was promised. "+hostsWords(r))
	}
	for _, s := range r.Segments {
		p.segment(s)
	}
	p.timeline(r)
	if logs := judge.NotHanded(r); len(logs) > 0 {
		p.hanging(pad("logs", labelColumn), plain, "not handed over: "+strings.Join(logs, ", ")+". Give them with --feed "+logs[0]+"=PATH")
	}
}

func hostsWords(r *judge.Result) string {
	h := r.Sight.Hosts
	switch {
	case h.Direct != nil && h.InPassing != nil:
		return fmt.Sprintf("%s hosts seen directly, %s in passing.", judge.Count(*h.Direct), judge.Count(*h.InPassing))
	case h.Direct != nil:
		return fmt.Sprintf("%s hosts seen directly.", judge.Count(*h.Direct))
	}
	return "How many hosts were seen: cannot say."
}

func (p *page) segment(s verdict.Segment) {
	seen := judge.Count(s.Seen)
	if s.SeenMost > s.Seen {
		seen += " to " + judge.Count(s.SeenMost)
	}
	passing := ""
	if s.InPassing > 0 {
		passing = fmt.Sprintf(", %s more in passing", judge.Count(s.InPassing))
	}
	switch {
	case s.Excluded:
		p.labelled(s.ID, "not watched, as agreed: "+judge.OrElse(s.Reason, "no reason is named"))
	case s.Promised == nil:
		p.labelled(s.ID, seen+" seen"+passing+"; no number was promised")
	default:
		p.bar(s.ID, hostBar(s.Seen, s.InPassing, *s.Promised, p.barWidth()), seen+" of "+judge.Count(*s.Promised))
	}
}

// labelled prints a label and a wrapped text; a label too long for its column stands alone.
func (p *page) labelled(label, text string) {
	label = visible.Text(label)
	if p.narrow() || wide(label) >= labelColumn {
		p.indented(0, label)
		label = "  "
		if !p.narrow() {
			label = pad("", labelColumn)
		}
		p.hanging(label, plain, text)
		return
	}
	p.hanging(pad(label, labelColumn), plain, text)
}

// bar prints a label, a bar and a note at the right edge.
func (p *page) bar(label, bar, note string) {
	label, note = visible.Text(label), visible.Text(note)
	if p.narrow() {
		p.indented(0, label+": "+note)
		p.line(append([]span{{text: "  "}}, runs(bar)...)...)
		return
	}
	if wide(label) >= labelColumn {
		p.indented(0, label)
		label = ""
	}
	room := p.width - labelColumn - wide(bar) - 1
	if wide(note) > room {
		p.line(append([]span{{text: pad(label, labelColumn)}}, runs(bar)...)...)
		p.indented(labelColumn, note)
		return
	}
	spans := append([]span{{text: pad(label, labelColumn)}}, runs(bar)...)
	p.line(append(spans, span{text: strings.Repeat(" ", room+1-wide(note)) + note})...)
}

// runs cuts a bar into spans of one style: seen blue, not seen grey.
func runs(bar string) []span {
	var out []span
	for i := 0; i < len(bar); {
		j := i + 1
		for j < len(bar) && bar[j] == bar[i] {
			j++
		}
		st := asAgreed
		if bar[i] == '/' {
			st = blind
		}
		out = append(out, span{bar[i:j], st})
		i = j
	}
	return out
}

// hostBar is full only when every promised host was seen, and empty only when none was.
func hostBar(seen, passing, of, width int) string {
	full := share(seen, of, width)
	half := min(share(passing, of, width), width-full)
	if seen+passing < of && full+half == width {
		if half > 0 {
			half--
		} else {
			full--
		}
	}
	return strings.Repeat("#", full) + strings.Repeat(":", half) + strings.Repeat("/", width-full-half)
}

func share(n, of, width int) int {
	switch {
	case n <= 0 || of <= 0:
		return 0
	case n >= of:
		return width
	}
	return max(1, min(width-1, int(float64(n)/float64(of)*float64(width)+0.5)))
}

// rowName says in words what a row of the timeline holds.
func rowName(kind string) string {
	switch kind {
	case "conn":
		return "connections"
	case "web":
		return "web and TLS"
	case "dns", "dhcp":
		return strings.ToUpper(kind)
	}
	return kind
}

func (p *page) timeline(r *judge.Result) {
	steps, start, end := judge.Steps(r)
	p.line()
	if steps == 0 {
		p.indented(0, "Nothing came, at no time.")
		return
	}
	width := p.barWidth()
	if n := int(end - start); n > 0 && n < width && float64(n) == end-start {
		width -= width % n
	}
	if axis := axisOf(r, start, end, width); axis != "" {
		indent := pad("time", labelColumn)
		if p.narrow() {
			indent = "  "
		}
		p.line(span{text: indent + axis})
	}
	for _, row := range r.Timeline.Rows {
		p.bar(rowName(row.Kind), strip(row.Counts, start, end, width), timeSeen(row.Counts, start, end, r.Timeline.StepSeconds))
	}
}

// strip draws a row from step start to step end: # where every joined step had something, : where some had, / where none had.
func strip(counts []uint64, start, end float64, width int) string {
	b := make([]byte, width)
	each := (end - start) / float64(width) // steps in a column; a twentieth of it is not worth a mark
	for x := range b {
		from := int(start + each*float64(x) + each/20)
		to := max(from+1, int(math.Ceil(start+each*float64(x+1)-each/20)))
		hit := 0
		for i := from; i < to; i++ {
			if i < len(counts) && counts[i] > 0 {
				hit++
			}
		}
		switch hit {
		case 0:
			b[x] = '/'
		case to - from:
			b[x] = '#'
		default:
			b[x] = ':'
		}
	}
	return string(b)
}

// timeSeen says for how long of the window something came.
func timeSeen(counts []uint64, start, end float64, stepSeconds int) string {
	hit := 0.0
	for i, c := range counts {
		if c > 0 {
			hit += max(0, min(end, float64(i+1))-max(start, float64(i)))
		}
	}
	if hit == 0 {
		return "never"
	}
	unit, name := 3600.0, "h"
	if (end-start)*float64(stepSeconds) < 2*3600 {
		unit, name = 60, "min"
	}
	return fmt.Sprintf("%s of %s %s", judge.Decimal(hit*float64(stepSeconds)/unit), judge.Decimal((end-start)*float64(stepSeconds)/unit), name)
}

// axisOf prints the local time at round times along the strip.
func axisOf(r *judge.Result, start, end float64, width int) string {
	from, err := time.Parse(time.RFC3339, r.Timeline.From)
	if err != nil {
		return ""
	}
	step := float64(r.Timeline.StepSeconds) * float64(time.Second)
	from = from.Add(time.Duration(start * step))
	total := time.Duration((end - start) * step)
	if total <= 0 || total > 400*24*time.Hour {
		return ""
	}
	layout, every := axisSteps(total)
	axis := []byte(strings.Repeat(" ", width))
	zone := judge.Zone(r)
	free := 0
	for t := from.Truncate(time.Minute).In(zone); t.Before(from.Add(total)); t = t.Add(time.Minute) {
		if t.Before(from.Add(-total/100)) || !onAxis(t, every) {
			continue
		}
		label := t.Format(layout)
		x := int(max(0, float64(t.Sub(from))/float64(total)*float64(width)) + 0.5)
		if x >= free && x+len(label) <= width {
			copy(axis[x:], label)
			free = x + len(label) + 1
		}
	}
	return strings.TrimRight(string(axis), " ")
}

// axisSteps chooses the labels of an axis: clock times within three days, else days.
func axisSteps(total time.Duration) (layout string, every time.Duration) {
	switch {
	case total <= 10*time.Minute:
		return "15:04", time.Minute
	case total <= time.Hour:
		return "15:04", 10 * time.Minute
	case total <= 6*time.Hour:
		return "15:04", time.Hour
	case total <= 72*time.Hour:
		return "15", 3 * time.Hour
	}
	return "Mon 2", 24 * time.Hour
}

// onAxis says whether t, a local time, is a whole number of steps after midnight.
func onAxis(t time.Time, every time.Duration) bool {
	minutes := time.Duration(t.Hour()*60+t.Minute()) * time.Minute
	return minutes%every == 0
}

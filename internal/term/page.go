package term

import (
	"strings"
	"time"

	"candor/internal/visible"

	"candor/internal/judge"
)

// style repeats in colour what a mark says.
type style uint8

const (
	plain style = iota
	strong
	attention // orange
	asAgreed  // blue
	blind     // grey
)

// colours are the SGR codes of the styles. Nothing is green.
var colours = [...]string{strong: "\x1b[1m", attention: "\x1b[38;5;208m", asAgreed: "\x1b[38;5;33m", blind: "\x1b[38;5;245m"}

const uncolour = "\x1b[0m"

// span is a piece of a line.
type span struct {
	text  string
	style style
}

// marks as they are printed, two columns each.
var markSpans = [...]span{
	judge.MarkCannotSay: {"//", blind},
	judge.MarkAttention: {"<>", attention},
	judge.MarkAsAgreed:  {"()", asAgreed},
}

// page collects lines of at most width columns.
type page struct {
	out   strings.Builder
	width int
	color bool
	zone  *time.Location // in which times are read
	whole bool           // each explained finding too
}

// line prints spans as one line. What does not fit goes on in the next line, so that nothing is lost and no line is
// longer than the page; callers wrap at words before.
func (p *page) line(spans ...span) {
	at, end := 0, len(spans)
	for end > 0 && spans[end-1].style <= strong {
		spans[end-1].text = strings.TrimRight(spans[end-1].text, " ")
		if spans[end-1].text != "" {
			break
		}
		end--
	}
	for _, s := range spans[:end] {
		for s.text != "" {
			head, rest := cut(s.text, p.width-at)
			if head == "" && at == 0 {
				break // one letter wider than the page: cannot happen at widths of 40 and more
			}
			p.paint(head, s.style)
			at += wide(head)
			if s.text = rest; rest != "" {
				p.out.WriteByte('\n')
				at = 0
			}
		}
	}
	p.out.WriteByte('\n')
}

func (p *page) paint(s string, st style) {
	if !p.color || st == plain || s == "" {
		p.out.WriteString(s)
		return
	}
	p.out.WriteString(colours[st] + s + uncolour)
}

// cut splits s after at most width columns.
func cut(s string, width int) (head, rest string) {
	n := 0
	for i, r := range s {
		if n += columns(r); n > width {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// wrap breaks a text at blanks into lines of at most width columns, and words that are longer anywhere.
func wrap(s string, width int) []string {
	width = max(width, 2)
	var lines []string
	now := ""
	for _, word := range strings.Fields(s) {
		if now != "" && wide(now)+1+wide(word) <= width {
			now += " " + word
			continue
		}
		if now != "" {
			lines = append(lines, now)
		}
		for now = word; wide(now) > width; {
			var head string
			head, now = cut(now, width)
			lines = append(lines, head)
		}
	}
	if now != "" || len(lines) == 0 {
		lines = append(lines, now)
	}
	return lines
}

// longest is the width of the longest word of s.
func longest(s string) int {
	n := 0
	for _, word := range strings.Fields(s) {
		n = max(n, wide(word))
	}
	return n
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-wide(s)))
}

// title prints the head of a section: its name, a rule, its counts at the right.
func (p *page) title(name, right string) {
	p.line()
	right = visible.Text(right)
	if dashes := p.width - wide(name) - wide(right) - 2; dashes >= 3 {
		p.line(span{name, strong}, span{text: " " + strings.Repeat("-", dashes) + " " + right})
		return
	}
	p.line(span{name, strong}, span{text: " " + strings.Repeat("-", max(0, p.width-wide(name)-1))})
	p.indented(0, right)
}

// indented prints a text wrapped, each line moved right.
func (p *page) indented(indent int, text string) {
	for _, l := range wrap(visible.Text(text), p.width-indent) {
		p.line(span{text: strings.Repeat(" ", indent) + l})
	}
}

// lines is indented for a text that may be missing.
func (p *page) lines(indent int, text string) {
	if strings.TrimSpace(text) != "" {
		p.indented(indent, text)
	}
}

// hanging prints a first span and a wrapped text beside it.
func (p *page) hanging(head string, st style, text string) {
	indent := wide(head)
	for i, l := range wrap(visible.Text(text), p.width-indent) {
		if i == 0 {
			p.line(span{head, st}, span{text: l})
			continue
		}
		p.line(span{text: strings.Repeat(" ", indent) + l})
	}
}

// cell is one column of a row; the last one takes what is left of the page.
type cell struct {
	text  string
	width int
}

// narrow pages stack what wide ones set side by side.
func (p *page) narrow() bool { return p.width < 72 }

// row prints a mark and cells side by side, each wrapped in its column. A first cell with a word too long for its column
// gets lines of its own, so that names can be copied whole.
func (p *page) row(mark judge.Mark, cells ...cell) {
	p.marked(markSpans[mark], cells)
}

func (p *page) marked(mark span, cells []cell) {
	for i := range cells {
		cells[i].text = visible.Text(cells[i].text)
	}
	if p.narrow() {
		p.stacked(mark, cells)
		return
	}
	mark.text = pad(mark.text, 3)
	if longest(cells[0].text) > cells[0].width {
		for _, l := range wrap(cells[0].text, p.width-3) {
			p.line(mark, span{text: l})
			mark.text = "   "
		}
		cells[0].text = ""
		if strings.TrimSpace(textOf(cells)) == "" {
			return
		}
	}
	columns, height := p.columnsOf(cells)
	for y := range height {
		var b strings.Builder
		for i, lines := range columns {
			piece := ""
			if y < len(lines) {
				piece = lines[y]
			}
			if i < len(columns)-1 {
				piece = pad(piece, cells[i].width) + " "
			}
			b.WriteString(piece)
		}
		p.line(mark, span{text: b.String()})
		mark.text = "   "
	}
}

// columnsOf wraps each cell in its column.
func (p *page) columnsOf(cells []cell) (columns [][]string, height int) {
	used := 3
	for i, c := range cells {
		width := c.width
		if i == len(cells)-1 {
			width = p.width - used
		}
		lines := wrap(c.text, width)
		columns, height = append(columns, lines), max(height, len(lines))
		used += width + 1
	}
	return columns, height
}

func (p *page) stacked(mark span, cells []cell) {
	mark.text = pad(mark.text, 3)
	indent := 3
	for _, c := range cells {
		if c.text == "" {
			continue
		}
		for _, l := range wrap(c.text, p.width-indent) {
			p.line(mark, span{text: strings.Repeat(" ", indent-3) + l})
			mark = span{text: "   "}
		}
		indent = 5
	}
}

func textOf(cells []cell) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(c.text)
	}
	return b.String()
}

package term

import (
	"fmt"
	"io"
	"strings"
	"time"

	"candor/internal/visible"
)

// Progress shows on one line of a terminal how far reading has come, and erases it at the end. It is used by one goroutine;
// cmd makes one only when standard error is a terminal. Errors of w are ignored: the line is a courtesy.
type Progress struct {
	w     io.Writer
	width int
	now   func() time.Time
	start time.Time
	drawn time.Time
	shown int // columns on the screen now
}

// NewProgress begins a line of at most width-1 columns on w, with the clock given.
func NewProgress(w io.Writer, width int, now func() time.Time) *Progress {
	return &Progress{w: w, width: max(width, 20), now: now, start: now()}
}

const (
	firstAfter = 300 * time.Millisecond // short work shows nothing
	drawEvery  = 100 * time.Millisecond
)

// Update says that `done` bytes of `total` are read and that name is being read now. A total of 0 or less is unknown
// (standard input, compressed files). It draws at most ten times a second.
func (p *Progress) Update(name string, done, total int64) {
	now := p.now()
	if now.Sub(p.start) < firstAfter || now.Sub(p.drawn) < drawEvery {
		return
	}
	p.drawn = now
	p.draw(p.text(name, max(done, 0), total, now.Sub(p.start)))
}

// Done erases the line.
func (p *Progress) Done() {
	if p.shown > 0 {
		p.draw("")
		_, _ = io.WriteString(p.w, "\r")
	}
}

// draw overwrites what is shown, blanks included, without any escape sequence.
func (p *Progress) draw(s string) {
	s, _ = cut(s, p.width-1)
	n := wide(s)
	_, _ = io.WriteString(p.w, "\r"+s+strings.Repeat(" ", max(0, p.shown-n)))
	p.shown = n
}

const barCells = 20

func (p *Progress) text(name string, done, total int64, spent time.Duration) string {
	name = visible.Text(name)
	tail := ""
	switch {
	case total <= 0:
		tail = fmt.Sprintf("  %s  %s", bytes(done), length(spent))
	default:
		done = min(done, total)
		share := float64(done) / float64(total)
		full := int(share * barCells)
		percent := int(share*100 + 1e-9)
		tail = fmt.Sprintf("  [%s%s] %3d %%  %s", strings.Repeat("#", full), strings.Repeat(".", barCells-full), percent, ofBytes(done, total))
		if done > 0 {
			tail += "  " + length(time.Duration(float64(spent)*(1-share)/share)) + " left"
		}
	}
	room := p.width - 1 - wide("reading ") - wide(tail)
	if wide(name) > room {
		for name != "" && wide(name)+3 > room {
			r := []rune(name)
			name = string(r[1:])
		}
		name = "..." + name
	}
	return "reading " + name + tail
}

// ofBytes prints 1.7 of 2.9 GB, or both units where they differ.
func ofBytes(done, total int64) string {
	part, whole := bytes(done), bytes(total)
	if _, unit, ok := strings.Cut(whole, " "); ok {
		part = strings.TrimSuffix(part, " "+unit)
	}
	return part + " of " + whole
}

// bytes prints a size as 812 kB, 1.7 GB.
func bytes(n int64) string {
	v, unit := float64(n), "B"
	for _, u := range []string{"kB", "MB", "GB", "TB"} {
		if v < 1000 {
			break
		}
		v, unit = v/1000, u
	}
	if v >= 10 || unit == "B" {
		return fmt.Sprintf("%.0f %s", v, unit)
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}

func length(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()+0.5))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()+0.5))
	}
	return fmt.Sprintf("%.1f h", min(d.Hours(), 9999))
}

package intel

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with a safelist, with its place.
type Problem struct {
	Line, Column int    // from 1
	Wrong        string // what is wrong
	Allowed      string // what is allowed; may be empty
	Do           string // what to do
	Source       string // the line of the file
}

// SafelistError is everything that is wrong with a safelist.
type SafelistError struct {
	Name     string // of the file
	Problems []Problem
	More     int // problems beyond those listed
}

const (
	maxProblems  = 20
	excerptWidth = 70 // how much of a line an error shows
)

// Error is a message of several lines: for each problem its place, the line with a caret, what is allowed, what to do.
func (e *SafelistError) Error() string {
	var b strings.Builder
	for i := range e.Problems {
		if i > 0 {
			b.WriteString("\n")
		}
		e.Problems[i].write(&b, e.Name)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\nand %d more problems: mend these first", e.More)
	}
	return b.String()
}

func (p *Problem) write(b *strings.Builder, name string) {
	text, caret := excerpt(p.Source, p.Column)
	fmt.Fprintf(b, "%s:%d:%d: %s\n%6d | %s\n       | %s^", name, p.Line, p.Column, p.Wrong, p.Line, text, strings.Repeat(" ", caret))
	if p.Allowed != "" {
		b.WriteString("\n  allowed: " + p.Allowed)
	}
	if p.Do != "" {
		b.WriteString("\n  do: " + p.Do)
	}
}

// excerpt cuts a line around a column (from 1) and says how far to the right the caret stands.
func excerpt(line string, column int) (string, int) {
	runes := []rune(plain(line))
	at := min(max(column-1, 0), len(runes))
	from := 0
	if len(runes) > excerptWidth && at > excerptWidth*2/3 {
		from = min(at-excerptWidth/2, len(runes)-excerptWidth)
	}
	to := min(from+excerptWidth, len(runes))
	text, caret := string(runes[from:to]), at-from
	if from > 0 {
		text, caret = "..."+text, caret+3
	}
	if to < len(runes) {
		text += "..."
	}
	return text, caret
}

// problems collects what is wrong, with the lines of the file at hand.
type problems struct {
	name  string
	lines []string
	list  []Problem
	more  int
}

// place is a line and column, both from 1.
type place struct{ line, column int }

// fault is what is wrong with a value, what is allowed, what to do.
type fault struct{ wrong, allowed, do string }

func (p *problems) add(at place, f fault) {
	if len(p.list) >= maxProblems {
		p.more++
		return
	}
	problem := Problem{Line: max(at.line, 1), Column: max(at.column, 1), Wrong: f.wrong, Allowed: f.allowed, Do: f.do}
	if problem.Line <= len(p.lines) {
		problem.Source = p.lines[problem.Line-1]
	}
	p.list = append(p.list, problem)
}

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	return &SafelistError{Name: p.name, Problems: p.list, More: p.more}
}

// quoted is a value from the file as a message shows it, shortened.
func quoted(text string) string { return `"` + plainWords(text, 40) + `"` }

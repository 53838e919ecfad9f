package agreement

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Problem is one thing that is wrong with an agreement, with its place.
type Problem struct {
	Line, Column int    // from 1
	Path         string // place in the file: scope.segments[0].kind; empty for the file as a whole
	Wrong        string // what is wrong
	Allowed      string // what is allowed; may be empty
	Do           string // what to do
	Source       string // the line of the file
}

// Error is everything that is wrong with an agreement.
type Error struct {
	Name     string // of the file, as given to Parse
	Problems []Problem
	More     int // problems beyond those listed
}

// maxProblems bounds the list of an Error; the others are counted.
const maxProblems = 20

// Error is a message of several lines: for each problem its place, the line with a caret, what is allowed, what to do.
func (e *Error) Error() string {
	var b strings.Builder
	for i := range e.Problems {
		if i > 0 {
			b.WriteString("\n")
		}
		e.Problems[i].write(&b, Plain(e.Name))
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\nand %d more problems: mend these first\n", e.More)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (p *Problem) write(b *strings.Builder, name string) {
	fmt.Fprintf(b, "%s:%d:%d: ", name, p.Line, p.Column)
	if p.Path != "" {
		fmt.Fprintf(b, "%s: ", Plain(p.Path))
	}
	b.WriteString(p.Wrong + "\n")
	text, caret := excerpt(p.Source, p.Column)
	fmt.Fprintf(b, "%6d | %s\n       | %s^\n", p.Line, text, strings.Repeat(" ", caret))
	if p.Allowed != "" {
		wrap(b, "  allowed: ", p.Allowed)
	}
	if p.Do != "" {
		wrap(b, "  do: ", p.Do)
	}
}

// excerptWidth is how much of a line an error shows, so that it fits into 80 columns.
const excerptWidth = 70

// excerpt cuts a line around a column (from 1) and says how far to the right the caret stands.
func excerpt(line string, column int) (string, int) {
	runes := []rune(Plain(line))
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

// Plain makes a text from a file safe to print: a character that moves the cursor, colours, hides or turns text round
// becomes a question mark; a tab or line break becomes a space. It keeps the number of characters.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return '?'
		}
		return r
	}, text)
}

// quoted is a value from the file as a message shows it, shortened.
func quoted(text string) string {
	runes := []rune(Plain(text))
	if len(runes) > 40 {
		runes = append(runes[:37], '.', '.', '.')
	}
	return `"` + string(runes) + `"`
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

func (p *problems) add(at place, path string, f fault) {
	if len(p.list) >= maxProblems {
		p.more++
		return
	}
	at.line = min(max(at.line, 1), max(len(p.lines), 1))
	problem := Problem{Line: at.line, Column: max(at.column, 1), Path: path, Wrong: f.wrong, Allowed: f.allowed, Do: f.do}
	if at.line <= len(p.lines) {
		problem.Source = p.lines[at.line-1]
	}
	p.list = append(p.list, problem)
}

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	return &Error{Name: p.name, Problems: p.list, More: p.more}
}

// nearest is the word most like text, empty when none is near: a spelling mistake of at most two letters.
func nearest(text string, words []string) string {
	best, least := "", 3
	for _, w := range words {
		if d := distance(strings.ToLower(text), strings.ToLower(w)); d < least && d < len(w) {
			best, least = w, d
		}
	}
	if best == "" && len(text) >= 3 {
		for _, w := range words {
			if strings.HasPrefix(w, text) || (len(w) >= 3 && strings.HasPrefix(text, w)) {
				return w
			}
		}
	}
	return best
}

// distance counts letters to insert, delete or replace; long texts are never near.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// oneOf writes a closed set.
func oneOf(words []string) string { return "one of: " + strings.Join(words, ", ") }

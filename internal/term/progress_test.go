package term_test

import (
	"strings"
	"testing"
	"time"

	"candor/internal/term"
)

// clock is a time that only the test moves.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func (c *clock) add(d time.Duration) { c.t = c.t.Add(d) }

// screen plays what was written as a terminal of one line would.
func screen(s string) string {
	line, at := []rune{}, 0
	for _, r := range s {
		if r == '\r' {
			at = 0
			continue
		}
		for len(line) <= at {
			line = append(line, ' ')
		}
		line[at] = r
		at++
	}
	return strings.TrimRight(string(line), " ")
}

func TestProgress(t *testing.T) {
	tests := []struct {
		name        string
		width       int
		file        string
		done, total int64
		spent       time.Duration
		want        string
	}{
		{"part", 80, "outside.pcap", 1_653_000_000, 2_900_000_000, 3 * time.Second, "reading outside.pcap  [###########.........]  57 %  1.7 of 2.9 GB  2 s left"},
		{"standard input", 80, "-", 81_000_000_000, 0, 4 * time.Minute, "reading -  81 GB  4 min"},
		{"nothing yet", 80, "a.pcap", 0, 5000, time.Second, "reading a.pcap  [....................]   0 %  0 B of 5.0 kB"},
		{"more than all", 80, "a.pcap", 9000, 5000, time.Second, "reading a.pcap  [####################] 100 %  5.0 of 5.0 kB  0 s left"},
		{"too early to show", 80, "a.pcap", 10, 5000, 200 * time.Millisecond, ""},
		{"long name keeps its end", 80, "/very/long/way/to/the/folder/of/captures/outside.pcap", 50, 100, 2 * time.Second, "reading ...es/outside.pcap  [##########..........]  50 %  50 of 100 B  2 s left"},
		{"hostile name", 80, "\x1b[2J\u202e", 5, 0, time.Second, `reading \x1b[2J\u{202e}  5 B  1 s`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			c := &clock{time.Unix(1000, 0)}
			p := term.NewProgress(&b, tt.width, c.now)
			c.add(tt.spent)
			p.Update(tt.file, tt.done, tt.total)
			got := screen(b.String())
			if got != tt.want {
				t.Errorf("shows %q\nwant  %q", got, tt.want)
			}
			if len(got) > tt.width-1 {
				t.Errorf("%d columns on a terminal of %d: %q", len(got), tt.width, got)
			}
			p.Done()
			if got := screen(b.String()); got != "" {
				t.Errorf("%q is left after Done", got)
			}
			if strings.Contains(b.String(), "\x1b") || strings.Contains(b.String(), "\n") {
				t.Errorf("more than blanks and returns: %q", b.String())
			}
		})
	}
}

func TestProgressDrawsAtMostTenTimesASecond(t *testing.T) {
	var b strings.Builder
	c := &clock{time.Unix(1000, 0)}
	p := term.NewProgress(&b, 80, c.now)
	for i := range int64(2000) {
		c.add(time.Millisecond)
		p.Update("a.pcap", i, 2000)
	}
	if n := strings.Count(b.String(), "\r"); n < 15 || n > 20 {
		t.Errorf("%d drawings in 2 s", n)
	}
}

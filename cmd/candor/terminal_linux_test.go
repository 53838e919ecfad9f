package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestTerminal: colour and progress are for terminals only, NO_COLOR takes the colour away, and the width is the terminal's.
func TestTerminal(t *testing.T) {
	dir := t.TempDir()
	candor(t, 0, "demo", "--for", "1m", "--out", dir)
	args := []string{"check", "--agreement", filepath.Join(dir, "bank.yaml"), filepath.Join(dir, "outside.pcap")}
	cases := []struct {
		name    string
		noColor bool
		columns uint16
		color   bool
		longest int
	}{
		{name: "colour", columns: 100, color: true, longest: 100},
		{name: "NO_COLOR", columns: 100, noColor: true, longest: 100},
		{name: "narrow", columns: 60, color: true, longest: 60},
		{name: "very wide is not used up", columns: 400, color: true, longest: 140},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := &world{stdin: strings.NewReader(""), now: ticking(), noColor: c.noColor, args: args}
			page, errs := onTerminals(t, c.columns, func(stdout, stderr *os.File) {
				w.stdout, w.stderr = stdout, stderr
				if code := run(context.Background(), w); code != 1 {
					t.Errorf("exit %d, want 1", code)
				}
			})
			if got := strings.Contains(page, "\x1b["); got != c.color {
				t.Errorf("colour %v, want %v", got, c.color)
			}
			longest := 0
			for line := range strings.Lines(plainText(page)) {
				longest = max(longest, len([]rune(strings.TrimRight(line, "\r\n"))))
			}
			if longest > c.longest || longest < c.longest-20 {
				t.Errorf("longest line has %d columns, want about %d", longest, c.longest)
			}
			if !strings.Contains(errs, "reading ") || !strings.HasSuffix(errs, "\r") {
				t.Errorf("no progress that cleans up behind itself: %q", errs)
			}
		})
	}
}

// ticking is a clock that goes on by a second whenever somebody looks at it.
func ticking() func() time.Time {
	at := capturedAt()
	return func() time.Time { at = at.Add(time.Second); return at }
}

// plainText leaves out colours.
func plainText(s string) string {
	var b strings.Builder
	for s != "" {
		before, after, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			break
		}
		_, s, _ = strings.Cut(after, "m")
	}
	return b.String()
}

// onTerminals runs f with two terminals of a width, and gives what was written to each.
func onTerminals(t *testing.T, columns uint16, f func(stdout, stderr *os.File)) (out, errs string) {
	t.Helper()
	read := func(from *os.File) <-chan string {
		text := make(chan string, 1)
		go func() {
			var b bytes.Buffer
			_, _ = io.Copy(&b, from) // ends with an error when the other end is closed
			text <- b.String()
		}()
		return text
	}
	outOutside, stdout := terminal(t, columns)
	errOutside, stderr := terminal(t, columns)
	outText, errText := read(outOutside), read(errOutside)
	f(stdout, stderr)
	_, _ = stdout.Close(), stderr.Close()
	return <-outText, <-errText
}

// terminal is both ends of a pseudo-terminal.
func terminal(t *testing.T, columns uint16) (outside, inside *os.File) {
	t.Helper()
	outside, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { _ = outside.Close() })
	fd := int(outside.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: columns}); err != nil {
		t.Fatal(err)
	}
	inside, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	return outside, inside
}

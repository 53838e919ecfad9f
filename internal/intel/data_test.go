package intel

import (
	"net/netip"
	"strings"
	"testing"
)

// TestDataFiles: sorted, well formed, and every name can be found again.
func TestDataFiles(t *testing.T) {
	for file, text := range map[string]string{"caretakers.txt": caretakerText, "popular.txt": popularText} {
		before, n := "", 0
		for line := range strings.Lines(text) {
			n++
			name, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			_, err := netip.ParseAddr(name)
			clean, isName := cleanName(name)
			switch {
			case !ok || rest == "" || !strings.HasSuffix(line, "\n"):
				t.Errorf("%s:%d: %q", file, n, line)
			case name <= before:
				t.Errorf("%s:%d: %s stands after %s", file, n, name, before)
			case err != nil && (!isName || clean != name):
				t.Errorf("%s:%d: %s is neither address nor name", file, n, name)
			case err != nil && RegisteredDomain(name) == "":
				t.Errorf("%s:%d: %s is a public suffix", file, n, name)
			case file == "popular.txt" && err != nil && RegisteredDomain(name) != name:
				t.Errorf("%s:%d: %s is no registered domain, so nobody looks it up", file, n, name)
			}
			if got, ok := lookLine(text, name); !ok || got != rest {
				t.Errorf("%s:%d: %s found as %q", file, n, name, got)
			}
			before = name
		}
		if n < 150 {
			t.Errorf("%s: only %d lines", file, n)
		}
	}
	for _, absent := range []string{"", "0", "zzzz.example", "windowsupdate.co", "windowsupdate.comx"} {
		if rest, ok := lookLine(caretakerText, absent); ok {
			t.Errorf("%q found: %q", absent, rest)
		}
	}
}

func TestCaretaker(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"registered domain", "windowsupdate.com", "updates (Microsoft Windows Update)"},
		{"below, with capitals, port, dot", "CTLDL.Windowsupdate.com.:80", "certificate status (Microsoft)"},
		{"deep below", "7.tlu.dl.delivery.mp.microsoft.com", "updates (Microsoft Windows Update)"},
		{"time", "2.debian.pool.ntp.org", "time (NTP pool)"},
		{"a domain with room to hide, whole", "microsoft.com", ""},
		{"a domain with room to hide, elsewhere", "graph.microsoft.com", ""},
		{"no label boundary", "evilwindowsupdate.com", ""},
		{"caretaker in front", "windowsupdate.com.evil.example", ""},
		{"address", "192.0.2.1", ""},
		{"no name", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			words, ok := Caretaker(c.in)
			if words != c.want || ok != (c.want != "") {
				t.Errorf("Caretaker(%q) = %q, %v, want %q", c.in, words, ok, c.want)
			}
		})
	}
	if n := testing.AllocsPerRun(100, func() { Caretaker("a.b.c.d.e.example.com") }); n != 0 {
		t.Errorf("%v allocations for a name that is none", n)
	}
}

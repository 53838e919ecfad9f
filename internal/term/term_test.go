package term_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/judge"
	"candor/internal/term"
	"candor/internal/term/termtest"
	"candor/internal/verdict"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func page(t *testing.T, r *judge.Result, o term.Options) string {
	t.Helper()
	var b strings.Builder
	if err := term.Write(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, sample := range termtest.Samples() {
		for suffix, o := range map[string]term.Options{
			"-80":  {Command: "candor check --agreement bank.yaml " + name + ".pcap"},
			"-120": {Width: 120},
		} {
			t.Run(name+suffix, func(t *testing.T) {
				got := page(t, sample(), o)
				file := filepath.Join("testdata", name+suffix+".txt")
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("page differs from %s (-want +got), run with -update if that is right:\n%s", file, diff)
				}
			})
		}
	}
}

// columns counts as a terminal does for what the samples hold: two for East Asia.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 {
			n++
		}
	}
	return n
}

func TestNeverWiderThanWidth(t *testing.T) {
	for name, sample := range termtest.Samples() {
		for width := 40; width <= 160; width++ {
			for i, l := range strings.Split(page(t, sample(), term.Options{Width: width}), "\n") {
				if columns(l) > width {
					t.Fatalf("%s at %d: line %d has %d columns: %q", name, width, i+1, columns(l), l)
				}
			}
		}
	}
}

func TestOnlyPlainBytes(t *testing.T) {
	for name, sample := range termtest.Samples() {
		plain := page(t, sample(), term.Options{})
		for i, r := range plain {
			if r != '\n' && r != ' ' && (!unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r)) {
				t.Errorf("%s: %U at byte %d", name, r, i)
			}
		}
		if !utf8.ValidString(plain) {
			t.Errorf("%s: invalid UTF-8", name)
		}
		if name != "hostile" {
			for i := range len(plain) {
				if plain[i] > '~' {
					t.Fatalf("%s: byte %#x at %d is not ASCII", name, plain[i], i)
				}
			}
		}
		coloured := page(t, sample(), term.Options{Color: true})
		if coloured == plain {
			t.Errorf("%s: no colour with Color", name)
		}
		for _, code := range []string{"\x1b[1m", "\x1b[38;5;208m", "\x1b[38;5;33m", "\x1b[38;5;245m", "\x1b[0m"} {
			coloured = strings.ReplaceAll(coloured, code, "")
		}
		if coloured != plain {
			t.Errorf("%s: without its codes the coloured page differs:\n%s", name, cmp.Diff(plain, coloured))
		}
	}
}

// squeezed drops all blanks, so that a name broken over two lines is still found where nothing stands between.
func squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' {
			return -1
		}
		return r
	}, s)
}

func TestNoVerdictLost(t *testing.T) {
	for name, sample := range termtest.Samples() {
		for _, width := range []int{40, 57, 72, 80, 109, 120, 160} {
			r := sample()
			got := squeezed(page(t, r, term.Options{Width: width}))
			for _, d := range r.Defects {
				if !strings.Contains(got, string(d.Code)) {
					t.Errorf("%s at %d: defect %s (%s) is lost", name, width, d.Code, d.Verdict)
				}
				if name != "hostile" && d.Verdict != verdict.No && !strings.Contains(got, d.Subject) {
					t.Errorf("%s at %d: subject %s of %s is lost", name, width, d.Subject, d.Code)
				}
			}
			for _, p := range r.Promises {
				if p.MeasuredHere && !strings.Contains(got, p.ID) {
					t.Errorf("%s at %d: promise %s is lost", name, width, p.ID)
				}
			}
			for _, a := range r.Answers {
				if !strings.Contains(got, string(a.Question)) {
					t.Errorf("%s at %d: question %s is lost", name, width, a.Question)
				}
				for _, b := range a.BlindSpots {
					if strings.HasPrefix(b, "detector.not_built") {
						b = "detector.not_built"
					}
					if name != "hostile" && a.Verdict == verdict.CannotSay && !strings.Contains(got, b) {
						t.Errorf("%s at %d: blind spot %s of %s is lost", name, width, b, a.Question)
					}
				}
			}
		}
	}
}

func TestWordsThatMustStand(t *testing.T) {
	tests := []struct {
		name   string
		result *judge.Result
		has    []string
		hasNot []string
	}{
		{"outside", termtest.Outside(), []string{
			"<> Can it see what you pay for?  No.", "// Is anything wrong?            Cannot say.", "<> Was the agreement kept?       No.",
			"not handed over: auth, fw, vpn", "No detector is built yet", "exit 1: ",
		}, []string{"all clear"}},
		{"inside", termtest.Inside(), []string{"Yes. 10.10.2.31", "now: no", "b-3f9a07c1d2e4", "231 to 236 of 250"}, nil},
		{
			"nothing", termtest.Nothing(),
			[]string{"// Can it see what you pay for?  Cannot say.", "// Was the agreement kept?       Cannot say.", "Nothing: no packet", "exit 2: "},
			[]string{"?       No.", "?  No.", "PROMISES"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := page(t, tt.result, term.Options{})
			for _, s := range tt.has {
				if !strings.Contains(got, s) {
					t.Errorf("%q is missing in\n%s", s, got)
				}
			}
			if tt.name == "inside" && !strings.Contains(squeezed(got), squeezed("accepted in the agreement (asymmetric)")) {
				t.Errorf("the accepted defect is not said in\n%s", got)
			}
			for _, s := range tt.hasNot {
				if strings.Contains(got, s) {
					t.Errorf("%q must not stand in\n%s", s, got)
				}
			}
		})
	}
}

func TestAnyTimelineIsDrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := termtest.Outside()
		r.Timeline.StepSeconds = rapid.IntRange(-1, 1<<40).Draw(t, "step")
		rows := rapid.SliceOfN(rapid.SliceOfN(rapid.Uint64(), 0, 300), 0, 6).Draw(t, "rows")
		r.Timeline.Rows = nil
		for _, counts := range rows {
			r.Timeline.Rows = append(r.Timeline.Rows, judge.TimelineRow{Kind: rapid.String().Draw(t, "kind"), Counts: counts})
		}
		promised := rapid.IntRange(-5, 1<<40).Draw(t, "promised")
		r.Segments[0].Promised, r.Segments[0].Seen, r.Segments[0].InPassing = &promised, rapid.IntRange(-5, 1<<40).Draw(t, "seen"), rapid.IntRange(-5, 1<<40).Draw(t, "passing")
		width := rapid.IntRange(0, 200).Draw(t, "width")
		var b strings.Builder
		if err := term.Write(&b, r, term.Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		if width == 0 {
			width = 80
		}
		for _, l := range strings.Split(b.String(), "\n") {
			if columns(l) > 2*max(width, 40) || utf8.RuneCountInString(l) > max(width, 40) {
				t.Fatalf("line too long: %q", l)
			}
		}
	})
}

func TestOnlyTheWindowCountsAsSeen(t *testing.T) {
	r := termtest.Outside()
	r.Agreement.TimeZone = "UTC"
	r.Window = &judge.Window{First: "2026-11-18T06:07:30Z", Last: "2026-11-18T06:22:30Z", Seconds: 900}
	r.Timeline.Rows = []judge.TimelineRow{{Kind: "conn", Counts: []uint64{5, 7}}, {Kind: "web", Counts: []uint64{0, 7}}, {Kind: "dns", Counts: []uint64{0, 0}}}
	got := page(t, r, term.Options{})
	for _, want := range []string{
		"connections   " + strings.Repeat("#", 48) + "      15 of 15 min",
		"web and TLS   " + strings.Repeat("/", 24) + strings.Repeat("#", 24) + "     7.5 of 15 min",
		"DNS           " + strings.Repeat("/", 48) + "             never",
		"time                  06:10                           06:20",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

type broken struct{}

var errFull = errors.New("disk full")

func (broken) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorIsReturned(t *testing.T) {
	if err := term.Write(broken{}, termtest.Nothing(), term.Options{}); !errors.Is(err, errFull) {
		t.Errorf("error is %v, want that of the writer", err)
	}
}

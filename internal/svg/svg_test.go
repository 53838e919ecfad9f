package svg_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/svg"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const evil = "<script>alert(1)</script>\"'&\x1b[31m\u202egnp.exe\x00\xff\n]]>"

func drawings() map[string]string {
	site := svg.Site{Here: svg.Outside, Promised: svg.Inside, Firm: true, Note: []string{"sees 5 of 375", "promised hosts"}, Segments: []svg.Box{{Name: "branch-users"}, {Name: "dc-servers", Seen: true}}}
	out := map[string]string{
		"defs":       svg.Defs(),
		"squares":    svg.Squares(svg.Group{Name: "dc-servers", Promised: 125, Seen: 5, Passing: 3}, 1),
		"strip":      svg.Strip(svg.Row{Label: "DNS", Counts: []uint64{0, 0, 4, 4, 0, 9}}),
		"axis":       svg.Axis([]svg.Tick{{At: 0, Label: "00:00"}, {At: 0.5, Label: "12:00"}}),
		"share":      svg.Share(5, 375),
		"bar":        svg.Bar(-2.1, 4),
		"scale":      svg.Scale(9.1, 6, "inside", "outside"),
		"icon-open":  svg.Icon(svg.Hatch),
		"icon-wrong": svg.Icon(svg.Diamond),
		"icon-ring":  svg.Icon(svg.Ring),
	}
	for p, name := range map[svg.Place]string{
		svg.Unknown: "unknown", svg.Outside: "outside", svg.Inside: "inside", svg.AfterProxy: "proxy", svg.Management: "management", svg.Unmirrored: "unmirrored",
	} {
		site.Here, site.Firm = p, p != svg.Unknown
		out["placement-"+name], out["tall-"+name] = svg.Placement(site), svg.PlacementTall(site)
	}
	return out
}

func TestGolden(t *testing.T) {
	for name, got := range drawings() {
		file := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(file, []byte(got+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
			t.Errorf("%s differs (-want +got), run with -update if that is right:\n%s", file, diff)
		}
	}
}

// elements parses s as XML and counts its elements.
func elements(t interface{ Fatalf(string, ...any) }, s string) map[string]int {
	out := map[string]int{}
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("not well formed: %v\n%s", err, s)
		}
		if e, ok := tok.(xml.StartElement); ok {
			out[e.Name.Local]++
			for _, a := range e.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || strings.HasSuffix(a.Name.Local, "href") {
					t.Fatalf("attribute %s", a.Name.Local)
				}
			}
		}
	}
}

func TestWellFormedAndNamed(t *testing.T) {
	for name, s := range drawings() {
		got := elements(t, s)
		if strings.Contains(s, `role="img"`) && got["title"] != 1 {
			t.Errorf("%s: an image with %d titles", name, got["title"])
		}
		if !strings.Contains(s, `role="img"`) && !strings.Contains(s, `aria-hidden="true"`) {
			t.Errorf("%s: neither an image nor hidden", name)
		}
	}
}

func TestHostileTextStaysText(t *testing.T) {
	long := strings.Repeat(evil, 100)
	site := svg.Site{Here: svg.Outside, Promised: svg.Inside, Firm: true, Note: []string{evil, evil, evil}, Segments: []svg.Box{{Name: evil}, {Name: long, Seen: true}, {}, {}, {}, {}}}
	for name, s := range map[string]string{
		"squares": svg.Squares(svg.Group{Name: evil, Promised: 9, Seen: 2}, 1), "strip": svg.Strip(svg.Row{Label: long, Counts: []uint64{1}}),
		"axis": svg.Axis([]svg.Tick{{Label: evil}}), "scale": svg.Scale(1, 6, evil, evil), "placement": svg.Placement(site), "tall": svg.PlacementTall(site),
	} {
		if n := elements(t, s)["script"]; n != 0 {
			t.Errorf("%s: %d scripts", name, n)
		}
		for _, r := range s {
			if !unicode.IsGraphic(r) || r == utf8.RuneError {
				t.Errorf("%s: %U", name, r)
			}
		}
	}
}

func TestSquaresNeverReadFullOrEmptyByRounding(t *testing.T) {
	squares := regexp.MustCompile(`M\d`)
	drawn := func(s, class string) int {
		n := 0
		for _, m := range regexp.MustCompile(`<path class="`+class+`" d="([^"]*)"`).FindAllStringSubmatch(s, -1) {
			n += len(squares.FindAllString(m[1], -1))
		}
		return n
	}
	rapid.Check(t, func(t *rapid.T) {
		g := svg.Group{Name: "x", Promised: rapid.IntRange(1, 200000).Draw(t, "promised")}
		g.Seen = rapid.IntRange(0, g.Promised).Draw(t, "seen")
		per := svg.PerSquare([]svg.Group{g})
		s := svg.Squares(g, per)
		elements(t, s)
		on, off := drawn(s, "seen"), drawn(s, "blank")
		if on+off > 1001 {
			t.Fatalf("%d squares", on+off)
		}
		if want := (g.Promised + per - 1) / per; on+off != want {
			t.Fatalf("%d squares for %d hosts at %d a square, want %d", on+off, g.Promised, per, want)
		}
		if on+off > 1 && ((g.Seen > 0) != (on > 0) || (g.Seen == g.Promised) != (off == 0)) {
			t.Fatalf("%d of %d drawn as %d filled, %d hatched", g.Seen, g.Promised, on, off)
		}
	})
}

func TestPerSquare(t *testing.T) {
	for _, tt := range []struct{ hosts, want int }{{0, 1}, {375, 1}, {1000, 1}, {1125, 2}, {2500, 5}, {10000, 10}, {10125, 20}, {60000, 100}, {1 << 40, 2000000000}} {
		if got := svg.PerSquare([]svg.Group{{Promised: tt.hosts}}); got != tt.want {
			t.Errorf("%d hosts: %d a square, want %d", tt.hosts, got, tt.want)
		}
	}
}

func TestAnyNumbersDraw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int()
		f := rapid.Float64()
		for _, s := range []string{
			svg.Squares(svg.Group{Name: rapid.String().Draw(t, "name"), Promised: n.Draw(t, "p"), Seen: n.Draw(t, "s"), Passing: rapid.IntRange(-5, 1<<30).Draw(t, "i")}, n.Draw(t, "per")),
			svg.Strip(svg.Row{Label: rapid.String().Draw(t, "label"), Counts: rapid.SliceOfN(rapid.Uint64(), 0, 2000).Draw(t, "counts"), Start: f.Draw(t, "start"), End: f.Draw(t, "end")}),
			svg.Share(n.Draw(t, "n"), n.Draw(t, "of")), svg.Bar(f.Draw(t, "bits"), f.Draw(t, "limit")), svg.Scale(f.Draw(t, "bits"), 6, "no", "yes"),
			svg.Axis([]svg.Tick{{At: f.Draw(t, "at"), Label: rapid.String().Draw(t, "tick")}}),
		} {
			elements(t, s)
			if strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
				t.Fatalf("a coordinate that is no number: %s", s)
			}
			if len(s) > 600<<10 {
				t.Fatalf("%d bytes", len(s))
			}
		}
	})
}

func TestStripDrawsOnlyItsPart(t *testing.T) {
	s := svg.Strip(svg.Row{Label: "DNS", Counts: []uint64{0, 7}, Start: 0.5, End: 1.5})
	if !strings.Contains(s, `class="seen" x="50%" width="50%"`) {
		t.Errorf("half of the part is not filled: %s", s)
	}
}

func TestShareIsFullOnlyAtAll(t *testing.T) {
	if full := svg.Share(375, 375); !strings.Contains(full, `class="seen" width="100%"`) {
		t.Errorf("375 of 375 is not full: %s", full)
	}
	for _, n := range []int{0, 1, 374} {
		if s := svg.Share(n, 375); strings.Contains(s, `class="seen" width="100%"`) {
			t.Errorf("%d of 375 is full: %s", n, s)
		}
	}
	if s := svg.Share(0, 375); !strings.Contains(s, `class="seen" width="0%"`) {
		t.Errorf("0 of 375 is not empty: %s", s)
	}
}

func TestStyleNamesEveryClass(t *testing.T) {
	style := svg.Style()
	for name, s := range drawings() {
		for _, m := range regexp.MustCompile(`class="([^"]*)"`).FindAllStringSubmatch(s, -1) {
			for _, c := range strings.Fields(m[1]) {
				switch c {
				case "icon", "squares", "strip", "share", "bits", "scale", "placement", "tall":
					continue // sizes belong to the page
				}
				if !regexp.MustCompile(fmt.Sprintf(`\.%s[{. ,]`, c)).MatchString(style) {
					t.Errorf("%s: class %s has no style", name, c)
				}
			}
		}
	}
}

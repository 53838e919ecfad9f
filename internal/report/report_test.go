package report_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"candor/internal/judge"
	"candor/internal/report"
	"candor/internal/term/termtest"
	"candor/internal/verdict"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func page(t *testing.T, r *judge.Result) string {
	t.Helper()
	var b strings.Builder
	if err := report.Write(&b, r, report.Options{Command: "candor check --html page.html x.pcap"}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func parsed(t *testing.T, s string) *html.Node {
	t.Helper()
	n, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// text is what a person reads of n, with one blank between pieces.
func text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode && c.Parent.Data != "style" {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestGolden(t *testing.T) {
	for name, sample := range termtest.Samples() {
		t.Run(name, func(t *testing.T) {
			got := page(t, sample())
			file := filepath.Join("testdata", name+".html")
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

func TestSameResultSameBytes(t *testing.T) {
	for name, sample := range termtest.Samples() {
		first := page(t, sample())
		for range 5 {
			if page(t, sample()) != first {
				t.Fatalf("%s: the same Result gave other bytes", name)
			}
		}
	}
}

func TestResultIsNotChanged(t *testing.T) {
	r := termtest.Hostile()
	page(t, r)
	if diff := cmp.Diff(termtest.Hostile(), r); diff != "" {
		t.Errorf("Write changed the Result:\n%s", diff)
	}
}

// allowed are the only elements a page may have: whatever a name from the wire brings would be another one.
func allowed() map[string]bool {
	out := map[string]bool{}
	for _, e := range strings.Fields(`html head meta title style body header main footer section article div span p h1 h2 h3 h4 ul li dl dt dd b i code pre
		table caption thead tbody tr th td svg defs pattern rect path circle line text desc`) {
		out[e] = true
	}
	return out
}

func TestNothingForeignInside(t *testing.T) {
	allowed := allowed()
	for name, sample := range termtest.Samples() {
		s := page(t, sample())
		for n := range parsed(t, s).Descendants() {
			if n.Type == html.CommentNode {
				t.Errorf("%s: a comment: %q", name, n.Data)
			}
			if n.Type != html.ElementNode {
				continue
			}
			if !allowed[n.Data] {
				t.Errorf("%s: element %s", name, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "href" || a.Key == "src" || a.Key == "srcset" || a.Key == "action" || a.Key == "style" {
					t.Errorf("%s: attribute %s=%q of %s", name, a.Key, a.Val, n.Data)
				}
				if strings.Contains(a.Val, "://") && a.Key != "data-l" {
					t.Errorf("%s: an address in attribute %s=%q", name, a.Key, a.Val)
				}
			}
		}
		for _, m := range regexp.MustCompile(`url\([^)]*\)|@import`).FindAllString(s, -1) {
			if m != "url(#candor-hatch)" {
				t.Errorf("%s: the style fetches %s", name, m)
			}
		}
		if name != "hostile" && strings.Contains(s, "http") && strings.Contains(strings.ReplaceAll(s, "http-equiv", ""), "://") {
			t.Errorf("%s: an address on the page", name)
		}
	}
}

func TestHostileTextIsVisible(t *testing.T) {
	s := page(t, termtest.Hostile())
	if !utf8.ValidString(s) {
		t.Error("invalid UTF-8")
	}
	for i, r := range s {
		if r != '\n' && r != ' ' && (!unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError) {
			t.Fatalf("%U at byte %d: %q", r, i, s[max(0, i-40):i])
		}
	}
	read := text(parsed(t, s))
	for _, want := range []string{`<script>alert(1)</script>`, `\x1b]0;x\x07`, `\u{202e}gnp.exe`, `\xff\x0d\x0a\x09end`, "名前"} {
		if !strings.Contains(read, want) {
			t.Errorf("%q cannot be read on the page", want)
		}
	}
}

func TestPolicyAndBasics(t *testing.T) {
	for name, sample := range termtest.Samples() {
		doc := parsed(t, page(t, sample()))
		var policy, lang, title string
		var headings []string
		ids := map[string]bool{}
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if id := attr(n, "id"); id != "" {
				if ids[id] {
					t.Errorf("%s: id %s stands twice", name, id)
				}
				ids[id] = true
			}
			switch n.Data {
			case "html":
				lang = attr(n, "lang")
			case "title":
				if n.Parent.Data == "head" {
					title = text(n)
				} else if text(n) == "" {
					t.Errorf("%s: a drawing without a title", name)
				}
			case "meta":
				if attr(n, "http-equiv") == "Content-Security-Policy" {
					policy = attr(n, "content")
				}
			case "h1", "h2", "h3", "h4":
				headings = append(headings, n.Data)
			case "table":
				table(t, name, n)
			case "svg":
				if attr(n, "role") != "img" && attr(n, "aria-hidden") != "true" {
					t.Errorf("%s: a drawing that is neither an image nor hidden: %v", name, n.Attr)
				}
			}
		}
		if lang != "en" || title == "" || policy != "default-src 'none'; style-src 'unsafe-inline'" {
			t.Errorf("%s: lang %q, title %q, policy %q", name, lang, title, policy)
		}
		for n := range doc.Descendants() {
			if by := attr(n, "aria-labelledby"); n.Type == html.ElementNode && by != "" && !ids[by] {
				t.Errorf("%s: labelled by %s, which is nowhere", name, by)
			}
		}
		order(t, name, headings)
	}
}

// table wants a caption, headers with a scope, and as many cells in each row as there are headers.
func table(t *testing.T, name string, n *html.Node) {
	t.Helper()
	caption, headers := "", 0
	for c := range n.Descendants() {
		switch c.Data {
		case "caption":
			caption = text(c)
		case "th":
			if s := attr(c, "scope"); s != "col" && s != "row" {
				t.Errorf("%s: table %q: a header without scope", name, caption)
			}
			if attr(c, "scope") == "col" {
				headers++
			}
		case "tr":
			cells := 0
			for d := range c.ChildNodes() {
				if d.Data == "td" || d.Data == "th" {
					cells++
				}
			}
			if c.Parent.Data == "tbody" && cells != headers {
				t.Errorf("%s: table %q: %d cells under %d headers", name, caption, cells, headers)
			}
		}
	}
	if caption == "" || headers == 0 {
		t.Errorf("%s: table %q with %d headers", name, caption, headers)
	}
}

// order wants one h1, first, and no level left out on the way down.
func order(t *testing.T, name string, headings []string) {
	t.Helper()
	if len(headings) == 0 || headings[0] != "h1" {
		t.Fatalf("%s: headings %v", name, headings)
	}
	for i := 1; i < len(headings); i++ {
		if headings[i] == "h1" || headings[i] > headings[i-1] && headings[i][1] != headings[i-1][1]+1 {
			t.Errorf("%s: heading %d, %s after %s", name, i, headings[i], headings[i-1])
		}
	}
}

func TestNoVerdictLost(t *testing.T) {
	for name, sample := range termtest.Samples() {
		r := sample()
		read := text(parsed(t, page(t, r)))
		for _, d := range r.Defects {
			if !strings.Contains(read, string(d.Code)) {
				t.Errorf("%s: defect %s is lost", name, d.Code)
			}
			if name != "hostile" && d.Verdict != verdict.No && !strings.Contains(read, d.Subject) {
				t.Errorf("%s: subject %s of %s is lost", name, d.Subject, d.Code)
			}
		}
		for _, p := range r.Promises {
			if !strings.Contains(read, p.ID) {
				t.Errorf("%s: promise %s is lost", name, p.ID)
			}
		}
		for _, a := range r.Answers {
			if !strings.Contains(read, string(a.Question)) {
				t.Errorf("%s: question %s is lost", name, a.Question)
			}
		}
		for _, h := range judge.Headlines(r) {
			if !strings.Contains(read, h.Question) {
				t.Errorf("%s: %s is lost", name, h.Question)
			}
		}
		if !strings.Contains(read, "What we could not see:") {
			t.Errorf("%s: does not open with what could not be seen", name)
		}
	}
}

func TestAllWasSeenOnlyWhenYes(t *testing.T) {
	const all = "Every promised host was seen"
	seen := 40
	r := &judge.Result{
		Agreement: &judge.AgreementRef{ID: "a", Customer: "Firm"}, Window: &judge.Window{First: "2026-11-18T06:00:00Z", Last: "2026-11-18T18:00:00Z", Seconds: 43200},
		Segments: []verdict.Segment{{ID: "office", Promised: &seen, Seen: 40, Verdict: verdict.IsKept}},
		Defects:  []verdict.Defect{{Code: verdict.VantageOutside, Verdict: verdict.No, Now: verdict.No}},
		Promises: []verdict.Promise{{ID: "segments/office/min_seen_24h", Verdict: verdict.IsKept, MeasuredHere: true}},
	}
	if read := text(parsed(t, page(t, r))); !strings.Contains(read, all) {
		t.Errorf("%q is missing where the first answer is yes", all)
	}
	for name, change := range map[string]func(){
		"no agreement":      func() { r.Agreement, r.Promises, r.Segments = nil, nil, nil },
		"vantage undecided": func() { r.Defects[0].Verdict = verdict.CannotSay },
		"empty":             func() { *r = judge.Result{} },
	} {
		before := *r
		before.Defects = append([]verdict.Defect{}, r.Defects...)
		change()
		if read := text(parsed(t, page(t, r))); strings.Contains(read, all) {
			t.Errorf("%s: says %q", name, all)
		}
		*r = before
	}
}

func TestWordsThatMustStand(t *testing.T) {
	tests := []struct {
		name   string
		result *judge.Result
		has    []string
	}{
		{"outside", termtest.Outside(), []string{"370 of 375 promised hosts", "Why we say it stands outside", "4 of 5 signs agree", "No detector is built yet", "logs: auth, fw, vpn"}},
		{"inside", termtest.Inside(), []string{"Why we say it stands inside", "20 of 375 promised hosts", "Accepted in the agreement (asymmetric)", "BR2-TELLER-07", "now: no"}},
		{"nothing", termtest.Nothing(), []string{"Where the sensor stands: cannot say", "anything: there was no packet", "Nothing came, at no time.", "No promise was judged."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			read := text(parsed(t, page(t, tt.result)))
			for _, s := range tt.has {
				if !strings.Contains(read, s) {
					t.Errorf("%q is missing", s)
				}
			}
			if strings.Contains(read, "all clear") {
				t.Error("all clear")
			}
		})
	}
}

type broken struct{}

var errFull = errors.New("disk full")

func (broken) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorIsReturned(t *testing.T) {
	if err := report.Write(broken{}, termtest.Nothing(), report.Options{}); !errors.Is(err, errFull) {
		t.Errorf("error is %v, want that of the writer", err)
	}
}

func TestTenThousandHostsStaySensible(t *testing.T) {
	r := termtest.Outside()
	many := 10000
	r.Segments[0].Promised, r.Segments[0].Seen = &many, 120
	var b bytes.Buffer
	if err := report.Write(&b, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 200<<10 {
		t.Errorf("the page has %d bytes", b.Len())
	}
	if !strings.Contains(b.String(), "one square is 20 hosts") {
		t.Error("does not say what one square stands for")
	}
}

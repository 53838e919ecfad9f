package term_test

import (
	"strings"
	"testing"
	"unicode"

	"candor/internal/judge"
	"candor/internal/term"
	"candor/internal/term/termtest"
	"candor/internal/verdict"
)

func askPages(t *testing.T, r *judge.Result, o term.Options) map[string]string {
	t.Helper()
	evil := termtest.Evil
	u := term.Understood{
		Question: "Is " + evil + " calling home on a beat?", ID: "beaconing", When: evil, Matched: []string{evil}, Ignored: []string{evil}, Notes: []string{evil},
	}
	out := map[string]string{}
	var b strings.Builder
	for i := range r.Answers {
		b.Reset()
		if err := term.WriteAsk(&b, &term.Ask{Understood: u, Answer: r.Answers[i], Findings: r.Findings, Result: r}, o); err != nil {
			t.Fatal(err)
		}
		out[string(r.Answers[i].Question)] = b.String()
	}
	b.Reset()
	rows := make([]term.LookupRow, 300)
	for i := range rows {
		rows[i] = term.LookupRow{Time: "2026-11-18 10:00:00", From: evil, To: "198.51.100.7:443", What: evil, UID: evil}
	}
	if err := term.WriteLookup(&b, &term.Lookup{Understood: u, Rows: rows, Left: 12345, Others: evil, Notes: []string{evil}, Spots: r.Defects, Result: r}, o); err != nil {
		t.Fatal(err)
	}
	out["lookup"] = b.String()
	return out
}

// TestAskPagesAreSafe: never wider than the page, nothing in them acts, colour only repeats.
func TestAskPagesAreSafe(t *testing.T) {
	for name, sample := range termtest.Samples() {
		for _, width := range []int{40, 72, 80, 100, 140} {
			plain := askPages(t, sample(), term.Options{Width: width})
			for page, text := range plain {
				for i, l := range strings.Split(text, "\n") {
					if columns(l) > width {
						t.Fatalf("%s, %s at %d: line %d has %d columns: %q", name, page, width, i+1, columns(l), l)
					}
				}
				for _, r := range text {
					if r != '\n' && r != ' ' && (!unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r)) {
						t.Fatalf("%s, %s: %U", name, page, r)
					}
				}
			}
		}
	}
}

// TestAskSaysWhatMatters: the verdict with its mark, its reason, its findings with uids, its blind spots with what to do.
func TestAskSaysWhatMatters(t *testing.T) {
	inside := termtest.Found()
	pages := askPages(t, inside, term.Options{})
	for page, wants := range map[string][]string{
		"beaconing":       {"<> Yes. 10.10.2.31, BR2-TELLER-07, calls", "b-3f9a07c1d2e4", "uids: C1", "feed.loss", "The mirror port is full", "Ignored: "},
		"scanning":        {"// Cannot say. 20 hosts were not seen that day.", "Cannot say, for: 20 promised hosts", "direction.missing", "Do: Mirror dc-sw1"},
		"sign_in_attacks": {"() No. All 375 hosts, in clear.", "This covers: No covers more than 20 attempts"},
		"lookup":          {"the first 300 records and at least 12,345 more", "and 100 more rows", "There may be more"},
	} {
		got := squeezed(pages[page])
		for _, want := range wants {
			if !strings.Contains(got, squeezed(want)) {
				t.Errorf("%s: %q is missing in\n%s", page, want, pages[page])
			}
		}
	}
	if strings.Contains(pages["sign_in_attacks"], "BLIND SPOTS") {
		t.Error("a no without blind spots lists some")
	}
}

// TestAskNamesWhatNobodyJudged: a blind spot without a defect is shown all the same.
func TestAskNamesWhatNobodyJudged(t *testing.T) {
	var b strings.Builder
	r := termtest.Inside()
	a := verdict.Answer{Question: verdict.Beaconing, BlindSpots: []string{"direction.missing:client-internet"}}
	if err := term.WriteAsk(&b, &term.Ask{Answer: a, Result: r}, term.Options{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "direction.missing") || !strings.Contains(b.String(), "this was not judged") {
		t.Errorf("the blind spot is lost:\n%s", b.String())
	}
}

// TestFindingsAreBounded: so many of each group are listed, and how many more there are is said; none is forgotten in the counts.
func TestFindingsAreBounded(t *testing.T) {
	got := squeezed(page(t, termtest.Found(), term.Options{}))
	for _, want := range []string{
		"32 open, 1 said by others, 10 regular callers, 50 explained, 1 set aside", "and 12 more open: --json lists all",
		"set aside by Ann Other until 2027-04-01T00:00:00Z: backup to the second site, ticket 4711",
		"30 clock synchronisation (NTP) (beacon 30): 10.10.2.62", "and 26 more", "almost certain (0.97)", "likely (0.55)",
		"ATT&CK: T1071.001, T1571", "- +4.1 as regular as a clock", "period_seconds 300, jitter 0.01, count 254, missed 26", "and 9 more explained otherwise",
	} {
		if !strings.Contains(got, squeezed(want)) {
			t.Errorf("%q is missing", want)
		}
	}
	if whole := squeezed(page(t, termtest.Found(), term.Options{Whole: true})); strings.Contains(got, "b-000000000041") || !strings.Contains(whole, squeezed("b-000000000041  10.10.2.66 to 203.0.113.99 port 443: 10.10.2.66: it asks for the time.")) {
		t.Error("explained findings are not listed when asked for, or are when not")
	}
	if strings.Contains(got, squeezed("possible (0.20)")) {
		t.Error("the weakest of 32 open findings is listed before graver ones")
	}
}

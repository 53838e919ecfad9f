package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"candor/internal/judge"
	"candor/internal/report"
	"candor/internal/term/termtest"
	"candor/internal/verdict"
)

func csvOf(t interface{ Fatal(...any) }, r *judge.Result) [][]string {
	var b bytes.Buffer
	if err := report.CSV(&b, r); err != nil {
		t.Fatal(err)
	}
	if n, lines := strings.Count(b.String(), "\n"), strings.Count(b.String(), "\r\n"); n != lines || n != len(r.Findings)+1 {
		t.Fatal(fmt.Sprintf("%d line breaks, %d of them CRLF, for %d findings and a head", n, lines, len(r.Findings)))
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestCSVRows(t *testing.T) {
	r := termtest.Found()
	rows := csvOf(t, r)
	states := map[string]int{}
	for i, row := range rows[1:] {
		f := r.Findings[i]
		if row[0] != f.ID || row[1] != f.Kind || row[6] != f.Source || row[18] != f.Words {
			t.Fatalf("row %d is %q, want finding %s", i, row, f.ID)
		}
		states[row[2]]++
	}
	if states["open"] != 32 || states["explained"] != 60 || states["set_aside"] != 1 || states["said_by_others"] != 1 {
		t.Errorf("states are %v", states)
	}
}

// TestCSVIsSafeInSpreadsheets: whatever a text holds, no cell begins as a formula does, and nothing in it acts.
func TestCSVIsSafeInSpreadsheets(t *testing.T) {
	for _, evil := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "=HYPERLINK(\"x\")", "\uff1d1", "a;=1", "a,\"=1", termtest.Evil} {
		safeCells(t, evil)
	}
	rapid.Check(t, func(t *rapid.T) {
		safeCells(t, rapid.SampledFrom([]string{"", "=", "+", "-", "@", "\t", "\r", " ", "\"", ";="}).Draw(t, "begin")+rapid.String().Draw(t, "text"))
	})
}

func safeCells(t interface {
	Fatal(...any)
	Fatalf(string, ...any)
}, evil string,
) {
	f := termtest.Found().Findings[0]
	f.Kind, f.Source, f.Words, f.Domain, f.ExplainedBy = evil, evil, evil, evil, evil
	f.Host = verdict.FindingHost{ID: evil, Name: evil, MAC: evil}
	f.Destinations, f.UIDs, f.Evidence = []string{evil}, []string{evil}, map[string]any{evil: evil}
	for _, row := range csvOf(t, &judge.Result{Findings: []verdict.Finding{f}}) {
		for _, cell := range row {
			begin := strings.TrimLeft(cell, " ")
			if begin != "" && strings.ContainsRune("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", []rune(begin)[0]) {
				t.Fatalf("a cell made of %q begins as a formula: %q", evil, cell)
			}
			for _, r := range cell {
				if !unicode.IsGraphic(r) {
					t.Fatalf("a cell made of %q holds %U", evil, r)
				}
			}
		}
	}
}

// ocsfRequired is what version 1.5.0 requires of a Detection Finding, and the type of each.
const ocsfRequired = `activity_id number, category_uid number, class_uid number, type_uid number, time number, severity_id number,
finding_info.uid string, metadata.version string, metadata.product.vendor_name string`

func TestOCSFRequiredFields(t *testing.T) {
	for name, sample := range termtest.Samples() {
		r := sample()
		var b bytes.Buffer
		if err := report.OCSF(&b, r); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(r.Findings) == 0 {
			if b.Len() > 0 {
				t.Errorf("%s: no finding, and %q", name, b.String())
			}
			continue
		}
		if len(lines) != len(r.Findings) {
			t.Fatalf("%s: %d lines for %d findings", name, len(lines), len(r.Findings))
		}
		for i, line := range lines {
			var doc map[string]any
			if err := json.Unmarshal([]byte(line), &doc); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, want := range strings.Split(ocsfRequired, ",") {
				path, kind, _ := strings.Cut(strings.TrimSpace(want), " ")
				if got := fmt.Sprintf("%T", at(doc, path)); got != map[string]string{"number": "float64", "string": "string"}[kind] {
					t.Errorf("%s, finding %d: %s is %s, want %s", name, i, path, got, kind)
				}
			}
			if doc["type_uid"] != 200401.0 || doc["class_uid"] != 2004.0 || doc["category_uid"] != 2.0 {
				t.Errorf("%s: class %v, category %v, type %v", name, doc["class_uid"], doc["category_uid"], doc["type_uid"])
			}
			for _, e := range doc["evidences"].([]any) { // each needs one of what was seen
				if e := e.(map[string]any); e["src_endpoint"] == nil && e["dst_endpoint"] == nil && e["data"] == nil {
					t.Errorf("%s: an evidence of nothing: %v", name, e)
				}
			}
		}
	}
}

func at(doc map[string]any, path string) any {
	var v any = doc
	for _, step := range strings.Split(path, ".") {
		m, _ := v.(map[string]any)
		v = m[step]
	}
	return v
}

func TestOCSFStatus(t *testing.T) {
	r := termtest.Found()
	var b bytes.Buffer
	if err := report.OCSF(&b, r); err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	dec := json.NewDecoder(&b)
	for dec.More() {
		var doc map[string]any
		if err := dec.Decode(&doc); err != nil {
			t.Fatal(err)
		}
		times[fmt.Sprint(doc["status"], doc["is_alert"])]++
		if at(doc, "finding_info.uid") == "b-3f9a07c1d2e4" {
			attack := at(doc, "finding_info.attacks").([]any)[0].(map[string]any)
			if at(attack, "technique.uid") != "T1071" || at(attack, "sub_technique.uid") != "T1071.001" || doc["severity_id"] != 4.0 || doc["confidence_score"] != 97.0 {
				t.Errorf("the beacon reads %v", doc)
			}
		}
	}
	if times["Newtrue"] != 32 || times["Newfalse"] != 1 || times["Suppressedfalse"] != 1 || times["Explainedfalse"] != 60 {
		t.Errorf("status and alert: %v", times)
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"=1", "\"", "a;b", "\xff", "\u2028="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { safeCells(t, s) })
}

package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"candor/internal/visible"

	"candor/internal/judge"
	"candor/internal/verdict"
)

// csvColumns is the head of the table of findings.
func csvColumns() []string {
	return []string{
		"id", "kind", "state", "severity", "confidence", "by", "source", "host", "host_name", "mac", "destinations", "domain", "ports", "first", "last",
		"evidence", "attack", "uids", "words", "explained_by", "safelisted_who", "safelisted_why", "safelisted_until",
	}
}

// CSV writes the findings of r as RFC 4180 wants a table: a head, a row each, every cell quoted, so that no reader splits a cell
// at another separator. Text from the wire is made visible first, and a cell that a spreadsheet would take for a formula begins
// with an apostrophe.
func CSV(w io.Writer, r *judge.Result) error {
	out := bufio.NewWriter(w)
	row(out, csvColumns())
	for i := range r.Findings {
		row(out, csvRow(&r.Findings[i]))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write findings as CSV: %w", err)
	}
	return nil
}

func csvRow(f *verdict.Finding) []string {
	evidence, err := json.Marshal(f.Evidence)
	if err != nil {
		evidence = []byte("{}") // a number that JSON does not have; the words say what was seen
	}
	ports := make([]string, 0, len(f.Ports))
	for _, p := range f.Ports {
		ports = append(ports, strconv.Itoa(p))
	}
	safelisted := verdict.Safelisted{}
	if f.Safelisted != nil {
		safelisted = *f.Safelisted
	}
	return []string{
		f.ID, f.Kind, stateOf(f), f.Severity, strconv.FormatFloat(f.Confidence, 'f', -1, 64), f.By, f.Source, f.Host.ID, f.Host.Name, f.Host.MAC,
		strings.Join(f.Destinations, " "), f.Domain, strings.Join(ports, " "), f.First, f.Last, string(evidence),
		strings.Join(f.Attack, " "), strings.Join(f.UIDs, " "), f.Words, f.ExplainedBy, safelisted.Who, safelisted.Why, safelisted.Until,
	}
}

// stateOf is how a finding stands: open, explained, set_aside, said_by_others.
func stateOf(f *verdict.Finding) string {
	switch {
	case f.Safelisted != nil:
		return "set_aside"
	case f.ExplainedBy != "":
		return "explained"
	case f.By != "" && f.By != "candor":
		return "said_by_others"
	}
	return "open"
}

// row writes one line; errors stay in the writer until Flush.
func row(w *bufio.Writer, cells []string) {
	for i, c := range cells {
		if i > 0 {
			_ = w.WriteByte(',')
		}
		_, _ = w.WriteString(`"` + strings.ReplaceAll(cellOf(c), `"`, `""`) + `"`)
	}
	_, _ = w.WriteString("\r\n")
}

// cellOf makes a text safe to open in a spreadsheet: what begins a formula there gets an apostrophe before it, blanks before it or
// not, and in the wide letters of East Asia too.
func cellOf(s string) string {
	if formula(s) { // before tab and line break are made visible
		return "'" + visible.Text(s)
	}
	if v := visible.Text(s); formula(v) {
		return "'" + v
	} else {
		return v
	}
}

func formula(s string) bool {
	s = strings.TrimLeft(s, " ")
	for _, begin := range [...]string{"=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20"} {
		if strings.HasPrefix(s, begin) {
			return true
		}
	}
	return false
}

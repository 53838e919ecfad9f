package judge

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"candor/internal/detect"
	"candor/internal/verdict"
)

// Found is the findings of a Result in the groups in which people read them. Every finding is in exactly one group.
type Found struct {
	Open      []verdict.Finding // nothing explains it: the gravest first, then the surest
	Others    []verdict.Finding // what other tools said
	Aside     []verdict.Finding // on the safelist: who, why and until when is said of each
	Callers   []Explained       // regular callers from outside
	Explained []Explained       // the most frequent explanation first
}

// Explained is findings that have one explanation.
type Explained struct {
	By       string
	Findings []verdict.Finding
}

// Groups sorts findings into groups.
func Groups(all []verdict.Finding) Found {
	var out Found
	by := map[string]int{}
	var explained []Explained
	for _, f := range all {
		switch {
		case f.Safelisted != nil:
			out.Aside = append(out.Aside, f)
		case f.ExplainedBy != "":
			i, ok := by[f.ExplainedBy]
			if !ok {
				i = len(explained)
				by[f.ExplainedBy] = i
				explained = append(explained, Explained{By: f.ExplainedBy})
			}
			explained[i].Findings = append(explained[i].Findings, f)
		case f.By != "" && f.By != "candor":
			out.Others = append(out.Others, f)
		default:
			out.Open = append(out.Open, f)
		}
	}
	slices.SortStableFunc(out.Open, func(a, b verdict.Finding) int {
		return cmp.Or(cmp.Compare(gravity(b.Severity), gravity(a.Severity)), cmp.Compare(b.Confidence, a.Confidence))
	})
	slices.SortStableFunc(explained, func(a, b Explained) int { return cmp.Compare(len(b.Findings), len(a.Findings)) })
	for _, e := range explained {
		if e.By == detect.RegularCaller {
			out.Callers = append(out.Callers, e)
			continue
		}
		out.Explained = append(out.Explained, e)
	}
	return out
}

// Count is how many findings some explanations set apart.
func (f *Found) Count(list []Explained) int {
	n := 0
	for _, e := range list {
		n += len(e.Findings)
	}
	return n
}

// Words says how many findings are in which group.
func (f *Found) Words() string {
	out := []string{fmt.Sprintf("%s open", Count(len(f.Open)))}
	add := func(n int, words string) {
		if n > 0 {
			out = append(out, Count(n)+" "+words)
		}
	}
	add(len(f.Others), "said by others")
	add(f.Count(f.Callers), "regular callers")
	add(f.Count(f.Explained), "explained")
	add(len(f.Aside), "set aside")
	return strings.Join(out, ", ")
}

// Who names the machines of findings: each once, the first few, and how many more.
func (e *Explained) Who(most int) string {
	var out []string
	for i := range e.Findings {
		if s := e.Findings[i].Source; !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return list(out, most)
}

// KindWords counts the kinds of findings: beacon 12, long_connection 3.
func (e *Explained) KindWords() string {
	times := map[string]int{}
	for i := range e.Findings {
		times[e.Findings[i].Kind]++
	}
	var out []string
	for _, k := range slices.Sorted(maps.Keys(times)) {
		out = append(out, fmt.Sprintf("%s %s", k, Count(times[k])))
	}
	return strings.Join(out, ", ")
}

func gravity(severity string) int {
	return slices.Index([]string{"info", "low", "medium", "high", "critical"}, severity)
}

// Sure says a confidence in words, with its number.
func Sure(confidence float64) string {
	words := "unlikely"
	switch {
	case confidence >= 0.95:
		words = "almost certain"
	case confidence >= 0.8:
		words = "very likely"
	case confidence >= 0.5:
		words = "likely"
	case confidence >= 0.2:
		words = "possible"
	}
	return fmt.Sprintf("%s (%.2f)", words, confidence)
}

// evidenceFirst is what a reader wants first of each kind's evidence (DESIGN.md 5); it is never written.
var evidenceFirst = map[string]string{
	"beacon":           "period_seconds jitter count missed bytes_median",
	"dns_tunnel":       "domain unique_names bits_out types",
	"dga":              "nxdomains domains sample",
	"scan":             "ports hosts failed_share",
	"long_connection":  "seconds open",
	"exfiltration":     "bytes usual",
	"intel":            "list indicator age_days",
	"icmp_tunnel":      "bytes",
	"sign_in_attack":   "attempts users succeeded",
	"lateral_movement": "",
	"alert":            "signature category count",
}

// Why are the factors for and against, as the detector weighed them; empty where it weighed none.
func Why(f *verdict.Finding) []string {
	switch why := f.Evidence["why"].(type) {
	case []string:
		return why
	case []any:
		var out []string
		for _, w := range why {
			out = append(out, fmt.Sprint(w))
		}
		return out
	}
	return nil
}

// EvidenceWords says the evidence of a finding without its factors: what its kind is known by first, then, if whole is asked for,
// the rest by name.
func EvidenceWords(f *verdict.Finding, whole bool) string {
	first, known := evidenceFirst[f.Kind]
	names := strings.Fields(first)
	if whole || !known || first == "" {
		for _, k := range slices.Sorted(maps.Keys(f.Evidence)) {
			if k != "why" && !slices.Contains(names, k) {
				names = append(names, k)
			}
		}
	}
	var out []string
	for _, k := range names {
		if v, ok := f.Evidence[k]; ok {
			if text := valueWords(v); text != "" {
				out = append(out, k+" "+text)
			}
		}
	}
	return strings.Join(out, ", ")
}

// mostValues bounds a list within evidence.
const mostValues = 8

func valueWords(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			return fmt.Sprintf("%.0f", v)
		}
		return fmt.Sprintf("%.6g", v)
	case []string:
		return list(v, mostValues)
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, fmt.Sprint(e))
		}
		return list(out, mostValues)
	}
	return fmt.Sprint(v)
}

// Stretch says from when to when a finding was seen, as people in a time zone read it.
func Stretch(f *verdict.Finding, zone *time.Location) string {
	first, err1 := time.Parse(time.RFC3339Nano, f.First)
	last, err2 := time.Parse(time.RFC3339Nano, f.Last)
	if err1 != nil || err2 != nil {
		return strings.Trim(f.First+" to "+f.Last, " to")
	}
	first, last = first.In(zone), last.In(zone)
	const day, clock = "Mon 2 Jan 2006, ", "15:04:05"
	switch {
	case first.Format(day+clock) == last.Format(day+clock):
		return first.Format(day + clock)
	case first.Format(day) == last.Format(day):
		return first.Format(day+clock) + " to " + last.Format(clock)
	}
	return first.Format(day+clock) + " to " + last.Format(day+clock)
}

// Place says from where to where a finding goes: 10.1.2.3 to 198.51.100.7, evil.example port 443.
func Place(f *verdict.Finding) string {
	words := OrElse(f.Source, "a machine that is not named")
	to := list(append(slices.Clone(f.Destinations), f.Domain), mostValues)
	if to != "" {
		words += " to " + to
	}
	if len(f.Ports) > 0 {
		var ports []string
		for _, p := range f.Ports {
			ports = append(ports, fmt.Sprint(p))
		}
		words += " port " + list(ports, mostValues)
	}
	return words
}

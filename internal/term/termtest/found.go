package termtest

import (
	"fmt"

	"candor/internal/judge"
	"candor/internal/verdict"
)

// Found is the bank from inside on a day with much to see: open findings, what another tool said, one that somebody set aside,
// regular callers, and so many explained ones that no list shows all.
func Found() *judge.Result {
	r := Inside()
	beat := r.Findings[0]
	beat.Attack = []string{"T1071.001", "T1571"}
	beat.Evidence["why"] = []string{"+4.1 as regular as a clock", "+2.0 nobody else here calls it", "-0.6 its name was looked up first"}
	r.Findings = []verdict.Finding{beat}
	for i := range 30 {
		r.Findings = append(r.Findings, one(i, "scan", "medium", 0.55, map[string]any{"ports": 1, "hosts": 40 + i, "failed_share": 0.97}, "it tried many machines and few answered"))
	}
	weak := one(50, "long_connection", "low", 0.2, map[string]any{"seconds": 7210.5, "open": true}, "it kept a connection open for 2 h")
	aside := one(51, "beacon", "info", 0.9, map[string]any{"period_seconds": 60.0}, "it calls every minute")
	aside.Safelisted = &verdict.Safelisted{Who: "Ann Other", Why: "backup to the second site, ticket 4711", Until: "2027-04-01T00:00:00Z"}
	alert := one(52, "alert", "2", 0, map[string]any{"signature": "ET SCAN nmap", "category": "recon", "count": uint64(3)}, "suricata says: ET SCAN nmap")
	alert.By = "suricata"
	r.Findings = append(r.Findings, weak, aside, alert)
	for i := range 40 {
		f := one(60+i, "beacon", "info", 0.5, map[string]any{"period_seconds": 64.0}, "it asks for the time")
		f.ExplainedBy = "clock synchronisation (NTP)"
		if i%4 == 0 {
			f.ExplainedBy = "a regular caller from outside"
			f.Source = fmt.Sprintf("198.51.100.%d", i)
		}
		r.Findings = append(r.Findings, f)
	}
	for i := range 20 {
		f := one(120+i, "long_connection", "info", 0.1, map[string]any{"seconds": 4000.0}, "it kept a connection open")
		f.ExplainedBy = fmt.Sprintf("an ordinary reason, number %d", i)
		r.Findings = append(r.Findings, f)
	}
	return r
}

func one(n int, kind, severity string, confidence float64, evidence map[string]any, words string) verdict.Finding {
	return verdict.Finding{
		ID: fmt.Sprintf("%s-%012x", kind[:1], n), Kind: kind, By: "candor", Severity: severity, Confidence: confidence,
		Source: fmt.Sprintf("10.10.2.%d", n+1), Destinations: []string{"203.0.113.99"}, Ports: []int{443},
		First: "2026-11-18T09:00:00Z", Last: "2026-11-18T19:00:00Z", Evidence: evidence, UIDs: []string{fmt.Sprintf("C%d", n)},
		Attack: []string{}, Words: fmt.Sprintf("10.10.2.%d: %s.", n+1, words),
	}
}

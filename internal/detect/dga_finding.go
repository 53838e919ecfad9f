package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// Findings lists the clients that look for made-up domains, explained ones too.
func (g *DGA) Findings(record.Time) []verdict.Finding {
	out := []verdict.Finding{}
	for _, c := range g.clients {
		if c.best != nil && c.best.nats >= dgaShown {
			out = append(out, g.finding(c))
		}
	}
	slices.SortFunc(out, func(a, b verdict.Finding) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (g *DGA) finding(c *dgaClient) verdict.Finding {
	k, source := c.best, c.addr.String()
	f := blank("dga", source, "", record.Time(k.from)*record.Time(time.Second), record.Time(max(k.to, c.failedLast()))*record.Time(time.Second))
	for _, a := range slices.SortedFunc(slices.Values(c.servers), netip.Addr.Compare) {
		f.Destinations = append(f.Destinations, a.String())
	}
	for _, p := range slices.Compact(slices.Sorted(slices.Values(c.ports))) {
		f.Ports = append(f.Ports, int(p))
	}
	f.UIDs = append(f.UIDs, slices.Compact(slices.Clone(k.uids))...)
	f.Attack = []string{"T1568.002"}
	f.Confidence = chance(k.nats)
	f.ExplainedBy = g.explained(c)
	f.Severity = dnsSeverity(&f)
	resolved := slices.Clone(c.maybe)
	f.Evidence = map[string]any{
		"nxdomains": c.failures, "domains": c.domains, "sample": slices.Clone(k.sample), "resolved": resolved,
		"window_seconds": k.window, "in_window": k.failed, "share": round3(k.share), "strange": round3(k.strange), "length": round3(k.length),
		"resolver": c.resolver, "nats": round3(k.nats), "why": k.why(),
	}
	f.Words = fmt.Sprintf("%s asked for %d domains that do not exist within %s, hardly any twice, with names that look made up by a program.",
		source, k.failed, time.Duration(max(1, k.to-k.from))*time.Second)
	if len(resolved) > 0 {
		f.Words += fmt.Sprintf(" %d of the same form exist; look at these first.", len(resolved))
	}
	if c.resolver {
		f.Words += " It is a resolver: which machine behind it asked cannot be seen from here."
	}
	return f
}

// failedLast is when a domain last turned out not to exist.
func (c *dgaClient) failedLast() (last uint32) {
	for i := range c.failed.entries {
		last = max(last, c.failed.entries[i].at)
	}
	return last
}

// explained names the ordinary reason, where there is one.
func (g *DGA) explained(c *dgaClient) string {
	for _, a := range c.servers {
		if s := g.servers[a]; s != nil && s.broken() {
			return "the resolver " + a.String() + " says of nearly everything that it does not exist, to everybody"
		}
	}
	if c.best.strange < 0.1 && againShare(c.failed.entries) >= 0.5 {
		return "the same domains are asked for again and again, as by programs whose places are gone or blocked"
	}
	if g.asksFor(c) {
		return "a resolver that asks for machines here, one of which has a finding of its own"
	}
	return ""
}

// asksFor reports whether a client is the resolver of another one with a finding.
func (g *DGA) asksFor(c *dgaClient) bool {
	for _, other := range g.clients {
		if other != c && other.best != nil && other.best.nats >= dgaShown && slices.Contains(other.servers, c.addr) {
			return true
		}
	}
	return false
}

func (k *dgaCase) why() []string {
	out := make([]string, 0, len(k.factors))
	for _, f := range k.factors {
		out = append(out, fmt.Sprintf("%+.1f %s", f.Nats, f.Words))
	}
	return out
}

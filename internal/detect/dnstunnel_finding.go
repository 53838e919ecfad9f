package detect

import (
	"cmp"
	_ "embed" // the known services
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"candor/internal/record"
	"candor/internal/verdict"
)

// knownText names the services whose names hold hashes, addresses or ids.
//
//go:embed dnstunnel_known.txt
var knownText string

// knownAsked says which known service a domain belongs to. A service that is only a part of a domain counts where all sample
// names lie in it.
func knownAsked(domain string, samples []string) (string, bool) {
	for line := range strings.Lines(knownText) {
		name, what, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue
		}
		if domain == name {
			return what, true
		}
		if strings.HasSuffix(name, "."+domain) && len(samples) > 0 && !slices.ContainsFunc(samples, func(s string) bool { return !under(s, name) }) {
			return what, true
		}
	}
	return "", false
}

func under(name, parent string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return name == parent || strings.HasSuffix(name, "."+parent)
}

// Findings lists the pairs that carry data, explained ones too: the surest maxListed of them, the others are counted as lost.
func (t *DNSTunnels) Findings(record.Time) []verdict.Finding {
	users := map[string]int{}
	shown := map[string][]*tunnelPair{}
	for _, x := range t.surest(users) {
		shown[x.key.domain] = append(shown[x.key.domain], x)
	}
	out := []verdict.Finding{}
	for domain, pairs := range shown {
		for _, p := range pairs {
			out = append(out, t.finding(p, t.judge(p, users[domain], false), pairs))
		}
	}
	slices.SortFunc(out, func(a, b verdict.Finding) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// surest are the pairs to list. It counts how many clients each domain has.
func (t *DNSTunnels) surest(users map[string]int) []*tunnelPair {
	type weighed struct {
		pair *tunnelPair
		nats float64
	}
	var list []weighed
	for _, p := range t.heavy {
		users[p.key.domain]++
		if c := t.judge(p, 1, true); c.nats >= tunnelShown {
			list = append(list, weighed{p, c.nats})
		}
	}
	t.unlisted = 0
	if n := len(list) - maxListed; n > 0 {
		slices.SortFunc(list, func(a, b weighed) int {
			return cmp.Or(cmp.Compare(b.nats, a.nats), cmp.Compare(a.pair.key.domain, b.pair.key.domain), a.pair.key.client.Compare(b.pair.key.client))
		})
		list, t.unlisted = list[:maxListed], uint64(n)
	}
	out := make([]*tunnelPair, 0, len(list))
	for _, x := range list {
		out = append(out, x.pair)
	}
	return out
}

func (t *DNSTunnels) finding(p *tunnelPair, c *tunnelCase, same []*tunnelPair) verdict.Finding {
	w, source := p.work, p.key.client.String()
	f := blank("dns_tunnel", source, p.key.domain, p.first, p.last)
	servers := slices.SortedFunc(slices.Values(w.servers), netip.Addr.Compare)
	for _, a := range servers {
		f.Destinations = append(f.Destinations, a.String())
	}
	for _, port := range slices.Sorted(slices.Values(w.ports)) {
		f.Ports = append(f.Ports, int(port))
	}
	direct := strings.HasPrefix(p.key.domain, "@")
	if !direct {
		f.Domain = p.key.domain
	}
	f.UIDs = append(f.UIDs, slices.Compact(slices.Clone(w.uids))...)
	f.Attack = []string{"T1071.004", "T1572"}
	f.Confidence = chance(c.nats + c.excuse)
	f.ExplainedBy = c.explained()
	behind := c.asker(p, same)
	if behind.IsValid() && f.ExplainedBy == "" {
		f.ExplainedBy = "a resolver that asks for " + behind.String() + ", which has a finding of its own"
	}
	f.Severity = dnsSeverity(&f)
	f.Evidence = t.evidence(p, c)
	f.Words = w.words(source, &f, direct)
	switch {
	case p.resolver:
		f.Words += " It is a resolver: which machine behind it asked cannot be seen from here."
	case w.iterative*10 >= w.names*9:
		f.Words += " It asks as resolvers do; if it is one, the machine behind it cannot be seen from here."
	}
	return f
}

// asker is the machine that asked this pair's client, a resolver, for the same names.
func (c *tunnelCase) asker(p *tunnelPair, same []*tunnelPair) (client netip.Addr) {
	for _, q := range same {
		if q != p && slices.Contains(q.work.servers, p.key.client) && (!client.IsValid() || q.key.client.Less(client)) {
			client = q.key.client
		}
	}
	return client
}

func (w *tunnelWork) words(source string, f *verdict.Finding, direct bool) string {
	to := "the domain " + f.Domain
	if direct {
		to = "the server " + strings.Join(f.Destinations, ", ")
	}
	return fmt.Sprintf(
		"%s seems to carry data through DNS with %s: %d names that were each asked for once could hold about %s, and answers brought %s back.",
		source, to, w.total, bytesSaid(w.allBits()/8), bytesSaid(float64(w.textBytes)))
}

func bytesSaid(n float64) string {
	switch {
	case n >= 1<<20:
		return strconv.FormatFloat(math.Round(10*n/(1<<20))/10, 'f', -1, 64) + " MiB"
	case n >= 10<<10:
		return strconv.FormatFloat(math.Round(n/(1<<10)), 'f', -1, 64) + " KiB"
	}
	return strconv.FormatFloat(math.Round(n), 'f', -1, 64) + " bytes"
}

// allBits is what all names together can have carried.
func (w *tunnelWork) allBits() float64 { return w.totalBits + w.bits() }

func (t *DNSTunnels) evidence(p *tunnelPair, c *tunnelCase) map[string]any {
	w := p.work
	types := make([]string, 0, len(w.qtypes))
	for _, q := range slices.Sorted(slices.Values(w.qtypes)) {
		types = append(types, typeName(q))
	}
	return map[string]any{
		"domain": strings.TrimPrefix(p.key.domain, "@"), "unique_names": w.total, "bits_out": math.Round(w.allBits()), "types": types,
		"sample": slices.Clone(w.samples), "answer_bytes": w.textBytes, "asked_again": w.repeats, "name_characters": []int{int(w.shortest), int(w.longest)},
		"bits_per_second": round3(w.allBits() / max(1, float64(p.last-p.first)/1e9)), "connections": w.used, "resolver": p.resolver,
		"nats": round3(c.nats + c.excuse), "why": c.why(),
	}
}

func (c *tunnelCase) why() []string {
	out := make([]string, 0, len(c.factors)+1)
	for _, f := range c.factors {
		out = append(out, fmt.Sprintf("%+.1f %s", f.Nats, f.Words))
	}
	if c.explains != "" {
		out = append(out, fmt.Sprintf("%+.1f %s", c.excuse, c.explains))
	}
	return out
}

// chance is the probability that odds in nats mean, never quite certain.
func chance(nats float64) float64 {
	return math.Round(100*min(0.99, 1/(1+math.Exp(-nats)))) / 100
}

// dnsSeverity is how much a finding of DNS matters.
func dnsSeverity(f *verdict.Finding) string {
	switch {
	case f.ExplainedBy != "":
		return "info"
	case f.Confidence >= 0.9:
		return "high"
	}
	return "medium"
}

// typeName names the record types that tunnels use.
func typeName(q uint16) string {
	switch q {
	case 1:
		return "A"
	case 2:
		return "NS"
	case 5:
		return "CNAME"
	case 10:
		return "NULL"
	case 12:
		return "PTR"
	case 15:
		return "MX"
	case 16:
		return "TXT"
	case 25:
		return "KEY"
	case 28:
		return "AAAA"
	case 33:
		return "SRV"
	case 39:
		return "DNAME"
	case 65:
		return "HTTPS"
	case 255:
		return "ANY"
	case 65399:
		return "PRIVATE"
	}
	return "TYPE" + strconv.Itoa(int(q))
}

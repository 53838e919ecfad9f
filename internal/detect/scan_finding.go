package detect

import (
	"fmt"
	"slices"

	"candor/internal/verdict"
)

// finding tells a scan.
func (x *scanner) finding() verdict.Finding {
	h := x.hot
	f := blank("scan", x.who.String(), x.way.String(), h.first, h.last)
	f.Source, f.Host.ID = x.addr.String(), x.who.host
	f.Destinations = addressList(h.sample)
	f.Ports = append(f.Ports, h.portSample...)
	slices.Sort(f.Ports)
	f.UIDs = append(f.UIDs, h.uids...)
	hosts, ports := h.hosts.count(), h.ports.count()
	share := float64(hosts) / float64(max(hosts+h.answered.count(), 1))
	if h.shape() == "vertical" {
		share = float64(h.failures) / float64(max(h.attempts, 1))
	}
	f.Evidence = map[string]any{
		"ports": ports, "hosts": hosts, "failed_share": round2(share), "attempts": h.attempts, "shape": h.shape(),
		"seconds": (h.last - h.first).Seconds(), "direction": x.way.String(),
	}
	f.Attack = x.attack()
	f.Severity, f.Confidence = x.weight(hosts, ports)
	f.Words = x.words(hosts, ports)
	f.ExplainedBy = x.explained()
	return f
}

func (h *scanned) shape() string {
	switch {
	case h.wide && h.deep, h.dark:
		return "block"
	case h.deep:
		return "vertical"
	}
	return "horizontal"
}

func (x *scanner) attack() []string {
	switch {
	case x.way == wayIn && x.hot.deep:
		return []string{"T1595.001", "T1595.002", "T1046"}
	case x.way == wayIn:
		return []string{"T1595.001"}
	case x.hot.icmp && !x.hot.deep:
		return []string{"T1018", "T1046"}
	}
	return []string{"T1046"}
}

// weight gives severity and confidence. Tries from outside are the Internet's weather.
func (x *scanner) weight(hosts, ports int) (string, float64) {
	many := max(float64(hosts)/10, float64(ports)/15)
	sure := min(0.5+0.1*many, 0.95)
	switch {
	case x.way == wayIn:
		return "low", min(sure+0.1, 0.95)
	case x.way == wayOut && hosts >= 50, x.way == wayWithin && (hosts >= 50 || ports >= 100):
		return "high", sure
	}
	return "medium", sure
}

func (x *scanner) words(hosts, ports int) string {
	where := [...]string{"inside", "on the Internet", "here"}[x.way]
	switch h := x.hot; {
	case h.shape() == "vertical":
		return fmt.Sprintf("%s tried %d ports of %s that did not answer.", x.addr, ports, h.sample[0])
	case h.icmp && ports == 0:
		return fmt.Sprintf("%s pinged %d hosts %s that did not answer.", x.addr, hosts, where)
	case h.shape() == "horizontal" && len(h.portSample) > 0:
		return fmt.Sprintf("%s tried port %d on %d hosts %s that did not answer.", x.addr, h.portSample[0], hosts, where)
	}
	return fmt.Sprintf("%s tried %d ports on %d hosts %s that did not answer.", x.addr, ports, hosts, where)
}

// explained names the ordinary reason, where there is one that the evidence shows.
func (x *scanner) explained() string {
	h := x.hot
	high := len(h.portSample) > 0 && slices.Min(h.portSample) >= 1024
	switch {
	case x.way == wayOut && high && !h.deep && onesOf(x.swarm[:]) >= 16:
		return "a peer-to-peer program: many hosts answer it, each on a port of its own"
	case len(h.portSample) == 1 && h.portSample[0] == 137:
		return "Windows asks for the names of addresses, port 137"
	}
	return ""
}

// overIPv6 reports whether what it tried on the Internet was tried over IPv6.
func (x *scanner) overIPv6() bool {
	return x.way == wayOut && uint64(x.v6)*10 >= 9*x.hot.failures
}

// asksFirst reports whether all that was tried is single pings, slower than one a second.
func (x *scanner) asksFirst() bool {
	h := x.hot
	hosts := h.hosts.count()
	return h.icmp && h.ports.count() == 0 && h.failures <= uint64(hosts+hosts/4) && (h.last-h.first).Seconds() >= float64(hosts)
}

func round2(v float64) float64 { return float64(int(v*100+0.5)) / 100 }

package detect

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"candor/internal/record"
	"candor/internal/verdict"
)

// Scan finds sources that try doors: one port on many hosts, many ports of one host, or both, fast or over a day. What counts
// is a try that nobody answered at a place that never answered anybody; whoever retries what is dead tries one place.
//
// Each source has the last places it tried for the first time (scan_source.go). A source from outside is a finding too, never
// a severe one: the Internet is scanned all day.
type Scan struct {
	sources  [3]recent[hostKey, scanner] // by direction
	known    [2]services                 // what ever answered: outside, here
	finished []*scanner                  // scanned, and since let go of
	dhcp     map[netip.Addr]struct{}     // DHCP servers
	cache    [1 << 12]cachedScanner
	v6       bool // somebody outside answered over IPv6
	now      record.Time
	lost     uint64
}

// cachedScanner is what the last look for a source gave; nil: there was none.
type cachedScanner struct {
	who hostKey
	way way
	x   *scanner
}

// way is from where to where a try goes.
type way uint8

const (
	wayWithin way = iota // from inside to inside
	wayOut               // from inside to outside
	wayIn                // from outside, whereto ever
)

func (w way) String() string { return [...]string{"inside", "out", "in"}[w] }

// Bounds: sources that tried something unanswered, by direction, and findings.
const (
	maxScanners     = 1 << 15
	maxScannersIn   = 1 << 16
	maxFinished     = 1 << 14
	maxDHCPServers  = 1024
	maxScansOutside = 1000 // findings of sources outside that are listed, the largest ones
)

// NewScan makes the detector.
func NewScan() *Scan {
	s := &Scan{known: [2]services{newServices(), newServices()}, dhcp: map[netip.Addr]struct{}{}}
	s.sources[wayWithin] = newRecent(maxScanners, s.drop)
	s.sources[wayOut] = newRecent(maxScanners, s.drop)
	s.sources[wayIn] = newRecent(maxScannersIn, s.drop)
	return s
}

// Kinds lists its finding kinds.
func (s *Scan) Kinds() []string { return []string{"scan"} }

// Needs lists the records it reads.
func (s *Scan) Needs() []record.Kind { return []record.Kind{record.KindConn} }

// Lost counts the sources that were let go of within a day of their last try.
func (s *Scan) Lost() uint64 { return s.lost }

// drop keeps those that scanned, and counts those whose tries still mattered.
func (s *Scan) drop(old map[hostKey]*scanner) {
	s.cache = [1 << 12]cachedScanner{}
	var scanned []*scanner
	for _, x := range old {
		switch {
		case x.hot != nil:
			scanned = append(scanned, x)
		case s.now-x.last < record.Day && len(x.tries) > 2:
			s.lost++
		}
	}
	slices.SortFunc(scanned, compareScanners)
	room := max(maxFinished-len(s.finished), 0)
	if len(scanned) > room {
		s.lost += uint64(len(scanned) - room)
		scanned = scanned[:room]
	}
	for _, x := range scanned {
		x.tries = nil
	}
	s.finished = append(s.finished, scanned...)
}

func compareScanners(a, b *scanner) int {
	return cmp.Or(cmp.Compare(a.way, b.way), a.who.addr.Compare(b.who.addr), cmp.Compare(a.who.host, b.who.host), cmp.Compare(a.hot.first, b.hot.first))
}

// Observe folds a slice.
func (s *Scan) Observe(sl *Slice) {
	for i := range sl.Events {
		s.see(&sl.Events[i])
	}
}

func (s *Scan) see(e *Event) {
	if e.RespPlace == Link || e.OrigPlace == Link {
		return
	}
	s.now = max(s.now, e.TS)
	to := wayOf(e)
	if e.Proto == 17 && (e.OrigPort == 67 || e.RespPort == 67) {
		s.leases(e)
	}
	known := &s.known[b2i(e.RespPlace != Outside)]
	if e.Answered {
		h := addrHash(e.Resp)
		known.add(serviceHash(e, h))
		s.v6 = s.v6 || to == wayOut && e.Proto == 6 && e.Resp.Is6() && !e.Resp.Is4In6()
		if x := s.find(e, to, false); x != nil {
			x.answered(e, h)
		}
		return
	}
	if !knocks(e, to) || known.has(serviceHash(e, addrHash(e.Resp))) {
		return
	}
	s.find(e, to, true).tried(e)
}

// find looks for what is kept of a source, and makes it where it is asked to.
func (s *Scan) find(e *Event, to way, make bool) *scanner {
	who := hostKeyOf(e)
	var h uint64
	if who.host == "" {
		h = addrHash(e.Orig)
	} else {
		h = textHash(who.host)
	}
	c := &s.cache[(h+uint64(to))%uint64(len(s.cache))]
	if c.who == who && c.way == to && (c.x != nil || !make) {
		return c.x
	}
	x := s.sources[to].get(who)
	kept := who.kept()
	if x == nil && make {
		x = &scanner{who: kept, addr: e.Orig, way: to}
		s.sources[to].put(kept, x)
		c = &s.cache[(h+uint64(to))%uint64(len(s.cache))]
	}
	*c = cachedScanner{kept, to, x}
	return x
}

// leases remembers who gives addresses out: such a server pings each one before, to be sure that nobody has it.
func (s *Scan) leases(e *Event) {
	if len(s.dhcp) >= maxDHCPServers {
		return
	}
	if e.OrigPort == 67 {
		s.dhcp[e.Orig] = struct{}{}
	}
	if e.RespPort == 67 && e.Answered {
		s.dhcp[e.Resp] = struct{}{}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func wayOf(e *Event) way {
	switch {
	case e.OrigPlace == Outside:
		return wayIn
	case e.RespPlace == Outside:
		return wayOut
	}
	return wayWithin
}

// knocks reports whether an unanswered connection may be the try of a scanner, by itself: nothing of it is an answer that
// lost its question, a traced way, or a call to a place that a lookup named before.
func knocks(e *Event, to way) bool {
	switch {
	case to == wayOut && e.Resolution == Resolved:
		return false
	case isICMP(e.Proto):
		return e.OrigPort == 8 || e.OrigPort == 13 || e.OrigPort == 15 || e.OrigPort == 17 || e.Proto == 58 && e.OrigPort == 128
	case e.Proto == 6:
		return e.OrigBytes == 0 && (e.OrigPort >= 1024 || e.RespPort < 1024 || e.State == "S0" || e.State == "REJ")
	case e.Proto == 17:
		lease := e.RespPort == 67 || e.RespPort == 68 || e.RespPort == 546 || e.RespPort == 547
		late := lease || answersFrom(e.OrigPort) && e.RespPort >= 1024
		traced := e.RespPort >= 33434 && e.RespPort < 33434+256
		return !late && !traced && (e.RespPort != 443 || to != wayOut)
	}
	return false
}

// answersFrom reports whether datagrams from a port are answers: of well-known services, discovery, telephony and VPNs.
func answersFrom(port uint16) bool {
	switch port {
	case 1194, 1900, 3478, 3702, 4500, 5060, 5353, 5355, 51820:
		return true
	}
	return port < 1024
}

// Findings lists the sources that scanned: all of ours, and the largest of those outside.
func (s *Scan) Findings(record.Time) []verdict.Finding {
	best := map[string]*scanner{}
	take := func(x *scanner) {
		if x.hot == nil {
			return
		}
		if id := ID("scan", x.who.String(), x.way.String()); best[id] == nil || best[id].hot.failures < x.hot.failures {
			best[id] = x
		}
	}
	for _, x := range s.finished {
		take(x)
	}
	for i := range s.sources {
		s.sources[i].each(func(_ hostKey, x *scanner) { take(x) })
	}
	var ours, theirs []*scanner
	for _, x := range best {
		if x.way == wayIn {
			theirs = append(theirs, x)
		} else {
			ours = append(ours, x)
		}
	}
	slices.SortFunc(theirs, func(a, b *scanner) int {
		return cmp.Or(cmp.Compare(b.hot.failures, a.hot.failures), compareScanners(a, b))
	})
	ours = append(ours, theirs[:min(len(theirs), maxScansOutside)]...)
	out := make([]verdict.Finding, 0, len(ours))
	for _, x := range ours {
		f := x.finding()
		if x.overIPv6() && !s.v6 {
			f.ExplainedBy = "IPv6 does not reach the Internet here: nothing was ever answered over it"
		}
		if _, ok := s.dhcp[x.addr]; ok && x.asksFirst() {
			f.ExplainedBy = "a DHCP server pings an address before it gives it out"
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b verdict.Finding) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// addressList writes addresses.
func addressList(in []netip.Addr) []string {
	out := make([]string, len(in))
	for i, a := range in {
		out[i] = a.String()
	}
	return out
}

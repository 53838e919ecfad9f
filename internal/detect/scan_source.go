package detect

import (
	"net/netip"
	"slices"
	"strings"

	"candor/internal/record"
)

// scanner is what is kept of a source that tried something unanswered.
type scanner struct {
	who   hostKey
	addr  netip.Addr
	way   way
	last  record.Time
	tries []try // different places, in the order in which they were first tried; a ring once full
	next  int
	ok    [2][portClasses][2]uint64 // hosts that answered it, by class of port, in this hour and the one before
	hour  int64
	swarm [4]uint64 // high ports that answered, of hosts outside: a swarm of peers has a port each
	v6    uint32    // tries over IPv6 that failed
	hot   *scanned
}

// try is a place that was tried, when it was tried first.
type try struct {
	host  uint32 // hash
	at    uint32 // seconds
	port  uint16 // ICMP: type
	proto uint8
}

// scanned are the totals of a source that scans.
type scanned struct {
	hosts, ports, answered distinct
	attempts, failures     uint64
	first, last            record.Time
	wide, deep             bool // many hosts by one port, many ports of one host
	dark                   bool // many hosts by whatever port
	icmp                   bool
	class                  int // of the ports that made it hot
	sample                 []netip.Addr
	portSample             []int
	uids                   []string
	resolved               Resolution
}

const (
	maxTries    = 128
	portClasses = 8
	maxSample   = 10
	hotFor      = record.Hour // a try so long after the one before begins anew
)

// portClassOf groups ports so that what answers on one is not held against tries on another.
func portClassOf(e *Event) int {
	switch {
	case isICMP(e.Proto):
		return 7
	case e.RespPort == 443 && e.Proto == 6:
		return 0
	case e.RespPort == 80:
		return 1
	case e.RespPort == 53:
		return 2
	case e.RespPort == 445 || e.RespPort == 139 || e.RespPort == 135:
		return 3
	case e.RespPort == 22 || e.RespPort == 23 || e.RespPort == 3389:
		return 4
	case e.RespPort < 1024:
		return 5
	}
	return 6
}

// answered counts a host that answered the source; h is the hash of its address.
func (x *scanner) answered(e *Event, h uint64) {
	class := portClassOf(e)
	x.turn(e.TS)
	x.ok[0][class][h>>6&1] |= 1 << (h & 63)
	if e.RespPort >= 1024 && e.RespPlace == Outside {
		p := e.RespPort * 40503 >> 8
		x.swarm[p>>6] |= 1 << (p & 63)
	}
	if x.hot != nil && class == x.hot.class && e.TS-x.hot.last < hotFor {
		x.hot.attempts++
		x.hot.answered.add(h)
	}
}

// turn forgets what answered two hours ago.
func (x *scanner) turn(ts record.Time) {
	hour := int64(ts / record.Hour)
	if hour == x.hour {
		return
	}
	x.ok[1] = [portClasses][2]uint64{}
	if hour == x.hour+1 {
		x.ok[1] = x.ok[0]
	}
	x.ok[0] = [portClasses][2]uint64{}
	x.hour = hour
}

// okHosts is how many hosts answered it lately by this class of ports.
func (x *scanner) okHosts(class int) int {
	var both [2]uint64
	for i := range both {
		both[i] = x.ok[0][class][i] | x.ok[1][class][i]
	}
	return counted(onesOf(both[:]), 128)
}

// tried takes an unanswered try.
func (x *scanner) tried(e *Event) {
	x.last = max(x.last, e.TS)
	x.turn(e.TS)
	if e.Orig.Is6() && !e.Orig.Is4In6() {
		x.v6++
	}
	t := try{host: uint32(addrHash(e.Resp)), at: uint32(max(e.TS, 0) / 1e9), port: e.RespPort, proto: e.Proto}
	if isICMP(e.Proto) {
		t.port = e.OrigPort
	}
	for i := range x.tries {
		if o := &x.tries[i]; o.host == t.host && o.port == t.port && o.proto == t.proto {
			if x.hot != nil && e.TS-x.hot.last < hotFor {
				x.hot.attempts, x.hot.failures, x.hot.last = x.hot.attempts+1, x.hot.failures+1, max(x.hot.last, e.TS)
			}
			return
		}
	}
	if len(x.tries) < maxTries {
		x.tries = append(x.tries, t)
	} else {
		x.tries[x.next] = t
		x.next = (x.next + 1) % maxTries
	}
	if x.hot != nil && e.TS-x.hot.last < hotFor {
		x.hot.take(e)
		if len(x.tries) == maxTries && x.hot.wide && x.hot.deep { // nothing new can come of a look
			return
		}
	}
	x.judge(e, t)
}

// limits are the numbers of new places within a minute, an hour and a day that make a scan.
type limits struct {
	hosts, ports [3]int
	share        float64 // of the hosts tried by such ports, the least that did not answer
}

// limitsOf are set by what machines that do not scan were seen or can be expected to do, with room to spare: a person's
// machine meets a handful of dead hosts a day, by a few ports each. Calls of the Internet's murmur are one or two a source.
func limitsOf(e *Event, to way) limits {
	var l limits
	switch to {
	case wayWithin:
		l = limits{[3]int{8, 15, 25}, [3]int{12, 15, 20}, 0.4}
	case wayOut:
		l = limits{[3]int{10, 25, 50}, [3]int{15, 20, 30}, 0.33}
		if (e.RespPort == 443 || e.RespPort == 80) && e.Resolution == NoDNSInSight {
			l.hosts[1], l.hosts[2] = 60, 150
		}
	default:
		l = limits{[3]int{5, 8, 10}, [3]int{10, 15, 20}, 0.3}
	}
	switch {
	case isICMP(e.Proto) && to == wayWithin:
		l.hosts, l.share = [3]int{6, 12, 25}, 0.3
	case e.Proto == 17 && to == wayOut:
		l.hosts, l.share = [3]int{25, 60, 150}, 0.6
	case e.Proto == 17 && to == wayWithin:
		l.hosts = [3]int{12, 25, 40}
	}
	return l
}

// judge looks whether a new place makes a scan of what was tried before.
func (x *scanner) judge(e *Event, t try) {
	l := limitsOf(e, x.way)
	if len(x.tries) < l.least() {
		return
	}
	var hosts, ports, all [3]int
	for i := range x.tries {
		o := &x.tries[i]
		var age uint32
		if t.at > o.at {
			age = t.at - o.at
		}
		within := 2
		switch {
		case age < 60:
			within = 0
		case age < 3600:
			within = 1
		case age >= 86400:
			continue
		}
		all[within]++
		hosts[within] += b2i(o.port == t.port && o.proto == t.proto)
		ports[within] += b2i(o.host == t.host && o.proto == t.proto)
	}
	for w := 1; w < 3; w++ { // who tried within a minute did so within an hour
		all[w] += all[w-1]
		hosts[w] += hosts[w-1]
		ports[w] += ports[w-1]
	}
	wide := reaches(hosts, l.hosts) && x.share(hosts[2], portClassOf(e)) >= l.share
	deep := !isICMP(e.Proto) && reaches(ports, l.ports)
	dark := x.way == wayWithin && all[1] >= 40 && !wide && !deep && x.hostsTried(t.at) >= 20
	if !wide && !deep && !dark {
		return
	}
	if x.hot == nil {
		x.hot = &scanned{first: e.TS, class: portClassOf(e), resolved: e.Resolution}
	}
	if e.TS-x.hot.last >= hotFor || x.hot.attempts == 0 {
		x.begin(e, t, wide, deep)
	}
	x.hot.wide, x.hot.deep, x.hot.dark = x.hot.wide || wide, x.hot.deep || deep, x.hot.dark || dark
	x.hot.icmp = x.hot.icmp || isICMP(e.Proto)
}

// least is how many tries the smallest of the limits takes.
func (l *limits) least() int { return min(slices.Min(l.hosts[:]), slices.Min(l.ports[:])) }

func reaches(n, least [3]int) bool { return n[0] >= least[0] || n[1] >= least[1] || n[2] >= least[2] }

// share is the part of the hosts tried by a class of ports that did not answer.
func (x *scanner) share(failed, class int) float64 {
	return float64(failed) / float64(max(failed+x.okHosts(class), 1))
}

// hostsTried counts the different hosts of the last hour's tries.
func (x *scanner) hostsTried(now uint32) int {
	var d distinct
	for i := range x.tries {
		if t := &x.tries[i]; now < t.at+3600 {
			d.add(uint64(t.host))
		}
	}
	return d.count()
}

// begin counts what led to a scan as part of it.
func (x *scanner) begin(e *Event, t try, wide, deep bool) {
	for i := range x.tries {
		o := &x.tries[i]
		related := !wide && !deep || wide && o.port == t.port && o.proto == t.proto || deep && o.host == t.host
		if !related || t.at > o.at+86400 {
			continue
		}
		x.hot.attempts++
		x.hot.failures++
		x.hot.hosts.add(uint64(o.host))
		x.hot.port(o.port, o.proto)
		x.hot.first = min(x.hot.first, record.Time(o.at)*1e9)
	}
	x.hot.last = max(x.hot.last, e.TS)
	x.hot.show(e)
}

// take counts a new place of a running scan.
func (h *scanned) take(e *Event) {
	h.attempts++
	h.failures++
	h.hosts.add(addrHash(e.Resp) & 0xffffffff)
	port := e.RespPort
	if isICMP(e.Proto) {
		port = e.OrigPort
	}
	h.port(port, e.Proto)
	h.last = max(h.last, e.TS)
	h.show(e)
}

func (h *scanned) port(port uint16, proto uint8) {
	if isICMP(proto) {
		return
	}
	h.ports.add(mix(uint64(port)<<8 | uint64(proto)))
	if len(h.portSample) < maxSample && !slices.Contains(h.portSample, int(port)) {
		h.portSample = append(h.portSample, int(port))
	}
}

func (h *scanned) show(e *Event) {
	if len(h.sample) < maxSample && !slices.Contains(h.sample, e.Resp) {
		h.sample = append(h.sample, e.Resp)
	}
	if len(h.uids) < 5 {
		h.uids = append(h.uids, strings.Clone(e.UID))
	}
}

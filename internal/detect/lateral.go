package detect

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"candor/internal/record"
	"candor/internal/verdict"
)

// Lateral finds machines that begin to sign on to many others inside by the services of administration (SMB, RDP, WinRM, SSH, RPC, VNC):
// servers that they did not use before, that few others use, and more of them than machines here usually reach.
//
// Whoever did so from the first day on is managing; a server that many use is a file server. What was tried and not answered is a scan.
type Lateral struct {
	clients  recent[hostKey, mover]
	servers  recent[netip.Addr, moved]
	finished []*mover  // moved, and since let go of
	lead     [2]*mover // the two that reached most
	pairs    *pairSet  // client, server and service that met before
	begin    record.Time
	now      record.Time
	lost     uint64
}

// Bounds and thresholds.
const (
	maxMovers    = 1 << 14
	maxMoved     = 1 << 16
	maxMovements = 1 << 12
	maxMoverNew  = 64 // newest places of a machine
	lateralHour  = 5  // new places within an hour
	lateralDay   = 8  // within a day
	lateralShort = 10 // within an hour, while there is less than a day of history
	popularLeast = 6  // so many users make a server everybody's
	lateralSees  = record.Day
	lateralWarm  = 15 * record.Minute // so long a machine must be known before what it does can be new, while history is short
)

// lateralServices are the services of administration, by port, as techniques.
var lateralServices = map[uint16]struct{ name, attack string }{
	445: {"SMB", "T1021.002"}, 139: {"SMB", "T1021.002"}, 3389: {"RDP", "T1021.001"}, 5985: {"WinRM", "T1021.006"}, 5986: {"WinRM", "T1021.006"},
	22: {"SSH", "T1021.004"}, 135: {"RPC", "T1021.003"}, 5900: {"VNC", "T1021.005"}, 5901: {"VNC", "T1021.005"},
}

func lateralPort(port uint16) bool {
	switch port {
	case 22, 135, 139, 445, 3389, 5900, 5901, 5985, 5986:
		return true
	}
	return false
}

// mover is a machine that uses such services.
type mover struct {
	who     hostKey
	addr    netip.Addr
	first   record.Time // first use of such a service
	last    record.Time
	total   int // different places ever
	early   int // of these, met in its first day
	newest  []newPlace
	hit     *movement
	reached record.Time // when a machine that never did so before signed on to this one
	by      netip.Addr
}

type newPlace struct {
	to   netip.Addr
	port uint16
	at   record.Time
	uid  string
}

// moved is a machine that offers such services.
type moved struct {
	users  [popularLeast]uint32 // hashes
	n      uint8
	reachd record.Time
	by     netip.Addr
}

// movement is what was found.
type movement struct {
	first, last record.Time
	places      []newPlace
	seen        distinct
	ports       []int
	history     record.Time // how long the machine was known
	usual       int         // places in its first day
	peers       int         // the most places that another machine reached, the managing ones aside
	reachedBy   netip.Addr
	short       bool // less than a day of history
}

// NewLateral makes the detector.
func NewLateral() *Lateral {
	l := &Lateral{pairs: newPairSet(), begin: math.MaxInt64}
	l.clients = newRecent(maxMovers, l.drop)
	l.servers = newRecent(maxMoved, func(old map[netip.Addr]*moved) { l.lost += uint64(len(old)) })
	return l
}

func (l *Lateral) drop(old map[hostKey]*mover) {
	var found []*mover
	for _, c := range old {
		switch {
		case c.hit != nil:
			found = append(found, c)
		case l.now-c.last < record.Day:
			l.lost++
		}
	}
	slices.SortFunc(found, func(a, b *mover) int {
		return cmp.Or(a.who.addr.Compare(b.who.addr), cmp.Compare(a.who.host, b.who.host), cmp.Compare(a.hit.first, b.hit.first))
	})
	room := max(maxMovements-len(l.finished), 0)
	if len(found) > room {
		l.lost += uint64(len(found) - room)
		found = found[:room]
	}
	l.finished = append(l.finished, found...)
}

// Kinds lists its finding kinds.
func (l *Lateral) Kinds() []string { return []string{"lateral_movement"} }

// Needs lists the records it reads.
func (l *Lateral) Needs() []record.Kind { return []record.Kind{record.KindConn} }

// Lost counts machines that no longer fitted, and meetings that were forgotten.
func (l *Lateral) Lost() uint64 { return l.lost + l.pairs.lost }

// Observe folds a slice.
func (l *Lateral) Observe(s *Slice) {
	for i := range s.Events {
		e := &s.Events[i]
		if l.begin > e.TS {
			l.begin = e.TS
		}
		if e.RespPlace != Inside || e.OrigPlace != Inside || e.Proto != 6 || !e.Answered || !lateralPort(e.RespPort) {
			continue
		}
		if e.OrigBytes == 0 && !e.Reported && e.Final { // opened, and nothing said: a look whether it is there
			continue
		}
		l.see(e)
	}
}

func (l *Lateral) see(e *Event) {
	l.now = max(l.now, e.TS)
	who := hostKeyOf(e)
	id := mix(addrHash(e.Orig)*3 + textHash(string(e.Host)))
	if !l.pairs.add(mix(id ^ addrHash(e.Resp) + uint64(e.RespPort))) {
		return
	}
	server := l.servers.get(e.Resp)
	if server == nil {
		server = &moved{}
		l.servers.put(e.Resp, server)
	}
	client := l.clients.get(who)
	if client == nil {
		who = who.kept()
		client = &mover{who: who, addr: e.Orig, first: e.TS}
		l.clients.put(who, client)
	}
	popular := server.used(uint32(id))
	client.total++
	client.last = max(client.last, e.TS)
	l.leads(client)
	if e.TS-l.begin < lateralSees {
		client.early++
	}
	if popular {
		return
	}
	if c := l.servers.get(e.Orig); c != nil && e.TS-c.reachd < record.Day && c.by != e.Resp {
		client.reached, client.by = c.reachd, c.by
	}
	server.reachd, server.by = e.TS, e.Orig
	if len(client.newest) == maxMoverNew {
		client.newest = append(client.newest[:0], client.newest[1:]...)
	}
	client.newest = append(client.newest, newPlace{e.Resp, e.RespPort, e.TS, strings.Clone(e.UID)})
	l.judge(client, e.TS)
}

// used counts a user, and reports whether the server is everybody's.
func (m *moved) used(user uint32) bool {
	for i := range m.n {
		if m.users[i] == user {
			return m.n == popularLeast
		}
	}
	if m.n < popularLeast {
		m.users[m.n] = user
		m.n++
	}
	return m.n == popularLeast
}

// judge looks whether a new place makes a movement of the newest ones.
func (l *Lateral) judge(c *mover, at record.Time) {
	var hour, day distinct
	for i := range c.newest {
		switch p := &c.newest[i]; {
		case at-p.at < record.Hour:
			hour.add(addrHash(p.to))
			day.add(addrHash(p.to))
		case at-p.at < record.Day:
			day.add(addrHash(p.to))
		}
	}
	history := at - l.begin
	short := history < lateralSees
	reached := c.reached != 0 && at-c.reached < record.Day
	needHour, needDay := lateralHour, lateralDay
	if reached || l.serves(c) {
		needHour, needDay = 3, 5
	}
	switch {
	case c.hit != nil && at-c.hit.last < record.Day:
		c.hit.take(c.newest[len(c.newest)-1:])
		return
	case short && (hour.count() < lateralShort || !c.suddenly()):
		return
	case !short && hour.count() < needHour && day.count() < needDay:
		return
	case !short && c.early >= 2*max(hour.count(), 5): // it reached as many and more from the beginning
		return
	}
	if c.hit == nil {
		c.hit = &movement{history: history, usual: c.early, peers: l.widest(c), short: short}
		if reached {
			c.hit.reachedBy = c.by
		}
	}
	for i := range c.newest {
		if at-c.newest[i].at < record.Day {
			c.hit.take(c.newest[i : i+1])
		}
	}
}

// suddenly reports whether a machine used next to nothing for a while before its newest places: else it may be that it always does so, and we
// only came.
func (c *mover) suddenly() bool {
	at := len(c.newest) - lateralShort
	return at >= 0 && c.newest[at].at-c.first >= lateralWarm && c.total-lateralShort <= 3
}

// serves reports whether a machine is itself one that many use: servers do not sign on to their clients.
func (l *Lateral) serves(c *mover) bool {
	s := l.servers.get(c.addr)
	return s != nil && s.n == popularLeast
}

// leads keeps the two that reached most.
func (l *Lateral) leads(c *mover) {
	switch {
	case l.lead[0] == c:
	case l.lead[0] == nil || c.total > l.lead[0].total:
		l.lead[0], l.lead[1] = c, l.lead[0]
	case l.lead[1] == nil || c.total > l.lead[1].total:
		l.lead[1] = c
	}
}

// widest is the most places that another machine reached.
func (l *Lateral) widest(c *mover) int {
	for _, o := range l.lead {
		if o != nil && o != c {
			return o.total
		}
	}
	return 0
}

func (m *movement) take(places []newPlace) {
	for _, p := range places {
		if m.first == 0 {
			m.first = p.at
		}
		m.first, m.last = min(m.first, p.at), max(m.last, p.at)
		m.seen.add(addrHash(p.to))
		if len(m.places) < maxSample {
			m.places = append(m.places, p)
		}
		if !slices.Contains(m.ports, int(p.port)) {
			m.ports = append(m.ports, int(p.port))
		}
	}
}

// Findings lists the movements.
func (l *Lateral) Findings(record.Time) []verdict.Finding {
	best := map[hostKey]*mover{}
	for _, c := range l.finished {
		if best[c.who] == nil {
			best[c.who] = c
		}
	}
	l.clients.each(func(who hostKey, c *mover) {
		if c.hit != nil && best[who] == nil {
			best[who] = c
		}
	})
	out := make([]verdict.Finding, 0, len(best))
	for _, c := range best {
		out = append(out, c.finding())
	}
	slices.SortFunc(out, func(a, b verdict.Finding) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (c *mover) finding() verdict.Finding {
	m, who := c.hit, c.addr.String()
	f := blank("lateral_movement", c.who.String(), "", m.first, m.last)
	f.Source, f.Host.ID = who, c.who.host
	f.Ports = append(f.Ports, m.ports...)
	slices.Sort(f.Ports)
	var names []string
	for _, p := range m.places {
		if to := p.to.String(); !slices.Contains(f.Destinations, to) {
			f.Destinations = append(f.Destinations, to)
		}
		if len(f.UIDs) < 5 {
			f.UIDs = append(f.UIDs, p.uid)
		}
	}
	for _, p := range f.Ports {
		s := lateralServices[uint16(p)]
		if !slices.Contains(names, s.name) {
			names = append(names, s.name)
		}
		if !slices.Contains(f.Attack, s.attack) {
			f.Attack = append(f.Attack, s.attack)
		}
	}
	hosts := m.seen.count()
	f.Evidence = map[string]any{
		"hosts": hosts, "services": names, "history_hours": round2(m.history.Seconds() / 3600), "usual_hosts": m.usual,
		"most_of_others": m.peers, "seconds": (m.last - m.first).Seconds(), "reached_by": "",
	}
	f.Severity, f.Confidence = "high", min(0.5+0.03*float64(hosts), 0.85)
	if m.peers > hosts {
		f.Confidence -= 0.2
	}
	if m.short {
		f.Severity, f.Confidence = "medium", 0.3
		if m.peers > hosts/2 {
			f.ExplainedBy = "others here reach as many machines, and there is too little history to tell who manages"
		}
	}
	f.Words = fmt.Sprintf("%s signed on to %d machines by %s that it never used before.", who, hosts, strings.Join(names, ", "))
	if m.reachedBy.IsValid() {
		f.Evidence["reached_by"] = m.reachedBy.String()
		f.Confidence = min(f.Confidence+0.1, 0.9)
		f.Words += fmt.Sprintf(" Shortly before, %s had signed on to it for the first time.", m.reachedBy)
	}
	return f
}

// pairSet remembers hashes in two halves that take turns.
type pairSet struct {
	young, old map[uint64]struct{}
	lost       uint64
}

const maxPairs = 1 << 17

func newPairSet() *pairSet { return &pairSet{young: map[uint64]struct{}{}} }

// add reports whether the hash is new.
func (s *pairSet) add(h uint64) bool {
	if _, ok := s.young[h]; ok {
		return false
	}
	_, known := s.old[h]
	if known {
		delete(s.old, h)
	}
	if len(s.young) >= maxPairs/2 {
		s.lost += uint64(len(s.old))
		s.old, s.young = s.young, make(map[uint64]struct{}, 1024)
	}
	s.young[h] = struct{}{}
	return !known
}

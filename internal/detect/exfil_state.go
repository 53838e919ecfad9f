package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"candor/internal/record"
	"candor/internal/verdict"
)

// exfilSource is a machine of ours and its days.
type exfilSource struct {
	who      hostKey
	addr     netip.Addr
	firstDay int32
	day      int32
	counted  int32              // the day on which it was counted as a peer
	odd      oddDay             // today
	top      uint64             // today: the most to one destination
	past     *[exfilDays]oddDay // the days before, by day; nil on its first
}

// oddDay is the most that went to one destination that was not used regularly.
type oddDay struct {
	bytes uint64
	to    *exfilPair
}

// exfilDest is a destination and who here sends to it.
type exfilDest struct {
	name  string
	users [4]*exfilSource // the first that sent a megabyte in a day
	most  [4]uint64       // the most each sent in a day
}

type exfilKey struct {
	src  *exfilSource
	dest *exfilDest
}

// exfilPair is what a source sent to a destination.
type exfilPair struct {
	src     *exfilSource
	dest    *exfilDest
	day     int32
	out, in uint64 // today
	most    uint32 // of a day before, in KiB; days with a hit do not count
	days    uint8  // days on which it sent something, today not
	judged  uint64
	conns   uint32
	port    uint16
	first   record.Time // today
	last    record.Time
	uids    [3]string // the largest connections of today
	sizes   [3]uint64
	hit     *exfilHit
}

// exfilHit is an outflow.
type exfilHit struct {
	first, last    record.Time
	bytes, in      uint64 // of all days with a hit but this one
	day            int32
	usual          uint64 // the most of a day before, to there
	elsewhere      uint64 // the most of a day before, to any place not used regularly
	history        int    // days of its own past
	peers          int    // machines that sent something that day
	peerTop        uint64 // the most that one of them sent to one place
	repeats        int    // days with about as much, the first one too
	conns          uint32
	ports          []int
	uids           []string
	today, todayIn uint64
}

// turn begins a day.
func (s *exfilSource) turn(day int32) {
	if day <= s.day {
		return
	}
	if s.past == nil {
		s.past = &[exfilDays]oddDay{}
	}
	s.past[int(s.day)%exfilDays] = s.odd
	for d := max(s.day+1, day-exfilDays); d < day; d++ {
		s.past[int(d)%exfilDays] = oddDay{}
	}
	s.day, s.odd, s.top = day, oddDay{}, 0
}

// usual is the most of the days before to a place not used regularly, not even since.
func (s *exfilSource) usual() (most uint64) {
	if s.past == nil {
		return 0
	}
	for _, d := range s.past {
		if d.to != nil && d.to.days < exfilRegular {
			most = max(most, d.bytes)
		}
	}
	return most
}

// history is how many days lie before this one.
func (s *exfilSource) history() int { return int(min(s.day-s.firstDay, exfilDays)) }

// note keeps the day's largest; outflows do not count as the past.
func (s *exfilSource) note(p *exfilPair) {
	if p.day != s.day {
		return
	}
	s.top = max(s.top, p.out)
	if p.days < exfilRegular && p.out > s.odd.bytes && (p.hit == nil || p.hit.day != p.day) {
		s.odd = oddDay{p.out, p}
	}
}

// note keeps who sends to a destination.
func (d *exfilDest) note(s *exfilSource, out uint64) {
	if out < 1<<20 {
		return
	}
	for i := range d.users {
		if d.users[i] == s || d.users[i] == nil {
			d.users[i], d.most[i] = s, max(d.most[i], out)
			return
		}
	}
}

// others says how many other machines send to a destination, at most four, and the most one sent in a day.
func (d *exfilDest) others(s *exfilSource) (n int, most uint64) {
	for i := range d.users {
		if d.users[i] != nil && d.users[i] != s {
			n++
			most = max(most, d.most[i])
		}
	}
	return n, most
}

// turn begins a day.
func (p *exfilPair) turn(day int32) {
	if day <= p.day {
		return
	}
	hit := p.hit != nil && p.hit.day == p.day
	if hit {
		p.hit.bytes, p.hit.in, p.hit.today, p.hit.todayIn = p.hit.bytes+p.out, p.hit.in+p.in, 0, 0
	}
	if !hit || p.hit.history < exfilHistory {
		p.most = max(p.most, uint32(min(p.out>>10, 1<<32-1)))
	}
	if p.hit != nil && p.out >= p.hit.bytes/4 {
		p.hit.repeats++
	}
	if p.days < 255 && p.out > 0 {
		p.days++
	}
	p.day, p.out, p.in, p.judged, p.conns, p.first = day, 0, 0, 0, 0, 0
	p.uids, p.sizes = [3]string{}, [3]uint64{}
}

func (p *exfilPair) add(e *Event, out, in uint64, at record.Time) {
	if p.first == 0 {
		p.first = e.TS
	}
	p.out, p.in = p.out+out, p.in+in
	p.first, p.last = min(p.first, max(e.TS, at.Floor(record.Day))), max(p.last, at)
	p.port = e.RespPort
	p.conns += uint32(b2i(e.Report == 0))
	if out > p.sizes[2] && !slices.Contains(p.uids[:], e.UID) {
		i := 2
		for ; i > 0 && out > p.sizes[i-1]; i-- {
			p.sizes[i], p.uids[i] = p.sizes[i-1], p.uids[i-1]
		}
		p.sizes[i], p.uids[i] = out, strings.Clone(e.UID)
	}
	if h := p.hit; h != nil && h.day == p.day {
		h.last, h.today, h.todayIn = max(h.last, at), p.out, p.in
	}
}

// judge holds a day's outflow against the machine's own past, or, where that is short, against its peers of the same day.
func (x *Exfiltration) judge(src *exfilSource, p *exfilPair, at record.Time) {
	if p.out < exfilSided*p.in || p.hit != nil && p.hit.day == p.day || src.day != p.day {
		return
	}
	own, elsewhere, history := uint64(p.most)<<10, src.usual(), src.history()
	peers, top := 0, uint64(0)
	if history >= exfilHistory {
		if p.out < 4*own || p.out < 3*elsewhere {
			return
		}
	} else {
		if p.out < exfilLeastPeers {
			return
		}
		peers, top = x.peers.others(src)
		if peers < 3 || p.out < 5*top {
			return
		}
	}
	if p.hit == nil {
		if x.hits >= maxExfilHits {
			x.lost++
			return
		}
		x.hits++
		p.hit = &exfilHit{first: p.first, usual: own, elsewhere: elsewhere, history: history, peers: peers, peerTop: top}
	}
	h := p.hit
	h.day, h.last, h.today, h.todayIn, h.conns = p.day, max(h.last, at), p.out, p.in, h.conns+p.conns
	if !slices.Contains(h.ports, int(p.port)) && len(h.ports) < 5 {
		h.ports = append(h.ports, int(p.port))
	}
	h.uids = h.uids[:0]
	for _, uid := range p.uids {
		if uid != "" {
			h.uids = append(h.uids, uid)
		}
	}
}

// exfilPeers are the machines that send something on the newest day and on the one before.
type exfilPeers struct{ today, before peerDay }

// peerDay is how many machines sent something on a day, and the two that sent most to one place.
type peerDay struct {
	day  int32
	n    int
	lead [2]*exfilSource
	most [2]uint64
}

func (r *exfilPeers) note(s *exfilSource) {
	if s.day < r.today.day {
		return
	}
	if s.day > r.today.day {
		r.before, r.today = r.today, peerDay{day: s.day}
	}
	t := &r.today
	if s.counted != s.day {
		s.counted = s.day
		t.n++
	}
	switch {
	case t.lead[0] == s:
		t.most[0] = s.top
	case s.top > t.most[0]:
		t.lead[0], t.lead[1], t.most[0], t.most[1] = s, t.lead[0], s.top, t.most[0]
	case s.top > t.most[1]:
		t.lead[1], t.most[1] = s, s.top
	}
}

// others counts the machines beside one, and gives the most that one of them sent to one place in a day.
func (r *exfilPeers) others(s *exfilSource) (n int, top uint64) {
	for _, d := range [...]*peerDay{&r.today, &r.before} {
		n = max(n, d.n-1)
		for i, o := range d.lead {
			if o != nil && o != s {
				top = max(top, d.most[i])
				break
			}
		}
	}
	return n, top
}

func (p *exfilPair) finding() verdict.Finding {
	h, who := p.hit, p.src.addr.String()
	f := blank("exfiltration", p.src.who.String(), p.dest.name, h.first, h.last)
	f.Source, f.Host.ID = who, p.src.who.host
	f.Destinations, f.Ports = []string{p.dest.name}, append(f.Ports, h.ports...)
	if strings.IndexByte(p.dest.name, ':') < 0 && strings.ContainsFunc(p.dest.name, func(r rune) bool { return r >= 'a' && r <= 'z' }) {
		f.Domain = p.dest.name
	}
	f.UIDs = append(f.UIDs, h.uids...)
	bytes, in := h.bytes+h.today, h.in+h.todayIn
	n, most := p.dest.others(p.src)
	f.Evidence = map[string]any{
		"bytes": bytes, "bytes_in": in, "usual": h.usual, "usual_elsewhere": h.elsewhere, "history_days": h.history,
		"peers_to_same": n, "peer_most": most, "seconds": (h.last - h.first).Seconds(),
	}
	f.Attack = p.attack()
	f.Severity, f.Confidence = "medium", 0.25
	if h.history >= exfilHistory {
		over := float64(bytes) / float64(max(h.usual, h.elsewhere, exfilLeast/10))
		f.Confidence = min(0.5+0.02*over, 0.85)
	}
	if h.history >= exfilHistory && bytes >= 500<<20 {
		f.Severity = "high"
	}
	f.Words = fmt.Sprintf("%s sent %s to %s, far more than it or its peers do.", who, megabytes(bytes), p.dest.name)
	if h.history < exfilHistory {
		f.Words = fmt.Sprintf("%s sent %s to %s, more than five times what any other machine here sent to one place that day; its own past is too short to compare.", who, megabytes(bytes), p.dest.name)
	}
	switch {
	case n >= 3 && bytes < 10*most:
		f.ExplainedBy = "other machines here send as much to the same place"
	case h.history < exfilHistory && h.repeats >= exfilHistory:
		f.ExplainedBy = "it does so each day since it was first seen, as backups do"
	}
	return f
}

// attack names the techniques: over a web service, else over another protocol.
func (p *exfilPair) attack() []string {
	if slices.Contains(p.hit.ports, 443) || slices.Contains(p.hit.ports, 80) {
		return []string{"T1567", "T1041"}
	}
	return []string{"T1048", "T1041"}
}

func megabytes(n uint64) string {
	return fmt.Sprintf("%d MB", cmp.Or((n+500_000)/1_000_000, 1))
}

package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// Long finds connections between inside and outside that stay open for an hour and longer, also those that are still open:
// remote control and tunnels hold one connection rather than calling again.
type Long struct {
	talks map[longKey]*longTalk
	users map[string]*longUsers // by destination
	now   record.Time
	swept record.Time
	lost  uint64
}

type longKey struct {
	source hostKey
	to     netip.Addr
	port   uint16
	proto  uint8
}

type longTalk struct {
	addr    netip.Addr
	longest record.Time
	first   record.Time
	last    record.Time
	count   int
	bytes   uint64
	open    string // uid of the newest that has not ended
	newest  string // uid of the newest that was counted
	service string
	domain  string
	uids    []string
	inbound bool
	named   bool // a lookup named the address before, or there were no lookups in sight
	counted string
}

// longUsers are the machines that hold long connections to a destination, the first few.
type longUsers struct {
	who [longCommon]hostKey
	n   int
}

// Bounds and thresholds. An hour is where RITA begins to list connections; 4 and 8 hours are its next steps. What lasts less than
// four is listed as explained: in any office somebody talks or films that long.
const (
	longLeast   = record.Hour
	longMedium  = 4 * record.Hour
	longHigh    = 8 * record.Hour
	longKept    = 14 * record.Day
	longQuiet   = record.Hour // without a report for so long, nobody knows whether it is still open
	maxLong     = 1 << 16
	maxLongUIDs = 5
	longCommon  = 4 // so many machines with the same habit make it the network's, not an intruder's
)

// NewLong makes the detector.
func NewLong() *Long { return &Long{talks: map[longKey]*longTalk{}, users: map[string]*longUsers{}} }

// Kinds lists its finding kinds.
func (l *Long) Kinds() []string { return []string{"long_connection"} }

// Needs lists the records it reads.
func (l *Long) Needs() []record.Kind { return []record.Kind{record.KindConn} }

// Lost counts the pairs that no longer fitted, and the destinations whose users could not be counted.
func (l *Long) Lost() uint64 { return l.lost }

// Observe folds a slice.
func (l *Long) Observe(s *Slice) {
	for i := range s.Events {
		l.see(&s.Events[i])
	}
	for i := range s.Updates {
		l.see(&s.Updates[i])
	}
}

func (l *Long) see(e *Event) {
	if e.Duration < longLeast || !e.Answered {
		return
	}
	outward := e.RespPlace == Outside && (e.OrigPlace == Inside || e.OrigPlace == OwnPublic)
	inward := e.OrigPlace == Outside && (e.RespPlace == Inside || e.RespPlace == OwnPublic || e.Inbound)
	if !outward && !inward {
		return
	}
	l.now = max(l.now, e.TS+e.Duration)
	key := longKey{hostKeyOf(e), e.Resp, e.RespPort, e.Proto}
	t := l.talks[key]
	if t == nil {
		if len(l.talks) >= maxLong && !l.sweep() {
			l.lost++
			return
		}
		key.source = key.source.kept()
		t = &longTalk{addr: e.Orig, first: e.TS, inbound: inward, named: e.Resolution != Unresolved}
		l.talks[key] = t
	}
	t.take(e)
	if to := cmp.Or(t.domain, e.Resp.String()); t.counted != to {
		t.counted = to
		l.uses(to, key.source)
	}
}

// take adds a report to what is known.
func (t *longTalk) take(e *Event) {
	t.longest = max(t.longest, e.Duration)
	t.first, t.last = min(t.first, e.TS), max(t.last, e.TS+e.Duration)
	t.bytes += e.OrigBytes + e.RespBytes
	if t.service == "" {
		t.service = strings.Clone(e.Service)
	}
	t.domain = cmp.Or(e.Domain, t.domain)
	if e.UID != t.newest && !slices.Contains(t.uids, e.UID) {
		t.count++
		t.newest = strings.Clone(e.UID)
		if len(t.uids) < maxLongUIDs {
			t.uids = append(t.uids, t.newest)
		}
	}
	switch {
	case !e.Final && t.open != e.UID:
		t.open = strings.Clone(e.UID)
	case e.Final && t.open == e.UID:
		t.open = ""
	}
}

// uses counts a machine to the users of a destination.
func (l *Long) uses(to string, who hostKey) {
	u := l.users[to]
	if u == nil {
		if len(l.users) >= 2*maxLong {
			l.lost++
			return
		}
		u = &longUsers{}
		l.users[to] = u
	}
	if u.n < longCommon && !slices.Contains(u.who[:u.n], who) {
		u.who[u.n] = who
		u.n++
	}
}

// sweep forgets what ended long ago, at most once an hour, and reports whether there is room.
func (l *Long) sweep() bool {
	if l.swept != 0 && l.now-l.swept < record.Hour {
		return false
	}
	l.swept = l.now
	for key, t := range l.talks {
		if l.now-t.last > longKept {
			delete(l.talks, key)
		}
	}
	clear(l.users)
	for key, t := range l.talks {
		l.uses(t.counted, key.source)
	}
	return len(l.talks) < maxLong
}

// Findings lists the pairs with a connection of an hour or more.
func (l *Long) Findings(at record.Time) []verdict.Finding {
	out := make([]verdict.Finding, 0, len(l.talks))
	for key, t := range l.talks {
		out = append(out, l.finding(key, t, at))
	}
	slices.SortFunc(out, func(a, b verdict.Finding) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (l *Long) finding(key longKey, t *longTalk, at record.Time) verdict.Finding {
	who, to := t.addr.String(), key.to.String()
	f := blank("long_connection", key.source.String(), fmt.Sprint(to, key.port, key.proto), t.first, t.last)
	f.Source, f.Host.ID = who, key.source.host
	f.Destinations, f.Domain, f.Ports = []string{to}, t.domain, []int{int(key.port)}
	f.UIDs = append(f.UIDs, t.uids...)
	f.Attack = longAttack(key)
	open := t.open != "" && at-t.last <= longQuiet
	f.Evidence = map[string]any{"seconds": t.longest.Seconds(), "open": open, "count": t.count, "bytes": t.bytes, "inbound": t.inbound}
	f.Severity, f.Confidence = "low", 0.2
	switch {
	case t.longest >= longHigh:
		f.Severity, f.Confidence = "high", 0.4
	case t.longest >= longMedium:
		f.Severity, f.Confidence = "medium", 0.3
	}
	if t.inbound && f.Severity == "high" {
		f.Severity = "medium"
	}
	f.ExplainedBy = l.explained(key, t)
	f.Words = fmt.Sprintf("%s kept a connection to %s open for %s.", who, cmp.Or(t.domain, to), time.Duration(t.longest).Round(time.Minute))
	if open {
		f.Words = strings.TrimSuffix(f.Words, ".") + "; it is still open."
	}
	return f
}

// longAttack names what a connection held open may be: by port, as nothing else is known of it.
func longAttack(key longKey) []string {
	switch {
	case key.proto != 6 && key.proto != 17:
		return []string{"T1095", "T1572"}
	case key.port == 443, key.port == 80:
		return []string{"T1071.001", "T1572"}
	case key.port == 22, key.port == 3389, key.port == 5900:
		return []string{"T1219", "T1572"}
	}
	return []string{"T1571", "T1095"}
}

// explained names the ordinary reason for a long connection, where there is one that its evidence shows. A VPN's protocol is
// none: whoever brings his own tunnel uses the same.
func (l *Long) explained(key longKey, t *longTalk) string {
	u := l.users[t.counted]
	switch {
	case u != nil && u.n >= longCommon && t.inbound:
		return "many from outside hold such a connection to the same server"
	case u != nil && u.n >= longCommon:
		return "many machines here hold such a connection to the same place"
	case t.service == "ipsec", t.service == "gre", t.service == "teredo", t.service == "ayiya", key.proto == 50, key.proto == 47:
		return "a tunnel between networks, which stays open by nature"
	case t.named && key.proto == 6 && key.port >= 5228 && key.port <= 5230 && t.domain == "google.com",
		t.named && key.proto == 6 && key.port == 5223 && t.domain == "apple.com":
		return "the channel by which phones and browsers get their messages"
	case t.longest < longMedium:
		return "under four hours, as calls, films and remote work last"
	}
	return ""
}

package answer

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// MaxRows is how many rows a lookup keeps; how many more there were is counted.
const MaxRows = 10_000

// Bounds of what a lookup remembers beside its rows.
const (
	maxLookupAddrs = 4096    // addresses that a name was answered with
	maxLookupUIDs  = 1 << 16 // connections whose messages said the name
)

// Lookup collects the records that a question asks for: bounded, in one pass, while the window grows. It gives rows and no verdict.
type Lookup struct {
	asked  *Understood
	scope  *record.Scope
	zone   *time.Location
	window record.Span
	span   record.Span
	rows   []Row
	byUID  map[record.UID]int // connections kept, by uid
	addrs  map[netip.Addr]bool
	uids   map[record.UID]bool
	left   uint64
	newest record.Time // of what was left out
	ended  bool
	lost   uint64 // addresses and connections of the name that no longer fitted
}

// Row is one record that answers a lookup: exactly one of its pointers is set.
type Row struct {
	TS   record.Time
	Conn *record.Conn
	DNS  *record.DNS
	TLS  *record.TLS
	HTTP *record.HTTP
	DHCP *record.DHCP
	// ByAddress says that a connection is here only because its address is one that the name was answered with; others may use it.
	ByAddress bool
}

// NewLookup makes one. The subjects may get addresses while batches come (Seen).
func NewLookup(u *Understood, scope *record.Scope, zone *time.Location) *Lookup {
	return &Lookup{asked: u, scope: scope, zone: zone, byUID: map[record.UID]int{}, addrs: map[netip.Addr]bool{}, uids: map[record.UID]bool{}}
}

// Observe folds a batch. Nothing of it is kept but copies.
func (l *Lookup) Observe(b *record.Batch) {
	l.grow(b.Span)
	for i := range b.DNS {
		l.dns(&b.DNS[i])
	}
	for i := range b.TLS {
		if t := &b.TLS[i]; l.message(&t.Ends, t.ServerName) {
			c := *t
			l.add(Row{TS: t.TS, TLS: &c})
		}
	}
	for i := range b.HTTP {
		if h := &b.HTTP[i]; l.message(&h.Ends, h.Host) {
			c := *h
			l.add(Row{TS: h.TS, HTTP: &c})
		}
	}
	for i := range b.DHCP {
		d := &b.DHCP[i]
		if l.asked.Lookup == LookupWhat && l.asked.Peer.Kind == SubjectAll && (l.is(&l.asked.Subject, d.ClientAddr) || l.is(&l.asked.Subject, d.AssignedAddr)) && l.inSpan(d.TS, 0) {
			c := *d
			l.add(Row{TS: d.TS, DHCP: &c})
		}
	}
	for i := range b.Conns {
		l.conn(&b.Conns[i])
	}
}

// grow follows the window, and forgets rows that the time asked for has left behind.
func (l *Lookup) grow(s record.Span) {
	if s.Zero() {
		return
	}
	if l.window.Zero() {
		l.window = s
	}
	l.window = record.Span{From: min(l.window.From, s.From), To: max(l.window.To, s.To)}
	before := l.span
	l.span, _ = l.asked.When.Resolve(l.window, l.zone)
	if !l.asked.When.All() && before != l.span && len(l.rows) > 0 && l.span.From > before.From {
		l.prune()
	}
}

func (l *Lookup) prune() {
	kept := l.rows[:0]
	clear(l.byUID)
	for _, r := range l.rows {
		length := record.Time(0)
		if r.Conn != nil {
			length = r.Conn.Duration
		}
		if !l.inSpan(r.TS, length) {
			continue
		}
		if r.Conn != nil {
			l.byUID[r.Conn.UID] = len(kept)
		}
		kept = append(kept, r)
	}
	clear(l.rows[len(kept):])
	l.rows = kept
	if l.newest < l.span.From {
		l.left = 0
	}
}

// inSpan reports whether what began then and took so long touches the time asked for, or may do so once more was observed: what is
// now may be yesterday later.
func (l *Lookup) inSpan(ts, length record.Time) bool {
	return l.asked.When.All() || (l.asked.When.day == yesterday && !l.ended || ts < l.span.To) && ts+max(length, 0) >= l.span.From
}

func (l *Lookup) add(r Row) {
	if len(l.rows) >= MaxRows {
		l.left++
		l.newest = max(l.newest, r.TS)
		return
	}
	if r.Conn != nil {
		l.byUID[r.Conn.UID] = len(l.rows)
	}
	l.rows = append(l.rows, r)
}

func (l *Lookup) is(s *Subject, a netip.Addr) bool { return a.IsValid() && s.Holds(a, l.scope) }

// ends reports whether two ends are those asked for, by address.
func (l *Lookup) ends(orig, resp netip.Addr) bool {
	return l.oneWay(orig, resp) || l.oneWay(resp, orig)
}

// oneWay: a is the subject, b the other end; what was not named is anybody.
func (l *Lookup) oneWay(a, b netip.Addr) bool {
	if l.asked.Peer.Kind == SubjectName {
		return false
	}
	return (l.asked.Subject.Kind == SubjectAll || l.is(&l.asked.Subject, a)) && (l.asked.Peer.Kind == SubjectAll || l.is(&l.asked.Peer, b))
}

// named reports whether the subject, if one is asked for, is at an end of a record that said the name.
func (l *Lookup) named(orig, resp netip.Addr) bool {
	s := &l.asked.Subject
	return s.Kind == SubjectAll || l.is(s, orig) || l.is(s, resp)
}

func (l *Lookup) dns(d *record.DNS) {
	if l.asked.Peer.HoldsName(d.Query) {
		for _, text := range d.Answers {
			a, err := netip.ParseAddr(text)
			switch {
			case err != nil:
			case len(l.addrs) >= maxLookupAddrs:
				l.lost++
			default:
				l.addrs[a.Unmap().WithZone("")] = true
			}
		}
	}
	if !l.message(&d.Ends, d.Query) {
		return
	}
	c := *d
	c.Query, c.Answers = strings.Clone(d.Query), slices.Clone(d.Answers)
	l.add(Row{TS: d.TS, DNS: &c})
}

// message reports whether a message is asked for: by the name that it said, or by its ends.
func (l *Lookup) message(x *record.Ends, name string) bool {
	if !l.inSpan(x.TS, 0) {
		return false
	}
	if l.asked.Peer.Kind != SubjectName {
		return l.ends(x.OrigH, x.RespH)
	}
	if !l.asked.Peer.HoldsName(hostOf(name)) || !l.named(x.OrigH, x.RespH) {
		return false
	}
	if x.UID != "" {
		if len(l.uids) >= maxLookupUIDs {
			l.lost++
		} else {
			l.uids[x.UID] = true
		}
	}
	return true
}

// hostOf is a Host header without its port.
func hostOf(name string) string {
	if i := strings.LastIndexByte(name, ':'); i > 0 && !strings.Contains(name[:i], ":") {
		return name[:i]
	}
	return name
}

func (l *Lookup) conn(c *record.Conn) {
	if i, ok := l.byUID[c.UID]; ok && c.Report > 0 {
		l.rows[i].Conn.Whole(c)
		return
	}
	if !l.inSpan(c.TS, c.Duration) {
		return
	}
	byAddress := false
	switch {
	case l.asked.Peer.Kind != SubjectName:
		if !l.ends(c.OrigH, c.RespH) {
			return
		}
	case l.uids[c.UID]:
	case l.addrs[c.RespH.Unmap()] && l.named(c.OrigH, c.RespH):
		byAddress = true
	default:
		return
	}
	if c.Report > 0 && len(l.rows) >= MaxRows { // its first report was counted as left out
		return
	}
	whole := *c
	l.add(Row{TS: c.TS, Conn: &whole, ByAddress: byAddress})
}

// Found is what a lookup collected.
type Found struct {
	Rows   []Row
	Left   uint64 // rows that no longer fitted
	Lost   uint64 // addresses and connections of the name that no longer fitted
	Window record.Span
	Span   record.Span // the time asked for
	When   string      // in words
	Others []Other     // the other ends, the busiest first
}

// Other is one other end with how many rows are of it.
type Other struct {
	Addr netip.Addr
	Rows int
}

// Found gives the rows in the order of time.
func (l *Lookup) Found() *Found {
	l.ended = true
	l.prune()
	f := &Found{Rows: l.rows, Left: l.left, Lost: l.lost, Window: l.window}
	f.Span, f.When = l.asked.When.Resolve(l.window, l.zone)
	slices.SortStableFunc(f.Rows, func(a, b Row) int { return cmp.Compare(a.TS, b.TS) })
	times := map[netip.Addr]int{}
	for i := range f.Rows {
		if a := l.other(&f.Rows[i]); a.IsValid() {
			times[a]++
		}
	}
	for a, n := range times {
		f.Others = append(f.Others, Other{a, n})
	}
	slices.SortFunc(f.Others, func(a, b Other) int { return cmp.Or(cmp.Compare(b.Rows, a.Rows), a.Addr.Compare(b.Addr)) })
	return f
}

// other is the end of a row that was not named: of "who" the one that talked, of "what" the one that was talked to.
func (l *Lookup) other(r *Row) netip.Addr {
	orig, resp := r.Ends()
	switch {
	case l.asked.Lookup == LookupWhat && l.is(&l.asked.Subject, orig):
		return resp
	case l.asked.Lookup == LookupWhat:
		return orig
	case l.asked.Peer.Kind != SubjectName && l.is(&l.asked.Peer, orig):
		return resp
	}
	return orig
}

// Ends are the two ends of a row, invalid where it has none.
func (r *Row) Ends() (orig, resp netip.Addr) {
	switch {
	case r.Conn != nil:
		return r.Conn.OrigH, r.Conn.RespH
	case r.DNS != nil:
		return r.DNS.OrigH, r.DNS.RespH
	case r.TLS != nil:
		return r.TLS.OrigH, r.TLS.RespH
	case r.HTTP != nil:
		return r.HTTP.OrigH, r.HTTP.RespH
	case r.DHCP != nil:
		return r.DHCP.ClientAddr, r.DHCP.ServerAddr
	}
	return netip.Addr{}, netip.Addr{}
}

// Blind lists what hides rows of a lookup: the defects that are yes at the time asked about, and those that must be known and
// cannot be said.
func (f *Found) Blind(u *Understood, scope *record.Scope, defects []verdict.Defect) []verdict.Defect {
	known, not := sightKnown(verdict.FeedLoss, verdict.FeedAsymmetric), sightNot(verdict.FeedTruncated)
	if u.Peer.Kind == SubjectName {
		known = append(known, verdict.DNSEncrypted, verdict.KindMissing)
	}
	known = slices.DeleteFunc(known, func(c verdict.Code) bool { return c == verdict.HistoryShort })
	var out []verdict.Defect
	for _, d := range defects {
		must := slices.Contains(known, d.Code)
		if !must && !slices.Contains(not, d.Code) && d.Code != verdict.KindMissing {
			continue
		}
		if d.Verdict == verdict.No && !blindAWhile(&d) || d.Verdict == verdict.CannotSay && !must || d.Verdict == verdict.Yes && !touches(&d, f.Span) {
			continue
		}
		out = append(out, d)
	}
	who := &u.Subject
	if who.Kind == SubjectAll {
		who = &u.Peer
	}
	segment := ""
	switch {
	case who.Kind == SubjectSegment:
		segment = who.Text
	case len(who.Addrs) > 0:
		segment = string(scope.Locate(who.Addrs[0]))
	}
	if scope.Segment(record.SegmentID(segment)) == nil {
		return out
	}
	names := spotsOf(segment, out)
	return slices.DeleteFunc(out, func(d verdict.Defect) bool { return !slices.Contains(names, d.Name()) })
}

// touches reports whether a defect is yes, or not known, at some time of a span.
func touches(d *verdict.Defect, s record.Span) bool {
	for _, p := range d.Periods {
		from, err1 := time.Parse(time.RFC3339Nano, p.From)
		to, err2 := time.Parse(time.RFC3339Nano, p.To)
		if err1 != nil || err2 != nil || p.Verdict != verdict.No && record.TimeOf(from) < s.To && record.TimeOf(to) > s.From {
			return true
		}
	}
	return len(d.Periods) == 0
}

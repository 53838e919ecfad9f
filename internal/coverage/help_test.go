package coverage

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/agreement"
	"candor/internal/record"
	"candor/internal/verdict"
)

// The language of these tests: an agreement in YAML, and evidence put together by hand from small parts.

// office is an agreement with two promised segments, one that is only named, and everything that can be promised.
const office = `
metadata: {id: office}
term: {time_zone: UTC}
calendar: {workdays: [mon, tue, wed, thu, fri], hours: "08:00-18:00", holidays: [2026-11-26]}
scope:
  segments:
    - {id: users, kind: clients, networks: ["10.1.0.0/24"], expected: {hosts: 100, min_seen_24h: 0.80, min_seen_7d: 0.90, active_workday: 0.50}}
    - {id: servers, kind: servers, networks: ["10.2.0.0/24"], expected: {hosts: 20, min_seen_24h: 0.90}}
    - {id: gear, kind: special, networks: ["10.9.0.0/24"], excluded: true, reason: "another provider"}
  own_public: ["203.0.113.16/28"]
  public_hosts: ["203.0.113.40"]
  resolvers: ["10.2.0.53"]
  critical:
    - {id: db, address: 10.2.0.31, max_unseen: 1h}
  directions: [client-internet, client-server]
  volume: {floor_gb_per_workday: 100}
data:
  - {id: packets, kind: packets, both_directions: 0.95, loss_max: 0.01, snaplen: full}
  - {id: dns, kind: dns, segments: [users], expect: {per: active_client_hour, rate: 10}}
  - {id: dhcp, kind: dhcp, segments: [users], expect: {per: host_day, rate: 1}}
  - {id: auth, kind: log, expect: {per: hour, rate: 500}}
sensors:
  - {id: core, vantage: {side: inside, accepts: []}, covers: [users, servers], accepted: {coverage: 0.80}}
`

// terms reads an agreement; changes are "old => new".
func terms(t testing.TB, text string, changes ...string) *Terms {
	t.Helper()
	for _, c := range changes {
		old, changed, ok := strings.Cut(c, " => ")
		if !ok || !strings.Contains(text, old) {
			t.Fatalf("change %q: not in the agreement", c)
		}
		text = strings.ReplaceAll(text, old, changed)
	}
	a, err := agreement.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	out, err := NewTerms(a, "")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// assumed is the terms without an agreement.
func assumed(t testing.TB) *Terms {
	t.Helper()
	out, err := NewTerms(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// at is a moment of November 2026 in UTC: the 23rd is a Monday, the 26th a holiday.
func at(day, hour, minute int) record.Time {
	return record.TimeOf(time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC))
}

// monday is a stretch of Monday's working time, from nine o'clock.
func monday(d time.Duration) record.Span {
	return record.Span{From: at(23, 9, 0), To: at(23, 9, 0) + record.Time(d)}
}

// part is a piece of evidence.
type part func(*Evidence)

// gather makes evidence of parts.
func gather(t *Terms, seen record.Span, parts ...part) *Evidence {
	e := NewEvidence(t, seen)
	e.Whole.Carries = record.CarriesAll
	e.Seen, e.Ended = seen, true
	for _, p := range parts {
		p(e)
	}
	return e
}

// all joins parts.
func all(parts ...part) part {
	return func(e *Evidence) {
		for _, p := range parts {
			p(e)
		}
	}
}

// feed adds to a counter of the feed as a whole.
func feed(c record.Count, n uint64) part {
	return func(e *Evidence) {
		var s record.Sight
		s.Counts[c] = n
		e.Add(&s)
	}
}

// undecodable adds frames that could not be understood.
func undecodable(reason string, n uint64) part {
	return func(e *Evidence) { e.Add(&record.Sight{Undecodable: map[string]uint64{reason: n}}) }
}

// within adds to a counter of a segment.
func within(id record.SegmentID, c record.Count, n uint64) part {
	return func(e *Evidence) {
		s := record.Sight{Segment: id}
		s.Counts[c] = n
		e.Add(&s)
	}
}

// sighted adds host sightings to a segment.
func sighted(id record.SegmentID, hosts ...record.HostSeen) part {
	return func(e *Evidence) {
		list := slices.Clone(hosts)
		slices.SortFunc(list, func(a, b record.HostSeen) int { return a.Addr.Compare(b.Addr) })
		e.Add(&record.Sight{Segment: id, Hosts: list})
	}
}

// direct is n hosts with a card each, seen by their own frames: 10.1.0.1 and so on for the network 10.1.0.
func direct(id record.SegmentID, network string, n int) part {
	return sighted(id, directList(network, 1, n)...)
}

func directList(network string, from, n int) []record.HostSeen {
	var out []record.HostSeen
	for i := range n {
		out = append(out, ownFrames(fmt.Sprintf("%s.%d", network, from+i), cardOf(network, from+i)))
	}
	return out
}

// ownFrames is an address seen by its own frames from a card.
func ownFrames(addr string, mac record.MAC) record.HostSeen {
	return record.HostSeen{
		Addr: netip.MustParseAddr(addr), MAC: mac, Flags: record.SeenDirect | record.SeenSpoke, Minutes: 1,
		First: at(23, 9, 0), Last: at(23, 9, 0),
	}
}

// passing is an address seen only as somebody's peer, so many hops away.
func passing(addr string, hops uint8) record.HostSeen {
	return record.HostSeen{Addr: netip.MustParseAddr(addr), Flags: record.SeenInPassing, Hops: hops, First: at(23, 9, 0), Last: at(23, 9, 0)}
}

func cardOf(network string, i int) record.MAC {
	var third byte
	for _, c := range []byte(network) {
		third = third*31 + c
	}
	return record.MAC{2, 0, third, 0, byte(i >> 8), byte(i)}
}

// cards is n cards that sent frames, each of one address.
func cards(n int) part {
	return func(e *Evidence) {
		var list []record.CardSeen
		for i := range n {
			list = append(list, record.CardSeen{MAC: record.MAC{4, 0, 0, 0, byte(i >> 8), byte(i)}, Sent: 100, Addresses: 1, Touched: 100})
		}
		e.Add(&record.Sight{Cards: list})
	}
}

// card adds one card.
func card(c record.CardSeen) part {
	return func(e *Evidence) { e.Add(&record.Sight{Cards: []record.CardSeen{c}}) }
}

// client adds an address that opens connections, with so many kinds of stack.
func client(c record.ClientSeen, stacks int) part {
	return func(e *Evidence) {
		for i := range stacks {
			c.Stacks = append(c.Stacks, uint32(i+1))
		}
		e.Add(&record.Sight{Clients: []record.ClientSeen{c}})
	}
}

// clients adds n addresses that open conns connections each, toward the Internet.
func clients(n int, conns uint64) part {
	return func(e *Evidence) {
		for i := range n {
			client(record.ClientSeen{Addr: netip.AddrFrom4([4]byte{10, 1, 0, byte(i + 1)}), Place: "users", Conns: conns, Toward: conns}, 1)(e)
		}
	}
}

// group adds a peer group.
func group(name string, conns, oneWay uint64) part {
	return func(e *Evidence) {
		e.Add(&record.Sight{Groups: []record.GroupSeen{{Group: name, Conns: conns, OneWayO: oneWay}}})
	}
}

// between adds connections from a place to another.
func between(from, to record.SegmentID, conns, answered uint64) part {
	return func(e *Evidence) {
		e.Add(&record.Sight{Pairs: []record.PairSeen{{From: from, To: to, Conns: conns, Answered: answered}}})
	}
}

// acked adds acknowledgements with gaps in the first and second half.
func acked(half, gaps1, gaps2 uint64) part {
	return func(e *Evidence) {
		s := record.Sight{Acked: []record.AckedSeen{{Last: 1, Acks: half, Gaps: gaps1}, {Last: 2, Acks: half, Gaps: gaps2}}}
		s.Counts[record.Acks], s.Counts[record.Gaps] = 2*half, gaps1+gaps2
		e.Add(&s)
	}
}

// ruled is one case of a rule.
type ruled struct {
	name    string
	terms   *Terms // nil: office
	subject string
	seen    record.Span // zero: an hour of Monday's working time
	parts   []part
	want    verdict.Verdict
	have    float64 // multiples of the least evidence; 0: not looked at
	needs   string  // part of what is lacking
}

func judgeCases(t *testing.T, r Rule, cases []ruled) {
	t.Helper()
	base := terms(t, office)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			on, seen := c.terms, c.seen
			if on == nil {
				on = base
			}
			if seen.Zero() {
				seen = monday(time.Hour)
			}
			got := r.Judge(gather(on, seen, c.parts...), c.subject)
			if got.Verdict != c.want {
				t.Errorf("verdict %s, want %s: %+.1f bits, needs %q, %v", got.Verdict, c.want, got.Bits, got.Needs, got.Signs)
			}
			if c.have != 0 && math.Abs(got.Evidence-c.have) > 0.01 {
				t.Errorf("evidence %.3f of the least, want %.3f", got.Evidence, c.have)
			}
			if !strings.Contains(got.Needs, c.needs) {
				t.Errorf("needs %q, want %q in it", got.Needs, c.needs)
			}
			soundRuling(t, got)
		})
	}
}

// soundRuling checks what every ruling must be.
func soundRuling(t interface{ Errorf(string, ...any) }, r Ruling) {
	if math.IsNaN(r.Bits) || math.IsInf(r.Bits, 0) || math.IsNaN(r.Evidence) {
		t.Errorf("bits %v, evidence %v", r.Bits, r.Evidence)
	}
	for _, s := range r.Signs {
		if math.IsNaN(s.Bits) || math.IsInf(s.Bits, 0) {
			t.Errorf("sign %q weighs %v", s.Sign, s.Bits)
		}
	}
	switch r.Verdict {
	case verdict.Yes:
		if r.Bits < verdict.DecisiveBits || r.Evidence < 1 || r.Words == "" {
			t.Errorf("yes with %v bits at %v of the least evidence, words %q", r.Bits, r.Evidence, r.Words)
		}
	case verdict.No:
		if r.Bits > -verdict.DecisiveBits || r.Evidence < 1 || r.Words == "" {
			t.Errorf("no with %v bits at %v of the least evidence, words %q", r.Bits, r.Evidence, r.Words)
		}
	case verdict.CannotSay:
		if r.Needs == "" && r.Words == "" {
			t.Errorf("cannot say, and nobody says why")
		}
	}
}

func signBits(r Ruling, words string) (float64, bool) {
	for _, s := range r.Signs {
		if strings.HasPrefix(s.Sign, words) {
			return s.Bits, true
		}
	}
	return 0, false
}

// routed is n addresses seen so many hops away, behind a router whose card ties nothing.
func routed(network string, from, n int, hops uint8) []record.HostSeen {
	var out []record.HostSeen
	for i := range n {
		h := passing(fmt.Sprintf("%s.%d", network, from+i), hops)
		h.Flags |= record.SeenSpoke
		out = append(out, h)
	}
	return out
}

package coverage

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/record"
	"candor/internal/verdict"
)

// amounts draws small numbers, numbers around the bounds of rules, and huge ones that a forged file may claim.
func amounts() *rapid.Generator[uint64] {
	return rapid.OneOf(rapid.Uint64Range(0, 30), rapid.Uint64Range(0, 20000), rapid.SampledFrom([]uint64{0, 1, 1 << 40, 1<<64 - 1}), rapid.Uint64())
}

// randomEvidence draws evidence without any sense: every rule must stand it.
func randomEvidence(t *rapid.T, on *Terms) *Evidence {
	from := at(rapid.IntRange(20, 29).Draw(t, "day"), rapid.IntRange(0, 23).Draw(t, "hour"), 0)
	if rapid.IntRange(0, 20).Draw(t, "odd time") == 0 {
		from = record.Time(rapid.SampledFrom([]int64{0, -1, 1 << 62, -(1 << 62)}).Draw(t, "from"))
	}
	length := time.Duration(rapid.Int64Range(0, int64(12*time.Hour)).Draw(t, "length"))
	e := gather(on, record.Span{From: from, To: from + record.Time(length)})
	e.Ended = rapid.Bool().Draw(t, "ended")
	places := []record.SegmentID{record.Nowhere, "users", "servers", "gear", record.InsideAssumed, "unheard of"}
	for _, place := range places {
		e.Add(randomSight(t, place))
	}
	if rapid.Bool().Draw(t, "handed") {
		e.Handed = []record.Feed{"auth"}
	}
	if rapid.Bool().Draw(t, "inputs") {
		e.Inputs = []record.Input{{Path: "a.pcap", Kind: rapid.SampledFrom([]string{"pcap", "unknown", ""}).Draw(t, "kind")}}
		if rapid.Bool().Draw(t, "stopped") {
			e.Inputs[0].Stopped = &record.Stopped{Unread: -1}
		}
	}
	return e
}

func randomSight(t *rapid.T, place record.SegmentID) *record.Sight {
	s := &record.Sight{Segment: place}
	for _, c := range rapid.SliceOfN(rapid.IntRange(0, record.NumCounts-1), 0, 15).Draw(t, "counters") {
		s.Counts[c] = amounts().Draw(t, "counter")
	}
	if rapid.Bool().Draw(t, "all counters alike") {
		n := amounts().Draw(t, "all")
		for i := range s.Counts {
			s.Counts[i] = n
		}
	}
	s.Hosts = randomHosts(t, rapid.IntRange(0, 12).Draw(t, "hosts"))
	if place != record.Nowhere {
		return s
	}
	s.Hosts = nil
	for i := range rapid.IntRange(0, 12).Draw(t, "cards") {
		s.Cards = append(s.Cards, record.CardSeen{
			MAC: record.MAC{2, byte(i)}, Sent: amounts().Draw(t, "sent"), Shouted: amounts().Draw(t, "shouted"), Touched: amounts().Draw(t, "touched"),
			Addresses: rapid.Uint32Range(0, 24).Draw(t, "addresses"), Forwards: rapid.Bool().Draw(t, "forwards"), Public: rapid.Bool().Draw(t, "public"),
		})
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "clients") {
		s.Clients = append(s.Clients, record.ClientSeen{
			Addr: netip.AddrFrom4([4]byte{10, 1, 0, byte(i)}), Place: "users", Conns: amounts().Draw(t, "conns"), Toward: amounts().Draw(t, "toward"),
			Proxied: amounts().Draw(t, "proxied"), Stacks: make([]uint32, rapid.IntRange(0, 8).Draw(t, "stacks")),
		})
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "groups") {
		s.Groups = append(s.Groups, record.GroupSeen{Group: fmt.Sprint(i), Conns: amounts().Draw(t, "conns"), OneWayO: amounts().Draw(t, "o"), OneWayR: amounts().Draw(t, "r")})
	}
	for _, to := range []record.SegmentID{record.Internet, record.OwnPublic, "servers"} {
		s.Pairs = append(s.Pairs, record.PairSeen{From: "users", To: to, Conns: amounts().Draw(t, "conns"), Answered: amounts().Draw(t, "answered")})
	}
	slices.SortFunc(s.Pairs, func(a, b record.PairSeen) int {
		if a.To < b.To {
			return -1
		}
		return 1
	})
	for i := range rapid.IntRange(0, 5).Draw(t, "runs") {
		s.Acked = append(s.Acked, record.AckedSeen{Last: record.Time(i), Acks: amounts().Draw(t, "acks"), Gaps: amounts().Draw(t, "gaps")})
	}
	if rapid.Bool().Draw(t, "undecodable") {
		s.Undecodable = map[string]uint64{"unknown_link": amounts().Draw(t, "foreign"), "truncated_network": amounts().Draw(t, "cut")}
	}
	if rapid.Bool().Draw(t, "drops") {
		s.Drops = &record.Drops{Received: amounts().Draw(t, "received"), Dropped: amounts().Draw(t, "dropped"), Partly: rapid.Bool().Draw(t, "partly")}
	}
	return s
}

func randomHosts(t *rapid.T, n int) []record.HostSeen {
	seen := map[netip.Addr]record.HostSeen{}
	for range n {
		a := netip.AddrFrom4([4]byte{10, byte(rapid.IntRange(0, 3).Draw(t, "net")), 0, rapid.Byte().Draw(t, "host")})
		if rapid.IntRange(0, 3).Draw(t, "family") == 0 {
			a = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: rapid.Byte().Draw(t, "host6")})
		}
		seen[a] = record.HostSeen{
			Addr: a, MAC: record.MAC{2, rapid.Byte().Draw(t, "card") % 16}, Flags: record.HostFlags(rapid.Byte().Draw(t, "flags")),
			Hops: rapid.SampledFrom([]uint8{0, 1, 2, 9, record.NoHops}).Draw(t, "hops"), Minutes: rapid.Uint32().Draw(t, "minutes"),
		}
	}
	out := make([]record.HostSeen, 0, len(seen))
	for _, h := range seen {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b record.HostSeen) int { return a.Addr.Compare(b.Addr) })
	return out
}

// everySubject calls f for every rule and subject, and for subjects that nobody promised.
func everySubject(on *Terms, e *Evidence, f func(r *Rule, subject string)) {
	rules := Rules()
	for i := range rules {
		subjects := []string{""}
		if rules[i].Subjects != nil {
			subjects = append(rules[i].Subjects(on, e), "unheard of")
		}
		for _, s := range subjects {
			f(&rules[i], s)
		}
	}
}

func manyTerms(t testing.TB) []*Terms {
	return []*Terms{
		assumed(t), terms(t, office), terms(t, office, "accepts: [] => accepts: [routed_core, asymmetric, truncated, outside, proxy]"),
		terms(t, "scope: {segments: [{id: users, networks: [\"10.1.0.0/24\", \"2001:db8::/64\"]}]}"),
	}
}

// TestRulesStandAnything: no panic, finite bits, a verdict that fits its bits, and never a yes or no below the least evidence.
func TestRulesStandAnything(t *testing.T) {
	every := manyTerms(t)
	rapid.Check(t, func(t *rapid.T) {
		on := rapid.SampledFrom(every).Draw(t, "terms")
		e := randomEvidence(t, on)
		everySubject(on, e, func(r *Rule, subject string) {
			got := r.Judge(e, subject)
			soundRuling(t, got)
			if r.Least == nil {
				return
			}
			if l := r.Least(e, subject); l.Have < 1 && (got.Verdict != verdict.CannotSay || got.Needs == "" || got.Bits != 0) {
				t.Errorf("%s %s: %s with %v bits at %v of its least evidence, needs %q", r.Code, subject, got.Verdict, got.Bits, l.Have, got.Needs)
			}
		})
	})
}

// TestZeroEvidenceChangesNothing: empty sights and empty stretches, however many.
func TestZeroEvidenceChangesNothing(t *testing.T) {
	every := manyTerms(t)
	rapid.Check(t, func(t *rapid.T) {
		on := rapid.SampledFrom(every).Draw(t, "terms")
		e := randomEvidence(t, on)
		before := rulings(on, e)
		for range rapid.IntRange(1, 3).Draw(t, "copies") {
			for _, place := range []record.SegmentID{record.Nowhere, "users", "servers"} {
				e.Add(&record.Sight{Segment: place})
			}
			e.Join(NewEvidence(on, e.Window))
		}
		if diff := cmp.Diff(before, rulings(on, e)); diff != "" {
			t.Errorf("empty evidence changed rulings:\n%s", diff)
		}
	})
}

// TestJudgeIsDeterministic: asked again, asked in another order, asked of the same evidence put together in another order.
func TestJudgeIsDeterministic(t *testing.T) {
	every := manyTerms(t)
	rapid.Check(t, func(t *rapid.T) {
		on := rapid.SampledFrom(every).Draw(t, "terms")
		a, b := randomEvidence(t, on), randomEvidence(t, on)
		b.Seen = a.Seen // two ends of time apart the calendar is long
		ab, ba := NewEvidence(on, a.Window), NewEvidence(on, a.Window)
		ab.Join(a)
		ab.Join(b)
		ba.Join(b)
		ba.Join(a)
		first := rulings(on, ab)
		if diff := cmp.Diff(first, rulings(on, ab)); diff != "" {
			t.Errorf("asked again:\n%s", diff)
		}
		if diff := cmp.Diff(first, rulings(on, ba)); diff != "" {
			t.Errorf("joined the other way round:\n%s", diff)
		}
	})
}

func rulings(on *Terms, e *Evidence) map[string]Ruling {
	out := map[string]Ruling{}
	everySubject(on, e, func(r *Rule, subject string) { out[verdict.Name(r.Code, subject)] = r.Judge(e, subject) })
	return out
}

// TestNothingSaysNothing: nothing read in no working time is never yes or no.
func TestNothingSaysNothing(t *testing.T) {
	for _, on := range manyTerms(t) {
		for _, seen := range []record.Span{{}, monday(time.Minute), night(time.Hour), {From: at(28, 9, 0), To: at(28, 18, 0)}} {
			everySubject(on, gather(on, seen), func(r *Rule, subject string) {
				if got := r.Judge(gather(on, seen), subject); got.Verdict != verdict.CannotSay {
					t.Errorf("%s %q: %s of nothing in %v", r.Code, subject, got.Verdict, seen.Duration())
				}
			})
		}
	}
}

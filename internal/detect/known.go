package detect

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"candor/internal/intel"
	"candor/internal/record"
	"candor/internal/verdict"
)

// Known finds what indicator lists name: addresses, domains, URLs, JA4 and certificates, each with the list that says so and
// how old its word is.
type Known struct {
	set     *intel.Set
	net     *Net
	seen    map[knownKey]*knownSum
	users   map[string]map[netip.Addr]struct{} // by indicator: machines of ours that met it
	sources map[netip.Addr]struct{}            // machines of ours at all, to maxKnownUsers
	hits    []intel.Hit
	lost    uint64
}

type knownKey struct {
	source    netip.Addr
	list      string
	indicator string
}

type knownSum struct {
	hit         intel.Hit
	other       netip.Addr
	port        uint16
	inbound     bool
	answered    bool
	first, last record.Time
	count       int
	uids        []string
	fields      []string
}

// Bounds.
const (
	maxKnown      = 1 << 16
	maxKnownUsers = 64
	maxKnownUIDs  = 5
)

// NewKnown makes the detector; a nil set matches nothing.
func NewKnown(set *intel.Set) *Known {
	return &Known{set: set, seen: map[knownKey]*knownSum{}, users: map[string]map[netip.Addr]struct{}{}, sources: map[netip.Addr]struct{}{}}
}

// Kinds lists its finding kinds.
func (k *Known) Kinds() []string { return []string{"intel"} }

// Needs lists the records it reads.
func (k *Known) Needs() []record.Kind {
	return []record.Kind{record.KindConn, record.KindDNS, record.KindTLS}
}

// Lost counts the matches that no longer fitted.
func (k *Known) Lost() uint64 { return k.lost }

// Observe folds a slice.
func (k *Known) Observe(s *Slice) {
	k.net = s.Net
	if k.set == nil {
		return
	}
	for i := range s.Events {
		k.event(&s.Events[i])
	}
	for i := range s.DNS {
		d := &s.DNS[i]
		k.hits = k.set.DNS(d, d.TS, k.hits[:0])
		k.take(&d.Ends, d.HasReply)
	}
	for i := range s.TLS {
		t := &s.TLS[i]
		k.hits = k.set.TLS(t, t.TS, k.hits[:0])
		k.take(&t.Ends, t.HasServer)
	}
	for i := range s.HTTP {
		h := &s.HTTP[i]
		k.hits = k.set.HTTP(h, h.TS, k.hits[:0])
		k.take(&h.Ends, h.HasResponse)
	}
}

// event looks up both ends of a connection.
func (k *Known) event(e *Event) {
	if e.OrigPlace == Inside && len(k.sources) < maxKnownUsers*16 {
		k.sources[e.Orig] = struct{}{}
	}
	c := record.Conn{OrigH: e.Orig, RespH: e.Resp, RespP: e.RespPort}
	k.hits = k.set.Conn(&c, e.TS, k.hits[:0])
	if len(k.hits) > 0 {
		k.take(&record.Ends{TS: e.TS, UID: record.UID(e.UID), OrigH: e.Orig, RespH: e.Resp, RespP: e.RespPort, Proto: e.Proto}, e.Answered)
	}
}

// take counts the hits of one record.
func (k *Known) take(x *record.Ends, answered bool) {
	for i := range k.hits {
		h := &k.hits[i]
		if h.OtherPort {
			continue
		}
		key := knownKey{x.OrigH, h.List, h.Indicator}
		s := k.seen[key]
		if s == nil {
			if len(k.seen) >= maxKnown {
				k.lost++
				continue
			}
			s = &knownSum{hit: *h, other: x.RespH, port: x.RespP, inbound: h.Field == "id.orig_h", first: x.TS, last: x.TS}
			s.hit.Value = strings.Clone(h.Value)
			k.seen[key] = s
			k.used(h.Indicator, x.OrigH)
		}
		s.count++
		s.answered = s.answered || answered
		s.first, s.last = min(s.first, x.TS), max(s.last, x.TS)
		if u := string(x.UID); u != "" && len(s.uids) < maxKnownUIDs && !slices.Contains(s.uids, u) {
			s.uids = append(s.uids, strings.Clone(u))
		}
		if !slices.Contains(s.fields, h.Field) {
			s.fields = append(s.fields, h.Field)
		}
	}
}

func (k *Known) used(indicator string, by netip.Addr) {
	if k.net.Place(by) != Inside {
		return
	}
	if k.users[indicator] == nil {
		k.users[indicator] = map[netip.Addr]struct{}{}
	}
	if len(k.users[indicator]) < maxKnownUsers {
		k.users[indicator][by] = struct{}{}
	}
}

// Findings lists what was met, one for each machine, list and indicator.
func (k *Known) Findings(record.Time) []verdict.Finding {
	out := make([]verdict.Finding, 0, len(k.seen))
	for key, s := range k.seen {
		out = append(out, k.finding(key, s))
	}
	slices.SortFunc(out, func(a, b verdict.Finding) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (k *Known) finding(key knownKey, s *knownSum) verdict.Finding {
	f := blank("intel", key.source.String(), key.list+"\x00"+key.indicator, s.first, s.last)
	h := &s.hit
	f.Destinations = append(f.Destinations, s.other.String())
	if h.Kind == intel.Domain || h.Kind == intel.URL {
		f.Domain = h.Indicator
	}
	if s.port != 0 {
		f.Ports = append(f.Ports, int(s.port))
	}
	f.UIDs = append(f.UIDs, s.uids...)
	f.Attack = []string{"T1071"}
	f.Evidence = map[string]any{
		"list": key.list, "indicator": key.indicator, "age_days": h.AgeDays, "type": h.Kind.String(), "place": h.Place, "list_words": h.Words,
		"count": s.count, "answered": s.answered, "fields": s.fields, "value": h.Value, "expired": h.Expired, "partial": h.Partial,
	}
	f.Confidence, f.Severity = k.trust(s), "high"
	if f.Confidence < 0.6 {
		f.Severity = "medium"
	}
	f.ExplainedBy = k.explained(key, s)
	verb := "met"
	switch {
	case s.inbound:
		verb = "is"
	case s.answered:
		verb = "reached"
	}
	f.Words = fmt.Sprintf("%s %s %s, which the list %q names%s.", key.source, verb, key.indicator, key.list, aged(h.AgeDays))
	return f
}

func aged(days int) string {
	if days < 0 {
		return ", at an unknown time"
	}
	return fmt.Sprintf(", %d days ago", days)
}

// trust is how far a list's word holds: it fades with age (half in 90 days), and less is left of a part of an indicator.
func (k *Known) trust(s *knownSum) float64 {
	c := 0.9
	if s.hit.AgeDays < 0 {
		c = 0.6
	} else {
		c *= math.Pow(0.5, float64(s.hit.AgeDays)/90)
	}
	if s.hit.Partial {
		c *= 0.5
	}
	if !s.answered {
		c *= 0.8
	}
	return math.Round(100*max(c, 0.05)) / 100
}

// explained names why a match says little: an entry that is over, or one that so many machines here meet that the list is
// rather wrong than all of them infected.
func (k *Known) explained(key knownKey, s *knownSum) string {
	if s.hit.Expired {
		return "the list's entry is over its time"
	}
	if n := len(k.users[key.indicator]); n >= 10 && 5*n >= len(k.sources) {
		return fmt.Sprintf("%d machines here meet it: something popular that the list names by mistake, or shares an address with what it means", n)
	}
	return ""
}

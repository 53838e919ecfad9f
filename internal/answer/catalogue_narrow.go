package answer

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"candor/internal/coverage"
	"candor/internal/record"
	"candor/internal/verdict"
)

// Seen folds how a subject was seen: directly, or only in passing. It keeps the subject's own addresses and the cards of routers,
// no others.
type Seen struct {
	terms   *coverage.Terms
	subject *Subject
	feeds   map[record.Feed]*coverage.Evidence
	cards   map[record.MAC][]netip.Addr // addresses seen directly behind each card
	byName  bool
}

// NewSeen makes one. A machine by name without an address gets those that leases tie to its name.
func NewSeen(t *coverage.Terms, s *Subject) *Seen {
	return &Seen{terms: t, subject: s, feeds: map[record.Feed]*coverage.Evidence{}, cards: map[record.MAC][]netip.Addr{}, byName: s.Kind == SubjectHost && len(s.Addrs) == 0}
}

// Bounds of what is kept to tie addresses together; a machine that no longer fits is known by the address asked about alone.
const (
	maxNamedAddrs = 256   // addresses that one name may have
	maxTiedCards  = 65536 // cards
	maxTiedAddrs  = 32    // addresses of one card
)

// Observe folds a batch.
func (s *Seen) Observe(b *record.Batch) {
	if s.byName {
		s.lease(b)
	}
	if s.subject.Kind == SubjectAll || s.subject.Kind == SubjectSegment || s.subject.Kind == SubjectName {
		return
	}
	for i := range b.Sight {
		from := &b.Sight[i]
		e := s.feeds[from.Feed]
		if e == nil {
			e = coverage.NewEvidence(s.terms, from.Span)
			s.feeds[from.Feed] = e
		}
		own := record.Sight{Span: from.Span, Minutes: from.Minutes, Sensor: from.Sensor, Feed: from.Feed, Segment: from.Segment, Carries: from.Carries}
		if from.Segment == record.Nowhere {
			own.Cards = from.Cards
			e.Add(&own)
			continue
		}
		for _, h := range from.Hosts {
			s.tie(&h)
			if s.subject.Holds(h.Addr, &s.terms.Scope) {
				own.Hosts = append(own.Hosts, h)
			}
		}
		if len(own.Hosts) > 0 {
			e.Add(&own)
		}
	}
}

// tie keeps which addresses a card has.
func (s *Seen) tie(h *record.HostSeen) {
	if h.MAC.Zero() || h.Flags&record.SeenDirect == 0 || s.subject.Kind != SubjectAddress && s.subject.Kind != SubjectHost {
		return
	}
	addrs, known := s.cards[h.MAC]
	if len(addrs) < maxTiedAddrs && (known || len(s.cards) < maxTiedCards) && !slices.Contains(addrs, h.Addr) {
		s.cards[h.MAC] = append(addrs, h.Addr)
	}
}

// Tied are the other addresses of the subject's machine, by its card; a router's card ties nothing.
func (s *Seen) Tied() []netip.Addr {
	var out []netip.Addr
	if s.subject.Kind != SubjectAddress && s.subject.Kind != SubjectHost {
		return nil
	}
	for _, e := range s.feeds {
		for _, m := range e.Machines() {
			if !m.Direct || !m.Tied {
				continue
			}
			for _, a := range s.cards[m.MAC] {
				if !s.subject.Holds(a, nil) && !slices.Contains(out, a) {
					out = append(out, a)
				}
			}
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}

// lease ties addresses to the subject's name.
func (s *Seen) lease(b *record.Batch) {
	for i := range b.DHCP {
		d := &b.DHCP[i]
		name, _, _ := strings.Cut(d.ClientFQDN, ".")
		if !strings.EqualFold(d.HostName, s.subject.Text) && !strings.EqualFold(name, s.subject.Text) {
			continue
		}
		for _, a := range []netip.Addr{d.AssignedAddr, d.ClientAddr} {
			a = a.Unmap()
			if a.IsValid() && !a.IsUnspecified() && len(s.subject.Addrs) < maxNamedAddrs && !slices.Contains(s.subject.Addrs, a) {
				s.subject.Addrs = append(s.subject.Addrs, a)
			}
		}
	}
}

// Count is how many of the subject's machines were seen directly, and how many addresses only in passing, by the witness that saw
// most.
func (s *Seen) Count() (direct, passing int) {
	for _, e := range s.feeds {
		d, p := 0, 0
		for _, m := range e.Machines() {
			if m.Direct {
				d++
			} else {
				p++
			}
		}
		if d > direct || d == direct && p > passing {
			direct, passing = d, p
		}
	}
	return direct, passing
}

// View is what an answer is narrowed with.
type View struct {
	Terms    *coverage.Terms
	Findings []verdict.Finding
	Defects  []verdict.Defect
	Segments []verdict.Segment
	Seen     *Seen
	Power    string      // what a "no" would cover
	Window   record.Span // what was observed; zero when nothing was
	Span     record.Span // what was asked about
	Named    bool        // the question named a time

	tied []netip.Addr // other addresses of the subject's machine
}

// Narrow makes of an answer for every host the one that was asked for: of one subject, one other end, one time. It says no only of
// hosts of which the whole answer could: those of a segment for which every need was met, seen themselves. It also gives the
// findings that concern what was asked, those that make it yes first.
func Narrow(a verdict.Answer, u *Understood, v *View) (verdict.Answer, []verdict.Finding) {
	n := needsOf(a.Question)
	v.tied = v.Seen.Tied()
	c := &Case{Terms: v.Terms, Any: !v.Window.Zero(), Findings: v.Findings, Power: map[verdict.Question]string{a.Question: v.Power}}
	var open []*verdict.Finding
	var others []verdict.Finding
	for i := range v.Findings {
		f := &v.Findings[i]
		yes := slices.Contains(a.Findings, f.ID)
		if !yes && !slices.Contains(n.kinds, f.Kind) || !u.concerns(f, v) {
			continue
		}
		if yes {
			open = append(open, f)
			continue
		}
		others = append(others, *f)
	}
	if u.Subject.Kind == SubjectAll && u.Peer.Kind == SubjectAll && !v.Named {
		return a, append(deref(open), others...)
	}
	a = v.past(a)
	out := a
	out.Subject = strings.TrimSpace(u.Subject.words() + " " + peerWords(&u.Peer))
	if v.Named {
		out.From, out.To = v.Span.From.Text(), v.Span.To.Text()
	}
	out.Findings, out.NoFor, out.CannotSayFor = []string{}, []string{}, []verdict.HostBlind{}
	out.Verdict, out.Power, out.Because, out.Absent = verdict.CannotSay, "", "", verdict.Absent{}
	for _, f := range open {
		out.Findings = append(out.Findings, f.ID)
	}
	r := narrower{Case: c, view: v, understood: u, whole: &a, need: &n, out: &out}
	r.sight()
	r.either()
	if len(open) > 0 {
		out.Verdict, out.Because, out.Power = verdict.Yes, c.found(open), ""
	}
	return out, append(deref(open), others...)
}

func peerWords(p *Subject) string {
	if p.Kind == SubjectAll {
		return ""
	}
	return "with " + p.words()
}

func deref(list []*verdict.Finding) []verdict.Finding {
	out := make([]verdict.Finding, 0, len(list))
	for _, f := range list {
		out = append(out, *f)
	}
	return out
}

// concerns reports whether a finding is of the subject, the other end and the time asked about.
func (u *Understood) concerns(f *verdict.Finding, v *View) bool {
	if u.Subject.Kind != SubjectAll && !u.Subject.isSource(f, v) {
		return false
	}
	if u.Peer.Kind != SubjectAll && !u.Peer.isEnd(f, v) {
		return false
	}
	if !v.Named {
		return true
	}
	first, err1 := time.Parse(time.RFC3339Nano, f.First)
	last, err2 := time.Parse(time.RFC3339Nano, f.Last)
	return err1 != nil || err2 != nil || record.TimeOf(first) < v.Span.To && record.TimeOf(last) >= v.Span.From
}

// isSource: the finding is of the subject. What is outside cannot be a source that answers speak of, so it counts at either end.
func (s *Subject) isSource(f *verdict.Finding, v *View) bool {
	if s.Kind == SubjectHost && (strings.EqualFold(f.Host.Name, s.Text) || f.Host.ID == s.Text) {
		return true
	}
	if a, err := netip.ParseAddr(f.Source); err == nil && (s.Holds(a, &v.Terms.Scope) || slices.Contains(v.tied, a.Unmap())) {
		return true
	}
	return s.outside(v) && s.isEnd(f, v)
}

func (s *Subject) outside(v *View) bool {
	return s.Kind == SubjectAddress && v.Terms.Scope.Locate(s.Addrs[0]) == record.Internet
}

func (s *Subject) isEnd(f *verdict.Finding, v *View) bool {
	if s.HoldsName(f.Domain) {
		return true
	}
	return slices.ContainsFunc(f.Destinations, func(d string) bool {
		a, err := netip.ParseAddr(d)
		return err == nil && s.Holds(a, &v.Terms.Scope) || s.HoldsName(d)
	})
}

// narrower finds out whether a "no" can be said of a subject.
type narrower struct {
	*Case
	view       *View
	understood *Understood
	whole      *verdict.Answer
	need       *need
	out        *verdict.Answer
}

// sight fills in what is known of the subject: no, or cannot say with why.
func (r *narrower) sight() {
	s, v := &r.understood.Subject, r.view
	switch {
	case !r.Any:
		r.blind("nothing was observed", r.whole.BlindSpots)
		return
	case v.Named && (v.Span.From >= v.Window.To || v.Span.To <= v.Window.From):
		r.blind("nothing was observed at that time", []string{verdict.Name(verdict.HistoryShort, string(r.whole.Question))})
		return
	case v.Named && (v.Span.From < v.Window.From-record.Minute || v.Span.To > v.Window.To+record.Minute):
		r.blind("only part of that time was observed", append(slices.Clone(r.whole.BlindSpots), verdict.Name(verdict.HistoryShort, string(r.whole.Question))))
		return
	}
	switch s.Kind {
	case SubjectAll:
		if len(r.whole.BlindSpots) == 0 && len(r.whole.CannotSayFor) == 0 && len(r.whole.NoFor) > 0 {
			r.no(r.whole.NoFor, r.whole.LookedAt)
			return
		}
		r.out.NoFor, r.out.CannotSayFor = r.whole.NoFor, r.whole.CannotSayFor
		r.out.Because = r.because(r.spots(""), r.need)
	case SubjectSegment:
		r.segment(s)
	default:
		r.machines(s)
	}
}

// either takes a "no" back where a finding of what was asked may be an intruder's or not.
func (r *narrower) either() {
	either := slices.DeleteFunc(r.undecided(r.need), func(f *verdict.Finding) bool { return !r.understood.concerns(f, r.view) })
	if len(either) == 0 || r.understood.Subject.Kind == SubjectAll { // the whole answer names them already
		return
	}
	if r.out.Verdict == verdict.No {
		r.out.Verdict, r.out.NoFor, r.out.Power, r.out.Because = verdict.CannotSay, []string{}, "", eitherWords(either)
	}
	r.out.CannotSayFor = append(r.out.CannotSayFor, blindTo(either)...)
}

func (r *narrower) no(noFor []string, l verdict.LookedAt) {
	r.out.Verdict, r.out.NoFor, r.out.LookedAt, r.out.Power = verdict.No, noFor, l, r.view.Power
	who := r.understood.Subject.words()
	if who == "" {
		who = fmt.Sprintf("the %d hosts seen", l.Hosts)
	}
	r.out.Because = fmt.Sprintf("nothing of the kind in %.4g h of the traffic of %s", l.Hours, who)
	if p := r.view.Power; p != "" {
		r.out.Because += "; this covers " + p
	}
}

func (r *narrower) blind(because string, spots []string) {
	r.out.Because = because
	for _, name := range spots {
		if !slices.Contains(r.out.BlindSpots, name) {
			r.out.BlindSpots = append(slices.Clone(r.out.BlindSpots), name)
		}
	}
	who := r.understood.Subject.words()
	if who == "" {
		who = "every host"
	}
	r.out.CannotSayFor = []verdict.HostBlind{{Host: who, BlindSpots: spots}}
}

// spots are the blind spots of the whole answer that concern a segment, as defects.
func (r *narrower) spots(segment string) []verdict.Defect {
	var all []verdict.Defect
	for _, name := range r.whole.BlindSpots {
		i := slices.IndexFunc(r.view.Defects, func(d verdict.Defect) bool { return d.Name() == name })
		if i >= 0 {
			all = append(all, r.view.Defects[i])
			continue
		}
		code, subject, _ := strings.Cut(name, ":")
		all = append(all, verdict.Defect{Code: verdict.Code(code), Subject: subject, Needs: "this was not judged"})
	}
	if segment == "" {
		return all
	}
	names := spotsOf(segment, all)
	return slices.DeleteFunc(all, func(d verdict.Defect) bool { return !slices.Contains(names, d.Name()) })
}

func (r *narrower) segment(s *Subject) {
	spots := r.spots(s.Text)
	r.out.BlindSpots = namesOf(spots)
	ours := func(host string) bool { return strings.HasPrefix(host, s.Text+": ") }
	for _, h := range r.whole.NoFor {
		if ours(h) {
			r.out.NoFor = append(r.out.NoFor, h)
		}
	}
	for _, b := range r.whole.CannotSayFor {
		if ours(b.Host) {
			r.out.CannotSayFor = append(r.out.CannotSayFor, b)
		}
	}
	l := verdict.LookedAt{Hours: r.whole.LookedAt.Hours}
	for i := range r.view.Segments {
		if seg := &r.view.Segments[i]; seg.ID == s.Text {
			l.Hosts = seg.Seen
			if seg.Promised != nil {
				l.Of = *seg.Promised
			}
			if seg.Excluded {
				r.blind("segment "+s.Text+" is not watched, as agreed", or(namesOf(spots), []string{verdict.Name(verdict.SegmentMissing, s.Text)}))
				return
			}
		}
	}
	r.out.LookedAt = l
	if len(spots) == 0 && len(r.out.CannotSayFor) == 0 && len(r.out.NoFor) > 0 {
		r.no(r.out.NoFor, l)
		return
	}
	r.out.Because = r.because(spots, r.need)
	if len(spots) == 0 && len(r.out.CannotSayFor) > 0 {
		r.out.Because = "not every host of it was seen"
	}
}

// machines answers for addresses: of one, of a machine by name, of a network.
func (r *narrower) machines(s *Subject) {
	direct, passing := r.view.Seen.Count()
	r.out.LookedAt = verdict.LookedAt{Hosts: direct, Hours: r.whole.LookedAt.Hours}
	place, whole := r.placeOf(s)
	missing := []string{verdict.Name(verdict.SegmentMissing, string(place))}
	spots := r.spots(string(place))
	r.out.BlindSpots = namesOf(spots)
	excluded := slices.ContainsFunc(r.view.Segments, func(seg verdict.Segment) bool { return seg.Excluded && seg.ID == string(place) })
	who := s.words()
	switch {
	case s.Kind == SubjectHost && len(s.Addrs) == 0:
		r.blind(who+" was never seen: nothing ties this name to an address", namesOf(r.spots("")))
	case place == record.Internet:
		r.blind(who+" is outside; questions are asked of our own machines, and no finding has it at the other end", namesOf(r.spots("")))
	case place == record.OwnPublic:
		r.blind(who+" stands for all machines behind it, which cannot be told apart here", or(namesOf(spots), []string{string(verdict.VantageOutside)}))
	case place == record.Nowhere, place == record.Private, place == record.LinkLocal:
		r.blind(who+" lies in no segment that somebody promised to watch", namesOf(spots))
	case excluded:
		r.blind(who+" lies in segment "+string(place)+", which is not watched, as agreed", or(namesOf(spots), missing))
	case direct == 0 && passing > 0:
		r.blind(who+" was seen only in passing, so most of what it does stays unseen", or(namesOf(spots), missing))
	case direct == 0:
		r.blind(who+" was never seen", or(namesOf(spots), missing))
	case len(spots) > 0:
		r.blind(r.because(spots, r.need), namesOf(spots))
	case !slices.ContainsFunc(r.whole.NoFor, func(h string) bool { return strings.HasPrefix(h, string(place)+": ") }):
		r.blind("not every need was met for segment "+string(place), missing)
	case s.Kind == SubjectNetwork && (!whole || passing > 0 || r.unseen(place)):
		r.blind("not every host of it was seen", missing)
		r.out.NoFor = []string{fmt.Sprintf("%s: the %d seen", who, direct)}
	default:
		r.no([]string{who}, r.out.LookedAt)
	}
}

// unseen reports whether hosts of a segment stay open.
func (r *narrower) unseen(place record.SegmentID) bool {
	return slices.ContainsFunc(r.whole.CannotSayFor, func(b verdict.HostBlind) bool { return strings.HasPrefix(b.Host, string(place)+": ") })
}

// placeOf is the segment of a subject, and whether the whole of it lies there.
func (r *narrower) placeOf(s *Subject) (record.SegmentID, bool) {
	scope := &r.Terms.Scope
	if s.Kind == SubjectNetwork {
		for i := range scope.Segments {
			for _, n := range scope.Segments[i].Networks {
				if n.Bits() <= s.Net.Bits() && n.Contains(s.Net.Addr()) && scope.Locate(s.Net.Addr()) == scope.Segments[i].ID {
					return scope.Segments[i].ID, true
				}
			}
		}
		return scope.Locate(s.Net.Addr()), false
	}
	if len(s.Addrs) == 0 {
		return record.Nowhere, false
	}
	place := scope.Locate(s.Addrs[0])
	for _, a := range s.Addrs[1:] {
		if scope.Locate(a) != place {
			return record.Nowhere, false
		}
	}
	return place, true
}

func namesOf(spots []verdict.Defect) []string {
	out := []string{}
	for i := range spots {
		out = append(out, spots[i].Name())
	}
	return out
}

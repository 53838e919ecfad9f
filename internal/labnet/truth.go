package labnet

import "strings"

// Reality is what is so, as far as the laboratory can know.
type Reality string

// The realities. Unknown also stands where the question has no meaning at that place.
const (
	Yes     Reality = "yes"
	No      Reality = "no"
	Unknown Reality = "unknown"
)

// Truth is the reality of one defect at one tap over a span: whether it was so at any time in it, as a defect's verdict says.
type Truth struct {
	Code    string // a defect code
	Subject string // a segment, a pair of segment kinds, a data id; "" for the sensor or its only feed
	Reality Reality
	Now     Reality // at the end of the span: differs where a tap was moved
}

// Truth tells the reality of every defect code about packets at a tap. What a rule could know within the span is not asked here:
// a short span may leave any of them open.
func (s *Site) Truth(t Tap, span Span) []Truth {
	first := s.place(t.At)
	if first == nil {
		return nil
	}
	list := s.truthAt(first, t, span)
	if t.Moved == nil || !t.Moved.At.Before(span.To) {
		return list
	}
	second := s.place(t.Moved.To)
	if second == nil {
		return nil
	}
	after := s.truthAt(second, t, span)
	if !t.Moved.At.After(span.From) {
		return after
	}
	for i := range list {
		list[i].Now = after[i].Reality
		list[i].Reality = either(list[i].Reality, after[i].Reality)
	}
	return list
}

// either joins the realities of two periods of one span.
func either(a, b Reality) Reality {
	switch {
	case a == Yes || b == Yes:
		return Yes
	case a == No && b == No:
		return No
	default:
		return Unknown
	}
}

func is(b bool) Reality {
	if b {
		return Yes
	}
	return No
}

// truthAt tells the realities at one place.
func (s *Site) truthAt(p *place, t Tap, span Span) []Truth {
	var list []Truth
	add := func(code, subject string, r Reality) { list = append(list, Truth{code, subject, r, r}) }
	for _, code := range []string{"vantage.outside", "vantage.unmirrored_port", "vantage.management_port", "vantage.after_proxy"} {
		add(code, "", vantageTruth(p, code))
	}
	add("feed.one_way", "", is(p.oneWay))
	uneven := is(p.uneven)
	if p.oneWay || p.name == SecondPath {
		uneven = Unknown // from here a missing direction and a second way look alike
	}
	add("feed.asymmetric", "", uneven)
	loss := is(t.Loss >= 0.01)
	if t.Rate > 0 || t.Loss > 0 && t.Loss < 0.02 || p.oneWay && t.Loss > 0 {
		loss = Unknown
	}
	add("feed.loss", "", loss)
	add("feed.duplicated", "", is(t.Twice))
	add("feed.truncated", "", is(t.Snap > 0 && t.Snap < 1400))
	for _, code := range []string{"input.damaged", "input.unread", "state.evicted"} {
		add(code, "", No)
	}
	add("capture.drops", "", Unknown)
	if s.floor > 0 {
		add("volume.low", "", volumeTruth(p, t))
	}
	for _, g := range s.segments {
		if !g.watched {
			continue
		}
		add("segment.missing", g.id, segmentTruth(p, t, g))
		add("feed.ipv6_missing", g.id, sixTruth(p, t, g))
		add("hosts.counted_twice", g.id, s.twiceTruth(p, g, span))
	}
	for _, pair := range s.directions {
		add("direction.missing", pair, pairTruth(p, pair))
	}
	add("kind.missing", "dns", is(!p.lookups || t.NoDNS))
	leases := is(!p.leases)
	if p.passive || s.leaseless(p) {
		leases = Unknown
	}
	add("kind.missing", "dhcp", leases)
	return list
}

func vantageTruth(p *place, code string) Reality {
	switch {
	case p.vantage == code:
		return Yes
	case p.name == AfterProxy && code == "vantage.outside", p.name == Outside && code == "vantage.after_proxy",
		p.name == SecondPath && code == "vantage.outside":
		return Unknown
	default:
		return No
	}
}

// leaseless tells that nothing at this place asks for leases: not a defect of the sensor.
func (s *Site) leaseless(p *place) bool { return p.name == LabSwitch || p.name == ServersOnly }

func volumeTruth(p *place, t Tap) Reality {
	switch {
	case p.vantage != "":
		return Yes
	case p.name == Core && t.Rate == 0 && t.Loss < 0.1:
		return No
	default:
		return Unknown
	}
}

func segmentTruth(p *place, t Tap, g *segment) Reality {
	for _, id := range p.direct {
		if id != g.id {
			continue
		}
		if p.passive || t.NoIPv6 && len(g.hosts) > 0 && !g.hosts[0].v4.IsValid() {
			return Unknown // only what they shout, not what they say
		}
		return No
	}
	if p.oneWay || p.name == SecondPath {
		return Unknown // seen as somebody's peer in every packet
	}
	return Yes
}

func sixTruth(p *place, t Tap, g *segment) Reality {
	switch {
	case !g.lans[0].six.IsValid():
		return No
	case !p.sixData:
		return Unknown
	default:
		return is(t.NoIPv6)
	}
}

// twiceTruth tells whether addresses outnumber machines: only where they roam, and after long enough.
func (s *Site) twiceTruth(p *place, g *segment, span Span) Reality {
	switch {
	case !s.roaming:
		return No
	case !strings.Contains(strings.Join(p.direct, " "), g.id) || span.To.Sub(span.From).Hours() < 2:
		return Unknown
	default:
		return Yes
	}
}

func pairTruth(p *place, pair string) Reality {
	for _, have := range p.pairs {
		if have == pair {
			if p.oneWay {
				return Unknown
			}
			return No
		}
	}
	return Yes
}

package coverage

import (
	"fmt"
	"strings"

	"candor/internal/record"
	"candor/internal/verdict"
)

const (
	oneWayLeastConns      = 50
	asymmetricLeastConns  = 200
	asymmetricLeastGroups = 2
	groupLeastConns       = 20  // a peer group with fewer says nothing (DESIGN.md 4)
	mostly                = 0.5 // "most of those"
	hardly                = 0.1 // both ways: fewer one-sided connections than this
)

// oneWayRule recognises a copy of one direction only: bytes acknowledged by the peer and never seen, in every peer group.
func oneWayRule() Rule {
	return Rule{Code: verdict.FeedOneWay, Needs: record.CarriesDirections, Least: leastOneWay, Weigh: weighOneWay}
}

func leastOneWay(e *Evidence, _ string) Least {
	all := e.n(record.TCPJudged)
	return least(fmt.Sprintf("%s of %d TCP connections with at least 3 packets and an acknowledgement seen", count(all), oneWayLeastConns), all, oneWayLeastConns)
}

func weighOneWay(e *Evidence, _ string) Ruling {
	all, oneWay := e.n(record.TCPJudged), e.n(record.OneWay)
	s := share(oneWay, all)
	g := e.groups()
	sign := verdict.Sign{Sign: "connections whose acknowledged bytes were never seen", Value: fmt.Sprintf("%s of %s", count(oneWay), count(all))}
	var r Ruling
	switch {
	case s > mostly && len(g.both) == 0 && len(g.mixed) == 0:
		r = measured(verdict.Yes, sign)
		r.Words = "We see only one direction: what is sent or what comes back, not both. The other half of each conversation is invisible."
		r.Do = e.Terms.bothDirections()
	case s > mostly:
		r = measured(verdict.CannotSay, sign)
		r.Needs = "most connections are one-sided, and not in every peer group; see feed.asymmetric"
		r.Words = "Much of the traffic shows one direction only, but not all."
	case s < 0.25:
		r = measured(verdict.No, sign)
		r.Words = "Both directions are in sight."
	default:
		r = measured(verdict.CannotSay, sign)
		r.Needs = "a quarter to a half of the connections are one-sided; see feed.asymmetric"
		r.Words = "Part of the traffic shows one direction only."
	}
	return r
}

// asymmetricRule recognises a second way past the sensor: one-sided for some peers, both ways for others.
func asymmetricRule() Rule {
	return Rule{Code: verdict.FeedAsymmetric, Needs: record.CarriesDirections, Accepts: "asymmetric", Least: leastAsymmetric, Weigh: weighAsymmetric}
}

func leastAsymmetric(e *Evidence, _ string) Least {
	all := e.n(record.TCPJudged)
	g := e.groups()
	known := len(g.oneWay) + len(g.both) + len(g.mixed)
	return least(fmt.Sprintf("%s TCP connections with %s of at least %d; %d connections and %d groups are needed",
		count(all), groupsWord(known), groupLeastConns, asymmetricLeastConns, asymmetricLeastGroups),
		all, asymmetricLeastConns, float64(known), asymmetricLeastGroups)
}

func weighAsymmetric(e *Evidence, _ string) Ruling {
	g := e.groups()
	sign := verdict.Sign{Sign: "peer groups seen one-sided, both ways, in part", Value: fmt.Sprintf("%d, %d, %d", len(g.oneWay), len(g.both), len(g.mixed))}
	switch {
	case len(g.oneWay) > 0 && len(g.both) > 0:
		r := measured(verdict.Yes, sign)
		r.Words = "Part of the traffic takes a second way past the sensor: " + strings.Join(firstOf(g.oneWay, 5), ", ") + "."
		r.Do = "Mirror the second way as well, or let the agreement accept it: sensors[].vantage.accepts: [asymmetric]."
		return r
	case len(g.oneWay) > 0:
		r := measured(verdict.CannotSay, sign)
		r.Needs = "no peer group is seen both ways; see feed.one_way"
		return r
	case len(g.mixed) > 0:
		r := measured(verdict.CannotSay, sign)
		r.Needs = "some peer groups are one-sided in part: more connections with them would decide it"
		return r
	}
	r := measured(verdict.No, sign)
	r.Words = "Every peer group is seen both ways."
	return r
}

// peerGroups sorts the groups with enough connections by how one-sided they are.
type peerGroups struct {
	oneWay, both, mixed []string
}

func (e *Evidence) groups() peerGroups {
	var out peerGroups
	for i := range e.Whole.Groups {
		g := &e.Whole.Groups[i]
		if g.Conns < groupLeastConns {
			continue
		}
		switch s := share(float64(g.OneWayO+g.OneWayR), float64(g.Conns)); {
		case s > mostly:
			out.oneWay = append(out.oneWay, g.Group)
		case s < hardly:
			out.both = append(out.both, g.Group)
		default:
			out.mixed = append(out.mixed, g.Group)
		}
	}
	return out
}

func groupsWord(n int) string {
	if n == 1 {
		return "1 peer group"
	}
	return fmt.Sprintf("%d peer groups", n)
}

func firstOf(names []string, n int) []string {
	if len(names) <= n {
		return names
	}
	return append(append([]string{}, names[:n]...), fmt.Sprintf("and %d more", len(names)-n))
}

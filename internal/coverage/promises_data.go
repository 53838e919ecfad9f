package coverage

import (
	"fmt"

	"candor/internal/agreement"
	"candor/internal/record"
	"candor/internal/verdict"
)

func (d *Days) volume(t *Terms) state {
	seen, due := d.Whole.n(record.Bytes), t.Agreement.ExpectedVolume(d.Whole.Seen).Events
	words := bytesWord(seen)
	low := d.defect(verdict.VolumeLow, "")
	whole := t.workdays(d.Whole.Seen) >= wholeWorkday
	switch {
	case low.Verdict == verdict.Yes:
		return state{verdict: verdict.IsBroken, seen: words, because: low.Words, spots: []string{low.Name()}}
	case !whole:
		return state{seen: words, because: "a whole workday is needed", spots: []string{low.Name()}}
	case seen >= due:
		return state{verdict: verdict.IsKept, seen: words}
	}
	return state{verdict: verdict.IsBroken, seen: words, because: bytesWord(due) + " were due"}
}

// expect: the rate drives the silence test. Broken is silence; kept is at least the promised rate; a lower one is neither.
func (d *Days) expect(t *Terms, p *agreement.Promise) state {
	data := t.data(string(p.Data))
	if data == nil {
		return state{blind: true, because: "a check of captures does not measure this"}
	}
	x := d.defect(verdict.KindMissing, string(p.Data))
	seen, due := d.Whole.eventsOf(data), t.expected(data, d.Whole)
	words := fmt.Sprintf("%s of %s due", count(seen), count(due.Events))
	switch x.Verdict {
	case verdict.Yes:
		if seen == 0 {
			return state{verdict: verdict.IsBroken, seen: "never", because: x.Words, spots: []string{x.Name()}}
		}
		return state{verdict: verdict.IsBroken, seen: words, because: "part of the time: " + x.Words, spots: []string{x.Name()}}
	case verdict.No:
		if seen >= due.Events {
			return state{verdict: verdict.IsKept, seen: words}
		}
		return state{seen: words, because: "fewer than promised, and not none: " + due.Words}
	default:
		return state{seen: words, because: firstText(x.Needs, x.Words), spots: []string{x.Name()}}
	}
}

func (d *Days) bothDirections(p *agreement.Promise) state {
	one, all := d.Whole.n(record.OneWay), d.Whole.n(record.TCPJudged)
	both := 1 - share(one, all)
	words := percent(both) + " of " + count(all) + " connections"
	oneWay, asymmetric := d.defect(verdict.FeedOneWay, ""), d.defect(verdict.FeedAsymmetric, "")
	switch {
	case all < oneWayLeastConns:
		return state{seen: words, because: fmt.Sprintf("%d connections are needed", oneWayLeastConns), spots: []string{oneWay.Name()}}
	case both >= p.Ratio && oneWay.Verdict == verdict.No:
		return state{verdict: verdict.IsKept, seen: words}
	case asymmetric.Verdict == verdict.Yes && asymmetric.Accepted != "":
		return state{seen: words, because: "accepted by the agreement: asymmetric", spots: []string{asymmetric.Name()}}
	case both < p.Ratio-0.02:
		return state{verdict: verdict.IsBroken, seen: words, because: "the other direction of the rest was never seen", spots: []string{oneWay.Name()}}
	}
	return state{seen: words, because: "too close to the promise to decide", spots: []string{oneWay.Name()}}
}

func (d *Days) lossMax(p *agreement.Promise) state {
	loss := d.defect(verdict.FeedLoss, "")
	gaps := share(d.Whole.n(record.Gaps), d.Whole.n(record.Acks))
	words := "at least " + percent(gaps)
	switch {
	case loss.Verdict == verdict.Yes && p.Ratio <= max(lossYes, gaps):
		return state{verdict: verdict.IsBroken, seen: words, because: loss.Words, spots: []string{loss.Name()}}
	case loss.Verdict == verdict.No && p.Ratio >= lossYes:
		return state{verdict: verdict.IsKept, seen: words}
	}
	return state{seen: words, because: firstText(loss.Needs, loss.Words), spots: []string{loss.Name()}}
}

func (d *Days) snaplen() state { return d.byDefect(verdict.FeedTruncated, "", "none cut", "cut") }

// vantage: the promised side, and a port that carries the traffic at all.
func (d *Days) vantage(t *Terms) state {
	outside := d.defect(verdict.VantageOutside, "")
	wantOutside := t.own.Vantage.Side == agreement.Outside
	for _, x := range []*verdict.Defect{d.defect(verdict.VantageUnmirroredPort, ""), d.defect(verdict.VantageManagementPort, "")} {
		if x.Verdict == verdict.Yes {
			return state{verdict: verdict.IsBroken, seen: "no copy of the traffic", because: x.Words, spots: []string{x.Name()}}
		}
	}
	switch outside.Verdict {
	case verdict.Yes:
		if wantOutside || outside.Accepted != "" {
			return state{verdict: verdict.IsKept, seen: "outside"}
		}
		return state{verdict: verdict.IsBroken, seen: "outside", because: outside.Words, spots: []string{outside.Name()}}
	case verdict.No:
		if wantOutside {
			return state{verdict: verdict.IsBroken, seen: "inside", because: outside.Words}
		}
		return state{verdict: verdict.IsKept, seen: "inside"}
	default:
		return state{seen: "cannot say", because: firstText(outside.Needs, outside.Words), spots: []string{outside.Name()}}
	}
}

// coverage: the share of promised hosts of all covered segments that were seen directly.
func (d *Days) coverage(t *Terms, p *agreement.Promise) state {
	least, most, spots := 0, 0, []string{}
	for _, id := range t.covers {
		n := d.Whole.CountOf(id)
		least, most = least+n.Least, most+n.Most
		for _, s := range d.segmentSpots(id) {
			spots = appendNew(spots, s)
		}
	}
	all := float64(t.promised())
	if all == 0 {
		return state{because: "no number of hosts is promised"}
	}
	words := fmt.Sprintf("%s (%d of %.0f)", percent(float64(least)/all), least, all)
	switch {
	case float64(least) >= p.Ratio*all:
		return state{verdict: verdict.IsKept, seen: words}
	case t.workdays(d.Whole.Seen) < wholeWorkday:
		return state{seen: words, because: "a whole workday is needed to say that the promise is broken", spots: spots}
	case float64(most) < p.Ratio*all:
		return state{verdict: verdict.IsBroken, seen: words, because: "fewer than promised", spots: spots}
	}
	return state{seen: words, because: "addresses that nothing ties to a machine leave it open", spots: spots}
}

func appendNew(list []string, s string) []string {
	for _, x := range list {
		if x == s {
			return list
		}
	}
	return append(list, s)
}

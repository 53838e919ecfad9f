package coverage

import (
	"fmt"

	"candor/internal/agreement"
	"candor/internal/record"
	"candor/internal/verdict"
)

// volume: each workday for itself, because a busy day does not make up for a blind one.
func (d *Days) volume(t *Terms) state {
	words := bytesWord(d.Whole.n(record.Bytes))
	low := d.defect(verdict.VolumeLow, "")
	if low.Verdict == verdict.Yes {
		return state{verdict: verdict.IsBroken, seen: words, because: low.Words, spots: []string{low.Name()}}
	}
	whole := 0
	for _, day := range d.workdays(t) {
		if !day.whole {
			continue
		}
		whole++
		var seen float64
		for _, w := range d.touching(day.date) {
			seen += w.n(record.Bytes)
		}
		if due := t.Agreement.ExpectedVolume(day.work).Events; seen < due {
			return state{verdict: verdict.IsBroken, seen: bytesWord(seen) + " on one workday", because: bytesWord(due) + " were due"}
		}
	}
	if whole == 0 {
		return state{seen: words, because: "a whole workday is needed", spots: []string{low.Name()}}
	}
	return state{verdict: verdict.IsKept, seen: words}
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
	if dead := d.defect(verdict.FeedDead, string(p.Data)); dead.Verdict == verdict.Yes && x.Verdict != verdict.Yes {
		return state{verdict: verdict.IsBroken, seen: words, because: "part of the time: " + dead.Words, spots: []string{dead.Name()}}
	}
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

// dropped is the share of packets that the capture says it lost. Whether received counts those too differs between systems.
func dropped(d *record.Drops) float64 {
	if d == nil {
		return 0
	}
	return share(float64(d.Dropped), max(float64(d.Received), float64(d.Dropped)))
}

func (d *Days) lossMax(p *agreement.Promise) state {
	loss := d.defect(verdict.FeedLoss, "")
	gaps := share(d.Whole.n(record.Gaps), d.Whole.n(record.Acks))
	words := "at least " + percent(gaps)
	if lost := dropped(d.Whole.Whole.Drops); lost > p.Ratio {
		drops := d.defect(verdict.CaptureDrops, "")
		return state{verdict: verdict.IsBroken, seen: percent(lost) + " by the capture's own count", because: drops.Words, spots: []string{drops.Name()}}
	}
	switch {
	case loss.Verdict == verdict.Yes && p.Ratio <= max(lossYes, gaps):
		return state{verdict: verdict.IsBroken, seen: words, because: loss.Words, spots: []string{loss.Name()}}
	case loss.Verdict == verdict.No && p.Ratio >= lossYes:
		return state{verdict: verdict.IsKept, seen: words}
	}
	return state{seen: words, because: firstText(loss.Needs, loss.Words), spots: []string{loss.Name()}}
}

// snaplen: where packets are cut is not counted, so that frames that are cut leave a promise of their first bytes open.
func (d *Days) snaplen(p *agreement.Promise) state {
	s := d.byDefect(verdict.FeedTruncated, "", "none cut", "cut")
	if p.Number > 0 && s.verdict == verdict.IsBroken {
		s.verdict, s.because = verdict.CannotTell, "packets are cut; after how many bytes is not counted"
	}
	return s
}

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
		switch {
		case wantOutside:
			return state{verdict: verdict.IsKept, seen: "outside"}
		case outside.Accepted != "":
			return state{seen: "outside", because: "accepted by the agreement: " + outside.Accepted, spots: []string{outside.Name()}}
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

// coverage: the share of promised hosts of all covered segments that were seen directly. A segment with more hosts than
// promised does not make up for another.
func (d *Days) coverage(t *Terms, p *agreement.Promise) state {
	least, most, spots := 0, 0, []string{}
	for _, id := range t.covers {
		n, due := d.Whole.CountOf(id), t.hostsPromised(id)
		least, most = least+min(n.Least, due), most+min(n.Most, due)
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

package coverage

import (
	"fmt"

	"candor/internal/record"
	"candor/internal/verdict"
)

const (
	lossLeastAcks = 2000
	lossYes       = 0.01   // DESIGN.md 4: gaps of at least 1 % in both halves
	lossNo        = 0.0025 // well below it: the gaps are a lower bound of the loss (PLACEMENT.md 3.2)
	lossOneSided  = 0.05   // beyond this share of one-sided connections the absence of gaps means nothing; beyond most, gaps neither
)

// lossRule recognises a copy with holes: acknowledgements of bytes that were never seen.
func lossRule() Rule {
	return Rule{Code: verdict.FeedLoss, Needs: record.CarriesAcks, Least: leastLoss, Weigh: weighLoss}
}

func leastLoss(e *Evidence, _ string) Least {
	acks := e.n(record.Acks)
	return least(fmt.Sprintf("%s of %s acknowledgements seen", count(acks), count(lossLeastAcks)), acks, lossLeastAcks)
}

func weighLoss(e *Evidence, _ string) Ruling {
	// Random loss hides all data of a short connection as often as it is loss: such a connection looks one-sided too.
	s := share(e.n(record.OneWay), e.n(record.TCPJudged))
	if s > mostly {
		return lacking(fmt.Sprintf("%s of the connections are one-sided; holes cannot be told from a missing direction", percent(s)))
	}
	acks := e.n(record.Acks)
	first, second := halves(e.Whole.Acked)
	s1, s2 := share(float64(first.Gaps), float64(first.Acks)), share(float64(second.Gaps), float64(second.Acks))
	all := share(e.n(record.Gaps), acks)
	sign := verdict.Sign{
		Sign:  "acknowledgements of bytes that were never seen, in the first and second half",
		Value: fmt.Sprintf("%s and %s of %s", percent(s1), percent(s2), count(acks)),
	}
	switch {
	case s1 >= lossYes && s2 >= lossYes:
		r := measured(verdict.Yes, sign)
		r.Words = fmt.Sprintf("At least %s is missing from the copy of the traffic.", percent(all))
		r.Do = "The mirror port is full, or the sensor too slow: use a faster port, or mirror fewer sources. The switch's own counters tell which."
		return r
	case e.n(record.HolesForgotten) == 0 && s <= lossOneSided && all < lossNo && max(s1, s2) < 2*lossNo:
		r := measured(verdict.No, sign)
		r.Words = "What the hosts acknowledge, the sensor has seen."
		return r
	}
	r := measured(verdict.CannotSay, sign)
	r.Words = fmt.Sprintf("At least %s is missing, which is neither clearly nothing nor a lasting loss.", percent(all))
	r.Needs = "a longer time: at least 1 % in both halves says yes, under 0.25 % says no"
	return r
}

// halves splits runs of acknowledgements, ordered by time, where half of them have passed.
func halves(runs []record.AckedSeen) (first, second record.AckedSeen) {
	var total, passed uint64
	for i := range runs {
		total += runs[i].Acks
	}
	for i := range runs {
		half := &second
		if 2*passed < total {
			half = &first
		}
		half.Acks += runs[i].Acks
		half.Gaps += runs[i].Gaps
		half.Last = runs[i].Last
		passed += runs[i].Acks
	}
	return first, second
}

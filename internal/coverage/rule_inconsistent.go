package coverage

import (
	"fmt"

	"candor/internal/record"
	"candor/internal/verdict"
)

// inconsistentRule recognises traffic of which two readers would understand different things: overlapping segments or
// fragments that disagree (Ptacek and Newsham, 1998). What was read is then only one of the possible contents.
func inconsistentRule() Rule {
	return Rule{Code: verdict.TrafficInconsistent, Needs: record.CarriesFrames, Least: leastInconsistent, Weigh: weighInconsistent}
}

const (
	inconsistentLeastConns = 1000
	inconsistentYes        = 3 // one or two may be a broken stack
)

func leastInconsistent(e *Evidence, _ string) Least {
	n := e.n(record.Conns)
	return least(fmt.Sprintf("%s of %s connections seen", count(n), count(inconsistentLeastConns)), n, inconsistentLeastConns)
}

func weighInconsistent(e *Evidence, _ string) Ruling {
	n := e.n(record.Inconsistent)
	sign := verdict.Sign{Sign: "connections with overlapping data that disagrees", Value: fmt.Sprintf("%s of %s", count(n), count(e.n(record.Conns)))}
	switch {
	case n >= inconsistentYes:
		r := measured(verdict.Yes, sign)
		r.Words = "Some traffic overlaps itself and disagrees: what a computer made of it may differ from what was read here. Evasion looks like this."
		r.Do = "Look at these connections first: candor records --kind conn."
		return r
	case n == 0:
		r := measured(verdict.No, sign)
		r.Words = "Overlapping data agrees."
		return r
	}
	r := measured(verdict.CannotSay, sign)
	r.Needs = "more traffic: three say yes, none says no"
	return r
}

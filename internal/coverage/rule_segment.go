package coverage

import (
	"fmt"
	"math"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// segmentRule recognises a promised segment of which no host, or next to none, is seen by its own frames.
func segmentRule() Rule {
	return Rule{Code: verdict.SegmentMissing, Needs: record.CarriesCards, Reach: time.Hour, Subjects: promisedSegments, Least: leastSegment, Weigh: weighSegment}
}

const (
	segmentLeastAppearances = 7
	segmentLeastWork        = time.Hour
	chanceInSight           = 0.40 // a host that is due appears in an hour, when the segment is in sight
	chanceMissing           = 0.03 // the same, when it is not (a stray host, a copy by accident)
)

func leastSegment(e *Evidence, subject string) Least {
	if needs := e.Terms.directNeeds(); e.Whole.Minutes > 0 && !e.Whole.Carries.Has(needs) {
		return least(notCarried(&e.Whole, needs), 0, 1)
	}
	work := e.Terms.Work(e.Seen)
	expected := e.Terms.hostsDue(record.SegmentID(subject)) * work.Hours()
	return least(fmt.Sprintf("%s of working time and %.0f appearances of hosts due so far; 1 h and %d are needed",
		spanWords(work), math.Floor(expected), segmentLeastAppearances),
		work.Hours(), segmentLeastWork.Hours(), expected, segmentLeastAppearances)
}

func weighSegment(e *Evidence, subject string) Ruling {
	id := record.SegmentID(subject)
	due := e.Terms.hostsDue(id)
	expected := due * e.Terms.Work(e.Seen).Hours()
	n := e.CountOf(id)
	seen := max(float64(n.Least), float64(n.Most)/2) // addresses that nothing ties to a machine are signs of the segment, too
	trials := min(expected, max(due, 10))
	bits := seen*math.Log2(chanceMissing/chanceInSight) + max(0, trials-seen)*math.Log2((1-chanceMissing)/(1-chanceInSight))
	if seen >= 0.8*due && seen > 0 {
		bits = min(bits, -verdict.CertainBits)
	}
	bits = max(-16, min(16, bits))
	r := Ruling{Bits: round1(bits), Signs: []verdict.Sign{{
		Sign: "hosts seen by their own frames, of those due", Value: fmt.Sprintf("%d of %.0f", n.Least, math.Ceil(due)), Bits: round1(bits),
	}}}
	r.Verdict, r.Strength = verdict.Decide(r.Bits)
	switch r.Verdict {
	case verdict.Yes:
		r.Words = fmt.Sprintf("%s seen, and %.0f were due.", hostsWord(n.Least), math.Ceil(due))
		if n.InPassing > 0 {
			r.Words += fmt.Sprintf(" %d more are seen only in passing, when they talk with somebody who is watched.", n.InPassing)
		}
		r.Do = e.Terms.mirrorSegment(id)
	case verdict.No:
		r.Words = "The segment is in sight."
	case verdict.CannotSay:
		r.Words = fmt.Sprintf("%s seen, and %.0f were due: too few to say the segment is in sight, too many to say it is not.", hostsWord(n.Least), math.Ceil(due))
		r.Needs = "a longer stretch of working time"
	}
	return r
}

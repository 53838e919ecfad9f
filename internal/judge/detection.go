package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"candor/internal/answer"
	"candor/internal/coverage"
	"candor/internal/detect"
	"candor/internal/intel"
	"candor/internal/record"
	"candor/internal/verdict"
)

// findings lists what detectors saw and what other tools said, with the safelist's word on each.
func (j *sitting) findings() []verdict.Finding {
	if j.ended {
		j.engine.End()
	}
	out := j.engine.Findings(j.span.To)
	out = append(out, j.alerts.findings()...)
	for i := range out {
		if e := j.cfg.Safelist.Match(&out[i], j.span.To); e != nil {
			out[i].Safelisted = e.Safelisted()
		}
	}
	return out
}

// limits are the defects that only limit answers: detectors that do not exist, lists that are not fresh, time that is too
// short.
func (j *sitting) limits(e *coverage.Evidence) []verdict.Defect {
	var out []verdict.Defect
	for _, q := range verdict.Questions() {
		if !j.built(q) {
			out = append(out, j.limit(verdict.DetectorNotBuilt, string(q), verdict.Yes, "Candor cannot look for this yet: its detector is not built.", "Ask again with a later version."))
		}
	}
	for _, st := range j.cfg.Intel.Status(j.span.To) {
		v := verdict.Yes
		if st.State == intel.Fresh {
			v = verdict.No
		}
		out = append(out, j.limit(verdict.IntelStale, st.List, v, sentence(st.Words), sentence(st.Do)))
	}
	for _, q := range verdict.Questions() {
		if d, known := j.history(q, e); known {
			out = append(out, d)
		}
	}
	return out
}

// built reports whether every kind of finding that a question asks for has a detector.
func (j *Judge) built(q verdict.Question) bool {
	for _, kind := range answer.Kinds(q) {
		if !slices.ContainsFunc(j.engine.Detectors(), func(d detect.Detector) bool { return slices.Contains(d.Kinds(), kind) }) {
			return false
		}
	}
	return true
}

// history says whether there was time enough for a question.
func (j *sitting) history(q verdict.Question, e *coverage.Evidence) (verdict.Defect, bool) {
	seen := j.span.Duration()
	if q == verdict.Beaconing || q == verdict.Botnet {
		v := verdict.No
		if _, enough := detect.BeaconPower(seen.Hours(), lostShare(e)); !enough {
			v = verdict.Yes
		} else if _, enough = detect.BeaconPower(seen.Hours(), unknownLoss); !enough && e.Whole.Counts[record.Acks] == 0 {
			v = verdict.CannotSay // this witness does not say what it lost
		}
		return j.limit(verdict.HistoryShort, string(q), v, "So short a time would show only beacons that call more often than once a minute.", "Observe for half an hour at least; for beacons that call once a day, two weeks."), true
	}
	least := answer.History(q)
	if least == 0 {
		return verdict.Defect{}, false
	}
	v := verdict.No
	if seen < least {
		v = verdict.Yes
	}
	words := fmt.Sprintf("This question looks back over %s; %s were observed.", hoursWords(least.Hours()), hoursWords(seen.Hours()))
	return j.limit(verdict.HistoryShort, string(q), v, words, "Observe longer, or give the captures of the days before as well."), true
}

// unknownLoss is what is taken for the loss of a witness that does not show any, to see whether it matters.
const unknownLoss = 0.3

func hoursWords(h float64) string {
	switch {
	case h >= 48:
		return fmt.Sprintf("%.3g days", h/24)
	case h >= 1:
		return fmt.Sprintf("%.3g h", h)
	}
	return fmt.Sprintf("%.3g min", 60*h)
}

func (j *sitting) limit(code verdict.Code, subject string, v verdict.Verdict, words, do string) verdict.Defect {
	d := verdict.Defect{
		Code: code, Subject: subject, Sensor: string(j.terms.Sensor), Hard: true, Verdict: v, Now: v,
		Strength: verdict.AlmostCertain, Bits: verdict.CertainBits, Periods: onePeriod(j.span, v), Signs: []verdict.Sign{},
	}
	switch v {
	case verdict.Yes:
		d.Words, d.Do = words, do
	case verdict.No:
		d.Bits = -verdict.CertainBits
	case verdict.CannotSay:
		d.Strength, d.Bits, d.Needs = verdict.NotDecided, 0, "this input carries no acks: how much of the traffic it lacks cannot be told from it, however long it runs"
	}
	return d
}

// evicted turns state.evicted to yes when a detector's bounds let go of something.
func (j *sitting) evicted(defects []verdict.Defect) {
	lost := j.engine.Lost()
	var signs []verdict.Sign
	for _, kind := range slices.Sorted(maps.Keys(lost)) {
		if lost[kind] > 0 {
			signs = append(signs, verdict.Sign{Sign: "let go of by the detector of " + kind, Value: fmt.Sprint(lost[kind]), Bits: verdict.CertainBits})
		}
	}
	if len(signs) == 0 {
		return
	}
	for i := range defects {
		d := &defects[i]
		if d.Code != verdict.StateEvicted {
			continue
		}
		d.Signs = append(d.Signs, signs...)
		if d.Verdict != verdict.Yes {
			d.Verdict, d.Now, d.Strength, d.Bits, d.Needs = verdict.Yes, verdict.Yes, verdict.AlmostCertain, verdict.CertainBits, ""
			d.Periods = onePeriod(j.span, verdict.Yes)
			d.Words = "There were more connections, hosts or names than the detectors can hold at once; what was let go of was not looked at."
			d.Do = "Look at who causes so many of them: often a scan or a flood."
		}
	}
}

// power is what a "no" would cover.
func (j *sitting) power(e *coverage.Evidence) map[verdict.Question]string {
	words, enough := detect.BeaconPower(j.span.Duration().Hours(), lostShare(e))
	if !enough {
		return nil
	}
	return map[verdict.Question]string{verdict.Beaconing: words, verdict.Botnet: words}
}

// lostShare is the share of acknowledged data that was never seen.
func lostShare(e *coverage.Evidence) float64 {
	c := &e.Whole.Counts
	if c[record.Acks] == 0 {
		return 0
	}
	return float64(c[record.Gaps]) / float64(c[record.Acks])
}

// sentence makes a sentence of words that other packages give without.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + cmp.Or(strings.TrimSuffix(s[1:], "."), "") + "."
}

package coverage

import (
	"fmt"
	"slices"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// The rules of what was lost, at the sensor or on the way from it, and told beside the records (record.Blind). They are listed only
// where something was lost. A stretch that a blind span touches is yes, whatever else was seen in it.

// lossWords is what a rule of lost records says.
type lossWords struct{ yes, do string }

func silentRule() Rule {
	return blindRule(verdict.SensorSilent, lossWords{
		yes: "The sensor sends no sign of life; whatever happened since is not known here.",
		do:  "Look whether the sensor has power and network, and what its log says. What it recorded meanwhile comes when it is reached again.",
	})
}

func gapRule() Rule {
	return blindRule(verdict.RecordGap, lossWords{
		yes: "Records of some time are missing: what happened in it was seen by nobody, or did not come here.",
		do:  "Nothing brings lost records back. After a crash look at the sensor's log; where a spool was full give it more room or a faster way to the hub.",
	})
}

func storeRule() Rule {
	return blindRule(verdict.StoreMissing, lossWords{
		yes: "Records that were stored cannot be read any more.",
		do:  "Look at the disk of the hub, and restore the named time from a backup.",
	})
}

func shedRule() Rule {
	return blindRule(verdict.SensorShed, lossWords{
		yes: "The sensor had more to read than it could and left whole connections out.",
		do:  "Give the sensor more processors, or let it watch fewer networks. A flood does the same: look for scans.",
	})
}

// sampledRule is of each feed: a device that reports one packet in many is no fault of the sensor.
func sampledRule() Rule {
	r := blindRule(verdict.FeedSampled, lossWords{
		yes: "The device behind this feed looks at a sample of its packets; short connections are missing from its reports.",
		do:  "Switch sampling off on the device that sends the flows, or give the sensor a copy of the packets.",
	})
	r.Hard = false
	r.Subjects = func(_ *Terms, e *Evidence) []string {
		out := []string{}
		for i := range e.Blind {
			if b := &e.Blind[i]; BlindCode(b.Cause) == verdict.FeedSampled && !slices.Contains(out, string(b.Feed)) {
				out = append(out, string(b.Feed))
			}
		}
		slices.Sort(out)
		return out
	}
	return r
}

// BlindCode is the defect that a blind span of a cause is. A cause that is not known here is a gap: somebody says that something is
// missing.
func BlindCode(cause record.BlindCause) verdict.Code {
	switch cause {
	case record.BlindSilent:
		return verdict.SensorSilent
	case record.BlindMissing:
		return verdict.StoreMissing
	case record.BlindShed:
		return verdict.SensorShed
	case record.BlindSampled:
		return verdict.FeedSampled
	case record.BlindHole, record.BlindCrash, record.BlindSpool, record.BlindBehind:
	}
	return verdict.RecordGap
}

// blindRule is a rule that is yes where something was lost.
func blindRule(code verdict.Code, words lossWords) Rule {
	return Rule{
		Code: code, Hard: true,
		Subjects: func(_ *Terms, e *Evidence) []string {
			if slices.ContainsFunc(e.Blind, func(b record.Blind) bool { return BlindCode(b.Cause) == code }) {
				return []string{""}
			}
			return nil
		},
		Weigh: func(e *Evidence, subject string) Ruling { return weighBlind(e, code, subject, words) },
	}
}

// IsDark reports whether nothing was kept of a whole stretch: nothing came of it, and blind spans of everything cover it.
func (e *Evidence) IsDark() bool {
	if e.Whole.Minutes > 0 || len(e.Blind) == 0 {
		return false
	}
	at := e.Seen.From
	for i := range e.Blind { // in the order of time
		b := &e.Blind[i]
		if code := BlindCode(b.Cause); b.Feed == "" && code != verdict.SensorShed && code != verdict.FeedSampled && b.Span.From <= at {
			at = max(at, b.Span.To)
		}
	}
	return at >= e.Seen.To
}

// ofAbsence reports whether a code says yes because something did not come: where records were lost, it may have.
func ofAbsence(c verdict.Code) bool {
	switch c {
	case verdict.SegmentMissing, verdict.DirectionMissing, verdict.KindMissing, verdict.FeedDead, verdict.VolumeLow:
		return true
	default:
		return false
	}
}

// maxBlindSigns is how many blind spans are named one by one.
const maxBlindSigns = 8

func weighBlind(e *Evidence, code verdict.Code, subject string, words lossWords) Ruling {
	var here []record.Blind
	for _, b := range e.Blind {
		if BlindCode(b.Cause) == code && (code != verdict.FeedSampled || string(b.Feed) == subject) {
			here = append(here, b)
		}
	}
	if len(here) == 0 {
		if code == verdict.FeedSampled {
			return lacking("nothing says whether packets were sampled in this time")
		}
		if e.Whole.Minutes == 0 {
			return lacking("nothing came in this time")
		}
		return hardNo("blind spans", "Nothing was lost in this time.")
	}
	r := Ruling{
		Verdict: verdict.Yes, Strength: verdict.AlmostCertain, Bits: verdict.CertainBits,
		Words: fmt.Sprintf("%s %s.", words.yes, blindWords(&here[0])), Do: words.do,
	}
	if first := longestBlind(here); len(here) > 1 {
		r.Words = fmt.Sprintf("%s %d times; the longest: %s.", words.yes, len(here), blindWords(first))
	}
	for i := range here {
		if i == maxBlindSigns {
			r.Signs = append(r.Signs, verdict.Sign{Sign: "more such times", Value: count(float64(len(here) - i)), Bits: verdict.CertainBits})
			break
		}
		b := &here[i]
		r.Signs = append(r.Signs, verdict.Sign{Sign: causeWords(b), Value: spanText(b.Span) + amountWords(b), Bits: verdict.CertainBits})
	}
	if onlyCause(here, record.BlindBehind) {
		r.Words = fmt.Sprintf("Records came late and are being put in their place; until then nothing is said of their time. %s.", blindWords(&here[0]))
		r.Do = "Wait: this passes by itself."
	}
	return r
}

func onlyCause(list []record.Blind, cause record.BlindCause) bool {
	return !slices.ContainsFunc(list, func(b record.Blind) bool { return b.Cause != cause })
}

func longestBlind(list []record.Blind) *record.Blind {
	out := &list[0]
	for i := range list {
		if list[i].Span.Duration() > out.Span.Duration() {
			out = &list[i]
		}
	}
	return out
}

// blindWords says of one blind span its cause, its time and how much is missing.
func blindWords(b *record.Blind) string {
	return sentenceOf(causeWords(b)) + ", " + spanText(b.Span) + amountWords(b)
}

func sentenceOf(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// causeWords says what happened, by the cause, with what the one who told it adds.
func causeWords(b *record.Blind) string {
	words := map[record.BlindCause]string{
		record.BlindHole:    "a hole in the sequence of what the sensor sent",
		record.BlindCrash:   "the sensor stopped and was started again",
		record.BlindSpool:   "the sensor's spool was full",
		record.BlindSilent:  "no heartbeat of the sensor",
		record.BlindMissing: "the store cannot read it any more",
		record.BlindShed:    "more came than the sensor could read",
		record.BlindSampled: "the device samples",
		record.BlindBehind:  "it came late and is not judged yet",
	}[b.Cause]
	if words == "" {
		words = "lost (" + string(b.Cause) + ")"
	}
	if b.Feed != "" {
		words += ", of " + string(b.Feed)
	}
	if b.Words != "" {
		words += " (" + b.Words + ")"
	}
	return words
}

// spanText is a span with its length: exact, because a blind span is where somebody may have to look elsewhere.
func spanText(s record.Span) string {
	return fmt.Sprintf("%s to %s (%s)", s.From.Text(), s.To.Text(), shortSpan(s.Duration()))
}

func shortSpan(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%.3g s", d.Seconds())
	}
	return spanWords(d)
}

// amountWords says how much is missing, as the cause counts.
func amountWords(b *record.Blind) string {
	out := ""
	if b.Count > 0 {
		unit := "records"
		switch b.Cause {
		case record.BlindHole, record.BlindMissing, record.BlindBehind:
			unit = "blocks"
		case record.BlindShed:
			unit = "connections"
		case record.BlindSilent:
			unit = "heartbeats"
		default:
		}
		out = ", " + count(float64(b.Count)) + " " + unit
		if b.Count == 1 {
			out = out[:len(out)-1]
		}
	}
	if b.Kept > 0 && b.Kept < 1 {
		out += fmt.Sprintf(", 1 in %.3g kept", 1/b.Kept)
	}
	return out
}

package judge

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/verdict"
)

// Said remembers for which question a long reason was given, so that a list of answers gives it once.
type Said map[string]string

// longReason is how long a reason must be to be given once only.
const longReason = 60

// Because is the reason to show for a question: its own, or "as for" the one that gave the same before. length is how much room
// the reason takes.
func (s Said) Because(question, reason string, length int) string {
	if before, ok := s[reason]; ok {
		if length > longReason {
			return "as for " + before
		}
		return reason
	}
	s[reason] = question
	return reason
}

// LookedAtWords says how much could be looked at for a question.
func LookedAtWords(l verdict.LookedAt) string {
	if l.Of > 0 {
		return fmt.Sprintf("%s of %s hosts, %s h", Count(l.Hosts), Count(l.Of), Decimal(l.Hours))
	}
	return fmt.Sprintf("%s, %s h", Many(l.Hosts, "host", "hosts"), Decimal(l.Hours))
}

// Spots are the blind spots of an answer. That the question's own detector is not built is said without the question.
func Spots(a *verdict.Answer) []string {
	out := slices.Clone(a.BlindSpots)
	for i, s := range out {
		if s == verdict.Name(verdict.DetectorNotBuilt, string(a.Question)) {
			out[i] = string(verdict.DetectorNotBuilt)
		}
	}
	return out
}

// CommonSpots are the blind spots that every answer which cannot say has, when there are at least two such answers.
func CommonSpots(r *Result) []string {
	var common []string
	n := 0
	for i := range r.Answers {
		a := &r.Answers[i]
		if a.Verdict != verdict.CannotSay {
			continue
		}
		own := Spots(a)
		if n++; n == 1 {
			common = own
			continue
		}
		common = slices.DeleteFunc(common, func(s string) bool { return !slices.Contains(own, s) })
	}
	if n < 2 {
		return nil
	}
	return common
}

// Powers are what the answers no cover and do not cover, each once.
func Powers(r *Result) []string {
	var out []string
	for i := range r.Answers {
		if a := &r.Answers[i]; a.Verdict == verdict.No && a.Power != "" && !slices.Contains(out, a.Power) {
			out = append(out, a.Power)
		}
	}
	return out
}

// NoFinding says what it means that nothing was found.
func NoFinding(r *Result) string {
	missing := 0
	for i := range r.Defects {
		if d := &r.Defects[i]; d.Code == verdict.DetectorNotBuilt && d.Verdict == verdict.Yes {
			missing++
		}
	}
	switch {
	case missing == 0:
		return "Nothing was found in what could be seen. It says nothing about the rest."
	case missing >= len(r.Answers):
		return "No detector is built yet, so nothing could be found."
	}
	return fmt.Sprintf("For %d questions no detector is built yet, so nothing could be found there.", missing)
}

// NotHanded names the logs that were promised and not handed to this check.
func NotHanded(r *Result) []string {
	var out []string
	for i := range r.Promises {
		p := &r.Promises[i]
		parts := strings.Split(p.ID, "/")
		if p.MeasuredHere || len(parts) < 2 || parts[0] != "data" || !strings.Contains(p.Because, "not handed") {
			continue
		}
		if !slices.Contains(out, parts[1]) {
			out = append(out, parts[1])
		}
	}
	return out
}

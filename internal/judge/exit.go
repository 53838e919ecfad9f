package judge

import (
	"fmt"
	"slices"

	"candor/internal/verdict"
)

// Exit codes of `candor check` (DESIGN.md 5).
const (
	ExitFine      = 0
	ExitBroken    = 1
	ExitCannotSay = 2
)

// exit says what the observation amounts to. What cannot be said about the place, the direction or the loss never reads as
// fine.
func exit(r *Result, required []verdict.Question) Exit {
	broken := 0
	for i := range r.Promises {
		if p := &r.Promises[i]; p.MeasuredHere && p.Verdict == verdict.IsBroken {
			broken++
		}
	}
	for i := range r.Defects {
		if d := &r.Defects[i]; d.Verdict == verdict.Yes && d.Accepted == "" && !d.Code.OnlyLimits() {
			if broken > 0 {
				return Exit{ExitBroken, fmt.Sprintf("promises are broken (%d), and %s is yes", broken, d.Name())}
			}
			return Exit{ExitBroken, d.Name() + " is yes"}
		}
	}
	if broken > 0 {
		return Exit{ExitBroken, fmt.Sprintf("promises are broken (%d)", broken)}
	}
	for i := range r.Answers {
		if a := &r.Answers[i]; a.Verdict == verdict.Yes && len(a.Findings) > 0 {
			return Exit{ExitBroken, "a finding stands that nothing explains"}
		}
	}
	if because := openPoint(r, required); because != "" {
		return Exit{ExitCannotSay, because}
	}
	if len(r.Promises) == 0 {
		return Exit{ExitFine, "nothing was promised, and no defect that was judged stands"}
	}
	return Exit{ExitFine, "promises that could be measured are kept, and nothing that must be known is unknown"}
}

func openPoint(r *Result, required []verdict.Question) string {
	if r.Window == nil {
		return "nothing was observed"
	}
	for i := range r.Promises {
		if p := &r.Promises[i]; p.MeasuredHere && p.Verdict == verdict.CannotTell {
			return "cannot say whether " + p.ID + " is kept"
		}
	}
	for _, must := range []verdict.Code{verdict.VantageOutside, verdict.FeedOneWay, verdict.FeedLoss} {
		judged := false
		for i := range r.Defects {
			if d := &r.Defects[i]; d.Code == must {
				judged = true
				if d.Verdict == verdict.CannotSay {
					return "cannot say about " + d.Name()
				}
			}
		}
		if !judged { // a rule that was never asked must not read as fine
			return "cannot say about " + string(must)
		}
	}
	for i := range r.Answers {
		if a := &r.Answers[i]; a.Verdict == verdict.CannotSay && slices.Contains(required, a.Question) {
			return "cannot answer " + string(a.Question)
		}
	}
	return ""
}

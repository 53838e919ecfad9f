package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"candor/internal/judge"
	"candor/internal/svg"
	"candor/internal/verdict"
)

type question struct {
	Ask, ID, Because string
	Sign             sign
	Looked           string
	Share            template.HTML
	Spots            []string
	Absent           int
}

// asks is a table that is never written.
var asks = map[verdict.Question]string{
	verdict.Beaconing:       "Is a machine calling home on a beat?",
	verdict.Botnet:          "Is a machine part of a botnet?",
	verdict.DNSTunnel:       "Does data leave through DNS?",
	verdict.DGA:             "Does a machine look up generated names?",
	verdict.Scanning:        "Does a machine scan others?",
	verdict.Exfiltration:    "Is far more data leaving than usual?",
	verdict.KnownBad:        "Does a machine talk to known bad addresses?",
	verdict.LongConnections: "Do connections stay open for long?",
	verdict.LateralMovement: "Does anyone move between machines inside?",
	verdict.SignInAttacks:   "Are passwords being guessed?",
}

// questionsOf sorts yes before cannot say before no, so that what is open is read before what is closed.
func questionsOf(r *judge.Result) []question {
	var out []question
	common, said := judge.CommonSpots(r), judge.Said{} // a long reason is said once: for which question
	for _, want := range []verdict.Verdict{verdict.Yes, verdict.CannotSay, verdict.No} {
		for i := range r.Answers {
			a := &r.Answers[i]
			if a.Verdict != want {
				continue
			}
			q := question{
				Ask: judge.OrElse(asks[a.Question], string(a.Question)), ID: string(a.Question), Because: judge.OrElse(a.Because, "No reason was given."), Sign: answerSign(a.Verdict),
				Looked: judge.LookedAtWords(a.LookedAt), Share: template.HTML(svg.Share(a.LookedAt.Hosts, a.LookedAt.Of)), Spots: without(judge.Spots(a), common), Absent: a.Absent.Count,
			}
			if a.Subject != "" {
				q.ID += " " + a.Subject
			}
			q.Because = said.Because(q.ID, q.Because, len(q.Because))
			out = append(out, q)
		}
	}
	return out
}

func without(all, some []string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return slices.Contains(some, s) })
}

func join(s ...string) string {
	return strings.Join(slices.DeleteFunc(s, func(v string) bool { return strings.TrimSpace(v) == "" }), ", ")
}

// defects is the part with everything that was declared.
type defects struct {
	Present   []defect
	Mild      []defect // present, only limiting answers or accepted
	CannotSay []defect
	No        []string
	Words     string
}

type defect struct {
	Sign                          sign
	Code, Subject, How, Words, Do string
	Signs                         []verdict.Sign
}

func defectsOf(r *judge.Result) defects {
	d, main := judge.Declare(r), vantage(r)
	out := defects{Words: fmt.Sprintf("%d present, %d not there, %d cannot say", len(d.Yes)+len(d.Limits)+len(d.Accepted), len(d.No), len(d.CannotSay))}
	for i := range d.Yes {
		f := &d.Yes[i]
		v := defect{Sign: answerSign(f.Verdict), Code: string(f.Code), Subject: f.Subject, How: how(r, f), Words: f.Words, Do: f.Do, Signs: f.Signs}
		if main != nil && f.Name() == main.Name() && f.Sensor == main.Sensor {
			v.Signs, v.Do = nil, "" // they stand beside the drawing
		}
		out.Present = append(out.Present, v)
	}
	out.Mild = gather(out.Mild, d.Limits, judge.MarkCannotSay, "Limits answers", func(f *verdict.Defect) string { return judge.OrElse(f.Words, f.Do) })
	out.Mild = gather(out.Mild, d.Accepted, judge.MarkAsAgreed, "Accepted", func(f *verdict.Defect) string {
		return "Accepted in the agreement (" + f.Accepted + "). Still a blind spot. " + f.Words
	})
	out.CannotSay = gather(nil, d.CannotSay, judge.MarkCannotSay, "Cannot say", func(f *verdict.Defect) string {
		s := judge.OrElse(f.Needs, "what is lacking was not named")
		if f.Accepted != "" {
			s += " (accepted: " + f.Accepted + ")"
		}
		return s
	})
	times := map[string]int{}
	for _, f := range d.No {
		if times[string(f.Code)]++; times[string(f.Code)] == 1 {
			out.No = append(out.No, string(f.Code))
		}
	}
	for i, c := range out.No {
		if times[c] > 1 {
			out.No[i] = fmt.Sprintf("%s (%d)", c, times[c])
		}
	}
	return out
}

func how(r *judge.Result, f *verdict.Defect) string {
	out := []string{string(f.Strength)}
	if f.Bits != 0 {
		out = append(out, bitsWords(f.Bits)+" bits")
	}
	if when := judge.When(r, f); when != "" {
		out = append(out, when)
	}
	if f.Now != f.Verdict {
		out = append(out, "now: "+f.Now.Words())
	}
	return join(out...)
}

// gather joins defects of one code about which the same is said.
func gather(into []defect, from []verdict.Defect, mark judge.Mark, word string, text func(*verdict.Defect) string) []defect {
	class := "open"
	if mark == judge.MarkAsAgreed {
		class = "no"
	}
	for i := range from {
		f := &from[i]
		say, joined := text(f), false
		for j := range into {
			if into[j].Code == string(f.Code) && into[j].Words == say && into[j].Sign.Word == word {
				into[j].Subject, joined = join(into[j].Subject, f.Subject), true
				break
			}
		}
		if !joined {
			into = append(into, defect{Sign: sign{icon(mark), word, class}, Code: string(f.Code), Subject: f.Subject, Words: say})
		}
	}
	return into
}

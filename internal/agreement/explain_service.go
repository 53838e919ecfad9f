package agreement

import (
	"fmt"
	"strings"
)

func (e *explainer) levels() {
	if len(e.Levels) == 0 && len(e.Remedies) == 0 {
		return
	}
	e.heading("WHAT HAPPENS WHEN")
	for i := range e.Levels {
		l := &e.Levels[i]
		text := fmt.Sprintf("%s: from %s to %s", l.ID, words(l.Start), words(l.Stop))
		if l.Metric == MetricTime {
			text += " at most " + limitWords(l.Limit)
		}
		text += fmt.Sprintf(", in %s over %s", l.Target.Words(), l.Window.Words())
		if l.Hours == WorkingHours {
			text += ", in working hours"
		}
		if l.Bind == Aim {
			text += "; an aim without remedy"
		}
		e.item("%s", text)
	}
	if len(e.Pauses) > 0 {
		e.line("  ", "A clock stops only for: "+words(joinWords(e.Pauses))+".")
	}
	for i := range e.Remedies {
		e.item("%s", remedyWords(&e.Remedies[i]))
	}
}

// words makes a word of a closed set readable.
func words(text string) string { return strings.NewReplacer("_", " ", ".", " ").Replace(text) }

func limitWords(l Limit) string {
	if len(l.bySeverity()) == 0 {
		return l.All.Words()
	}
	var parts []string
	for _, s := range []struct {
		name  string
		limit Period
	}{{"critical", l.Critical}, {"high", l.High}, {"medium", l.Medium}, {"low", l.Low}} {
		if !s.limit.Zero() {
			parts = append(parts, s.limit.Words()+" ("+s.name+")")
		}
	}
	return strings.Join(parts, ", ")
}

func remedyWords(m *Remedy) string {
	var when []string
	if len(m.When.LevelMissed) > 0 {
		when = append(when, "one of "+joinWords(m.When.LevelMissed)+" is missed")
	}
	if m.When.CoverageBelow != nil {
		text := "less than " + m.When.CoverageBelow.Words() + " of the promised hosts are seen"
		if m.When.Days > 0 {
			text += fmt.Sprintf(" for %d days", m.When.Days)
		}
		when = append(when, text)
	}
	text := "When " + strings.Join(when, " and ") + ": "
	if m.Credit != nil {
		text += fmt.Sprintf("%s of the fee of a %s back", m.Credit.Words(), m.Per)
	}
	if m.Right != "" {
		if m.Credit != nil {
			text += ", and "
		}
		text += "the right to " + words(string(m.Right))
	}
	if !m.Claim.Zero() {
		text += ", claimed within " + m.Claim.Words()
	}
	return text
}

func (e *explainer) people() {
	if len(e.Contacts) > 0 {
		e.heading("WHO IS TOLD, UNTIL ONE PERSON ACKNOWLEDGES")
		for i := range e.Contacts {
			k := &e.Contacts[i]
			text := fmt.Sprintf("%s, %s of the %s", firstOf(k.Name, words(k.Role)), words(k.Role), k.Who)
			if len(k.Via) > 0 {
				text += ", by " + joinWords(k.Via)
			}
			if k.After.Zero() {
				text += ", at once"
			} else {
				text += ", after " + k.After.Words()
			}
			e.item("%s", text)
		}
	}
	if len(e.Duties) > 0 {
		e.heading("WHAT EACH SIDE MUST DO")
		for i := range e.Duties {
			e.item("the %s: %s", e.Duties[i].Who, e.Duties[i].What)
		}
	}
}

func (e *explainer) service() {
	n := &e.Entitlements
	if n.silent() {
		return
	}
	e.heading("WHAT THE SERVICE INCLUDES")
	e.included("people who look", n.Monitoring.Included, fmt.Sprintf("%s, at least %d, at night %d", words(string(n.Monitoring.Hours)), n.Monitoring.Staffed.MinPeople, n.Monitoring.Staffed.AtNight))
	e.included("hunting", n.Hunting.Included, fmt.Sprintf("%d hours a month", n.Hunting.HoursPerMonth))
	response := fmt.Sprintf("%d hours a year", n.IncidentResponse.HoursPerYear)
	if !n.IncidentResponse.StartWithin.Zero() {
		response += ", begun within " + n.IncidentResponse.StartWithin.Words()
	}
	if b := n.IncidentResponse.Beyond; b.Rate > 0 {
		response += fmt.Sprintf(", then %s %s by the %s", number(b.Rate), b.Currency, b.Unit)
	}
	if n.IncidentResponse.NewContract {
		response += ", after another contract"
	}
	e.included("incident response", n.IncidentResponse.Included, response)
	e.item("block an address: %s; cut a host off: %s", words(string(n.Actions.Block)), words(string(n.Actions.Isolate)))
	data := "search in your own data: " + words(string(n.DataAccess.Search))
	if len(n.DataAccess.Export) > 0 {
		data += "; export as " + joinWords(n.DataAccess.Export)
	}
	e.item("%s", data)
}

func (e *explainer) questions() {
	if len(e.Detections.Required) == 0 {
		return
	}
	e.heading("WHAT MUST BE ANSWERABLE")
	e.line("  ", words(joinWords(e.Detections.Required))+".")
}

// silent reports whether the file says nothing of entitlements.
func (n *Entitlements) silent() bool {
	return !n.Monitoring.Included && !n.Hunting.Included && !n.IncidentResponse.Included && n.Actions.Block == "never" &&
		n.Actions.Isolate == "never" && n.DataAccess.Search == "none" && len(n.DataAccess.Export) == 0
}

func (e *explainer) included(what string, yes bool, detail string) {
	if yes {
		e.item("%s: %s", what, detail)
		return
	}
	e.item("%s: not included", what)
}

func (e *explainer) review() {
	if len(e.Review) == 0 {
		return
	}
	e.heading("WHAT A READER OF THE CONTRACT NOTED")
	for i := range e.Review {
		v := &e.Review[i]
		text := fmt.Sprintf("clause %s, %s", firstOf(v.Clause, "(none)"), words(string(v.State)))
		if v.Text != "" {
			text += `: "` + v.Text + `"`
		}
		if v.Advice != "" {
			text += ". " + v.Advice
		}
		e.item("%s", text)
	}
}

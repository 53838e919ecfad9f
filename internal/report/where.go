package report

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"candor/internal/judge"
	"candor/internal/svg"
	"candor/internal/verdict"
)

// where is the part that draws who was seen and when.
type where struct {
	Words    string
	Per      int // hosts a square
	Segments []segment
	Left     []leftOut
	Strips   []strip
	Axis     template.HTML
}

type segment struct {
	Name, Kind, Count, More string
	Some                    bool
	Squares                 template.HTML
}

type leftOut struct{ Name, Reason string }

type strip struct {
	Label, Note string
	Draw        template.HTML
}

func whereOf(r *judge.Result) where {
	var w where
	var groups []svg.Group
	for _, s := range r.Segments {
		if !s.Excluded {
			groups = append(groups, groupOf(s))
		}
	}
	w.Per = svg.PerSquare(groups)
	for _, s := range r.Segments {
		if s.Excluded {
			w.Left = append(w.Left, leftOut{s.ID, judge.OrElse(s.Reason, "no reason is named")})
			continue
		}
		w.Segments = append(w.Segments, segmentOf(s, w.Per))
	}
	w.Words = "No segment was promised, so there is nothing to hold the hosts against."
	if seen, of := judge.Promised(r); of > 0 {
		w.Words = fmt.Sprintf("%s of %s promised hosts seen directly", judge.Count(seen), judge.Count(of))
	} else if h := r.Sight.Hosts; h.Direct != nil {
		w.Words = fmt.Sprintf("%s hosts seen directly; nobody promised a number", judge.Count(*h.Direct))
	}
	w.Strips, w.Axis = stripsOf(r)
	return w
}

func groupOf(s verdict.Segment) svg.Group {
	g := svg.Group{Name: s.ID, Seen: s.Seen, Passing: s.InPassing}
	if s.Promised != nil {
		g.Promised = *s.Promised
	}
	return g
}

func segmentOf(s verdict.Segment, per int) segment {
	out := segment{Name: s.ID, Kind: s.Kind, Some: s.Seen > 0, Squares: template.HTML(svg.Squares(groupOf(s), per))}
	out.Count = judge.Count(s.Seen)
	if s.SeenMost > s.Seen {
		out.Count += " to " + judge.Count(s.SeenMost)
	}
	if s.Promised != nil {
		out.Count += " of " + judge.Count(*s.Promised) + " seen"
	} else {
		out.Count += " seen, no number was promised"
	}
	if s.InPassing > 0 {
		out.More = judge.Count(s.InPassing) + " more in passing"
	}
	return out
}

func rowName(kind string) string {
	switch kind {
	case "conn":
		return "Connections"
	case "web":
		return "Web and TLS"
	case "dns", "dhcp":
		return strings.ToUpper(kind)
	case "hosts":
		return "Hosts"
	}
	return kind
}

func stripsOf(r *judge.Result) ([]strip, template.HTML) {
	t := r.Timeline
	steps, start, end := judge.Steps(r)
	if steps == 0 {
		return nil, ""
	}
	var out []strip
	for _, row := range t.Rows {
		counts := make([]uint64, steps)
		copy(counts, row.Counts)
		draw := svg.Strip(svg.Row{Label: rowName(row.Kind), Counts: counts, Start: start, End: end})
		out = append(out, strip{rowName(row.Kind), timeSeen(counts, start, end, t.StepSeconds), template.HTML(draw)})
	}
	return out, template.HTML(svg.Axis(ticks(r, start, end)))
}

// timeSeen says for how long of the window something came.
func timeSeen(counts []uint64, start, end float64, stepSeconds int) string {
	hit := 0.0
	for i, c := range counts {
		if c > 0 {
			hit += max(0, min(end, float64(i+1))-max(start, float64(i)))
		}
	}
	unit, name := 3600.0, "h"
	if (end-start)*float64(stepSeconds) < 2*3600 {
		unit, name = 60, "min"
	}
	whole := judge.Decimal((end - start) * float64(stepSeconds) / unit)
	if hit == 0 {
		return "never in " + whole + " " + name
	}
	return fmt.Sprintf("%s of %s %s", judge.Decimal(hit*float64(stepSeconds)/unit), whole, name)
}

const mostTicks = 7

// ticks are labels at round local times, few enough for a phone.
func ticks(r *judge.Result, start, end float64) []svg.Tick {
	from, err := time.Parse(time.RFC3339, r.Timeline.From)
	step := float64(r.Timeline.StepSeconds) * float64(time.Second)
	from = from.Add(time.Duration(start * step))
	total := time.Duration((end - start) * step)
	if err != nil || total <= 0 || total > 400*24*time.Hour {
		return nil
	}
	layout, every := "15:04", time.Minute
	for _, next := range []time.Duration{5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour} {
		if total/every < mostTicks {
			break
		}
		every = next
	}
	if every == 24*time.Hour || total > 72*time.Hour {
		layout, every = "Mon 2", 24*time.Hour
	}
	var out []svg.Tick
	zone := judge.Zone(r)
	for t := from.Truncate(time.Minute).In(zone); t.Before(from.Add(total)); t = t.Add(time.Minute) {
		minutes := time.Duration(t.Hour()*60+t.Minute()) * time.Minute
		if !t.Before(from.Add(-total/100)) && minutes%every == 0 {
			out = append(out, svg.Tick{At: max(0, float64(t.Sub(from))/float64(total)), Label: t.Format(layout)})
		}
	}
	for len(out) > mostTicks {
		thin := out[:0]
		for i := 0; i < len(out); i += 2 {
			thin = append(thin, out[i])
		}
		out = thin
	}
	return out
}

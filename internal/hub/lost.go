package hub

import (
	"fmt"

	"candor/internal/record"
)

// lost is what is lost or late at a moment. It is told to the judge and not folded: most of it passes.
func (f *Fold) lost(now record.Time) []record.Blind {
	var out []record.Blind
	for i := range f.main.Seams {
		if b := f.main.Seams[i].Blind; b != nil {
			out = append(out, f.stillLost(&f.main.Seams[i]))
		}
	}
	out = append(out, f.main.Gone...)
	for _, list := range [][]Meta{f.late, f.waiting} {
		if b := behind(list); b != nil {
			out = append(out, *b)
		}
	}
	if f.main.Live || f.main.At == (Cursor{}) { // what is read from a file is over when it is over
		out = append(out, f.silent(now)...)
		out = append(out, f.untold(now)...)
	}
	return out
}

// stillLost is what is missing at a seam: behind, once all of it came.
func (f *Fold) stillLost(s *seam) record.Blind {
	b := *s.Blind
	came := uint64(0)
	for i := range f.late {
		if c := f.late[i].Cursor(); c.Compare(s.After) > 0 && c.Compare(s.Before) < 0 {
			came += f.late[i].Last - f.late[i].First + 1
		}
	}
	if came > 0 && came >= b.Count {
		b.Cause, b.Words, b.Count = record.BlindBehind, "", came
	}
	return b
}

// behind is the time of blocks that are stored and not folded.
func behind(list []Meta) *record.Blind {
	var b *record.Blind
	for i := range list {
		m := &list[i]
		switch {
		case m.Span.Zero():
			continue
		case b == nil:
			b = &record.Blind{Cause: record.BlindBehind, Span: m.Span}
		}
		b.Span = record.Span{From: min(b.Span.From, m.Span.From), To: max(b.Span.To, m.Span.To)}
		b.Count += m.Last - m.First + 1
	}
	return b
}

// silent is the time since the last heartbeat, as far as the hub listened, and the time when it did not, as far as no blocks tell of it.
func (f *Fold) silent(now record.Time) []record.Blind {
	var out []record.Blind
	since, heard := f.cfg.Since, f.heard.at
	if from := max(heard, since); now-from > record.Time(f.cfg.Silent) {
		out = append(out, record.Blind{Cause: record.BlindSilent, Span: record.Span{From: from, To: now}})
	}
	if heard == 0 {
		return out
	}
	if end := max(f.main.End, f.cfg.Heard); f.cfg.Heard != 0 && end < since {
		out = append(out, record.Blind{Cause: record.BlindHole, Span: record.Span{From: end, To: since}, Words: "the hub was away, and nothing came of that time since"})
	}
	return out
}

// untold is the time of blocks that the sensor says it sealed, and that did not come in time.
func (f *Fold) untold(now record.Time) []record.Blind {
	last := f.main.At
	if n := len(f.waiting); n > 0 {
		last = f.waiting[n-1].Cursor()
	}
	sealed := f.heard.sealed
	if sealed.Compare(last) <= 0 || now < f.heard.since+record.Time(f.cfg.Wait) || f.main.End == 0 {
		return nil
	}
	b := record.Blind{
		Cause: record.BlindHole, Span: record.Span{From: f.main.End, To: max(f.main.End, f.heard.at)},
		Words: fmt.Sprintf("the sensor has sealed blocks up to %d that are not here yet", sealed.Sequence),
	}
	if sealed.Epoch == last.Epoch {
		b.Count = sealed.Sequence - last.Sequence
	}
	return []record.Blind{b}
}

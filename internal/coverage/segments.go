package coverage

import (
	"strings"

	"candor/internal/record"
	"candor/internal/verdict"
)

// Segments says how much of each named segment was seen. The verdict is that of its min_seen promise; without one it is
// broken when segment.missing is yes, else cannot say (DESIGN.md 4).
func Segments(t *Terms, e *Evidence, promises []verdict.Promise, defects []verdict.Defect) []verdict.Segment {
	out := []verdict.Segment{}
	for i := range t.Scope.Segments {
		s := &t.Scope.Segments[i]
		n := e.CountOf(s.ID)
		v := verdict.Segment{
			ID: string(s.ID), Kind: string(s.Kind), Seen: n.Least, SeenMost: n.Most, InPassing: n.InPassing, Excluded: s.Excluded,
			Verdict: segmentState(s.ID, promises, defects),
		}
		if a := t.segment(s.ID); a != nil {
			v.Reason = a.Reason
			if hosts := a.Expected.Hosts; hosts > 0 {
				v.Promised = &hosts
			}
		}
		out = append(out, v)
	}
	return out
}

func segmentState(id record.SegmentID, promises []verdict.Promise, defects []verdict.Defect) verdict.Kept {
	prefix := "segments/" + string(id) + "/min_seen"
	state, promised := verdict.IsKept, false
	for i := range promises {
		p := &promises[i]
		if !strings.HasPrefix(p.ID, prefix) || !p.MeasuredHere {
			continue
		}
		promised = true
		switch {
		case p.Verdict == verdict.IsBroken:
			return verdict.IsBroken
		case p.Verdict == verdict.CannotTell:
			state = verdict.CannotTell
		}
	}
	if promised {
		return state
	}
	for i := range defects {
		if d := &defects[i]; d.Code == verdict.SegmentMissing && d.Subject == string(id) && d.Verdict == verdict.Yes {
			return verdict.IsBroken
		}
	}
	return verdict.CannotTell
}

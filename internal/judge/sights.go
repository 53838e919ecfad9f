package judge

import (
	"cmp"
	"maps"
	"slices"

	"candor/internal/coverage"
	"candor/internal/record"
)

// Sights is all that was seen, merged over the whole time, by witness and segment: what a question about one machine is held against.
func (j *Judge) Sights() []record.Sight {
	merged := map[record.Feed]*coverage.Evidence{}
	for _, q := range slices.Sorted(maps.Keys(j.quarters)) {
		for f, e := range j.quarters[q].feeds {
			if merged[f] == nil {
				merged[f] = coverage.NewEvidence(j.terms, j.span)
			}
			merged[f].Join(e)
		}
	}
	var out []record.Sight
	for f, e := range merged {
		whole := e.Whole
		whole.Feed, whole.Segment = f, record.Nowhere
		out = append(out, whole)
		for id, s := range e.Segments {
			of := *s
			of.Feed, of.Segment = f, id
			out = append(out, of)
		}
	}
	slices.SortFunc(out, func(a, b record.Sight) int {
		return cmp.Or(cmp.Compare(a.Feed, b.Feed), cmp.Compare(a.Segment, b.Segment))
	})
	return out
}

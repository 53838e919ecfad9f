package ingest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxNoted bounds the names of each sort in Notes.
const maxNoted = 8

// Notes says in a few sentences what was left aside: logs and line forms that nobody here knows with the first such lines, files
// and lines left out on purpose, and what was taken for granted. Most frequent first; what does not fit is counted. Damage is told by Stopped instead.
func (a *Account) Notes() []string {
	out := noted(nil, a.Unknown, "not known here")
	for _, d := range a.Shown {
		if d.Text != "" {
			out = append(out, fmt.Sprintf("line %d, %s: %s", d.Line, d.Because, strings.ToValidUTF8(d.Text, "\ufffd")))
		}
	}
	out = noted(out, a.Skipped, "left out")
	out = noted(out, a.Assumed, "taken for granted")
	if a.Late > 0 {
		out = append(out, fmt.Sprintf("told late, because their lines stand far from their place in time: %d", a.Late))
	}
	return out
}

func noted(out []string, m map[string]uint64, what string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int { return cmp.Or(cmp.Compare(m[y], m[x]), cmp.Compare(x, y)) })
	var more uint64
	for i, name := range names {
		if i >= maxNoted {
			more += m[name]
			continue
		}
		shown := strings.ToValidUTF8(name[:min(len(name), maxText)], "\ufffd")
		out = append(out, fmt.Sprintf("%s: %s: %d", what, shown, m[name]))
	}
	if more > 0 {
		out = append(out, fmt.Sprintf("%s: %d more names: %d", what, len(names)-maxNoted, more))
	}
	return out
}

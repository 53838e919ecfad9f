package intel

import (
	"strings"

	"candor/internal/record"
)

// stixObject takes an object of a STIX 2 bundle. Only indicators name anything to match; whatever else a bundle holds
// (malware, reports, relationships, observed data) is context and not counted.
func (w *walker) stixObject(o *entryJSON) {
	changed := max(parseDate(o.Modified), parseDate(o.Created))
	w.date(changed)
	if o.Type != "indicator" {
		return
	}
	w.date(parseDate(o.ValidFrom))
	switch {
	case o.Revoked:
		w.skip("revoked", w.n, o.Pattern)
		return
	case o.PatternType != "" && o.PatternType != "stix":
		w.skip("pattern of type "+plainWords(o.PatternType, 40), w.n, o.Pattern)
		return
	}
	found, reason := readPattern(o.Pattern)
	if reason != "" {
		w.skip(reason, w.n, o.Pattern)
		return
	}
	c := candidate{words: stixWords(o), place: w.n, until: parseDate(o.ValidUntil)}
	for _, t := range [...]record.Time{parseDate(o.ValidFrom), changed} {
		if c.seen = t; t != 0 {
			break
		}
	}
	for _, f := range found {
		c.value, c.kinds, c.port, c.partial = f.value, f.kinds, f.port, f.partial
		w.add(c)
	}
}

func stixWords(o *entryJSON) string {
	words := o.Name
	if words == "" {
		words = o.Description
	}
	if len(o.Labels) > 0 && len(words) < maxWordBytes {
		labels := strings.Join(o.Labels[:min(len(o.Labels), 4)], ", ")
		if words == "" {
			return labels
		}
		words += " (" + labels + ")"
	}
	return words
}

package block

import (
	"slices"

	"candor/internal/record"
)

// Empty reports whether a batch has nothing to tell: no rows, marks, inputs, losses or span, and no end.
func Empty(b *record.Batch) bool {
	return b.Rows() == 0 && len(b.Marks) == 0 && len(b.Inputs) == 0 && len(b.Blind) == 0 && b.Span.Zero() && !b.Ended
}

// Join appends a batch to another one of the same feed that came before it, so that judging the one gives what judging both gave.
// into keeps its ID. It shares nothing with more afterwards that appending to it would change; the records themselves are shared.
func Join(into, more *record.Batch) {
	from := record.Mark{Conns: len(into.Conns), DNS: len(into.DNS), TLS: len(into.TLS), HTTP: len(into.HTTP), DHCP: len(into.DHCP)}
	into.Marks = slices.Grow(into.Marks, len(more.Marks))
	for _, m := range more.Marks {
		into.Marks = append(into.Marks, shift(m, from))
	}
	into.Conns = append(into.Conns, more.Conns...)
	into.DNS = append(into.DNS, more.DNS...)
	into.TLS = append(into.TLS, more.TLS...)
	into.HTTP = append(into.HTTP, more.HTTP...)
	into.DHCP = append(into.DHCP, more.DHCP...)
	into.Logs = append(into.Logs, more.Logs...)
	into.Alerts = append(into.Alerts, more.Alerts...)
	into.Sight = append(into.Sight, more.Sight...)
	into.Blind = append(into.Blind, more.Blind...)
	into.Inputs = newest(into.Inputs, more.Inputs)
	into.Ended = into.Ended || more.Ended
	into.Span = both(into.Span, more.Span)
}

func both(a, b record.Span) record.Span {
	switch {
	case a.Zero():
		return b
	case b.Zero():
		return a
	}
	return record.Span{From: min(a.From, b.From), To: max(a.To, b.To)}
}

// shift is a mark whose records come after those of another.
func shift(m, by record.Mark) record.Mark {
	return record.Mark{
		At: m.At, Conns: m.Conns + by.Conns, DNS: m.DNS + by.DNS, TLS: m.TLS + by.TLS, HTTP: m.HTTP + by.HTTP, DHCP: m.DHCP + by.DHCP,
	}
}

// newest puts the later values of inputs in place of the earlier ones.
func newest(into, more []record.Input) []record.Input {
	if len(more) == 0 {
		return into
	}
	type key struct {
		index int
		path  string
	}
	at := make(map[key]int, len(into))
	out := slices.Clone(into)
	for i := range out {
		at[key{out[i].Index, out[i].Path}] = i
	}
	for _, in := range more {
		k := key{in.Index, in.Path}
		if i, ok := at[k]; ok {
			out[i] = in
			continue
		}
		at[k] = len(out)
		out = append(out, in)
	}
	return out
}

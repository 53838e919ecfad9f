package judge

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"candor/internal/record"
)

// blinds are the stretches in which something was lost, as batches told of them: spans of one cause and feed that touch are one, so
// that neither the order of batches nor how often they tell of it matters. The zero blinds must be made.
type blinds map[blindKey][]record.Blind // sorted, none touches the next

type blindKey struct {
	cause record.BlindCause
	feed  record.Feed
}

// Bounds of what is kept.
const (
	maxBlindKeys  = 256  // causes of feeds; beyond, a feed's spans are everybody's
	maxBlindSpans = 4096 // spans of one of them; beyond, the two with the least time between them become one, with that time
	maxBlindWords = 200  // bytes
)

// near is how much time between two spans makes no difference. What is told of again and again is told by the batch.
func near(c record.BlindCause) record.Time {
	if c == record.BlindSampled || c == record.BlindShed {
		return record.Minute
	}
	return 0
}

// add takes over one span. What has no span or none that can be believed is left out: time stamps of a record are checked
// where it is read.
func (bs blinds) add(b *record.Blind) {
	if b.Span.Zero() || b.Span.To < b.Span.From {
		return
	}
	key := blindKey{b.Cause, record.Feed(shortened(string(b.Feed)))}
	if _, known := bs[key]; !known && len(bs) >= maxBlindKeys {
		key.feed = ""
	}
	x := *b
	x.Feed, x.Words = key.feed, shortened(b.Words)
	list := bs[key]
	gap := near(x.Cause)
	from, _ := slices.BinarySearchFunc(list, x.Span.From, func(o record.Blind, t record.Time) int { return cmp.Compare(o.Span.To, t-gap) })
	to := from
	for to < len(list) && list[to].Span.From <= x.Span.To+gap {
		x = joinBlind(x, list[to])
		to++
	}
	list = slices.Replace(list, from, to, x)
	if len(list) > maxBlindSpans {
		list = closest(list)
	}
	bs[key] = list
}

// joinBlind is two spans as one.
func joinBlind(a, b record.Blind) record.Blind {
	if cmp.Or(cmp.Compare(b.Span.From, a.Span.From), cmp.Compare(b.Words, a.Words)) < 0 {
		a.Words, b.Words = b.Words, a.Words
	}
	a.Span = record.Span{From: min(a.Span.From, b.Span.From), To: max(a.Span.To, b.Span.To)}
	if a.Count > math.MaxUint64-b.Count {
		a.Count = math.MaxUint64
	} else {
		a.Count += b.Count
	}
	if a.Kept == 0 || b.Kept != 0 && b.Kept < a.Kept {
		a.Kept = b.Kept
	}
	return a
}

// closest joins the two neighbours with the least time between them.
func closest(list []record.Blind) []record.Blind {
	at := 0
	for i := 1; i+1 < len(list); i++ {
		if list[i+1].Span.From-list[i].Span.To < list[at+1].Span.From-list[at].Span.To {
			at = i
		}
	}
	return slices.Replace(list, at, at+2, joinBlind(list[at], list[at+1]))
}

// with lists all spans and those told of beside, in the order of time.
func (bs blinds) with(more []record.Blind) []record.Blind {
	all := bs
	if len(more) > 0 {
		all = blinds{}
		for k, list := range bs {
			all[k] = slices.Clone(list)
		}
		for i := range more {
			all.add(&more[i])
		}
	}
	var out []record.Blind
	for _, list := range all {
		out = append(out, list...)
	}
	slices.SortFunc(out, func(a, b record.Blind) int {
		return cmp.Or(cmp.Compare(a.Span.From, b.Span.From), cmp.Compare(a.Span.To, b.Span.To), cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Feed, b.Feed))
	})
	return out
}

// touching are the spans that touch a stretch: a span is blind at its both ends, and a stretch ends before its last moment.
func touching(list []record.Blind, s record.Span) []record.Blind {
	var out []record.Blind
	for i := range list {
		b := &list[i].Span
		if b.From < s.To && b.To >= s.From {
			out = append(out, list[i])
		}
	}
	return out
}

func shortened(s string) string {
	if len(s) > maxBlindWords {
		s = strings.ToValidUTF8(s[:maxBlindWords], "") + "..."
	}
	return strings.Clone(s)
}

package source

import (
	"candor/internal/capture"
	"candor/internal/record"
)

// outage follows the link of one live interface and tells of the time in which it was down.
type outage struct {
	told  record.Time // up to when it was told of; 0 while the link is up
	words string
	flaps uint64
	seen  record.Time // the last look
}

// look gives what is to be told at ts: at once when the link goes down, then by the minute, and when it is back.
func (o *outage) look(ts record.Time, c *capture.Counted, feed record.Feed) []record.Blind {
	before := o.seen
	if before == 0 {
		before = ts
	}
	o.seen = ts
	flapped := c.Flaps != o.flaps
	o.flaps = c.Flaps
	tell := func(from record.Time, words string) []record.Blind {
		return []record.Blind{{Span: record.Span{From: from, To: max(ts, from)}, Cause: record.BlindLink, Feed: feed, Words: c.Name + ": " + words}}
	}
	switch {
	case c.Down != "" && o.told == 0:
		o.told, o.words = ts, c.Down
		return tell(before, c.Down)
	case c.Down != "":
		changed := c.Down != o.words
		if !changed && ts-o.told < record.Minute {
			return nil
		}
		from := o.told
		o.told, o.words = ts, c.Down
		return tell(from, c.Down)
	case o.told != 0:
		from := o.told
		o.told = 0
		return tell(from, "the link is back")
	case flapped:
		return tell(before, "the link was down for a moment")
	}
	return nil
}

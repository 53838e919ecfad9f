package days

import "candor/internal/record"

// long is a connection that stays open: it is reported each minute in which something was sent, and at its end.
type long struct {
	talk
	ends    record.Ends
	end     int64 // last packet
	told    int64 // until when it was told
	last    int64 // last packet told
	reports int
	dice    dice
}

// openLong begins a connection that stays open.
func (r *run) openLong(at int64, e *record.Ends, t *talk) {
	var slot uint32
	if n := len(r.freeLongs); n > 0 {
		slot, r.freeLongs = r.freeLongs[n-1], r.freeLongs[:n-1]
	} else {
		slot = uint32(len(r.longs))
		r.longs = append(r.longs, long{})
	}
	key := newDice(r.site.seed, uint64(at), uint64(e.OrigP))
	for i := range len(e.UID) {
		key.state = key.state*31 + uint64(e.UID[i])
	}
	l := &r.longs[slot]
	*l = long{talk: *t, ends: *e, end: at + t.dur, told: at, last: at, dice: key}
	r.push(event{min(at+reportEvery, l.end+shows(t)), key.state, slot | longSlot})
}

// report tells what came since the report before, and gives the time of the next; 0 after the last.
func (r *run) report(slot uint32, at int64) int64 {
	l := &r.longs[slot]
	start := int64(l.ends.TS)
	final := at >= l.end+shows(&l.talk)
	sent, got, pkts := l.since(start, min(at, l.end))
	if pkts > 0 || final {
		c := r.putConn(at)
		r.head(c, &l.ends, &l.talk)
		c.OrigBytes, c.RespBytes = sent, got
		if pkts > 0 {
			s, g := (sent+segmentSize-1)/segmentSize, (got+segmentSize-1)/segmentSize
			c.OrigPkts, c.RespPkts = max(pkts, s+g/2), max(pkts, g+s/2)
		}
		if l.talk.end == unanswered {
			c.RespPkts = 0
		}
		c.Duration, c.Report, c.Final = record.Time(l.last-start), l.reports, final
		c.State, c.History = state(l.talk.end, l.proto), history(&l.talk)
		if !final && l.proto == tcp {
			c.State, c.History = "S1", "ShADad"
		}
		ip(c)
		l.reports++
	}
	if final {
		r.freeLongs = append(r.freeLongs, slot)
		return 0
	}
	next := start + ((at-start)/reportEvery+1)*reportEvery
	if over := l.end + shows(&l.talk); over < next {
		next = over
	}
	return next
}

// since gives the bytes and packets from the last report to a time, and moves on.
func (l *long) since(start, now int64) (sent, got, pkts uint64) {
	if l.told == start && now > start {
		sent, got, pkts = l.sent, l.got, max(l.pkts, 3)
		l.last = min(now, start+5*second)
	}
	if l.ping > 0 {
		before, after := (l.told-start)/l.ping, (now-start)/l.ping
		if n := uint64(after - before); n > 0 {
			sent, got, pkts = sent+n*l.pingSent, got+n*l.pingGot, pkts+2*n
			l.last = max(l.last, start+after*l.ping)
		}
	}
	if (l.minuteSent > 0 || l.minGot > 0) && now > l.told && (l.minuteChance == 0 || l.dice.chance(l.minuteChance)) {
		share := float64(now-l.told) / float64(minute) * (0.7 + 0.6*l.dice.f())
		sent, got, pkts = sent+uint64(share*float64(l.minuteSent)), got+uint64(share*float64(l.minGot)), pkts+2
		l.last = max(l.last, floor(now-l.dice.span(0, min(second, now-l.told))))
	}
	if now >= l.end && l.told < l.end {
		l.last, pkts = l.end, pkts+2
	}
	l.told = max(l.told, now)
	return sent, got, pkts
}

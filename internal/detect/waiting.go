package detect

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"candor/internal/record"
)

// waiting holds connections until no earlier one can come any more, by the second in which they began, and leaves out what a
// lesser witness tells of a connection that a better one saw too.
type waiting struct {
	pages   []*[pageHeld]held // connections that wait, and room
	free    []int32           // room in pages
	labels  labelCache
	seconds map[int64][]int32
	first   int64 // no second before it holds anything
	held    int
	full    bool // more than maxWaiting waited
	spare   [][]int32
	order   []turn
	ranks   map[record.Feed]int
	conns   map[record.Feed]bool // whether a witness of logs tells of connections at all
	seen    map[tuple]sighting   // of the best witness so far; only with several witnesses
	swept   record.Time
	newest  record.Time // of what was added
}

type turn struct {
	ts record.Time
	at int32
}

// tuple is the two ends of a connection, whichever of them opened it.
type tuple struct {
	a, b   netip.AddrPort
	proto  uint8
	minute int64
}

type sighting struct {
	ts   record.Time
	rank int
}

// maxWaiting bounds how many connections wait; beyond, the oldest go on early. Their order is then less exact; nothing is lost.
const maxWaiting = 1 << 16

// nearby is how far apart two witnesses may put the beginning of the same connection.
const nearby = 10 * record.Time(1e9)

// rank learns how much a witness saw of each connection: packets before logs before flows.
func (w *waiting) rank(in *record.Input) {
	if _, known := w.ranks[in.Feed]; known {
		return
	}
	rank := 1
	switch in.Kind {
	case "pcap", "pcapng":
		rank = 0
	case "suricata":
		rank = 2
	case "zeek":
	default: // a log of something else, which tells of no connections
		rank = 3
	}
	if w.ranks == nil {
		w.ranks = map[record.Feed]int{}
	}
	w.ranks[in.Feed] = rank
}

// isLog reports whether a witness is known to be a log.
func (w *waiting) isLog(feed record.Feed) bool { return w.ranks[feed] > 0 }

// tells notes that a witness tells of connections: what it says of messages alone is then told twice.
func (w *waiting) tells(feed record.Feed) {
	if !w.conns[feed] {
		if w.conns == nil {
			w.conns = map[record.Feed]bool{}
		}
		w.conns[feed] = true
	}
}

// room gives a place for a connection that will wait.
func (w *waiting) room() int32 {
	if len(w.free) == 0 {
		for i := range int32(pageHeld) {
			w.free = append(w.free, int32(len(w.pages))*pageHeld+pageHeld-1-i)
		}
		w.pages = append(w.pages, new([pageHeld]held))
	}
	n := len(w.free)
	at := w.free[n-1]
	w.free = w.free[:n-1]
	return at
}

// pageHeld is how many connections a page holds, so that room grows without moving what is there.
const pageHeld = 256

func (w *waiting) at(i int32) *held { return &w.pages[i/pageHeld][i%pageHeld] }

// keep lets a connection wait.
func (w *waiting) keep(e *Event) {
	at := w.room()
	w.at(at).pack(e, w.labels.of(e))
	if w.seconds == nil {
		w.seconds, w.first = map[int64][]int32{}, math.MaxInt64
	}
	second := int64(e.TS.Floor(record.Time(1e9)) / 1e9)
	list, ok := w.seconds[second]
	if n := len(w.spare); !ok && n > 0 {
		list, w.spare = w.spare[n-1], w.spare[:n-1]
	}
	w.seconds[second] = append(list, at)
	w.newest = max(w.newest, e.TS)
	w.first = min(w.first, second)
	w.held++
	if len(w.ranks) > 1 {
		w.witness(e)
	}
}

// witness remembers the best witness of a connection.
func (w *waiting) witness(e *Event) {
	if w.seen == nil {
		w.seen = map[tuple]sighting{}
	}
	t, rank := tupleOf(e.Orig, e.Resp, e.OrigPort, e.RespPort, e.Proto, e.TS), w.ranks[e.Feed]
	if old, ok := w.seen[t]; !ok || rank < old.rank {
		w.seen[t] = sighting{e.TS, rank}
	}
}

// sweep forgets sightings from before a time up to which all connections were handed on.
func (w *waiting) sweep(before record.Time) {
	if len(w.seen) == 0 || before-w.swept < Lateness {
		return
	}
	w.swept = before
	for k, v := range w.seen {
		if v.ts < before-2*nearby {
			delete(w.seen, k)
		}
	}
}

// twice reports whether a better witness told of the connection as well.
func (w *waiting) twice(h *held) bool {
	rank := w.ranks[h.said.feed]
	t := tupleOf(h.orig.addr(), h.resp.addr(), h.origPort, h.respPort, h.proto, h.ts)
	minute := t.minute
	for _, shift := range [...]int64{0, -1, 1} {
		t.minute = minute + shift
		if s, ok := w.seen[t]; ok && s.rank < rank && max(s.ts-h.ts, h.ts-s.ts) <= nearby {
			return true
		}
	}
	return false
}

func tupleOf(orig, resp netip.Addr, origPort, respPort uint16, proto uint8, ts record.Time) tuple {
	a, b := netip.AddrPortFrom(orig, origPort), netip.AddrPortFrom(resp, respPort)
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return tuple{a, b, proto, int64(ts / record.Minute)}
}

// before hands on what began before a time, in order, and forgets it. What hand gets is good until it returns.
func (w *waiting) before(t record.Time, hand func(*held)) {
	w.full = w.held > maxWaiting
	defer w.sweep(t)
	last := int64(t.Floor(record.Time(1e9)) / 1e9)
	for w.held > 0 && (w.first < last || w.held > maxWaiting/2 && w.full) {
		list := w.seconds[w.first]
		if list == nil {
			w.first = w.next()
			continue
		}
		w.inOrder(list, hand)
		w.held -= len(list)
		if len(w.spare) < 256 && cap(list) <= 4096 {
			w.spare = append(w.spare, list[:0])
		}
		delete(w.seconds, w.first)
		w.first++
	}
}

// next is the first second after w.first that holds anything.
func (w *waiting) next() int64 {
	for at := w.first + 1; at < w.first+300; at++ {
		if w.seconds[at] != nil {
			return at
		}
	}
	least := int64(math.MaxInt64)
	for at := range w.seconds {
		least = min(least, at)
	}
	return least
}

func (w *waiting) inOrder(list []int32, hand func(*held)) {
	w.order = w.order[:0]
	for _, at := range list {
		w.order = append(w.order, turn{w.at(at).ts, at})
	}
	slices.SortFunc(w.order, func(a, b turn) int {
		if c := cmp.Compare(a.ts, b.ts); c != 0 {
			return c
		}
		return cmp.Compare(w.at(a.at).uid, w.at(b.at).uid)
	})
	for _, p := range w.order {
		h := w.at(p.at)
		if !(h.is(heldReported) && w.conns[h.said.feed] || len(w.ranks) > 1 && w.twice(h)) {
			hand(h)
		}
		*h = held{}
		w.free = append(w.free, p.at)
	}
}

package detect

import (
	"math"
	"net/netip"
	"strings"

	"candor/internal/detect/timing"
	"candor/internal/record"
)

// sources are the machines that open connections: how many there are, when each is busy, and what it does within seconds of
// a call.
type sources struct {
	byAddr  hashed[uint32] // by the hash of an address
	byHost  map[record.Host]uint32
	pieces  []*[originPiece]origin // so that growing copies nothing
	n       int                    // numbers given, 0 too
	inside  int                    // of these, ours
	lost    uint64
	seldoms hashed[seldomly] // destinations that few call, by source: in two halves that take turns
}

type origin struct {
	addr    netip.Addr
	host    record.Host
	place   Place
	first   record.Time
	hours   [24]uint16 // connections by hour of the day, UTC
	total   uint32
	rate    float64 // connections to changing destinations a second, over about ten minutes
	last    record.Time
	lastTo  uint64
	pending *[8]wakeUp // the newest wake-ups whose company is not complete; nil before the first
	failed  uint32
}

// wakeUp is a call whose company is still counted: other destinations of the source within nearTime before and after it.
type wakeUp struct {
	at     record.Time
	common uint32 // of the key: another may have taken its place meanwhile
	key    int32
	to     uint32 // destinations, shortened
	to2    uint32
	others uint8
	open   bool
}

// seldomly counts calls to a destination within a day.
type seldomly struct {
	since uint32 // hour
	n     uint8
}

const (
	nearTime   = 3 * record.Time(1e9)
	maxSources = 1 << 16
	maxSeldom  = 1 << 18
	seldomMost = 8 // calls to a destination in a day; with more it has a key of its own that shows them
	rateSpan   = 600.0
)

func newSources() sources {
	s := sources{byAddr: newHashed[uint32](), byHost: map[record.Host]uint32{}, seldoms: newHashed[seldomly]()}
	s.add(origin{})
	return s
}

const originPiece = 64

func (s *sources) at(n uint32) *origin { return &s.pieces[n/originPiece][n%originPiece] }

func (s *sources) add(x origin) {
	if s.n%originPiece == 0 {
		s.pieces = append(s.pieces, new([originPiece]origin))
	}
	*s.at(uint32(s.n)) = x
	s.n++
}

// of gives the number of the machine that opened a connection from an address with that hash. Machines beyond maxSources share number 0.
func (s *sources) of(e *Event, id uint64) uint32 {
	if e.Host != "" {
		if n, ok := s.byHost[e.Host]; ok {
			return n
		}
	} else if m, n := s.byAddr.find(id); m != markNone {
		return n
	}
	if s.n >= maxSources || e.OrigPlace == Outside && int(s.n)-s.inside > maxSources/2 { // strangers leave half for ours
		s.lost++
		return 0
	}
	n := uint32(s.n)
	x := origin{addr: e.Orig, place: e.OrigPlace, first: e.TS}
	if e.Host != "" {
		x.host = record.Host(strings.Clone(string(e.Host)))
		s.byHost[x.host] = n
	} else {
		s.byAddr.put(id, markStays, n)
	}
	s.add(x)
	if e.OrigPlace == Inside {
		s.inside++
	}
	return n
}

// heard tells that a source called a destination: company for the wake-ups around it.
func (s *sources) heard(n uint32, ts record.Time, to uint64, slab *beaconSlab) {
	x := s.at(n)
	x.total++
	if h := &x.hours[int(ts.Floor(record.Hour)/record.Hour)%24]; *h < math.MaxUint16 {
		*h++
	}
	if to != x.lastTo {
		decay := fading(max(ts-x.last, 0).Seconds() / rateSpan)
		x.rate = x.rate*decay + 1/rateSpan
		x.last, x.lastTo = ts, to
	}
	if x.pending == nil {
		return
	}
	for i := range x.pending {
		w := &x.pending[i]
		if !w.open {
			continue
		}
		if ts-w.at > nearTime {
			w.settle(x.rate, slab)
			continue
		}
		if to := uint32(to); to != w.to && to != w.to2 && w.others < 255 {
			w.to2 = to
			w.others++
		}
	}
}

// fading is e to the power of -x; for small x, which is nearly always, without a call.
func fading(x float64) float64 {
	if x < 0.05 {
		return 1 - x*(1-x/2)
	}
	return math.Exp(-x)
}

// woke begins to count the company of a wake-up.
func (s *sources) woke(n uint32, key int32, common uint64, ts record.Time, slab *beaconSlab) {
	x := s.at(n)
	if x.pending == nil {
		x.pending = &[8]wakeUp{}
	}
	oldest := 0
	for i := range x.pending {
		if !x.pending[i].open {
			oldest = i
			break
		}
		if x.pending[i].at < x.pending[oldest].at {
			oldest = i
		}
	}
	if w := &x.pending[oldest]; w.open { // a source busier than this has its company already
		w.settle(x.rate, slab)
	}
	before := uint8(0)
	for i := range x.pending { // a wake-up shortly before is company, too
		if w := &x.pending[i]; w.open && w.key != key && ts-w.at <= nearTime && w.to != uint32(x.lastTo) {
			before++
		}
	}
	x.pending[oldest] = wakeUp{at: ts, common: uint32(common), key: key, to: uint32(x.lastTo), others: before, open: true}
}

// company says how often a key's wake-ups came together with calls to at least two other destinations, and how often they
// would have by chance, as busy as the source was.
type company struct {
	wakeUps, together uint32
	chance            float32
}

func (w *wakeUp) settle(rate float64, slab *beaconSlab) {
	w.open = false
	st := slab.at(w.key)
	if uint32(st.key.common) != w.common {
		return
	}
	c := &st.company
	c.wakeUps++
	if w.others >= 2 {
		c.together++
	}
	mean := rate * 2 * nearTime.Seconds()
	c.chance += float32(1 - math.Exp(-mean)*(1+mean))
}

// seldom counts a call to a destination, and reports whether it is among the first few of a day.
func (s *sources) seldom(n uint32, to uint64, ts record.Time) bool {
	id := seldomID(n, to)
	hour := uint32(ts / record.Hour)
	m, c := s.seldoms.find(id)
	if m == markNone && s.seldoms.n[s.seldoms.young] >= maxSeldom {
		s.seldoms.turn()
	}
	if hour-c.since >= 24 {
		c = seldomly{since: hour}
	}
	if c.n < 255 {
		c.n++
	}
	s.seldoms.put(id, s.seldoms.young, c)
	return c.n <= seldomMost
}

// seldomID is one number for a source and a destination.
func seldomID(n uint32, to uint64) uint64 { return to ^ uint64(n)*0x9e3779b97f4a7c15 }

// activity is when a source is busy, for timing.
func (s *sources) activity(n uint32) *timing.Activity {
	var weights [24]float64
	for i, v := range s.at(n).hours {
		weights[i] = float64(v)
	}
	return timing.NewActivity(weights[:])
}

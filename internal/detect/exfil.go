package detect

import (
	"cmp"
	"slices"
	"strings"

	"candor/internal/record"
	"candor/internal/verdict"
)

// Exfiltration finds machines that send far more to one destination outside (registered domain, else address) in a day than
// their own past and their peers let expect. The past is kept by day (exfil_state.go): the most that went to that destination,
// and the most that went to any place that is not used regularly. With fewer than three days of it only the peers of the same day are asked.
//
// Small connections are sampled by size: of those below sampleSize one in sampleSize/bytes counts, for sampleSize bytes. Sums stay right on
// average, and most connections cost one hash.
type Exfiltration struct {
	sources map[hostKey]*exfilSource
	pairs   map[exfilKey]*exfilPair
	dests   map[string]*exfilDest
	open    map[uint64]*exfilOpen // connections still open, by the hash of their uid
	seed    hashSeed
	hits    int
	peers   exfilPeers
	now     record.Time
	swept   record.Time // of open connections
	aged    record.Time // of sources
	lost    uint64
}

// Bounds and thresholds.
const (
	maxExfilSources = 1 << 16
	maxExfilPairs   = 1 << 17
	maxExfilDests   = 1 << 17
	maxExfilOpen    = 1 << 16
	maxExfilHits    = 1 << 12
	exfilDays       = 14
	exfilHistory    = 3        // days of its own past that a machine needs
	exfilRegular    = 3        // days on which a place was sent to make it a regular one
	exfilLeast      = 20 << 20 // bytes in a day, with history
	exfilLeastPeers = 100 << 20
	exfilSided      = 3 // times more out than in: calls and games are about even
	sampleSize      = 16 << 10
)

// NewExfiltration makes the detector.
func NewExfiltration() *Exfiltration {
	return &Exfiltration{
		sources: map[hostKey]*exfilSource{}, pairs: map[exfilKey]*exfilPair{}, dests: map[string]*exfilDest{}, open: map[uint64]*exfilOpen{},
		seed: newSeed(),
	}
}

// Kinds lists its finding kinds.
func (x *Exfiltration) Kinds() []string { return []string{"exfiltration"} }

// Needs lists the records it reads.
func (x *Exfiltration) Needs() []record.Kind { return []record.Kind{record.KindConn} }

// Lost counts what no longer fitted: sources, pairs with at least a megabyte, destinations, open connections.
func (x *Exfiltration) Lost() uint64 { return x.lost }

// Observe folds a slice.
func (x *Exfiltration) Observe(s *Slice) {
	for i := range s.Events {
		e := &s.Events[i]
		if e.RespPlace != Outside || e.OrigPlace != Inside && e.OrigPlace != OwnPublic || !e.Answered {
			continue
		}
		if !e.Final {
			x.opened(e)
			continue
		}
		if w := sampled(e); w > 0 {
			x.add(e, to(e), e.OrigBytes, e.RespBytes, w)
		}
	}
	for i := range s.Updates {
		if e := &s.Updates[i]; e.RespPlace == Outside && (e.OrigPlace == Inside || e.OrigPlace == OwnPublic) {
			x.updated(e)
		}
	}
}

// to names the destination of a connection.
func to(e *Event) string {
	if e.Domain != "" {
		return e.Domain
	}
	return e.Resp.String()
}

// sampled is the weight with which a connection counts: 1 for large ones, else most have none.
func sampled(e *Event) float64 {
	if e.OrigBytes >= sampleSize {
		return 1
	}
	if e.OrigBytes == 0 || textHash(e.UID)%sampleSize >= e.OrigBytes {
		return 0
	}
	return sampleSize / float64(e.OrigBytes)
}

// exfilOpen is a connection that is still open: later reports do not say its name, and may overtake the first one.
type exfilOpen struct {
	to      string // empty: the first report did not come yet
	out, in uint64
	last    record.Time
}

func (x *Exfiltration) opened(e *Event) {
	o := x.openAt(e)
	if o == nil {
		return
	}
	o.to = strings.Clone(to(e))
	x.add(e, o.to, e.OrigBytes+o.out, e.RespBytes+o.in, 1)
	o.out, o.in = 0, 0
}

func (x *Exfiltration) updated(e *Event) {
	o := x.openAt(e)
	switch {
	case o == nil:
		x.add(e, e.Resp.String(), e.OrigBytes, e.RespBytes, 1)
	case o.to == "":
		o.out, o.in = o.out+e.OrigBytes, o.in+e.RespBytes
	default:
		x.add(e, o.to, e.OrigBytes, e.RespBytes, 1)
		if e.Final {
			delete(x.open, x.seed.text(e.UID))
		}
	}
}

func (x *Exfiltration) openAt(e *Event) *exfilOpen {
	id := x.seed.text(e.UID)
	o := x.open[id]
	if o == nil {
		if len(x.open) >= maxExfilOpen && !x.sweepOpen() {
			x.lost++
			return nil
		}
		o = &exfilOpen{}
		x.open[id] = o
	}
	o.last = max(o.last, e.TS+max(e.Duration, 0))
	return o
}

// sweepOpen forgets connections that were not heard of for ten minutes, at most once a minute.
func (x *Exfiltration) sweepOpen() bool {
	if x.now-x.swept < record.Minute && x.swept != 0 {
		return false
	}
	x.swept = x.now
	for id, o := range x.open {
		if x.now-o.last > 10*record.Minute {
			delete(x.open, id)
		}
	}
	return len(x.open) < maxExfilOpen
}

// add counts bytes of a connection.
func (x *Exfiltration) add(e *Event, to string, out, in uint64, weight float64) {
	at := e.TS + max(e.Duration, 0)
	x.now = max(x.now, at)
	src, p := x.pair(e, to, int32(at.Floor(record.Day)/record.Day))
	if p == nil {
		return
	}
	p.add(e, uint64(float64(out)*weight), uint64(float64(in)*weight), at)
	if p.out >= exfilLeast && p.out >= p.judged {
		p.judged = p.out + p.out/4
		x.judge(src, p, at)
	}
	src.note(p)
	x.peers.note(src)
	p.dest.note(src, p.out)
}

// pair finds or makes what is kept of a source and a destination.
func (x *Exfiltration) pair(e *Event, to string, day int32) (*exfilSource, *exfilPair) {
	who := hostKeyOf(e)
	src := x.sources[who]
	if src == nil {
		if len(x.sources) >= maxExfilSources && !x.age() {
			x.lost++
			return nil, nil
		}
		who = who.kept()
		src = &exfilSource{who: who, addr: e.Orig, firstDay: day, day: day}
		x.sources[who] = src
	}
	src.turn(day)
	dest := x.dests[to]
	if dest == nil {
		if len(x.dests) >= maxExfilDests {
			x.sweep()
		}
		if len(x.dests) >= maxExfilDests {
			x.lost++
			return nil, nil
		}
		dest = &exfilDest{name: strings.Clone(to)}
		x.dests[dest.name] = dest
	}
	key := exfilKey{src, dest}
	p := x.pairs[key]
	if p == nil {
		if len(x.pairs) >= maxExfilPairs {
			x.sweep()
		}
		if len(x.pairs) >= maxExfilPairs {
			x.lost++
			return nil, nil
		}
		p = &exfilPair{src: src, dest: dest, day: day}
		x.pairs[key] = p
	}
	p.turn(day)
	return src, p
}

// age forgets sources that sent nothing for as long as the past is kept, at most once a day.
func (x *Exfiltration) age() bool {
	if x.now-x.aged < record.Day && x.aged != 0 {
		return false
	}
	x.aged = x.now
	today := int32(x.now.Floor(record.Day) / record.Day)
	for key, p := range x.pairs {
		if p.src.day < today-exfilDays && p.hit == nil {
			delete(x.pairs, key)
		}
	}
	for who, s := range x.sources {
		if s.day < today-exfilDays {
			delete(x.sources, who)
		}
	}
	return len(x.sources) < maxExfilSources
}

// sweep makes room: first what sent little and not lately, then all that sent little; pairs that sent much stay. It frees at least a quarter
// or counts what it could not keep, so that its cost is shared by as many additions.
func (x *Exfiltration) sweep() {
	today := int32(x.now.Floor(record.Day) / record.Day)
	for _, least := range []uint64{64 << 10, 1 << 20, 1 << 62} {
		for key, p := range x.pairs {
			big := max(p.out, uint64(p.most)<<10)
			if p.hit != nil || big >= least || least == 64<<10 && p.day >= today && p.out >= sampleSize*2 {
				continue
			}
			if big >= 1<<20 {
				x.lost++
			}
			delete(x.pairs, key)
		}
		if len(x.pairs) < maxExfilPairs*3/4 {
			break
		}
	}
	used := make(map[*exfilDest]bool, len(x.pairs))
	for key := range x.pairs {
		used[key.dest] = true
	}
	for name, d := range x.dests {
		if !used[d] {
			delete(x.dests, name)
		}
	}
}

// Findings lists the outflows.
func (x *Exfiltration) Findings(record.Time) []verdict.Finding {
	var out []verdict.Finding
	for _, p := range x.pairs {
		if p.hit != nil {
			out = append(out, p.finding())
		}
	}
	slices.SortFunc(out, func(a, b verdict.Finding) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

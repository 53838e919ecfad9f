package days

import (
	"iter"

	"candor/internal/record"
)

// act is one step of a process. It gives the time of the next; 0 ends the process.
type act func(r *run, p *proc, at int64) int64

// proc is something that goes on: a person browsing, a service asking for updates, a bot.
type proc struct {
	act   act
	h     *host
	svc   *service
	dice  dice
	id    uint32
	conns uint32 // opened so far
	when  int64  // what the process remembers: mostly the time it is due without its jitter
	step  int
	own   any // what only this process knows
}

// run is one pass over a site's time.
type run struct {
	site      *Site
	from, to  int64
	events    heap
	now       int64
	live      []live // by host
	procs     []*proc
	longs     []long
	freeLongs []uint32
	ring      [ringSize]bucket
	minute    int64 // start of the minute being made
	resolved  []int64
	levelHour int64
	levelNow  float64
	sequence  uint64
	slab      []uint32 // room for times to live
}

// Batches gives the records of a span in the order of time: at least a batch a minute, at most MaxRows rows each. A batch belongs to the
// receiver. Each use of what it gave starts anew and gives the same.
func (s *Site) Batches(span record.Span, plan ...Injection) iter.Seq[*record.Batch] {
	return func(yield func(*record.Batch) bool) {
		r := newRun(s, span)
		if !s.quiet {
			r.settle()
		}
		for i, in := range plan {
			r.inject(i, in)
		}
		for r.minute = r.from; r.minute < r.to; r.minute += minute {
			end := min(r.minute+minute, r.to)
			for r.events.len() > 0 && r.events.first().at < end {
				r.step()
			}
			if !r.hand(r.ringAt(r.minute), record.Span{From: record.Time(r.minute), To: record.Time(end)}, yield) {
				return
			}
		}
		r.flush(yield)
	}
}

func newRun(s *Site, span record.Span) *run {
	from := int64(span.From) / minute * minute
	r := &run{site: s, from: from, to: int64(span.To), minute: from, levelHour: never, resolved: make([]int64, len(s.web.names))}
	r.live = make([]live, len(s.all))
	return r
}

// step lets the next event happen.
func (r *run) step() {
	e := r.events.first()
	r.now = e.at
	var next int64
	if e.slot&longSlot != 0 {
		next = r.report(e.slot&^longSlot, e.at)
	} else {
		p := r.procs[e.slot]
		next = p.act(r, p, e.at)
	}
	if next == 0 || next >= r.to {
		r.events.drop()
		return
	}
	r.events.move(max(next, e.at+microsecond))
}

// start begins a process at a time. Its id says whose its connections are; it must be the same in every run.
func (r *run) start(id uint32, h *host, at int64, svc *service, own any, a act) {
	if at >= r.to {
		return
	}
	r.procs = append(r.procs, &proc{act: a, h: h, svc: svc, dice: newDice(r.site.seed, 20, uint64(id)), id: id, when: at, own: own})
	r.push(event{at, scramble(r.site.seed, uint64(id)), uint32(len(r.procs) - 1)})
}

// push adds an event, later than what goes on now: so the first event stays the first while it happens.
func (r *run) push(e event) {
	e.at = max(e.at, r.now+microsecond)
	r.events.push(e)
}

// longSlot marks the events of connections that stay open.
const longSlot = 1 << 31

// event is a moment at which something goes on; key orders those of one moment, the same in every run.
type event struct {
	at   int64
	key  uint64
	slot uint32
}

func (e *event) before(o *event) bool { return e.at < o.at || e.at == o.at && e.key < o.key }

// heap holds events by time, four children to a parent.
type heap struct{ list []event }

func (h *heap) len() int     { return len(h.list) }
func (h *heap) first() event { return h.list[0] }

func (h *heap) push(e event) {
	h.list = append(h.list, e)
	i := len(h.list) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !e.before(&h.list[up]) {
			break
		}
		h.list[i] = h.list[up]
		i = up
	}
	h.list[i] = e
}

// move gives the first event another time. Steps push later events only: the first is still the first when its
// step is done.
func (h *heap) move(at int64) {
	e := h.list[0]
	e.at = at
	h.sink(e)
}

func (h *heap) drop() {
	last := len(h.list) - 1
	e := h.list[last]
	h.list = h.list[:last]
	if last > 0 {
		h.sink(e)
	}
}

// sink puts e in the place of the first and down to where it belongs.
func (h *heap) sink(e event) {
	i, n := 0, len(h.list)
	for {
		best := 4*i + 1
		if best >= n {
			break
		}
		for c := best + 1; c < min(4*i+5, n); c++ {
			if h.list[c].before(&h.list[best]) {
				best = c
			}
		}
		if !h.list[best].before(&e) {
			break
		}
		h.list[i] = h.list[best]
		i = best
	}
	h.list[i] = e
}

package detect

import (
	"cmp"
	"slices"

	"candor/internal/record"
	"candor/internal/verdict"
)

// Engine hands batches to detectors: in order, joined, each connection by one witness.
type Engine struct {
	net       *Net
	detectors []Detector
	waiting   waiting
	join      join
	newest    map[record.Feed]record.Time // the time each witness has come to
	marked    map[record.Feed]bool        // witnesses whose batches say where minutes begin
	slice     Slice
	fresh     Event // the connection that is being read
}

// New makes an engine over detectors (All, or a choice of them).
func New(scope *record.Scope, detectors []Detector) *Engine {
	e := &Engine{net: newNet(scope), detectors: detectors, join: newJoin()}
	e.slice.Net = e.net
	return e
}

// Newest is when the newest connection began.
func (e *Engine) Newest() record.Time { return e.waiting.newest }

// Detectors lists them.
func (e *Engine) Detectors() []Detector { return e.detectors }

// Observe folds one batch. Batches of one witness come in the order of time; the result does not depend on where they were cut.
func (e *Engine) Observe(b *record.Batch) {
	if len(e.detectors) == 0 {
		return
	}
	for i := range b.Inputs {
		e.waiting.rank(&b.Inputs[i])
	}
	if len(b.Conns) > 0 {
		e.waiting.tells(b.Feed)
	}
	var from record.Mark
	for _, to := range b.Marks {
		e.part(b, from, to)
		e.tick(b.Feed, to.At)
		from = to
	}
	e.part(b, from, record.Mark{Conns: len(b.Conns), DNS: len(b.DNS), TLS: len(b.TLS), HTTP: len(b.HTTP), DHCP: len(b.DHCP)})
	e.rest(b)
	if !e.marked[b.Feed] { // a log, whose reader cuts by itself
		e.tick(b.Feed, b.Span.To)
	}
}

// part takes the records between two marks.
func (e *Engine) part(b *record.Batch, from, to record.Mark) {
	if to.At != 0 && !e.marked[b.Feed] {
		if e.marked == nil {
			e.marked = map[record.Feed]bool{}
		}
		e.marked[b.Feed] = true
	}
	dns, tls, http := b.DNS[from.DNS:to.DNS], b.TLS[from.TLS:to.TLS], b.HTTP[from.HTTP:to.HTTP]
	for i := range dns {
		e.net.named.answer(&dns[i])
	}
	for i := range tls {
		e.join.tls(e.net, &tls[i])
	}
	for i := range http {
		e.join.http(e.net, &http[i])
	}
	e.withoutConns(tls, http)
	for i := range b.Conns[from.Conns:to.Conns] {
		c := &b.Conns[from.Conns+i]
		if c.Report > 0 {
			e.slice.Updates = append(e.slice.Updates, Event{})
			e.event(c, &e.slice.Updates[len(e.slice.Updates)-1])
			continue
		}
		e.event(c, &e.fresh)
		e.waiting.keep(&e.fresh)
		if e.waiting.held > maxWaiting {
			e.hurry()
		}
	}
	if len(dns)+len(tls)+len(http)+len(e.slice.Updates) == 0 {
		return
	}
	e.slice.Events, e.slice.DNS, e.slice.TLS, e.slice.HTTP = e.slice.Events[:0], dns, tls, http
	e.hand()
	e.slice.Updates, e.slice.DNS, e.slice.TLS, e.slice.HTTP = e.slice.Updates[:0], nil, nil, nil
}

// rest hands on what has no marks.
func (e *Engine) rest(b *record.Batch) {
	if len(b.Logs)+len(b.Alerts) == 0 {
		return
	}
	e.slice.Events, e.slice.Logs, e.slice.Alerts = e.slice.Events[:0], b.Logs, b.Alerts
	e.hand()
	e.slice.Logs, e.slice.Alerts = nil, nil
}

// tick moves the time of a witness. Connections are looked at when no witness can tell of an earlier one any more, but for one
// that is hours behind: it may have died.
func (e *Engine) tick(feed record.Feed, at record.Time) {
	if e.newest == nil {
		e.newest = map[record.Feed]record.Time{}
	}
	e.newest[feed] = max(e.newest[feed], at)
	least, most := e.newest[feed], e.newest[feed]
	for f, rank := range e.waiting.ranks {
		if t, begun := e.newest[f]; rank < 3 {
			least, most = min(least, t), max(most, t)
			if !begun {
				return
			}
		}
	}
	e.release(max(least, most-behind) - Lateness)
}

// behind is how far a witness may be behind the others.
const behind = 6 * record.Hour

// hurry hands on the earlier half of what waits, because there is no room for more.
func (e *Engine) hurry() {
	updates := e.slice.Updates
	e.slice.Updates = nil
	e.waited(0)
	e.slice.Updates = updates
}

// End releases what still waits: no batch comes any more.
func (e *Engine) End() { e.release(record.LastTime) }

func (e *Engine) release(before record.Time) {
	e.slice.Now = max(e.slice.Now, before)
	if before == record.LastTime {
		e.slice.Now = e.waiting.newest
	}
	e.waited(before)
}

// sliceEvents is how many connections are handed on at once: few enough to be in the processor's cache for every detector.
const sliceEvents = 256

// waited hands on what has waited until a time.
func (e *Engine) waited(before record.Time) {
	e.slice.Events = e.slice.Events[:0]
	e.waiting.before(before, func(h *held) {
		if len(e.slice.Events) == sliceEvents {
			e.hand()
			e.slice.Events = e.slice.Events[:0]
		}
		e.slice.Events = append(e.slice.Events, Event{})
		ev := &e.slice.Events[len(e.slice.Events)-1]
		h.unpack(ev)
		e.complete(ev)
	})
	e.hand()
}

func (e *Engine) hand() {
	for _, d := range e.detectors {
		d.Observe(&e.slice)
	}
}

// event is a connection as its record tells it.
func (e *Engine) event(c *record.Conn, ev *Event) {
	service := c.Service
	for i := range len(service) {
		if service[i] == ',' {
			service = service[:i]
			break
		}
	}
	*ev = Event{
		TS: c.TS, Duration: c.Duration, UID: string(c.UID), Feed: c.Feed, Host: c.OrigHost,
		Orig: c.OrigH, Resp: c.RespH, OrigPort: c.OrigP, RespPort: c.RespP,
		Proto: c.Proto, Report: c.Report, Final: c.Final, Answered: answered(c),
		Service: service, State: c.State,
		OrigBytes: c.OrigBytes, RespBytes: c.RespBytes, OrigPkts: c.OrigPkts, RespPkts: c.RespPkts,
	}
	e.places(ev)
}

// withoutConns makes events of requests and handshakes of logs, which count where the log tells of no connections (a folder of Zeek
// logs without conn.log). Whether it does is known by the time that they are released.
func (e *Engine) withoutConns(tls []record.TLS, http []record.HTTP) {
	for i := range http {
		if h := &http[i]; e.waiting.isLog(h.Feed) {
			ev := &e.fresh
			e.bare(&h.Ends, "http", ev)
			ev.Answered = h.HasResponse || h.StatusCode > 0
			ev.OrigBytes, ev.RespBytes = h.RequestBodyLen, h.ResponseBodyLen
			e.waiting.keep(ev)
		}
	}
	for i := range tls {
		if t := &tls[i]; e.waiting.isLog(t.Feed) {
			ev := &e.fresh
			e.bare(&t.Ends, "ssl", ev)
			ev.Answered = t.HasServer
			e.waiting.keep(ev)
		}
	}
}

// bare is a connection of which only one message is known.
func (e *Engine) bare(x *record.Ends, service string, ev *Event) {
	*ev = Event{
		TS: x.TS, UID: string(x.UID), Feed: x.Feed, Orig: x.OrigH, Resp: x.RespH, OrigPort: x.OrigP, RespPort: x.RespP,
		Proto: max(x.Proto, 6), Final: true, Reported: true, Service: service, State: "SF",
	}
	e.places(ev)
}

// places says where both ends are.
func (e *Engine) places(ev *Event) {
	ev.OrigPlace, ev.RespPlace = e.net.Place(ev.Orig), e.net.Place(ev.Resp)
	if ev.OrigPlace == Outside && ev.RespPlace == Outside {
		e.net.transit(ev.Orig, ev.Resp)
		ev.Inbound = e.net.home(ev.Resp)
		return
	}
	ev.Inbound = ev.OrigPlace == Outside
}

// answered reports whether the responder took part: more than silence or a refusal.
func answered(c *record.Conn) bool {
	switch c.State {
	case "S0", "REJ", "RSTOS0", "SH":
		return false
	}
	return c.RespPkts > 0 || c.RespBytes > 0 || c.State == "SF" || c.State == "S1"
}

// complete adds what the messages of a connection said.
func (e *Engine) complete(ev *Event) {
	if said, ok := e.join.of(ev.UID); ok {
		ev.Name, ev.Domain, ev.JA4, ev.Agent = said.name, said.domain, said.ja4, said.agent
		ev.TLS, ev.SelfSigned, ev.CertFrom = said.tls, said.selfSigned, said.certFrom
	}
	ev.TLS = ev.TLS || ev.Service == "ssl"
	ev.Resolution = e.net.named.of(ev.Resp)
}

// Findings lists what all detectors see at a time: open ones first, then regular callers from outside, then what is explained, the
// surest first.
func (e *Engine) Findings(at record.Time) []verdict.Finding {
	out := []verdict.Finding{}
	for _, d := range e.detectors {
		out = append(out, d.Findings(at)...)
	}
	slices.SortFunc(out, func(a, b verdict.Finding) int {
		return cmp.Or(cmp.Compare(turnOf(&a), turnOf(&b)), cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// turnOf is where a finding comes in a list.
func turnOf(f *verdict.Finding) int {
	switch f.ExplainedBy {
	case "":
		return 0
	case RegularCaller:
		return 1
	}
	return 2
}

// Lost counts by kind of finding what the bounds of its detectors let go of.
func (e *Engine) Lost() map[string]uint64 {
	out := map[string]uint64{}
	for _, d := range e.detectors {
		for _, k := range d.Kinds() {
			out[k] += d.Lost()
		}
	}
	return out
}

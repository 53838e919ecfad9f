package days

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"candor/internal/record"
)

// Shape is the law of the jitter of a sleep.
type Shape uint8

// The shapes.
const (
	Shorten     Shape = iota // between sleep x (1-jitter) and sleep
	Symmetric                // between sleep x (1-jitter) and sleep x (1+jitter)
	Exponential              // memoryless: no beacon by its timing
	Lognormal                // heavy-tailed, jitter being the spread of the logarithm: none either
	Cron                     // at full multiples of sleep by the clock, plus up to jitter x sleep fixed for the machine
)

// Naming says what a beacon's destinations are called.
type Naming uint8

// The namings.
const (
	NoName    Naming = iota // addresses only: never looked up, no server name
	OwnDomain               // hosts below one registered domain
	OwnNames                // each destination has a registered domain of its own
	Fronted                 // the names and addresses of a CDN that everybody uses
)

// Size is the law of the bytes of a wake-up.
type Size uint8

// The sizes.
const (
	Fixed Size = iota
	Padded
	Varied // lognormal
)

// Beacon is a machine that calls out again and again.
type Beacon struct {
	Who
	Sleep       time.Duration
	Jitter      float64
	Shape       Shape
	Missed      float64       // share of the wake-ups that do not happen
	ChangeAfter time.Duration // from then on it sleeps NewSleep; 0: never
	NewSleep    time.Duration
	Growth      float64 // each sleep is this much longer than the one before; 0 and 1: not
	OfficeHours bool    // silent outside of 9 to 17 h on workdays
	Targets     int     // destinations, in turn; 0: 1
	Naming      Naming
	Port        uint16 // 0: 443
	Clear       bool   // HTTP instead of TLS
	Size        Size
	Calls       int  // connections of a wake-up; 0: 1
	Failed      bool // nobody answers
	Browser     bool // the fingerprint of the machine's browser instead of its own
	Harmless    bool // the truth says that this is nothing bad: an updater
	Stack       int  // unused names of software, for bots of different make
}

// beat is a beacon at work.
type beat struct {
	*chosen
	b       *Beacon
	names   []string
	addrs   [][]netip.Addr
	stack   stack
	server  *webName
	sent    float64
	got     float64
	splay   int64
	sleep   float64
	turn    int
	started int64
}

func (b Beacon) prepare(c *chosen) Truth {
	kind := KindBeacon
	if b.Harmless || b.Shape == Exponential || b.Shape == Lognormal {
		kind = KindHarmless
	}
	c.who(kind, &b.Who)
	if b.Port == 0 {
		b.Port = 443
		if b.Clear {
			b.Port = 80
		}
	}
	d := &c.dice
	x := &beat{chosen: c, b: &b, sleep: float64(b.Sleep), sent: 300 + d.f()*900, got: 150 + d.f()*2500, started: int64(c.truth.From)}
	x.splay = int64(d.f() * b.Jitter * float64(b.Sleep))
	x.stack = stackBot
	print := newDice(hash("bot"), uint64(b.Stack), c.site.seed)
	x.stack.bare = "t12i190700_" + print.letters(12, hexDigits) + "_" + print.letters(12, hexDigits)
	x.stack.ja4 = "t12d1908" + x.stack.bare[8:]
	if b.Stack > 0 {
		x.stack.agent = fmt.Sprintf("%s%s/%d.%d", strings.ToUpper(print.letters(1, "bcdfgklmnprst")), print.letters(5, "aeioulrstnm"), 1+print.n(9), print.n(10))
	}
	if b.Browser {
		x.stack = *c.host.browser
	}
	x.targets()
	x.server = &webName{delay: d.span(20*millisecond, 120*millisecond), modern: d.chance(0.5)}
	issuer := "CN=" + x.truth.Domain
	if d.chance(0.5) {
		issuer = issuers[0]
	}
	x.server.cert = certificateOf(d, x.truth.Domain, issuer)
	x.truth.Port = b.Port
	x.truth.Detail = fmt.Sprintf("sleep %v, jitter %.0f %%, shape %d, missed %.0f %%, %d targets", b.Sleep, 100*b.Jitter, b.Shape, 100*b.Missed, len(x.addrs))
	if b.Sleep <= 0 {
		x.run = nil
	}
	return x.begin(x.wake)
}

// targets draws whom the beacon calls.
func (x *beat) targets() {
	d, w := &x.dice, x.site.web
	if x.b.Naming == OwnDomain {
		x.truth.Domain = x.ownDomain()
	}
	for i := range max(x.b.Targets, 1) {
		one := []netip.Addr{d.stranger()}
		name := ""
		switch x.b.Naming {
		case OwnDomain:
			name = x.truth.Domain
			if x.b.Targets > 1 {
				name = fmt.Sprintf("n%d.%s", i+1, name)
			}
		case OwnNames:
			name = x.ownDomain()
			if i == 0 {
				x.truth.Domain = name
			}
		case Fronted:
			k := w.thirds[d.n(len(w.thirds))]
			name, one = w.names[k].host, w.names[k].addrs
			if i == 0 {
				x.truth.Domain = w.names[k].domain
			}
		case NoName:
		}
		x.names, x.addrs = append(x.names, name), append(x.addrs, one)
		x.truth.Destinations = append(x.truth.Destinations, one...)
	}
}

// wake is one wake-up.
func (x *beat) wake(r *run, p *proc, at int64) int64 {
	if !p.dice.chance(x.b.Missed) && (!x.b.OfficeHours || r.level(at) == 1 && officeHour(r, at)) {
		for i := range max(x.b.Calls, 1) {
			x.call(r, p, at+int64(i)*p.dice.span(300*millisecond, 900*millisecond))
		}
	}
	return at + x.next(p, at)
}

// officeHour tells whether it is between 9 and 17 h.
func officeHour(r *run, at int64) bool {
	h := time.Unix(0, at).In(r.site.office.zone).Hour()
	return h >= 9 && h < 17
}

// next draws a sleep.
func (x *beat) next(p *proc, at int64) int64 {
	b, d := x.b, &p.dice
	if b.ChangeAfter > 0 && at >= x.started+int64(b.ChangeAfter) {
		x.sleep = float64(b.NewSleep)
	}
	if b.Growth > 1 {
		x.sleep = math.Min(x.sleep*b.Growth, float64(100*day))
	}
	s := x.sleep
	switch b.Shape {
	case Shorten:
		s *= 1 - b.Jitter*d.f()
	case Symmetric:
		s *= 1 + b.Jitter*(2*d.f()-1)
	case Exponential:
		return max(d.exp(int64(s)), millisecond)
	case Lognormal:
		s = d.lognormal(s, b.Jitter)
	case Cron:
		return (at-x.splay)/int64(s)*int64(s) + int64(s) + x.splay + d.span(0, 300*millisecond) - at
	}
	return max(int64(s), millisecond)
}

// call is one connection of a wake-up.
func (x *beat) call(r *run, p *proc, at int64) {
	b, d := x.b, &p.dice
	i := x.turn % len(x.addrs)
	x.turn++
	dst := x.addrs[i][d.n(len(x.addrs[i]))]
	if x.names[i] != "" {
		at = x.find(p, at, x.names[i], x.addrs[i], 300*second)
	}
	t := talk{from: x.host, dst: dst, port: b.Port, proto: tcp, dur: 3*x.server.delay + d.span(10*millisecond, 400*millisecond)}
	t.sent, t.got = x.bytes(d)
	switch {
	case b.Failed:
		t.end, t.sent, t.got, t.dur = unanswered, 0, 0, 0
		r.open(p, at, &t)
	case b.Clear:
		t.service = "http"
		e := r.open(p, at, &t)
		w := webName{host: x.names[i], delay: x.server.delay}
		if w.host == "" {
			w.host = dst.String()
		}
		r.tellRequest(p, &e, &w, &visit{stack: &x.stack, got: t.got, uri: "/gate.php?id=" + x.host.name})
	default:
		t.service = "ssl"
		t.sent, t.got = t.sent+500, t.got+hello(x.server)
		e := r.open(p, at, &t)
		r.tellHandshake(&e, x.names[i], x.server, &x.stack)
	}
}

// bytes draws the size of one exchange.
func (x *beat) bytes(d *dice) (sent, got uint64) {
	switch x.b.Size {
	case Padded:
		return uint64(x.sent) + uint64(d.n(200)), uint64(x.got) + uint64(d.n(400))
	case Varied:
		return uint64(d.lognormal(x.sent, 0.9)), uint64(d.lognormal(x.got, 1.1))
	case Fixed:
	}
	return uint64(x.sent), uint64(x.got)
}

// Beats gives the number of wake-ups a beacon without jitter, missed ones and pauses would have between two times.
func (b *Beacon) Beats(from, to record.Time) int {
	if b.Sleep <= 0 {
		return 0
	}
	return int((to-from-1)/record.Time(b.Sleep)) + 1
}

package days

import (
	"fmt"
	"net/netip"
	"time"
)

// Exfil is a machine that sends much to somewhere outside.
type Exfil struct {
	Who
	Bytes  uint64        // 0: 2 GB
	Over   time.Duration // 0: 1 h
	Pieces int           // connections; 0: 10
	Cloud  bool          // to a cloud that people of the office use too, instead of an address of its own
	Named  bool          // the own address has a name
}

func (x Exfil) prepare(c *chosen) Truth {
	c.who(KindExfil, &x.Who)
	if x.Bytes == 0 {
		x.Bytes = 2e9
	}
	if x.Over <= 0 {
		x.Over = time.Hour
	}
	x.Pieces = max(x.Pieces, 0)
	if x.Pieces == 0 {
		x.Pieces = 10
	}
	w := &webName{delay: 40 * millisecond, modern: true, host: "", addrs: []netip.Addr{c.dice.stranger()}}
	switch {
	case x.Cloud:
		w = &c.site.web.names[c.site.web.byName["upload.cloudshelf.com"]]
		c.truth.Domain = w.domain
	case x.Named:
		c.truth.Domain = c.ownDomain()
		w.host = "files." + c.truth.Domain
	}
	w2 := *w
	if w2.cert == nil {
		w2.cert = certificateOf(&c.dice, c.truth.Domain, issuers[0])
	}
	c.truth.Destinations, c.truth.Port = w.addrs, 443
	c.truth.Detail = fmt.Sprintf("%d bytes over %v in %d connections", x.Bytes, x.Over, x.Pieces)
	gap := int64(x.Over) / int64(x.Pieces)
	each := x.Bytes / uint64(x.Pieces)
	return c.begin(func(r *run, p *proc, at int64) int64 {
		if p.step++; p.step > x.Pieces {
			return 0
		}
		start := at
		if w2.host != "" {
			start = c.find(p, at, w2.host, w2.addrs, 300*second)
		}
		t := talk{from: p.h, dst: w2.addrs[p.dice.n(len(w2.addrs))], port: 443, proto: tcp, service: "ssl", sent: each, got: 9000 + each/2000, dur: max(gap*8/10, second)}
		if t.dur > openAtMost {
			t.sent, t.minuteSent = 3000, uint64(float64(each)*float64(minute)/float64(t.dur))
		}
		e := r.open(p, start, &t)
		r.tellHandshake(&e, w2.host, &w2, &stackServer)
		return at + gap
	})
}

// LongC2 is a connection to a controller that stays open, with small commands now and then. It is opened again when it breaks.
type LongC2 struct {
	Who
	Lasts time.Duration // mean of a connection; 0: the whole time
	Ping  time.Duration // 0: 60 s
	Port  uint16        // 0: 443
	Plain bool          // no TLS: an unknown protocol
	Named bool
}

func (l LongC2) prepare(c *chosen) Truth {
	c.who(KindLong, &l.Who)
	if l.Ping <= 0 {
		l.Ping = time.Minute
	}
	if l.Port == 0 {
		l.Port = 443
	}
	w := &webName{delay: 60 * millisecond, modern: true, addrs: []netip.Addr{c.dice.stranger()}}
	if l.Named {
		c.truth.Domain = c.ownDomain()
		w.host = c.truth.Domain
	}
	w.cert = certificateOf(&c.dice, c.truth.Domain, "CN="+c.truth.Domain)
	c.truth.Destinations, c.truth.Port = w.addrs, l.Port
	c.truth.Detail = fmt.Sprintf("open for %v (0: all the time), a sign of life each %v", l.Lasts, l.Ping)
	return c.begin(func(r *run, p *proc, at int64) int64 {
		d := &p.dice
		dur := int64(c.truth.To) - at
		if l.Lasts > 0 {
			dur = min(dur, minute+d.exp(int64(l.Lasts)))
		}
		start := at
		if w.host != "" {
			start = c.find(p, at, w.host, w.addrs, 300*second)
		}
		t := talk{
			from: p.h, dst: w.addrs[0], port: l.Port, proto: tcp, sent: 700, got: 900, dur: dur, ping: int64(l.Ping), pingSent: 48, pingGot: 32,
			minuteSent: 1500, minGot: 300, minuteChance: 0.05,
		}
		if l.Plain {
			r.open(p, start, &t)
		} else {
			t.service = "ssl"
			e := r.open(p, start, &t)
			r.tellHandshake(&e, w.host, w, &stackBot)
		}
		return at + dur + d.span(second, 10*second)
	})
}

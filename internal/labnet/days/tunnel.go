package days

import (
	"fmt"
	"net/netip"
	"time"
)

// Alphabets of labels.
const (
	base32 = "abcdefghijklmnopqrstuvwxyz234567"
	base64 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
)

// DNSTunnel is a machine that carries data in lookups below one registered domain.
type DNSTunnel struct {
	Who
	Every  time.Duration // mean time between lookups; 0: 200 ms
	Types  []uint16      // 0: TXT
	Hex    bool          // labels in hexadecimal; else base32
	Label  int           // bytes of data in a name, in labels of at most 60; 0: 100
	Answer int           // bytes of an answer; 0: 110
	Domain string        // empty: drawn
	Direct bool          // to a resolver on the Internet, past the office's
}

func (t DNSTunnel) prepare(c *chosen) Truth {
	c.who(KindTunnel, &t.Who)
	if t.Every <= 0 {
		t.Every = 200 * time.Millisecond
	}
	if len(t.Types) == 0 {
		t.Types = []uint16{typeTXT}
	}
	if t.Label <= 0 {
		t.Label = 100
	}
	if t.Answer <= 0 {
		t.Answer = 110
	}
	t.Label, t.Answer = min(t.Label, 200), min(t.Answer, 1000)
	c.truth.Domain = t.Domain
	if t.Domain == "" {
		c.truth.Domain = c.ownDomain()
	}
	c.truth.Port = 53
	c.truth.Detail = fmt.Sprintf("a lookup each %v, types %v, %d bytes of label, %d of answer", t.Every, t.Types, t.Label, t.Answer)
	resolver := netip.Addr{}
	if t.Direct {
		resolver = c.dice.stranger()
		c.truth.Destinations = []netip.Addr{resolver}
	}
	return c.begin(func(r *run, p *proc, at int64) int64 {
		d := &p.dice
		q := query{name: t.name(d, c.truth.Domain), kind: pick(d, t.Types), ttl: 0}
		q.answers = []string{t.answer(d, q.kind, c.truth.Domain)}
		if t.Direct {
			r.ask(p, p.h, nil, resolver, at, &q)
		} else {
			r.look(p, p.h, at, &q)
		}
		return at + d.exp(int64(t.Every)*9/10) + int64(t.Every)/10
	})
}

// name is data as labels.
func (t *DNSTunnel) name(d *dice, domain string) string {
	alphabet := base32
	if t.Hex {
		alphabet = hexDigits
	}
	name := ""
	for left := t.Label; left > 0; left -= 60 {
		name += d.letters(min(left, 60), alphabet) + "."
	}
	return name + domain
}

// answer is data as a record of a type can hold it.
func (t *DNSTunnel) answer(d *dice, kind uint16, domain string) string {
	switch kind {
	case typeA:
		return d.stranger().String()
	case typeAAAA:
		return fmt.Sprintf("2001:db8:%x:%x::%x", d.n(65536), d.n(65536), d.n(65536))
	case typeCNAME, typeMX, typeNS:
		return d.letters(min(t.Answer, 60), base32) + "." + domain
	}
	return d.letters(t.Answer, base64)
}

// Family is how a DGA makes its names.
type Family uint8

// The families.
const (
	RandomLetters Family = iota
	Dictionary           // two or three words
	HexLetters
)

// DGA is a machine that looks for its controller under generated names, in bursts.
type DGA struct {
	Who
	Family  Family
	Burst   int           // names each time; 0: 50
	Every   time.Duration // between bursts; 0: 10 min
	Pause   time.Duration // between the names of a burst; 0: 500 ms
	NoName  float64       // share of names that do not exist; 0: 0.98, below 0: none
	TopEnds []string      // ends of the names; empty: com, net, org, info, biz
	Names   []string      // of some family, in turn from a place that follows from the seed, instead of made ones
}

func (g DGA) prepare(c *chosen) Truth {
	c.who(KindDGA, &g.Who)
	if g.Burst <= 0 {
		g.Burst = 50
	}
	if g.Every <= 0 {
		g.Every = 10 * time.Minute
	}
	if g.Pause <= 0 {
		g.Pause = 500 * time.Millisecond
	}
	if g.NoName == 0 {
		g.NoName = 0.98
	}
	if len(g.TopEnds) == 0 {
		g.TopEnds = []string{"com", "net", "org", "info", "biz"}
	}
	c.truth.Detail = fmt.Sprintf("family %d, %d names each %v, %.0f %% of them do not exist", g.Family, g.Burst, g.Every, 100*g.NoName)
	sink := c.dice.stranger()
	c.truth.Destinations = []netip.Addr{sink}
	first := c.dice.n(max(len(g.Names), 1))
	return c.begin(func(r *run, p *proc, at int64) int64 {
		d := &p.dice
		q := query{kind: typeA, rcode: noName}
		if len(g.Names) > 0 {
			q.name = g.Names[(first+p.step)%len(g.Names)]
		} else {
			q.name = g.name(d)
		}
		if !d.chance(g.NoName) {
			q.rcode, q.answers, q.ttl = noError, []string{sink.String()}, 300
		}
		done := r.look(p, p.h, at, &q)
		if q.rcode == noError {
			r.open(p, done+millisecond, &talk{from: p.h, dst: sink, port: 80, proto: tcp, service: "http", sent: 240, got: 300, dur: 200 * millisecond})
		}
		if p.step++; p.step%g.Burst == 0 {
			return at + int64(g.Every) + d.span(0, int64(g.Every)/10)
		}
		return at + int64(g.Pause)/2 + d.exp(int64(g.Pause)/2)
	})
}

func (g *DGA) name(d *dice) string {
	end := "." + pick(d, g.TopEnds)
	switch g.Family {
	case Dictionary:
		name := pick(d, wordsA) + pick(d, wordsB)
		if d.chance(0.4) {
			name += pick(d, surnames)
		}
		return name + end
	case HexLetters:
		return d.letters(16, hexDigits) + end
	case RandomLetters:
	}
	return d.letters(10+d.n(9), "abcdefghijklmnopqrstuvwxyz") + end
}

// PingTunnel is a machine that carries data in echo requests.
type PingTunnel struct {
	Who
	Every time.Duration // between packets; 0: 500 ms
	Size  int           // bytes of a packet; 0: 900
}

func (t PingTunnel) prepare(c *chosen) Truth {
	c.who(KindPing, &t.Who)
	if t.Every <= 0 {
		t.Every = 500 * time.Millisecond
	}
	if t.Size <= 0 {
		t.Size = 900
	}
	dst := c.dice.stranger()
	c.truth.Destinations = []netip.Addr{dst}
	c.truth.Detail = fmt.Sprintf("%d bytes each %v", t.Size, t.Every)
	return c.begin(func(r *run, p *proc, at int64) int64 {
		dur := min(20*minute+p.dice.exp(20*minute), max(int64(c.truth.To)-at, second))
		n := uint64(dur / int64(t.Every))
		k := talk{from: p.h, dst: dst, sport: 8, proto: icmp, end: answered, dur: dur, ping: int64(t.Every), pingSent: uint64(t.Size), pingGot: uint64(t.Size)}
		if dur <= openAtMost {
			k.sent, k.got, k.pkts = n*uint64(t.Size), n*uint64(t.Size), n
		}
		r.open(p, at, &k)
		return at + dur + 2*minute
	})
}

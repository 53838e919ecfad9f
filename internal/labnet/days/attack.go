package days

import (
	"fmt"
	"net/netip"
	"time"
)

// Scan is a machine that tries many addresses, many ports, or both.
type Scan struct {
	Who
	Addresses int           // 0: 254; below 2 with Ports: one machine, vertically
	Ports     []uint16      // empty: 445; several with many addresses: each at each
	Every     time.Duration // between attempts; 0: 20 ms. A slow scan takes minutes
	Outward   bool          // on the Internet instead of inside
	Answered  float64       // share of attempts that are answered or refused; 0: 0.15
}

func (s Scan) prepare(c *chosen) Truth {
	c.who(KindScan, &s.Who)
	if s.Addresses <= 0 {
		s.Addresses = 254
	}
	if len(s.Ports) == 0 {
		s.Ports = []uint16{445}
	}
	if s.Every <= 0 {
		s.Every = 20 * time.Millisecond
	}
	if s.Answered == 0 {
		s.Answered = 0.15
	}
	var targets []netip.Addr
	base := c.site.servers[0].lan.prefix
	for i := range s.Addresses {
		switch {
		case s.Outward:
			targets = append(targets, c.dice.stranger())
		case s.Addresses == 1:
			targets = append(targets, c.site.servers[database].addr)
		default:
			a := base.Addr().As4()
			a[2], a[3] = a[2]+byte(i/254), byte(1+i%254)
			targets = append(targets, netip.AddrFrom4(a))
		}
	}
	c.truth.Destinations, c.truth.Port = targets, s.Ports[0]
	c.truth.Detail = fmt.Sprintf("%d addresses, %d ports, one attempt each %v", s.Addresses, len(s.Ports), s.Every)
	return c.begin(func(r *run, p *proc, at int64) int64 {
		k, d := p.step, &p.dice
		if p.step++; k >= len(targets)*len(s.Ports) {
			return 0
		}
		dst := targets[k%len(targets)]
		t := talk{from: p.h, to: r.site.hostAt(dst), dst: dst, port: s.Ports[k/len(targets)], proto: tcp, end: unanswered}
		switch {
		case !s.Outward && t.to == nil && !d.chance(s.Answered/10):
		case d.chance(s.Answered / 2):
			t.end, t.dur = reset, 20*millisecond
		case d.chance(s.Answered):
			t.end, t.dur = refused, 300_000
		}
		r.open(p, at, &t)
		return at + int64(s.Every)*8/10 + d.span(0, int64(s.Every)*4/10+1)
	})
}

// SignIn is somebody trying passwords: many on one account (guessing), or few on many (spraying).
type SignIn struct {
	Who
	Every    time.Duration // between attempts; 0: 2 s
	Attempts int           // 0: 500
	Spray    bool          // another account each time
	SSH      bool          // connections to a server's SSH; else lines of the domain controller's log
	Outside  bool          // from the Internet, to the public site (SSH only)
	Succeeds bool          // the last attempt works
}

func (s SignIn) prepare(c *chosen) Truth {
	c.who(KindSignIn, &s.Who)
	if s.Every <= 0 {
		s.Every = 2 * time.Second
	}
	if s.Attempts <= 0 {
		s.Attempts = 500
	}
	source := c.host.addr
	to := c.site.servers[terminal]
	if s.SSH && s.Outside {
		source, to = c.dice.stranger(), c.site.www
		c.host = c.site.www // it must be on
	}
	c.truth.Host = source
	c.truth.Port = 22
	c.truth.Destinations = []netip.Addr{to.addr}
	if !s.SSH {
		c.truth.Port, c.truth.Destinations = 0, []netip.Addr{c.site.servers[dc1].addr}
	}
	c.truth.Detail = fmt.Sprintf("%d attempts, one each %v, spraying %v, success %v", s.Attempts, s.Every, s.Spray, s.Succeeds)
	victim := c.site.clients[c.dice.n(len(c.site.clients))].user
	return c.begin(func(r *run, p *proc, at int64) int64 {
		d := &p.dice
		if p.step++; p.step > s.Attempts {
			return 0
		}
		works := s.Succeeds && p.step == s.Attempts
		if s.SSH {
			t := talk{from: p.h, to: to, port: 22, proto: tcp, service: "ssh", sent: 1900 + uint64(d.n(300)), got: 2400 + uint64(d.n(200)), dur: d.span(second, 3*second)}
			if s.Outside {
				t.from, t.src = nil, source
			}
			if works {
				t.sent, t.got, t.dur, t.ping, t.pingSent, t.pingGot = 9000, 30_000, 10*minute, 15*second, 60, 200
			}
			r.open(p, at, &t)
		} else {
			user, result := victim, "failure"
			if s.Spray {
				user = r.site.clients[p.step%len(r.site.clients)].user
			}
			if works {
				result = "success"
			}
			r.logon(p.h, at, user, result)
			b := r.ringAt(at)
			b.logs[len(b.logs)-1].Message += " *"
			r.ticket(p, p.h, at-millisecond)
		}
		return at + int64(s.Every)*8/10 + d.span(0, int64(s.Every)*4/10+1)
	})
}

// Lateral is one machine that moves over to many others inside.
type Lateral struct {
	Who
	Targets int           // 0: 20 clients
	Every   time.Duration // between them; 0: 30 s
	Port    uint16        // 445, 3389 or 5985; 0: 445
}

func (l Lateral) prepare(c *chosen) Truth {
	c.who(KindLateral, &l.Who)
	if l.Targets <= 0 {
		l.Targets = 20
	}
	if l.Every <= 0 {
		l.Every = 30 * time.Second
	}
	if l.Port == 0 {
		l.Port = 445
	}
	var hosts []*host
	first := c.dice.n(len(c.site.clients))
	for i := 0; i < len(c.site.clients) && len(hosts) < l.Targets; i++ {
		if h := c.site.clients[(first+i)%len(c.site.clients)]; h != c.host {
			hosts = append(hosts, h)
		}
	}
	c.truth.Destinations, c.truth.Port = addresses(hosts), l.Port
	c.truth.Detail = fmt.Sprintf("%d machines on port %d, one each %v", len(hosts), l.Port, l.Every)
	service := map[uint16]string{445: "smb", 3389: "rdp", 5985: "http"}[l.Port]
	return c.begin(func(r *run, p *proc, at int64) int64 {
		d := &p.dice
		if p.step >= len(hosts) {
			return 0
		}
		to := hosts[p.step]
		p.step++
		r.ticket(p, p.h, at)
		t := talk{from: p.h, to: to, port: l.Port, proto: tcp, service: service, sent: 9000 + d.size(60_000), got: d.size(9000), dur: d.span(2*second, 20*second)}
		if on, _ := r.state(to, at); !on {
			t.end, t.sent, t.got, t.dur, t.service = unanswered, 0, 0, 0, ""
		}
		r.open(p, at+20*millisecond, &t)
		return at + int64(l.Every)/2 + d.exp(int64(l.Every)/2)
	})
}

package days

// What machines ask for in vain, and long names that carry no tunnel: the hard cases of detectors of names.

const hexDigits = "0123456789abcdef"

// mistype is a person who mistypes a name, or a machine that tries the office's own domain after it.
func mistype(r *run, p *proc, at int64) int64 {
	on, busy := r.state(p.h, at)
	d, w := &p.dice, r.site.web
	if !on || busy == 0 {
		return r.wake(p.h, at) + d.exp(hour)
	}
	name := []byte(w.names[w.sites[d.zipf(w.logSite, len(w.sites))].own[0]].domain)
	i := d.n(max(len(name)-5, 1))
	name[i], name[i+1] = name[i+1], name[i]
	at = r.look(p, p.h, at, &query{name: string(name), kind: typeA, rcode: noName})
	r.look(p, p.h, at+millisecond, &query{name: string(name) + "." + domain, kind: typeA, rcode: noName})
	return at + d.exp(100*minute)
}

// probeNames is a browser that starts, and tries whether names that cannot exist are answered: three of random letters.
func probeNames(r *run, p *proc, at int64) int64 {
	on, busy := r.state(p.h, at)
	d := &p.dice
	if !on || busy == 0 {
		return r.wake(p.h, at) + d.span(20*second, 10*minute)
	}
	if p.h.browser.sessile {
		for range 3 {
			r.look(p, p.h, at+d.span(0, 200*millisecond), &query{name: d.letters(7+d.n(9), "abcdefghijklmnopqrstuvwxyz") + "." + domain, kind: typeA, rcode: noName})
		}
	}
	r.look(p, p.h, at+second, &query{name: "wpad." + domain, kind: typeA, rcode: noName})
	return at + d.exp(5*hour)
}

// scanFile is a virus scanner that asks over DNS whether files are known: long names, each asked for once.
func scanFile(r *run, p *proc, at int64) int64 {
	on, busy := r.state(p.h, at)
	d := &p.dice
	if !on || busy == 0 || p.h.system != windows {
		return r.wake(p.h, at) + d.exp(30*minute)
	}
	for range 1 + d.n(4) {
		name := d.letters(26, "abcdefghijklmnopqrstuvwxyz234567") + "." + d.letters(32, hexDigits) + ".f.00.lookup.wardenlabs.com"
		q := query{name: name, kind: typeTXT, answers: []string{d.letters(24, hexDigits)}, ttl: 3600}
		if d.chance(0.4) {
			q = query{name: name, kind: typeA, rcode: noName}
		}
		r.look(p, p.h, at, &q)
		at += d.span(20*millisecond, 900*millisecond)
	}
	return at + d.exp(25*minute)
}

// reverse is a server that wants names for addresses it logged: most have none.
func reverse(r *run, p *proc, at int64) int64 {
	d := &p.dice
	if p.h.id%4 != 0 {
		return 0
	}
	for range 1 + d.n(5) {
		b := d.stranger().As4()
		q := query{name: backwards(b) + ".in-addr.arpa", kind: typePTR, rcode: noName}
		if d.chance(0.45) {
			q.rcode, q.answers, q.ttl = noError, []string{"host-" + d.letters(6, hexDigits) + ".provider.net"}, 86400
		}
		r.look(p, p.h, at, &q)
		at += d.span(50*millisecond, second)
	}
	return at + d.exp(int64(float64(8*minute)/r.level(at)))
}

// backwards writes an address with its last part first.
func backwards(b [4]byte) string {
	out := make([]byte, 0, 15)
	for i := 3; i >= 0; i-- {
		if b[i] >= 100 {
			out = append(out, '0'+b[i]/100)
		}
		if b[i] >= 10 {
			out = append(out, '0'+b[i]/10%10)
		}
		out = append(out, '0'+b[i]%10)
		if i > 0 {
			out = append(out, '.')
		}
	}
	return string(out)
}

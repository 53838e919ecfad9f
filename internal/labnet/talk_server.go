package labnet

import "fmt"

// work is a client using a file server: a session of encrypted SMB that stays open for hours.
func (r *run) work(n *node, at int64) {
	servers := r.site.serving(dutyFiles)
	if len(servers) == 0 || !r.live[n.id].v4.IsValid() {
		return
	}
	d := &r.live[n.id]
	if c := d.files; c != nil {
		return
	}
	fs := servers[n.id%len(servers)]
	r.lookupLocal(at, n, fs.name+"."+r.site.domain, dnsA, fs.v4, func(r *run, at int64) {
		if d.files != nil {
			return
		}
		c := r.open(at+100_000, n, fs, false, 445)
		d.files = c
		c.end = endOrigRST
		c.done = func(*run, int64) { d.files = nil }
		c.turns = []turn{shared(0, 0, 200), shared(1, 300_000, 300), shared(0, 300_000, 700), shared(1, 900_000, 400)}
		c.more = func(r *run, _ *conn, at int64) []turn {
			on, busy := r.busy(n, at)
			if !on {
				return nil
			}
			if busy == 0 {
				return []turn{shared(0, 120*second, 120), shared(1, 200_000, 120)}
			}
			return r.fileWork(d, busy)
		}
	})
}

// fileWork is one look into a folder, or a file read or written.
func (r *run) fileWork(d *live, busy float64) []turn {
	wait := d.exp(int64(600e9 / (0.2 + busy)))
	list := []turn{shared(0, wait, 320), shared(1, d.span(200_000, 2e6), 900)}
	switch d.n(4) {
	case 0:
		list = append(list, shared(0, d.span(1e6, 9e6), 200), shared(1, d.span(300_000, 4e6), r.bytes(&d.dice, 30000)))
	case 1:
		list = append(list, shared(0, d.span(1e6, 9e6), r.bytes(&d.dice, 12000)), shared(1, d.span(300_000, 4e6), 150))
	}
	return list
}

// intranet is a client using an application of the house over TLS.
func (r *run) intranet(n *node, at int64) {
	servers := r.site.serving(dutyApp)
	if len(servers) == 0 {
		return
	}
	d := &r.live[n.id]
	app := servers[d.n(len(servers))]
	six := n.v6 != nil && app.v6 != nil
	if !six && (!r.live[n.id].v4.IsValid() || !app.v4.IsValid()) {
		return
	}
	name := app.name + "." + r.site.domain
	kind, addr := uint16(dnsA), app.v4
	if six {
		kind, addr = dnsAAAA, app.v6[0]
	}
	r.lookupLocal(at, n, name, kind, addr, func(r *run, at int64) {
		c := r.open(at+200_000, n, app, six, 443)
		c.turns = r.tlsHello(&d.dice, &helloShapes[n.tls], name, app.id, app.id%3 != 0)
		for range 1 + d.n(3) {
			c.turns = append(c.turns, sealed(0, d.span(1e6, 2e9), d.size(500, 150, 3000)), sealed(1, d.span(1e6, 60e6), r.bytes(&d.dice, 3000)))
		}
		c.end = pick(&d.dice, []ending{endOrigFIN, endRespFIN})
	})
}

// database keeps a connection of an application to its database: PostgreSQL with direct TLS, queries all the time.
func (r *run) database(at int64, app, db *node, running bool) {
	d := &r.live[app.id]
	six := app.v6 != nil && db.v6 != nil
	c := r.open(at, app, db, six, 5432)
	c.end = endOrigFIN
	if running {
		c.resume(at)
	} else {
		c.turns = r.tlsHello(&d.dice, &helloShapes[helloAgent], "", db.id, true)
	}
	c.more = func(r *run, _ *conn, at int64) []turn {
		if d.chance(0.002) {
			r.do(at+10*second, func(r *run, at int64) { r.database(at, app, db, false) })
			return nil
		}
		wait := d.exp(int64(110e9 / r.level(at)))
		return []turn{sealed(0, wait, d.size(260, 80, 2000)), sealed(1, d.span(300_000, 40e6), r.bytes(&d.dice, 2600))}
	}
}

// backup is a server sending its day's work to the backup server.
func (r *run) backup(n *node, at int64, middle float64) {
	list := r.site.serving(dutyBackup)
	if len(list) == 0 || list[0] == n || !n.v4.IsValid() {
		return
	}
	d := &r.live[n.id]
	c := r.open(at, n, list[0], false, 9102)
	c.turns = r.tlsHello(&d.dice, &helloShapes[helloAgent], "", 2, true)
	left := d.size(middle*r.site.volume, 20000, 64<<20)
	for left > 0 {
		part := min(left, 1<<20)
		c.turns = append(c.turns, sealed(0, d.span(1e6, 40e6), part), sealed(1, d.span(1e6, 9e6), 90))
		left -= part
	}
}

// reportIn is a server or agent telling the log server how it is.
func (r *run) reportIn(n *node, at int64) {
	list := r.site.serving(dutyLogs)
	if len(list) == 0 || list[0] == n {
		return
	}
	d := &r.live[n.id]
	six := n.v6 != nil && list[0].v6 != nil && !r.live[n.id].v4.IsValid()
	if !six && !list[0].v4.IsValid() {
		return
	}
	c := r.open(at, n, list[0], six, 8443)
	c.turns = r.tlsHello(&d.dice, &helloShapes[helloAgent], "logs."+r.site.domain, 3, true)
	c.turns = append(c.turns, sealed(0, 300_000, d.size(1500, 300, 9000)), sealed(1, 900_000, 120))
}

// mail is a client looking for mail, or the mail server handing some on.
func (r *run) mail(n *node, at int64) {
	list := r.site.serving(dutyMail)
	if len(list) == 0 || !r.live[n.id].v4.IsValid() {
		return
	}
	d := &r.live[n.id]
	name := "mail." + r.site.domain
	r.lookupLocal(at, n, name, dnsA, list[0].v4, func(r *run, at int64) {
		c := r.open(at+100_000, n, list[0], false, 993)
		c.turns = r.tlsHello(&d.dice, &helloShapes[helloSystem], name, 4, true)
		for range 2 + d.n(3) {
			c.turns = append(c.turns, sealed(0, d.span(300_000, 20e6), 70), sealed(1, d.span(300_000, 9e6), r.bytes(&d.dice, 500)))
		}
	})
}

// smtp is one mail server handing a message to another, in clear until STARTTLS.
func (r *run) smtp(at int64, from, to *node) {
	d := &r.live[from.id]
	c := r.open(at, from, to, false, 25)
	line := func(by int, s string) turn { return say(by, d.span(300_000, 30e6), []byte(s+"\r\n")) }
	c.turns = []turn{
		line(1, fmt.Sprintf("220 %s.%s ESMTP", to.name, r.site.domain)),
		line(0, "EHLO "+from.name+"."+r.site.domain),
		line(1, "250-"+to.name+"\r\n250-SIZE 35882577\r\n250-STARTTLS\r\n250 ENHANCEDSTATUSCODES"),
		line(0, "STARTTLS"), line(1, "220 2.0.0 Ready to start TLS"),
	}
	c.turns = append(c.turns, r.tlsHello(&d.dice, &helloShapes[helloTool], to.name+"."+r.site.domain, 5, true)...)
	c.turns = append(c.turns, sealed(0, 1e6, 90), sealed(1, 2e6, 240), sealed(0, 1e6, 110), sealed(1, 2e6, 60),
		sealed(0, 1e6, r.bytes(&d.dice, 9000)), sealed(1, 20e6, 90))
}

// failed is a connection to a machine that is there but does not listen, or to one that is not there.
func (r *run) failed(n *node, at int64) {
	list := r.site.serving(dutyApp)
	if len(list) == 0 || !r.live[n.id].v4.IsValid() || !list[0].v4.IsValid() {
		return
	}
	d := &r.live[n.id]
	c := r.open(at, n, list[d.n(len(list))], false, pick(&d.dice, []uint16{8080, 9100, 1433, 3389, 5985}))
	c.end = endRefused
}

// silent is a connection out that nobody answers.
func (r *run) silent(n *node, at int64) {
	if !r.live[n.id].v4.IsValid() || r.site.proxy != nil {
		return
	}
	d := &r.live[n.id]
	w := &r.site.names[d.n(len(r.site.names))]
	if w.host.v4.IsValid() {
		r.open(at, n, w.host, false, pick(&d.dice, []uint16{8443, 5222, 993})).end = endSilent
	}
}

// ssh is an administrator's session.
func (r *run) ssh(at int64, from, to *node, keys int) {
	d := &r.live[from.id]
	c := r.open(at, from, to, !r.live[from.id].v4.IsValid(), 22)
	c.turns = sshHello(&d.dice)
	for range keys {
		c.turns = append(c.turns, turn{by: 0, wait: d.exp(900e6), n: 36}, turn{by: 1, wait: d.span(300_000, 4e6), n: 4 * d.between(9, 200)})
	}
}

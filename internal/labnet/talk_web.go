package labnet

import (
	"fmt"
	"strconv"
)

// visit is a person opening a page: the page's name and some others are looked up, and each gets a connection or two.
func (r *run) visit(n *node, at int64) {
	d := &r.live[n.id].dice
	for i := range 1 + d.n(3) {
		k := r.popular(d)
		at += int64(i) * d.span(20e6, 400e6)
		r.do(at, func(r *run, at int64) {
			if r.site.proxy != nil && n.role == roleClient { // the proxy looks it up
				r.fetch(at, n, k)
				return
			}
			r.lookup(at, n, k, func(r *run, at int64) {
				if d.chance(0.7) { // the others were only looked up ahead
					r.fetch(at+d.span(100_000, 3e6), n, k)
				}
			})
		})
	}
	if d.chance(0.04) {
		r.lookupLocal(at, n, "wpad."+r.site.domain, dnsA, noAddr, nil)
	}
}

// popular draws a name: few are asked often.
func (r *run) popular(d *dice) int {
	f := d.f()
	return int(f * f * f * float64(len(r.site.names)))
}

// fetch opens a connection to the server of name k and loads something.
func (r *run) fetch(at int64, n *node, k int) {
	w := &r.site.names[k]
	d := &r.live[n.id].dice
	six := n.v6 != nil && len(w.host.v6) > 0 && (!r.live[n.id].v4.IsValid() || d.chance(0.9))
	if !six && (!r.live[n.id].v4.IsValid() || !w.host.v4.IsValid()) {
		return
	}
	if r.site.proxy != nil {
		r.fetchByProxy(at, n, k)
		return
	}
	if w.clear {
		c := r.open(at, n, w.host, six, 80)
		c.turns = r.clearPage(d, n, w, "", "")
		c.end = pick(d, []ending{endRespFIN, endOrigFIN, endOrigFIN})
		return
	}
	c := r.open(at, n, w.host, six, 443)
	c.turns = r.tlsHello(d, &helloShapes[n.tls], w.name, k, w.modern)
	c.turns = append(c.turns, r.page(d)...)
	c.end = pick(d, []ending{endOrigFIN, endOrigFIN, endRespFIN, endOrigRST, endOrigFIN})
	if d.chance(0.05) {
		c.turns = append(c.turns, r.idle(d)...)
	}
}

// page is what is asked and answered over an established TLS connection.
func (r *run) page(d *dice) []turn {
	var list []turn
	for range 1 + d.n(2) {
		list = append(list, sealed(0, d.span(1e6, 900e6), d.size(420, 120, 3000)))
		list = append(list, sealed(1, d.span(2e6, 120e6), r.bytes(d, 1700)))
	}
	return append(list, turn{by: 0, wait: d.span(1e9, 15e9), n: 29 + 10, kind: fillTLS})
}

// bytes draws the size of something downloaded, scaled by the site's volume.
func (r *run) bytes(d *dice, middle float64) int {
	return d.size(middle*r.site.volume, 200, 4<<20)
}

// idle is a connection kept open by probes.
func (r *run) idle(d *dice) []turn {
	var list []turn
	for range 2 + d.n(12) {
		list = append(list, turn{by: 0, wait: 45 * second, kind: fillZero})
	}
	return list
}

// clearPage is HTTP in clear; via and forwarded are a proxy's additions.
func (r *run) clearPage(d *dice, n *node, w *webName, via, forwarded string) []turn {
	var list []turn
	for range 1 + d.n(3) {
		path := pick(d, []string{"/", "/index.html", "/img/logo.png", "/pkg/update.xml", "/crl/issuing1.crl", "/news/today", "/api/v1/status"})
		req := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: */*\r\n", path, w.name, helloShapes[n.tls].agent)
		if via != "" {
			req += "Via: 1.1 " + via + "\r\nX-Forwarded-For: " + forwarded + "\r\n"
		}
		req += "Connection: keep-alive\r\n\r\n"
		list = append(list, say(0, d.span(1e6, 600e6), []byte(req)), r.clearReply(d))
	}
	return list
}

func (r *run) clearReply(d *dice) turn {
	body := r.bytes(d, 3000)
	kind := pick(d, []string{"application/octet-stream", "application/zip"})
	head := "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: " + kind + "\r\nContent-Length: " + strconv.Itoa(body) + "\r\nConnection: keep-alive\r\n\r\n"
	t := say(1, d.span(2e6, 90e6), []byte(head))
	t.n += body
	return t
}

// push is a long connection to a notification service with small messages now and then.
func (r *run) push(at int64, n *node, k int) {
	w := &r.site.names[k]
	d := &r.live[n.id].dice
	six := n.v6 != nil && len(w.host.v6) > 0
	if !six && (!r.live[n.id].v4.IsValid() || !w.host.v4.IsValid()) || r.site.proxy != nil {
		return
	}
	c := r.open(at, n, w.host, six, 443)
	c.turns = r.tlsHello(d, &helloShapes[helloSystem], w.name, k, w.modern)
	c.end = endOrigFIN
	c.more = func(r *run, c *conn, at int64) []turn {
		if on, _ := r.busy(n, at); !on {
			return nil
		}
		return []turn{sealed(0, d.span(200e9, 320e9), 60), sealed(1, d.span(1e6, 30e6), d.size(80, 60, 900))}
	}
}

// beacon is the bot: a short TLS connection without a name, every five minutes, day and night.
func (r *run) beacon(n *node, at int64) {
	d := &r.live[n.id].dice
	c := r.open(at, n, r.site.master, false, 443)
	c.turns = r.tlsHello(d, &helloShapes[helloAgent], "", 1, true)
	c.turns = append(c.turns, sealed(0, d.span(1e6, 4e6), 405+d.n(15)), sealed(1, d.span(1e6, 9e6), 150+d.n(9)))
	c.end = endOrigFIN
}

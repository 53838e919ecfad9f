package labnet

import "net/netip"

const proxyPort = 3128

// fetchByProxy is a client loading a page through the web proxy: one connection to it, and one from its outside card on.
func (r *run) fetchByProxy(at int64, n *node, k int) {
	w := &r.site.names[k]
	d := &r.live[n.id].dice
	p, out := r.site.proxy, r.site.proxyOut
	far := 2*w.host.delay + 2e6
	inner := r.open(at, n, p, false, proxyPort)
	inner.end = endOrigFIN
	if w.clear {
		pages := r.clearPage(d, n, w, "", "")
		inner.turns = slower(absolute(pages, w.name), far)
		r.lookup(at+3e6, p, k, func(r *run, at int64) {
			outer := r.open(at, out, w.host, false, 80)
			outer.turns = forwarded(pages, n.v4)
		})
		return
	}
	shape := &helloShapes[n.tls]
	page := r.tlsHello(d, shape, w.name, n.id, w.modern)
	page = append(page, r.page(d)...)
	connect := say(0, 0, []byte("CONNECT "+w.name+":443 HTTP/1.1\r\nHost: "+w.name+":443\r\nUser-Agent: "+shape.agent+"\r\nProxy-Connection: keep-alive\r\n\r\n"))
	inner.turns = append([]turn{connect, say(1, far+1e6, []byte("HTTP/1.1 200 Connection established\r\n\r\n"))}, slower(page, far)...)
	r.lookup(at+3e6, p, k, func(r *run, at int64) {
		outer := r.open(at, out, w.host, false, 443)
		outer.turns = append([]turn(nil), page...)
	})
}

// slower lets the answers take longer by the way beyond the proxy.
func slower(list []turn, by int64) []turn {
	out := append([]turn(nil), list...)
	for i := range out {
		if out[i].by == 1 {
			out[i].wait += by
		}
	}
	return out
}

// absolute turns requests into what a client sends to a proxy.
func absolute(list []turn, name string) []turn {
	out := append([]turn(nil), list...)
	for i := range out {
		if out[i].by == 0 && len(out[i].lit) > 4 && string(out[i].lit[:4]) == "GET " {
			out[i].lit = append([]byte("GET http://"+name), out[i].lit[4:]...)
			out[i].n = len(out[i].lit)
		}
	}
	return out
}

// forwarded turns requests into what a proxy sends on.
func forwarded(list []turn, client netip.Addr) []turn {
	out := append([]turn(nil), list...)
	for i := range out {
		if lit := out[i].lit; out[i].by == 0 && len(lit) > 2 {
			text := string(lit[:len(lit)-2]) + "Via: 1.1 proxy1 (labnet)\r\nX-Forwarded-For: " + client.String() + "\r\n\r\n"
			out[i].lit, out[i].n = []byte(text), len(text)
		}
	}
	return out
}

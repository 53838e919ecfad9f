package coverage

import (
	"fmt"

	"candor/internal/record"
	"candor/internal/verdict"
)

// afterProxyRule recognises a sensor behind a proxy or load balancer: all visitors appear as one address.
func afterProxyRule() Rule {
	return Rule{Code: verdict.VantageAfterProxy, Needs: record.CarriesConns, Accepts: "proxy", Least: leastAfterProxy, Weigh: weighAfterProxy}
}

const (
	afterProxyLeastConns = 500
	afterProxyLeastOwn   = 20
)

func leastAfterProxy(e *Evidence, _ string) Least {
	n := e.n(record.Conns)
	_, _, all := e.busiestClient()
	return least(fmt.Sprintf("%s of %d connections seen, and %s of %d TCP connections that addresses of ours opened",
		count(n), afterProxyLeastConns, count(all), afterProxyLeastOwn), n, afterProxyLeastConns, all, afterProxyLeastOwn)
}

func weighAfterProxy(e *Evidence, _ string) Ruling {
	top, others, all := e.busiestClient()
	if e.onlyItself() || e.gearOnly() {
		r := measured(verdict.No, verdict.Sign{Sign: "who connects here", Value: "the sensor itself, or gear"})
		r.Words = "No visitors pass this port, neither through a proxy nor without one."
		return r
	}
	var b balance
	s := share(float64(top.Conns), all)
	value := fmt.Sprintf("%s of %s by %s", count(float64(top.Conns)), count(all), top.Addr)
	words := "connections that one address opens"
	switch {
	case s >= 0.90 && len(top.Stacks) < manyStacks:
		b.add("fan-in", words, value, 3)
	case s >= 0.60:
		b.add("fan-in", words, value, 0)
	default:
		b.add("fan-in", words, value, -4)
	}
	proxyStacks(&b, top, s, others)
	proxyHeaders(e, &b, top)
	r := b.decide()
	return r.saying(endings{
		yes:  "All visitors appear as one address, that of a proxy. Which computer it was cannot be seen here.",
		do:   "Add the proxy's own log, or move the sensor to the side where the computers are.",
		no:   "Connections come from the computers themselves, not from a proxy.",
		open: "Translation and a proxy look alike here.", needs: r.bitsLacking() + ". Requests in clear, or more different computers, would decide it",
	})
}

// manyStacks is how many kinds of TCP stack behind one address make it a translation of many machines.
const manyStacks = 4

// busiestClient is the address that opens most TCP connections toward the Internet (when there are enough of those, else
// anywhere), how many others open at least a few, and all such connections together.
func (e *Evidence) busiestClient() (top record.ClientSeen, others int, all float64) {
	var outward uint64
	for i := range e.Whole.Clients {
		if e.Whole.Clients[i].Place != record.Internet {
			outward += e.Whole.Clients[i].Toward
		}
	}
	for i := range e.Whole.Clients {
		c := e.Whole.Clients[i]
		if c.Place == record.Internet {
			continue
		}
		if outward >= 20 {
			c.Conns = c.Toward
		}
		all += float64(c.Conns)
		if c.Conns >= 3 {
			others++
		}
		if c.Conns > top.Conns {
			top = c
		}
	}
	return top, max(others-1, 0), all
}

// proxyStacks tells a proxy (one machine, one TCP stack) from a translation (the stacks of many).
func proxyStacks(b *balance, top record.ClientSeen, fanIn float64, others int) {
	if fanIn < 0.60 {
		b.add("stacks", "other addresses that open connections themselves", fmt.Sprintf("%d", others), -3)
		return
	}
	n := len(top.Stacks)
	value := fmt.Sprintf("%d", n)
	switch {
	case n == 0:
	case n <= 2:
		b.add("stacks", "kinds of TCP stack behind that address: one machine", value, 2)
	case n >= manyStacks:
		b.add("stacks", "kinds of TCP stack behind that address: many machines behind a translation", value, -4)
	}
}

func proxyHeaders(e *Evidence, b *balance, top record.ClientSeen) {
	requests, proxied := e.n(record.HTTPRequests), e.n(record.HTTPProxied)
	value := fmt.Sprintf("%s of %s", count(proxied), count(requests))
	switch {
	case requests < 5:
	case top.Proxied >= 3 && share(proxied, requests) >= 0.20:
		b.add("headers", "requests that say they came through a proxy (Via, X-Forwarded-For)", value, 4)
	case proxied == 0 && requests >= 10:
		b.add("headers", "requests that say they came through a proxy (Via, X-Forwarded-For)", value, -3)
	}
}

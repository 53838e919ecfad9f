package transport

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"candor/internal/record"
)

// conns are the open connections of a server. mu guards all.
type conns struct {
	mu  sync.Mutex
	all map[net.Conn]*conn
}

// conn is an open connection and, once a request showed it, whose it is.
type conn struct {
	conn net.Conn
	cert *x509.Certificate
}

type connKey struct{}

func (c *conns) open(ctx context.Context, n net.Conn) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[net.Conn]*conn{}
	}
	c.all[n] = &conn{conn: n}
	return context.WithValue(ctx, connKey{}, n)
}

func (c *conns) state(n net.Conn, s http.ConnState) {
	if s != http.StateClosed {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, n)
}

// belongs notes whose connection a request came on.
func (c *conns) belongs(r *http.Request, cert *x509.Certificate) {
	n, ok := r.Context().Value(connKey{}).(net.Conn)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if open := c.all[n]; open != nil {
		open.cert = cert
	}
}

// known lists the connections of which it is known whose they are.
func (c *conns) known() []conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []conn
	for _, o := range c.all {
		if o.cert != nil {
			out = append(out, *o)
		}
	}
	return out
}

func (c *conns) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

// addressLimit is a listener that closes at once what comes beside enough connections of one address (IPv6: of one /64). mu guards open.
type addressLimit struct {
	net.Listener
	most    int
	refused func()
	mu      sync.Mutex
	open    map[netip.Prefix]int
}

func (l *addressLimit) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		place := placeOf(c.RemoteAddr())
		if l.take(place) {
			return &limitedConn{Conn: c, release: sync.OnceFunc(func() { l.give(place) })}, nil
		}
		l.refused()
		_ = c.Close() // nothing was said on it
	}
}

func (l *addressLimit) take(place netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[netip.Prefix]int{}
	}
	if l.open[place] >= l.most {
		return false
	}
	l.open[place]++
	return true
}

func (l *addressLimit) give(place netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[place]--; l.open[place] <= 0 {
		delete(l.open, place)
	}
}

type limitedConn struct {
	net.Conn
	release func()
}

func (c *limitedConn) Close() error {
	c.release()
	return c.Conn.Close()
}

// placeOf is the address that connections are counted by; all that have none count as one.
func placeOf(a net.Addr) netip.Prefix {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Prefix{}
	}
	bits, addr := 64, ap.Addr().Unmap().WithZone("")
	if addr.Is4() {
		bits = 32
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// flights counts the blocks being received, in all and by sensor. mu guards both.
type flights struct {
	mu  sync.Mutex
	all int
	of  map[sensorKey]int
}

type sensorKey struct {
	tenant record.Tenant
	sensor record.Sensor
}

var errFull = errors.New("enough blocks are being received")

// begin takes a place; the returned function gives it back.
func (f *flights) begin(p Peer) (func(), error) {
	k := sensorKey{p.Tenant, p.Sensor}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		f.of = map[sensorKey]int{}
	}
	if f.all >= inAll || f.of[k] >= perSensor {
		return nil, errFull
	}
	f.all++
	f.of[k]++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.all--
		if f.of[k]--; f.of[k] == 0 {
			delete(f.of, k)
		}
	}, nil
}

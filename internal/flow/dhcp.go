package flow

import (
	"net/netip"
	"slices"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// leases are DHCP exchanges that may go on. Zeek makes one record of all messages with one transaction id; so is it here: at the acknowledgement,
// or after two quiet seconds.
type leases struct {
	open  map[leaseKey]*lease
	order []*lease // in the order of their first messages: those open, and some that are gone
}

type leaseKey struct {
	xid    uint32
	mac    record.MAC
	client [16]byte // DHCPv6: by its DUID
	six    bool
}

type lease struct {
	key  leaseKey
	rec  record.DHCP
	last record.Time
	gone bool // emitted
}

const leaseQuiet = 2 * second

// dhcpMessage reads one DHCPv4 message.
func (t *Table) dhcpMessage(c *conn, from int, ts record.Time, p *decode.Packet) {
	d := &t.parsed.dhcp
	if err := decode.ParseDHCP(p.Payload, d); err != nil && d.MsgType == 0 {
		return
	}
	c.services |= svcDHCP
	if d.Dropped > 0 {
		t.sight.Unread(ts, sight.ShortDHCP, 1)
	}
	mac := record.MAC(d.ClientMAC)
	l := t.leaseOf(c, ts, leaseKey{xid: d.XID, mac: mac})
	l.rec.MAC = mac
	if d.MsgType != 0 {
		t.leaseType(ts, &l.rec, decode.DHCPTypeName(d.MsgType))
	}
	fillLease(&l.rec, d, p)
	const ack = 5
	if d.MsgType != ack {
		return
	}
	if addr := firstAddr(d.YourAddr, d.ClientAddr); addr.IsValid() && d.YourAddr.IsValid() {
		t.sight.Leased(ts, mac, decode.AddrFrom(addr))
	}
	t.emitLease(l)
}

// leaseOf gives the exchange that a message belongs to, a new one if need be.
func (t *Table) leaseOf(c *conn, ts record.Time, k leaseKey) *lease {
	l := t.leases.open[k]
	if l == nil {
		if len(t.leases.open) >= t.cfg.MaxLeases {
			t.sight.Count(ts, record.OverBudget, 1)
			t.emitLease(t.leases.oldest())
		}
		l = &lease{key: k, rec: record.DHCP{Ends: t.ends(c), TransID: k.xid}}
		l.rec.TS = ts
		t.leases.add(l)
	}
	l.last = ts
	return l
}

// leaseType adds the type of a message to its exchange.
func (t *Table) leaseType(ts record.Time, r *record.DHCP, name string) {
	const kept = 32
	if len(r.MsgTypes) >= kept {
		t.sight.Unread(ts, sight.ShortDHCP, 1)
		return
	}
	r.MsgTypes = append(r.MsgTypes, name)
}

// fillLease takes over what a message adds to its exchange.
func fillLease(r *record.DHCP, d *decode.DHCP, p *decode.Packet) {
	keep(&r.HostName, d.HostName)
	keep(&r.ClientFQDN, d.ClientFQDN)
	keep(&r.Domain, d.Domain)
	if d.RequestedAddr.IsValid() {
		r.RequestedAddr = d.RequestedAddr
	}
	if d.Op == 1 {
		if a := firstAddr(d.ClientAddr, p.Src.Netip()); a.IsValid() && !a.IsUnspecified() {
			r.ClientAddr = a
		}
		return
	}
	if d.YourAddr.IsValid() {
		r.AssignedAddr = d.YourAddr
	}
	if d.HasLease {
		r.LeaseTime = record.Time(d.LeaseTime) * second
	}
	if a := firstAddr(d.ServerID, p.Src.Netip()); a.IsValid() && !a.IsUnspecified() {
		r.ServerAddr = a
	}
	const ack = 5
	if d.MsgType == ack && !r.ClientAddr.IsValid() {
		r.ClientAddr = firstAddr(d.YourAddr, d.ClientAddr)
	}
}

func keep(into *string, s string) {
	if s != "" {
		*into = s
	}
}

func firstAddr(a, b netip.Addr) netip.Addr {
	if a.IsValid() {
		return a
	}
	return b
}

// add opens an exchange. Those that are gone never outnumber the open ones by far.
func (o *leases) add(l *lease) {
	if len(o.order) >= 2*len(o.open)+64 {
		o.order = slices.DeleteFunc(o.order, func(l *lease) bool { return l.gone })
	}
	if o.open == nil {
		o.open = make(map[leaseKey]*lease)
	}
	o.open[l.key] = l
	o.order = append(o.order, l)
}

// oldest is the exchange that began first of those open; there is one.
func (o *leases) oldest() *lease {
	for o.order[0].gone {
		o.order[0] = nil
		o.order = o.order[1:]
	}
	return o.order[0]
}

// emitLease ends an exchange.
func (t *Table) emitLease(l *lease) {
	l.gone = true
	delete(t.leases.open, l.key)
	t.out.DHCP = append(t.out.DHCP, l.rec)
	t.emitted(record.KindDHCP)
}

// leaseTimeouts emits exchanges that have gone quiet.
func (t *Table) leaseTimeouts(ts record.Time) {
	t.leases.order = slices.DeleteFunc(t.leases.order, func(l *lease) bool {
		if !l.gone && ts-l.last >= leaseQuiet {
			t.emitLease(l)
		}
		return l.gone
	})
}

// endLeases emits all that is open.
func (t *Table) endLeases() {
	for len(t.leases.open) > 0 {
		t.emitLease(t.leases.oldest())
	}
	t.leases.order = nil
}

package flow

import (
	"net/netip"
	"slices"

	"candor/internal/decode"
	"candor/internal/record"
)

// leases are DHCP exchanges that may go on. Zeek makes one record of all messages with one transaction id; so is it here: at the acknowledgement,
// or after two quiet seconds.
type leases struct{ open []lease }

type lease struct {
	rec  record.DHCP
	last record.Time
}

const leaseQuiet = 2 * second

// dhcpMessage reads one DHCPv4 message.
func (t *Table) dhcpMessage(c *conn, from int, ts record.Time, p *decode.Packet) {
	d := &t.parsed.dhcp
	if err := decode.ParseDHCP(p.Payload, d); err != nil && d.MsgType == 0 {
		return
	}
	c.services |= svcDHCP
	mac := record.MAC(d.ClientMAC)
	i := slices.IndexFunc(t.leases.open, func(l lease) bool { return l.rec.TransID == d.XID && l.rec.MAC == mac })
	if i < 0 {
		if len(t.leases.open) >= t.cfg.MaxLeases {
			t.sight.Count(ts, record.OverBudget, 1)
			t.emitLease(0)
		}
		r := record.DHCP{Ends: t.ends(c), MAC: mac, TransID: d.XID}
		r.TS = ts
		t.leases.open = append(t.leases.open, lease{rec: r})
		i = len(t.leases.open) - 1
	}
	l := &t.leases.open[i]
	l.last = ts
	fillLease(&l.rec, d, p)
	const ack = 5
	if d.MsgType != ack {
		return
	}
	if addr := firstAddr(d.YourAddr, d.ClientAddr); addr.IsValid() && d.YourAddr.IsValid() {
		t.sight.Leased(ts, mac, decode.AddrFrom(addr))
	}
	t.emitLease(i)
}

// fillLease takes over what a message adds to its exchange.
func fillLease(r *record.DHCP, d *decode.DHCP, p *decode.Packet) {
	const kept = 32
	if d.MsgType != 0 && len(r.MsgTypes) < kept {
		r.MsgTypes = append(r.MsgTypes, decode.DHCPTypeName(d.MsgType))
	}
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

func (t *Table) emitLease(i int) {
	t.out.DHCP = append(t.out.DHCP, t.leases.open[i].rec)
	t.leases.open = slices.Delete(t.leases.open, i, i+1)
	t.emitted(record.KindDHCP)
}

// leaseTimeouts emits exchanges that have gone quiet.
func (t *Table) leaseTimeouts(ts record.Time) {
	for i := 0; i < len(t.leases.open); {
		if ts-t.leases.open[i].last >= leaseQuiet {
			t.emitLease(i)
			continue
		}
		i++
	}
}

func (t *Table) endLeases() {
	for len(t.leases.open) > 0 {
		t.emitLease(0)
	}
}

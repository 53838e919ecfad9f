package flow

import (
	"crypto/sha256"
	"errors"
	"net/netip"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// The types of DHCPv6 messages that matter here (RFC 8415, 7.3).
const (
	dhcp6Advertise   = 2
	dhcp6Reply       = 7
	dhcp6Reconfigure = 10
)

// dhcp6Message reads one DHCPv6 message, relayed or not. An exchange is the messages with one transaction id of one client; other than in DHCPv4,
// the offer and the lease are two.
func (t *Table) dhcp6Message(c *conn, ts record.Time, p *decode.Packet) {
	d := &t.parsed.dhcp6
	err := decode.ParseDHCP6(p.Payload, d)
	if d.Dropped > 0 || errors.Is(err, decode.ErrDHCP6Relay) {
		t.sight.Unread(ts, sight.ShortDHCP, 1)
	}
	if len(d.Options) == 0 || err != nil && !p.Cut {
		return
	}
	c.services |= svcDHCP
	k := leaseKey{xid: d.Transaction, six: true}
	if len(d.Client.Bytes) > 0 {
		sum := sha256.Sum256(d.Client.Bytes)
		copy(k.client[:], sum[:])
	}
	l := t.leaseOf(c, ts, k)
	t.leaseType(ts, &l.rec, decode.DHCP6TypeName(d.MsgType))
	fromServer := d.MsgType == dhcp6Advertise || d.MsgType == dhcp6Reply || d.MsgType == dhcp6Reconfigure
	l.card(c, d, p, fromServer)
	if fromServer {
		fromServer6(&l.rec, d, p)
	} else {
		fromClient6(&l.rec, d, p)
	}
	if d.MsgType != dhcp6Reply {
		return
	}
	for i := range d.Leases {
		if x := &d.Leases[i]; given(d, x) {
			t.sight.Leased(ts, l.rec.MAC, decode.AddrFrom(x.Prefix.Addr()))
		}
	}
	t.emitLease(l)
}

// card notes the client's card: the one that it sends with where it is on this link, or as its relay says, else the one that it is known by. That
// may be another card of the same machine: a machine has one DUID for all of them (RFC 8415, 11).
func (l *lease) card(c *conn, d *decode.DHCP6, p *decode.Packet, fromServer bool) {
	switch link := d.Relays == 0 && p.HasMAC && c.flags&flagInner == 0; {
	case link && !fromServer && p.Src.IsLinkLocal():
		l.rec.MAC = record.MAC(p.SrcMAC)
	case link && fromServer && p.Dst.IsLinkLocal() && p.Cast == decode.Unicast && !p.DstMAC.IsZero():
		l.rec.MAC = record.MAC(p.DstMAC)
	case d.HasPeerLink:
		l.rec.MAC = record.MAC(d.PeerLink)
	case d.Client.HasLink && l.rec.MAC.Zero():
		l.rec.MAC = record.MAC(d.Client.Link)
	}
}

// fromClient6 takes over what a client's message adds to its exchange.
func fromClient6(r *record.DHCP, d *decode.DHCP6, p *decode.Packet) {
	keep(&r.ClientFQDN, d.FQDN)
	addr := p.Src.Netip()
	if d.Relays > 0 {
		addr = d.Peer
	}
	if addr.IsValid() && !addr.IsUnspecified() {
		r.ClientAddr = addr
	}
	for i := range d.Leases {
		if x := &d.Leases[i]; address(x) {
			r.RequestedAddr = x.Prefix.Addr()
			return
		}
	}
}

// fromServer6 takes over what a server's message adds to its exchange. The address that a relay's client sees is the relay's.
func fromServer6(r *record.DHCP, d *decode.DHCP6, p *decode.Packet) {
	keep(&r.ClientFQDN, d.FQDN)
	if len(d.Domains) > 0 {
		keep(&r.Domain, d.Domains[0])
	}
	r.ServerAddr = p.Src.Netip()
	if !r.ClientAddr.IsValid() {
		r.ClientAddr = firstAddr(d.Peer, p.Dst.Netip())
	}
	for i := range d.Leases {
		if x := &d.Leases[i]; given(d, x) {
			r.AssignedAddr, r.LeaseTime = x.Prefix.Addr(), record.Time(x.Valid)*second
			return
		}
	}
}

// address says whether a lease is one of an address, not of a prefix.
func address(x *decode.DHCP6Lease) bool {
	return !x.Delegated && x.Prefix.IsValid() && x.Prefix.Bits() == 128 && x.Prefix.Addr() != netip.IPv6Unspecified()
}

// given says whether a server's message gives the address, and not takes it away.
func given(d *decode.DHCP6, x *decode.DHCP6Lease) bool {
	return d.Status == 0 && x.Status == 0 && x.Valid > 0 && address(x)
}

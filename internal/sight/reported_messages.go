package sight

import (
	"strings"

	"candor/internal/decode"
	"candor/internal/record"
)

// ReportedDNS accounts for a lookup and its answer.
func (b *Builder) ReportedDNS(at record.Time, d *record.DNS) {
	b.Message(at, record.KindDNS)
	client, server := decode.AddrFrom(d.OrigH), decode.AddrFrom(d.RespH)
	multicast := d.Variant != "dns"
	if where := b.places.of(client); where >= 0 && !multicast && d.HasQuery {
		// The connection's own report comes later, when it ends: the host spoke now.
		if h := b.host(at, client, where); h != nil {
			h.flags |= record.SeenInPassing | record.SeenSpoke
			h.minutes += b.spokeIn(client, at, at, 1)
		}
	}
	l := Lookup{TS: at, Client: client, Server: server, QType: d.QType, Multicast: multicast}
	if d.HasQuery {
		b.Looked(l)
	}
	if d.HasReply {
		l.Reply = true
		b.Looked(l)
	}
}

// ReportedTLS accounts for a handshake.
func (b *Builder) ReportedTLS(at record.Time, _ *record.TLS) { b.Message(at, record.KindTLS) }

// ReportedHTTP accounts for a request.
func (b *Builder) ReportedHTTP(at record.Time, h *record.HTTP) {
	b.Message(at, record.KindHTTP)
	if !h.HasRequest {
		return
	}
	client := decode.AddrFrom(h.OrigH)
	b.Requested(at, client, decode.AddrFrom(h.RespH), len(h.Proxied) > 0)
	if h.Method == "CONNECT" || strings.HasPrefix(h.URI, "http://") {
		b.AskedProxy(at, client)
	}
}

// ReportedDHCP accounts for an exchange; one that was acknowledged gave a lease.
func (b *Builder) ReportedDHCP(at record.Time, d *record.DHCP) {
	b.Message(at, record.KindDHCP)
	acknowledged := len(d.MsgTypes) == 0 // old logs have acknowledged exchanges only
	for _, m := range d.MsgTypes {
		acknowledged = acknowledged || m == "ACK" || m == "REPLY"
	}
	if acknowledged && d.AssignedAddr.IsValid() && (!d.MAC.Zero() || d.AssignedAddr.Is6()) { // DHCPv6 clients need not say which card is theirs
		b.Leased(at, d.MAC, decode.AddrFrom(d.AssignedAddr))
	}
}

// ReportedLog accounts for a line of a promised log.
func (b *Builder) ReportedLog(at record.Time, _ *record.Log) { b.Message(at, record.KindLog) }

// ReportedAlert accounts for what another tool said.
func (b *Builder) ReportedAlert(at record.Time, _ *record.Alert) { b.Message(at, record.KindAlert) }

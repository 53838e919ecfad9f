package source_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"candor/internal/record"
)

// The words in which expectations are written. One line for each record, and for each thing that sight tells and that does not happen every day:
//
//	conn tcp 10.1.0.7:40000 > 10.1.0.8:443 ssl SF             protocol, ends, services or -, state of TCP; then, where there is one:
//	                                                          " vlan 10", " vlan 10/20", " missed 4", " in vxlan" (service of the tunnels around it)
//	dns www.example.org 1 = 203.0.113.80                      name and type; "= answers", "rcode 3" or "unanswered"; then " cut", " unasked"
//	mdns, llmnr, nbns                                         the same for the other dialects
//	tls www.example.org TLSv13 h2 established                 name or -, version or -, protocol chosen or -; then " resumed", " established"
//	ja4 t13d...                                               for each hello
//	cert CN=a of 2 by CN=b for a,b                            subject, length of the chain, issuer, names
//	http GET example.org /path 200 0/5                        method, host, path, status, lengths of bodies; then " proxied ..."
//	dhcp 3c:52:82:00:00:07 name 10.1.0.7 3600 DISCOVER,ACK    card, host name, address, seconds of the lease, messages
//	sight inconsistent 1                                      counters of golden.counts
//	tunnel vxlan, undecodable bad_ip_header 1, vlan 10        bytes in tunnels are left to the text beside the capture
//	drops 5 of 100                                            what the capture says it lost
//	unread IEEE 802.11 2, stopped                             of the input
func (s seen) words() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for i := range s.all.Conns {
		out = append(out, s.connWords(&s.all.Conns[i]))
	}
	for i := range s.all.DNS {
		out = append(out, dnsWords(&s.all.DNS[i]))
	}
	for i := range s.all.TLS {
		out = append(out, tlsWords(&s.all.TLS[i])...)
	}
	for i := range s.all.HTTP {
		out = append(out, httpWords(&s.all.HTTP[i]))
	}
	for i := range s.all.DHCP {
		d := &s.all.DHCP[i]
		host := orDash(d.HostName)
		if d.ClientFQDN != "" {
			host = d.ClientFQDN
		}
		assigned := "-"
		if d.AssignedAddr.IsValid() {
			assigned = d.AssignedAddr.String()
		}
		add("dhcp %s %s %s %d %s", d.MAC, host, assigned, d.LeaseTime/1e9, strings.Join(d.MsgTypes, ","))
	}
	for name, n := range s.counts() {
		if n > 0 && name != "tunnel_bytes" {
			add("sight %s %d", name, n)
		}
	}
	for name := range s.feed.Tunnels {
		add("tunnel %s", name)
	}
	for name, n := range s.feed.Undecodable {
		add("undecodable %s %d", name, n)
	}
	for _, v := range s.feed.VLANs {
		add("vlan %d", v)
	}
	if d := s.feed.Drops; d != nil {
		add("drops %d of %d", d.Dropped, d.Received)
	}
	for _, in := range s.all.Inputs {
		for _, u := range in.Unread {
			add("unread %s %d", u.Link, u.Frames)
		}
		if in.Stopped != nil {
			add("stopped")
		}
	}
	slices.Sort(out)
	return out
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (s seen) connWords(c *record.Conn) string {
	proto := record.ProtoName(c.Proto)
	if proto == "unknown_transport" {
		proto = fmt.Sprint(c.Proto)
	}
	w := fmt.Sprintf("conn %s %s > %s %s", proto, netip.AddrPortFrom(c.OrigH, c.OrigP), netip.AddrPortFrom(c.RespH, c.RespP), orDash(c.Service))
	if proto == "tcp" {
		w += " " + c.State
	}
	switch {
	case c.InnerVLAN != 0:
		w += fmt.Sprintf(" vlan %d/%d", c.VLAN, c.InnerVLAN)
	case c.VLAN != 0:
		w += fmt.Sprintf(" vlan %d", c.VLAN)
	}
	if c.MissedBytes > 0 {
		w += fmt.Sprintf(" missed %d", c.MissedBytes)
	}
	for _, uid := range c.TunnelParents {
		parent := "nobody"
		for i := range s.all.Conns {
			if s.all.Conns[i].UID == uid {
				parent = s.all.Conns[i].Service
			}
		}
		w += " in " + parent
	}
	return w
}

func dnsWords(d *record.DNS) string {
	w := fmt.Sprintf("%s %s %d", d.Variant, orDash(d.Query), d.QType)
	switch {
	case !d.HasReply:
		w += " unanswered"
	case len(d.Answers) > 0:
		w += " = " + strings.Join(d.Answers, ", ")
	default:
		w += fmt.Sprintf(" rcode %d", d.RCode)
	}
	if d.Cut {
		w += " cut"
	}
	if !d.HasQuery {
		w += " unasked"
	}
	return w
}

func tlsWords(t *record.TLS) (out []string) {
	w := fmt.Sprintf("tls %s %s %s", orDash(t.ServerName), orDash(t.Version), orDash(t.NextProto))
	if t.Resumed {
		w += " resumed"
	}
	if t.Established {
		w += " established"
	}
	out = append(out, w)
	if t.JA4 != "" {
		out = append(out, "ja4 "+t.JA4)
	}
	if t.Subject != "" {
		out = append(out, fmt.Sprintf("cert %s of %d by %s for %s", t.Subject, t.ChainLength, t.Issuer, strings.Join(t.SANDNS, ",")))
	}
	return out
}

func httpWords(h *record.HTTP) string {
	w := fmt.Sprintf("http %s %s %s %d %d/%d", orDash(h.Method), orDash(h.Host), orDash(h.URI), h.StatusCode, h.RequestBodyLen, h.ResponseBodyLen)
	if len(h.Proxied) > 0 {
		w += " proxied " + strings.Join(h.Proxied, "; ")
	}
	return w
}

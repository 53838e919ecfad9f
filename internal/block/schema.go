package block

import (
	"net/netip"

	"candor/internal/record"
)

// The columns of each kind but sight, in the order of the file. Names are Zeek's with dots as underscores; docs/blocks.md lists them.

func connSheet() *sheet[record.Conn] {
	type C = record.Conn
	columns := flat(
		instant("ts", func(c *C) *record.Time { return &c.TS }),
		text("uid", func(c *C) *record.UID { return &c.UID }).plain(),
		text("feed", func(c *C) *record.Feed { return &c.Feed }),
		address("id_orig_h", func(c *C) *netip.Addr { return &c.OrigH }).asked(),
		number("id_orig_p", func(c *C) *uint16 { return &c.OrigP }),
		address("id_resp_h", func(c *C) *netip.Addr { return &c.RespH }).asked(),
		number("id_resp_p", func(c *C) *uint16 { return &c.RespP }),
		number("ip_proto", func(c *C) *uint8 { return &c.Proto }),
		text("service", func(c *C) *string { return &c.Service }),
		number("duration", func(c *C) *record.Time { return &c.Duration }),
		text("conn_state", func(c *C) *string { return &c.State }),
		text("history", func(c *C) *string { return &c.History }),
		boolean("local_orig", func(c *C) *bool { return &c.LocalOrig }),
		boolean("local_resp", func(c *C) *bool { return &c.LocalResp }),
		number("orig_bytes", func(c *C) *uint64 { return &c.OrigBytes }),
		number("resp_bytes", func(c *C) *uint64 { return &c.RespBytes }),
		number("missed_bytes", func(c *C) *uint64 { return &c.MissedBytes }),
		number("orig_pkts", func(c *C) *uint64 { return &c.OrigPkts }),
		number("resp_pkts", func(c *C) *uint64 { return &c.RespPkts }),
		number("orig_ip_bytes", func(c *C) *uint64 { return &c.OrigIPBytes }),
		number("resp_ip_bytes", func(c *C) *uint64 { return &c.RespIPBytes }),
		number("vlan", func(c *C) *uint16 { return &c.VLAN }),
		number("inner_vlan", func(c *C) *uint16 { return &c.InnerVLAN }),
		card("orig_l2_addr", func(c *C) *record.MAC { return &c.OrigL2 }),
		card("resp_l2_addr", func(c *C) *record.MAC { return &c.RespL2 }),
		text("community_id", func(c *C) *string { return &c.CommunityID }).plain(),
		number("first", func(c *C) *record.Originator { return &c.First }),
	)
	columns = append(columns, lists(func(c *C) *[]record.UID { return &c.TunnelParents },
		text("tunnel_parents", func(u *record.UID) *record.UID { return u }))...)
	columns = append(columns, flat(
		text("orig_host", func(c *C) *record.Host { return &c.OrigHost }),
		text("resp_host", func(c *C) *record.Host { return &c.RespHost }),
		number("report", func(c *C) *int { return &c.Report }),
		boolean("final", func(c *C) *bool { return &c.Final }),
	)...)
	return newSheet(record.KindConn, columns, func(b *record.Batch) *[]C { return &b.Conns })
}

// ends are the columns that message records share.
func ends[T any](of func(*T) *record.Ends) []column[T] {
	return flat(
		instant("ts", func(t *T) *record.Time { return &of(t).TS }),
		text("uid", func(t *T) *record.UID { return &of(t).UID }).plain(),
		text("feed", func(t *T) *record.Feed { return &of(t).Feed }),
		address("id_orig_h", func(t *T) *netip.Addr { return &of(t).OrigH }).asked(),
		number("id_orig_p", func(t *T) *uint16 { return &of(t).OrigP }),
		address("id_resp_h", func(t *T) *netip.Addr { return &of(t).RespH }).asked(),
		number("id_resp_p", func(t *T) *uint16 { return &of(t).RespP }),
		number("ip_proto", func(t *T) *uint8 { return &of(t).Proto }),
	)
}

// words is a list of strings.
func words[T any](name string, of func(*T) *[]string) []column[T] {
	return lists(of, text(name, func(s *string) *string { return s }))
}

func dnsSheet() *sheet[record.DNS] {
	type D = record.DNS
	columns := append(ends(func(d *D) *record.Ends { return &d.Ends }), flat(
		text("variant", func(d *D) *string { return &d.Variant }),
		number("trans_id", func(d *D) *uint16 { return &d.TransID }),
		number("rtt", func(d *D) *record.Time { return &d.RTT }),
		text("query", func(d *D) *string { return &d.Query }).asked(),
		number("qclass", func(d *D) *uint16 { return &d.QClass }),
		number("qtype", func(d *D) *uint16 { return &d.QType }),
		boolean("has_query", func(d *D) *bool { return &d.HasQuery }),
		boolean("has_reply", func(d *D) *bool { return &d.HasReply }),
		number("rcode", func(d *D) *uint16 { return &d.RCode }),
		boolean("aa", func(d *D) *bool { return &d.AA }),
		boolean("tc", func(d *D) *bool { return &d.TC }),
		boolean("rd", func(d *D) *bool { return &d.RD }),
		boolean("ra", func(d *D) *bool { return &d.RA }),
		number("z", func(d *D) *uint8 { return &d.Z }),
	)...)
	columns = append(columns, words("answers", func(d *D) *[]string { return &d.Answers })...)
	columns = append(columns, lists(func(d *D) *[]uint32 { return &d.TTLs }, number("ttls", func(n *uint32) *uint32 { return n }))...)
	columns = append(columns, flat(
		number("authority", func(d *D) *int { return &d.Authority }),
		number("additional", func(d *D) *int { return &d.Additional }),
		boolean("rejected", func(d *D) *bool { return &d.Rejected }),
		boolean("cut", func(d *D) *bool { return &d.Cut }),
	)...)
	return newSheet(record.KindDNS, columns, func(b *record.Batch) *[]D { return &b.DNS })
}

func tlsSheet() *sheet[record.TLS] {
	type T = record.TLS
	columns := append(ends(func(t *T) *record.Ends { return &t.Ends }), flat(
		text("version", func(t *T) *string { return &t.Version }),
		text("cipher", func(t *T) *string { return &t.Cipher }),
		text("curve", func(t *T) *string { return &t.Curve }),
		text("server_name", func(t *T) *string { return &t.ServerName }).asked(),
		boolean("resumed", func(t *T) *bool { return &t.Resumed }),
		boolean("established", func(t *T) *bool { return &t.Established }),
	)...)
	columns = append(columns, words("client_alpn", func(t *T) *[]string { return &t.ClientALPN })...)
	columns = append(columns, flat(
		text("next_protocol", func(t *T) *string { return &t.NextProto }),
		text("subject", func(t *T) *string { return &t.Subject }),
		text("issuer", func(t *T) *string { return &t.Issuer }),
		instant("not_valid_before", func(t *T) *record.Time { return &t.NotBefore }),
		instant("not_valid_after", func(t *T) *record.Time { return &t.NotAfter }),
		text("serial", func(t *T) *string { return &t.Serial }),
		text("cert_sha256", func(t *T) *string { return &t.CertSHA256 }),
	)...)
	columns = append(columns, words("san_dns", func(t *T) *[]string { return &t.SANDNS })...)
	columns = append(columns, flat(
		number("chain_length", func(t *T) *int { return &t.ChainLength }),
		text("ja4", func(t *T) *string { return &t.JA4 }),
		boolean("has_client", func(t *T) *bool { return &t.HasClient }),
		boolean("has_server", func(t *T) *bool { return &t.HasServer }),
	)...)
	return newSheet(record.KindTLS, columns, func(b *record.Batch) *[]T { return &b.TLS })
}

func httpSheet() *sheet[record.HTTP] {
	type H = record.HTTP
	columns := append(ends(func(h *H) *record.Ends { return &h.Ends }), flat(
		number("trans_depth", func(h *H) *int { return &h.TransDepth }),
		text("method", func(h *H) *string { return &h.Method }),
		text("host", func(h *H) *string { return &h.Host }).asked(),
		text("uri", func(h *H) *string { return &h.URI }),
		text("referrer", func(h *H) *string { return &h.Referrer }),
		text("version", func(h *H) *string { return &h.Version }),
		text("user_agent", func(h *H) *string { return &h.UserAgent }),
		number("request_body_len", func(h *H) *uint64 { return &h.RequestBodyLen }),
		number("response_body_len", func(h *H) *uint64 { return &h.ResponseBodyLen }),
		number("status_code", func(h *H) *int { return &h.StatusCode }),
		text("status_msg", func(h *H) *string { return &h.StatusMsg }),
		text("resp_mime_type", func(h *H) *string { return &h.RespMIME }),
	)...)
	columns = append(columns, words("proxied", func(h *H) *[]string { return &h.Proxied })...)
	columns = append(columns, flat(
		boolean("has_request", func(h *H) *bool { return &h.HasRequest }),
		boolean("has_response", func(h *H) *bool { return &h.HasResponse }),
	)...)
	return newSheet(record.KindHTTP, columns, func(b *record.Batch) *[]H { return &b.HTTP })
}

func dhcpSheet() *sheet[record.DHCP] {
	type D = record.DHCP
	columns := append(ends(func(d *D) *record.Ends { return &d.Ends }), flat(
		address("client_addr", func(d *D) *netip.Addr { return &d.ClientAddr }),
		address("server_addr", func(d *D) *netip.Addr { return &d.ServerAddr }),
		card("mac", func(d *D) *record.MAC { return &d.MAC }),
		text("host_name", func(d *D) *string { return &d.HostName }),
		text("client_fqdn", func(d *D) *string { return &d.ClientFQDN }),
		text("domain", func(d *D) *string { return &d.Domain }),
		address("requested_addr", func(d *D) *netip.Addr { return &d.RequestedAddr }),
		address("assigned_addr", func(d *D) *netip.Addr { return &d.AssignedAddr }),
		number("lease_time", func(d *D) *record.Time { return &d.LeaseTime }),
	)...)
	columns = append(columns, words("msg_types", func(d *D) *[]string { return &d.MsgTypes })...)
	columns = append(columns, flat(number("trans_id", func(d *D) *uint32 { return &d.TransID }))...)
	return newSheet(record.KindDHCP, columns, func(b *record.Batch) *[]D { return &b.DHCP })
}

func logSheet() *sheet[record.Log] {
	type L = record.Log
	columns := flat(
		instant("ts", func(l *L) *record.Time { return &l.TS }),
		text("feed", func(l *L) *record.Feed { return &l.Feed }),
		text("format", func(l *L) *string { return &l.Format }),
		text("host", func(l *L) *string { return &l.Host }).asked(),
		text("user", func(l *L) *string { return &l.User }),
		address("src", func(l *L) *netip.Addr { return &l.Src }).asked(),
		address("dst", func(l *L) *netip.Addr { return &l.Dst }).asked(),
		text("action", func(l *L) *string { return &l.Action }),
		text("result", func(l *L) *string { return &l.Result }),
		text("message", func(l *L) *string { return &l.Message }).plain(),
	)
	return newSheet(record.KindLog, columns, func(b *record.Batch) *[]L { return &b.Logs })
}

func alertSheet() *sheet[record.Alert] {
	type A = record.Alert
	columns := append(ends(func(a *A) *record.Ends { return &a.Ends }), flat(
		text("by", func(a *A) *string { return &a.By }),
		text("signature", func(a *A) *string { return &a.Signature }),
		text("category", func(a *A) *string { return &a.Category }),
		text("severity", func(a *A) *string { return &a.Severity }),
	)...)
	return newSheet(record.KindAlert, columns, func(b *record.Batch) *[]A { return &b.Alerts })
}

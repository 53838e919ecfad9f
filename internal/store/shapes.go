package store

import (
	"net/netip"

	"candor/internal/record"
)

// The columns of each kind, as docs/blocks.md names them, and the fields they fill.

func connCells() []cell[record.Conn] {
	type C = record.Conn
	return []cell[C]{
		moment("ts", func(c *C) *record.Time { return &c.TS }),
		wording("uid", func(c *C) *record.UID { return &c.UID }),
		wording("feed", func(c *C) *record.Feed { return &c.Feed }),
		addressed("id_orig_h", func(c *C) *netip.Addr { return &c.OrigH }),
		numeric("id_orig_p", func(c *C) *uint16 { return &c.OrigP }),
		addressed("id_resp_h", func(c *C) *netip.Addr { return &c.RespH }),
		numeric("id_resp_p", func(c *C) *uint16 { return &c.RespP }),
		numeric("ip_proto", func(c *C) *uint8 { return &c.Proto }),
		wording("service", func(c *C) *string { return &c.Service }),
		numeric("duration", func(c *C) *record.Time { return &c.Duration }),
		wording("conn_state", func(c *C) *string { return &c.State }),
		wording("history", func(c *C) *string { return &c.History }),
		truth("local_orig", func(c *C) *bool { return &c.LocalOrig }),
		truth("local_resp", func(c *C) *bool { return &c.LocalResp }),
		numeric("orig_bytes", func(c *C) *uint64 { return &c.OrigBytes }),
		numeric("resp_bytes", func(c *C) *uint64 { return &c.RespBytes }),
		numeric("missed_bytes", func(c *C) *uint64 { return &c.MissedBytes }),
		numeric("orig_pkts", func(c *C) *uint64 { return &c.OrigPkts }),
		numeric("resp_pkts", func(c *C) *uint64 { return &c.RespPkts }),
		numeric("orig_ip_bytes", func(c *C) *uint64 { return &c.OrigIPBytes }),
		numeric("resp_ip_bytes", func(c *C) *uint64 { return &c.RespIPBytes }),
		numeric("vlan", func(c *C) *uint16 { return &c.VLAN }),
		numeric("inner_vlan", func(c *C) *uint16 { return &c.InnerVLAN }),
		carded("orig_l2_addr", func(c *C) *record.MAC { return &c.OrigL2 }),
		carded("resp_l2_addr", func(c *C) *record.MAC { return &c.RespL2 }),
		wording("community_id", func(c *C) *string { return &c.CommunityID }),
		numeric(`"first"`, func(c *C) *record.Originator { return &c.First }),
		worded("tunnel_parents", func(c *C) *[]record.UID { return &c.TunnelParents }),
		wording("orig_host", func(c *C) *record.Host { return &c.OrigHost }),
		wording("resp_host", func(c *C) *record.Host { return &c.RespHost }),
		numeric("report", func(c *C) *int { return &c.Report }),
		truth(`"final"`, func(c *C) *bool { return &c.Final }),
	}
}

func endsCells[T any](of func(*T) *record.Ends) []cell[T] {
	return []cell[T]{
		moment("ts", func(t *T) *record.Time { return &of(t).TS }),
		wording("uid", func(t *T) *record.UID { return &of(t).UID }),
		wording("feed", func(t *T) *record.Feed { return &of(t).Feed }),
		addressed("id_orig_h", func(t *T) *netip.Addr { return &of(t).OrigH }),
		numeric("id_orig_p", func(t *T) *uint16 { return &of(t).OrigP }),
		addressed("id_resp_h", func(t *T) *netip.Addr { return &of(t).RespH }),
		numeric("id_resp_p", func(t *T) *uint16 { return &of(t).RespP }),
		numeric("ip_proto", func(t *T) *uint8 { return &of(t).Proto }),
	}
}

func dnsCells() []cell[record.DNS] {
	type D = record.DNS
	return append(endsCells(func(d *D) *record.Ends { return &d.Ends }),
		wording("variant", func(d *D) *string { return &d.Variant }),
		numeric("trans_id", func(d *D) *uint16 { return &d.TransID }),
		numeric("rtt", func(d *D) *record.Time { return &d.RTT }),
		wording("query", func(d *D) *string { return &d.Query }),
		numeric("qclass", func(d *D) *uint16 { return &d.QClass }),
		numeric("qtype", func(d *D) *uint16 { return &d.QType }),
		truth("has_query", func(d *D) *bool { return &d.HasQuery }),
		truth("has_reply", func(d *D) *bool { return &d.HasReply }),
		numeric("rcode", func(d *D) *uint16 { return &d.RCode }),
		truth("aa", func(d *D) *bool { return &d.AA }),
		truth("tc", func(d *D) *bool { return &d.TC }),
		truth("rd", func(d *D) *bool { return &d.RD }),
		truth("ra", func(d *D) *bool { return &d.RA }),
		numeric("z", func(d *D) *uint8 { return &d.Z }),
		worded("answers", func(d *D) *[]string { return &d.Answers }),
		listed("ttls", func(d *D) *[]uint32 { return &d.TTLs }, toNumber[uint32]),
		numeric("authority", func(d *D) *int { return &d.Authority }),
		numeric("additional", func(d *D) *int { return &d.Additional }),
		truth("rejected", func(d *D) *bool { return &d.Rejected }),
		truth("cut", func(d *D) *bool { return &d.Cut }),
	)
}

func tlsCells() []cell[record.TLS] {
	type T = record.TLS
	return append(endsCells(func(t *T) *record.Ends { return &t.Ends }),
		wording("version", func(t *T) *string { return &t.Version }),
		wording("cipher", func(t *T) *string { return &t.Cipher }),
		wording("curve", func(t *T) *string { return &t.Curve }),
		wording("server_name", func(t *T) *string { return &t.ServerName }),
		truth("resumed", func(t *T) *bool { return &t.Resumed }),
		truth("established", func(t *T) *bool { return &t.Established }),
		worded("client_alpn", func(t *T) *[]string { return &t.ClientALPN }),
		wording("next_protocol", func(t *T) *string { return &t.NextProto }),
		wording("subject", func(t *T) *string { return &t.Subject }),
		wording("issuer", func(t *T) *string { return &t.Issuer }),
		moment("not_valid_before", func(t *T) *record.Time { return &t.NotBefore }),
		moment("not_valid_after", func(t *T) *record.Time { return &t.NotAfter }),
		wording("serial", func(t *T) *string { return &t.Serial }),
		wording("cert_sha256", func(t *T) *string { return &t.CertSHA256 }),
		worded("san_dns", func(t *T) *[]string { return &t.SANDNS }),
		numeric("chain_length", func(t *T) *int { return &t.ChainLength }),
		wording("ja4", func(t *T) *string { return &t.JA4 }),
		truth("has_client", func(t *T) *bool { return &t.HasClient }),
		truth("has_server", func(t *T) *bool { return &t.HasServer }),
	)
}

func httpCells() []cell[record.HTTP] {
	type H = record.HTTP
	return append(endsCells(func(h *H) *record.Ends { return &h.Ends }),
		numeric("trans_depth", func(h *H) *int { return &h.TransDepth }),
		wording("method", func(h *H) *string { return &h.Method }),
		wording("host", func(h *H) *string { return &h.Host }),
		wording("uri", func(h *H) *string { return &h.URI }),
		wording("referrer", func(h *H) *string { return &h.Referrer }),
		wording("version", func(h *H) *string { return &h.Version }),
		wording("user_agent", func(h *H) *string { return &h.UserAgent }),
		numeric("request_body_len", func(h *H) *uint64 { return &h.RequestBodyLen }),
		numeric("response_body_len", func(h *H) *uint64 { return &h.ResponseBodyLen }),
		numeric("status_code", func(h *H) *int { return &h.StatusCode }),
		wording("status_msg", func(h *H) *string { return &h.StatusMsg }),
		wording("resp_mime_type", func(h *H) *string { return &h.RespMIME }),
		worded("proxied", func(h *H) *[]string { return &h.Proxied }),
		truth("has_request", func(h *H) *bool { return &h.HasRequest }),
		truth("has_response", func(h *H) *bool { return &h.HasResponse }),
	)
}

func dhcpCells() []cell[record.DHCP] {
	type D = record.DHCP
	return append(endsCells(func(d *D) *record.Ends { return &d.Ends }),
		addressed("client_addr", func(d *D) *netip.Addr { return &d.ClientAddr }),
		addressed("server_addr", func(d *D) *netip.Addr { return &d.ServerAddr }),
		carded("mac", func(d *D) *record.MAC { return &d.MAC }),
		wording("host_name", func(d *D) *string { return &d.HostName }),
		wording("client_fqdn", func(d *D) *string { return &d.ClientFQDN }),
		wording("domain", func(d *D) *string { return &d.Domain }),
		addressed("requested_addr", func(d *D) *netip.Addr { return &d.RequestedAddr }),
		addressed("assigned_addr", func(d *D) *netip.Addr { return &d.AssignedAddr }),
		numeric("lease_time", func(d *D) *record.Time { return &d.LeaseTime }),
		worded("msg_types", func(d *D) *[]string { return &d.MsgTypes }),
		numeric("trans_id", func(d *D) *uint32 { return &d.TransID }),
	)
}

func logCells() []cell[record.Log] {
	type L = record.Log
	return []cell[L]{
		moment("ts", func(l *L) *record.Time { return &l.TS }),
		wording("feed", func(l *L) *record.Feed { return &l.Feed }),
		wording("format", func(l *L) *string { return &l.Format }),
		wording("host", func(l *L) *string { return &l.Host }),
		wording(`"user"`, func(l *L) *string { return &l.User }),
		addressed("src", func(l *L) *netip.Addr { return &l.Src }),
		addressed("dst", func(l *L) *netip.Addr { return &l.Dst }),
		wording(`"action"`, func(l *L) *string { return &l.Action }),
		wording("result", func(l *L) *string { return &l.Result }),
		wording("message", func(l *L) *string { return &l.Message }),
	}
}

func alertCells() []cell[record.Alert] {
	type A = record.Alert
	return append(endsCells(func(a *A) *record.Ends { return &a.Ends }),
		wording(`"by"`, func(a *A) *string { return &a.By }),
		wording("signature", func(a *A) *string { return &a.Signature }),
		wording("category", func(a *A) *string { return &a.Category }),
		wording("severity", func(a *A) *string { return &a.Severity }),
	)
}

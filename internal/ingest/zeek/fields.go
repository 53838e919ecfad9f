package zeek

import (
	"maps"
	"math"
	"net/netip"

	"candor/internal/ingest"
	"candor/internal/record"
)

// fieldsOf is what is read of a log (https://docs.zeek.org/en/current/logs/). Columns not named here are left out; a column
// that is missing leaves its value empty. Both old and new names of a field lead to the same place.
func fieldsOf(k kind) fields {
	switch k {
	case conn, openConn:
		return connFields()
	case dns:
		return with(endsFields(), dnsFields())
	case ssl, openSSL:
		return with(endsFields(), tlsFields())
	case http, openHTTP:
		return with(endsFields(), httpFields())
	case dhcp:
		return with(endsFields(), dhcpFields())
	case notice:
		return with(endsFields(), noticeFields())
	case x509:
		return with(timeField(), certFields())
	case captureLoss, stats:
		return with(timeField(), meterFields())
	case unknown, known:
	}
	return timeField()
}

func with(a, b fields) fields {
	maps.Copy(a, b)
	return a
}

func timeField() fields {
	return fields{"ts": func(p *parser, c cell) bool {
		p.extra.ts, p.extra.hasTS = timeOf(c.text)
		return p.extra.hasTS && p.extra.ts >= 0
	}}
}

// aliases are names of fields in other versions and exporters.
func aliases() map[string]string {
	return map[string]string{
		"id_orig_h": "id.orig_h", "id_orig_p": "id.orig_p", "id_resp_h": "id.resp_h", "id_resp_p": "id.resp_p",
		"id.orig_host": "id.orig_h", "id.resp_host": "id.resp_h", "assigned_ip": "assigned_addr", "requested_ip": "requested_addr",
		"server_ip": "server_addr", "client_ip": "client_addr", "issuer_subject": "issuer", "@timestamp": "ts",
		"orig_ip_pkts": "orig_pkts", "resp_ip_pkts": "resp_pkts",
	}
}

func endsFields() fields {
	return with(timeField(), fields{
		"uid":       text(func(p *parser) *string { return (*string)(&p.ends.UID) }),
		"id.orig_h": addr(func(p *parser) *netip.Addr { return &p.ends.OrigH }),
		"id.resp_h": addr(func(p *parser) *netip.Addr { return &p.ends.RespH }),
		"id.orig_p": port(func(p *parser) *uint16 { return &p.ends.OrigP }),
		"id.resp_p": port(func(p *parser) *uint16 { return &p.ends.RespP }),
		"proto":     word(func(p *parser) *string { return &p.extra.proto }),
	})
}

func connFields() fields {
	return with(timeField(), fields{
		"uid":            text(func(p *parser) *string { return (*string)(&p.conn.UID) }),
		"id.orig_h":      addr(func(p *parser) *netip.Addr { return &p.conn.OrigH }),
		"id.resp_h":      addr(func(p *parser) *netip.Addr { return &p.conn.RespH }),
		"id.orig_p":      port(func(p *parser) *uint16 { return &p.conn.OrigP }),
		"id.resp_p":      port(func(p *parser) *uint16 { return &p.conn.RespP }),
		"proto":          word(func(p *parser) *string { return &p.extra.proto }),
		"ip_proto":       small(math.MaxUint8, func(p *parser, n uint64) { p.extra.ipProto = uint8(n) }),
		"service":        word(func(p *parser) *string { return &p.conn.Service }),
		"duration":       seconds(func(p *parser) *record.Time { return &p.conn.Duration }),
		"orig_bytes":     count(func(p *parser) *uint64 { return &p.conn.OrigBytes }),
		"resp_bytes":     count(func(p *parser) *uint64 { return &p.conn.RespBytes }),
		"conn_state":     word(func(p *parser) *string { return &p.conn.State }),
		"local_orig":     local(1, func(p *parser) *bool { return &p.conn.LocalOrig }),
		"local_resp":     local(2, func(p *parser) *bool { return &p.conn.LocalResp }),
		"missed_bytes":   count(func(p *parser) *uint64 { return &p.conn.MissedBytes }),
		"history":        word(func(p *parser) *string { return &p.conn.History }),
		"orig_pkts":      count(func(p *parser) *uint64 { return &p.conn.OrigPkts }),
		"resp_pkts":      count(func(p *parser) *uint64 { return &p.conn.RespPkts }),
		"orig_ip_bytes":  count(func(p *parser) *uint64 { return &p.conn.OrigIPBytes }),
		"resp_ip_bytes":  count(func(p *parser) *uint64 { return &p.conn.RespIPBytes }),
		"orig_l2_addr":   card(func(p *parser) *record.MAC { return &p.conn.OrigL2 }),
		"resp_l2_addr":   card(func(p *parser) *record.MAC { return &p.conn.RespL2 }),
		"vlan":           port(func(p *parser) *uint16 { return &p.conn.VLAN }),
		"inner_vlan":     port(func(p *parser) *uint16 { return &p.conn.InnerVLAN }),
		"community_id":   text(func(p *parser) *string { return &p.conn.CommunityID }),
		"tunnel_parents": parents,
	})
}

func local(bit uint8, to func(p *parser) *bool) set {
	read := flag(to)
	return func(p *parser, c cell) bool {
		p.extra.local |= bit
		return read(p, c)
	}
}

func parents(p *parser, c cell) bool {
	p.each(c, func(first bool, b []byte) {
		if first {
			p.conn.TunnelParents = nil
		}
		if len(b) == 0 || len(p.conn.TunnelParents) >= maxList {
			p.over += uint64(min(len(b), 1))
			return
		}
		p.conn.TunnelParents = append(p.conn.TunnelParents, record.UID(b))
	})
	return true
}

func dnsFields() fields {
	return fields{
		"trans_id": port(func(p *parser) *uint16 { return &p.dns.TransID }),
		"rtt": func(p *parser, c cell) (ok bool) {
			p.dns.RTT, ok = ingest.Seconds(c.text)
			p.extra.rtt = ok
			return ok
		},
		"query":  text(func(p *parser) *string { return &p.dns.Query }),
		"qclass": port(func(p *parser) *uint16 { return &p.dns.QClass }),
		"qtype":  port(func(p *parser) *uint16 { return &p.dns.QType }),
		"rcode": small(math.MaxUint16, func(p *parser, n uint64) {
			p.dns.RCode, p.extra.rcode = uint16(n), true
		}),
		"AA":       flag(func(p *parser) *bool { return &p.dns.AA }),
		"TC":       flag(func(p *parser) *bool { return &p.dns.TC }),
		"RD":       flag(func(p *parser) *bool { return &p.dns.RD }),
		"RA":       flag(func(p *parser) *bool { return &p.dns.RA }),
		"Z":        small(math.MaxUint8, func(p *parser, n uint64) { p.dns.Z = uint8(n) }),
		"answers":  texts(func(p *parser) *[]string { return &p.dns.Answers }),
		"TTLs":     ttls,
		"rejected": flag(func(p *parser) *bool { return &p.dns.Rejected }),
	}
}

func ttls(p *parser, c cell) bool {
	good := true
	p.each(c, func(first bool, b []byte) {
		if first {
			p.dns.TTLs = nil
		}
		t, ok := ingest.Seconds(b)
		if !ok || t < 0 || t/1e9 > math.MaxUint32 {
			good = false
			return
		}
		if len(p.dns.TTLs) < maxList {
			p.dns.TTLs = append(p.dns.TTLs, uint32(t/1e9))
		}
	})
	return good
}

func tlsFields() fields {
	chain := texts(func(p *parser) *[]string { return &p.chains })
	return fields{
		"version":          word(func(p *parser) *string { return &p.tls.Version }),
		"cipher":           word(func(p *parser) *string { return &p.tls.Cipher }),
		"curve":            word(func(p *parser) *string { return &p.tls.Curve }),
		"server_name":      word(func(p *parser) *string { return &p.tls.ServerName }),
		"resumed":          flag(func(p *parser) *bool { return &p.tls.Resumed }),
		"established":      flag(func(p *parser) *bool { return &p.tls.Established }),
		"next_protocol":    word(func(p *parser) *string { return &p.tls.NextProto }),
		"subject":          word(func(p *parser) *string { return &p.tls.Subject }),
		"issuer":           word(func(p *parser) *string { return &p.tls.Issuer }),
		"not_valid_before": date(func(p *parser) *record.Time { return &p.tls.NotBefore }),
		"not_valid_after":  date(func(p *parser) *record.Time { return &p.tls.NotAfter }),
		"ja4":              word(func(p *parser) *string { return &p.tls.JA4 }),
		"ssl_history":      word(func(p *parser) *string { return &p.extra.history }),
		"cert_chain_fuids": chain,
		"cert_chain_fps":   chain,
	}
}

func httpFields() fields {
	return fields{
		"trans_depth":       small(math.MaxInt32, func(p *parser, n uint64) { p.http.TransDepth = int(n) }),
		"method":            word(func(p *parser) *string { return &p.http.Method }),
		"host":              word(func(p *parser) *string { return &p.http.Host }),
		"uri":               text(func(p *parser) *string { return &p.http.URI }),
		"referrer":          text(func(p *parser) *string { return &p.http.Referrer }),
		"version":           word(func(p *parser) *string { return &p.http.Version }),
		"user_agent":        word(func(p *parser) *string { return &p.http.UserAgent }),
		"request_body_len":  count(func(p *parser) *uint64 { return &p.http.RequestBodyLen }),
		"response_body_len": count(func(p *parser) *uint64 { return &p.http.ResponseBodyLen }),
		"status_code":       small(math.MaxUint16, func(p *parser, n uint64) { p.http.StatusCode = int(n) }),
		"status_msg":        word(func(p *parser) *string { return &p.http.StatusMsg }),
		"proxied":           texts(func(p *parser) *[]string { return &p.http.Proxied }),
		"resp_mime_types": func(p *parser, c cell) bool {
			p.each(c, func(first bool, b []byte) {
				if first {
					p.http.RespMIME = p.words.Of(b)
				}
			})
			return true
		},
	}
}

func dhcpFields() fields {
	return fields{
		"uids": func(p *parser, c cell) bool {
			p.each(c, func(first bool, b []byte) {
				if first {
					p.ends.UID = record.UID(b)
				}
			})
			return true
		},
		"client_addr":    addr(func(p *parser) *netip.Addr { return &p.dhcp.ClientAddr }),
		"server_addr":    addr(func(p *parser) *netip.Addr { return &p.dhcp.ServerAddr }),
		"mac":            card(func(p *parser) *record.MAC { return &p.dhcp.MAC }),
		"host_name":      text(func(p *parser) *string { return &p.dhcp.HostName }),
		"client_fqdn":    text(func(p *parser) *string { return &p.dhcp.ClientFQDN }),
		"domain":         word(func(p *parser) *string { return &p.dhcp.Domain }),
		"requested_addr": addr(func(p *parser) *netip.Addr { return &p.dhcp.RequestedAddr }),
		"assigned_addr":  addr(func(p *parser) *netip.Addr { return &p.dhcp.AssignedAddr }),
		"lease_time":     seconds(func(p *parser) *record.Time { return &p.dhcp.LeaseTime }),
		"msg_types":      texts(func(p *parser) *[]string { return &p.dhcp.MsgTypes }),
		"trans_id":       small(math.MaxUint32, func(p *parser, n uint64) { p.dhcp.TransID = uint32(n) }),
	}
}

func noticeFields() fields {
	return fields{
		"note": word(func(p *parser) *string { return &p.extra.note }),
		"msg":  text(func(p *parser) *string { return &p.extra.msg }),
		"sub":  text(func(p *parser) *string { return &p.extra.sub }),
		"src":  addr(func(p *parser) *netip.Addr { return &p.extra.src }),
		"dst":  addr(func(p *parser) *netip.Addr { return &p.extra.dst }),
	}
}

func certFields() fields {
	return fields{
		"id":                           text(func(p *parser) *string { return &p.extra.id }),
		"fingerprint":                  text(func(p *parser) *string { return &p.extra.fingerprint }),
		"certificate.subject":          text(func(p *parser) *string { return &p.cert.subject }),
		"certificate.issuer":           word(func(p *parser) *string { return &p.cert.issuer }),
		"certificate.serial":           text(func(p *parser) *string { return &p.cert.serial }),
		"certificate.not_valid_before": date(func(p *parser) *record.Time { return &p.cert.notBefore }),
		"certificate.not_valid_after":  date(func(p *parser) *record.Time { return &p.cert.notAfter }),
		"san.dns":                      texts(func(p *parser) *[]string { return &p.cert.san }),
	}
}

func meterFields() fields {
	return fields{
		"acks":      count(func(p *parser) *uint64 { return &p.meter.acks }),
		"gaps":      count(func(p *parser) *uint64 { return &p.meter.gaps }),
		"pkts_proc": count(func(p *parser) *uint64 { return &p.meter.processed }),
		"pkts_link": count(func(p *parser) *uint64 { return &p.meter.received }),
		"pkts_dropped": func(p *parser, c cell) (ok bool) {
			p.meter.dropped, ok = ingest.Count64(c.text)
			p.meter.drops = ok
			return ok
		},
	}
}

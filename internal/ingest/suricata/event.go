package suricata

import (
	"bytes"
	"math"
	"net/netip"
	"strings"

	"candor/internal/ingest"
	"candor/internal/record"
)

// event is one line of eve.json, as far as any record needs it.
type event struct {
	kind      string
	at        record.Time
	flow      uint64
	src, dst  netip.Addr
	sport     uint16
	dport     uint16
	proto     string
	app       string
	community string
	vlan      [2]uint16
	icmp      [2]uint16
	hasICMP   bool
	macs      [2]record.MAC // of the source and the destination
	talk      talk
	flags     [2]uint8 // TCP flags seen, to the server and to the client
	dns       lookup
	tls       record.TLS
	http      record.HTTP
	dhcp      record.DHCP
	dhcpReply bool
	alert     record.Alert
	stats     counters
}

// talk is the flow or netflow part.
type talk struct {
	pkts, bytes [2]uint64 // to the server, to the client; netflow: to the destination
	start, end  record.Time
	state       string
}

// lookup is the dns part.
type lookup struct {
	reply   bool
	id      uint16
	name    string
	qtype   string
	rcode   string
	answers []string
	ttls    []uint32
	aa, tc  bool
	rd, ra  bool
	z       bool
	flags   string
	rdata   string // version 1: one answer a line
	ttl     uint32
	hasTTL  bool
}

// counters are totals since Suricata started.
type counters struct {
	has                       bool
	uptime                    uint64
	packets, drops, gaps, ack uint64
	hasDrops                  bool
}

// set takes one value over. It reports whether it can be read.
type set func(e *event, w *ingest.Words, v ingest.Value) bool

const maxList = 256

func word(to func(e *event) *string) set {
	return func(e *event, w *ingest.Words, v ingest.Value) bool {
		*to(e) = w.Of(v.Text)
		return true
	}
}

func text(to func(e *event) *string) set {
	return func(e *event, _ *ingest.Words, v ingest.Value) bool {
		*to(e) = string(v.Text)
		return true
	}
}

func number(most uint64, to func(e *event, n uint64)) set {
	return func(e *event, _ *ingest.Words, v ingest.Value) bool {
		n, ok := ingest.Count64(v.Text)
		if !ok || n > most {
			return false
		}
		to(e, n)
		return true
	}
}

func total(to func(e *event) *uint64) set {
	return number(math.MaxUint64, func(e *event, n uint64) { *to(e) = n })
}

func flag(to func(e *event) *bool) set {
	return func(e *event, _ *ingest.Words, v ingest.Value) bool {
		*to(e) = string(v.Text) == "true"
		return v.Kind == ingest.Bool
	}
}

func addr(to func(e *event) *netip.Addr) set {
	return func(e *event, _ *ingest.Words, v ingest.Value) (ok bool) {
		*to(e), ok = ingest.Addr(v.Text)
		return ok
	}
}

func stamp(to func(e *event) *record.Time) set {
	return func(e *event, _ *ingest.Words, v ingest.Value) (ok bool) {
		*to(e), ok = ingest.ISOTime(v.Text, 0)
		return ok
	}
}

// date is a stamp that may lie beyond what a Time holds.
func date(to func(e *event) *record.Time) set {
	return func(e *event, _ *ingest.Words, v ingest.Value) (ok bool) {
		if *to(e), ok = ingest.ISOTime(v.Text, 0); !ok {
			*to(e), ok = ingest.FarDate(v.Text)
		}
		return ok
	}
}

func list(to func(e *event) *[]string) set {
	return func(e *event, w *ingest.Words, v ingest.Value) bool {
		l := to(e)
		if len(*l) < maxList {
			*l = append(*l, w.Of(v.Text))
		}
		return true
	}
}

// hexFlags reads TCP flags: "1b".
func hexFlags(side int) set {
	return func(e *event, _ *ingest.Words, v ingest.Value) bool {
		var n uint8
		if len(v.Text) == 0 || len(v.Text) > 2 {
			return false
		}
		for _, c := range v.Text {
			d := strings.IndexByte("0123456789abcdef", lower(c))
			if d < 0 {
				return false
			}
			n = n<<4 | uint8(d)
		}
		e.flags[side] = n
		return true
	}
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'F' {
		return c | 0x20
	}
	return c
}

func mac(side int) set {
	return func(e *event, _ *ingest.Words, v ingest.Value) bool {
		if v.Index > 0 { // a flow with several cards: the first saw its first packet
			return true
		}
		m, ok := ingest.MAC(v.Text)
		e.macs[side] = m
		return ok
	}
}

// fields is what is read of an event, by path (https://docs.suricata.io/en/latest/output/eve/eve-json-format.html).
func fields() map[string]set {
	all := map[string]set{
		"event_type":   word(func(e *event) *string { return &e.kind }),
		"timestamp":    stamp(func(e *event) *record.Time { return &e.at }),
		"flow_id":      total(func(e *event) *uint64 { return &e.flow }),
		"src_ip":       addr(func(e *event) *netip.Addr { return &e.src }),
		"dest_ip":      addr(func(e *event) *netip.Addr { return &e.dst }),
		"src_port":     number(math.MaxUint16, func(e *event, n uint64) { e.sport = uint16(n) }),
		"dest_port":    number(math.MaxUint16, func(e *event, n uint64) { e.dport = uint16(n) }),
		"icmp_type":    number(math.MaxUint8, func(e *event, n uint64) { e.icmp[0], e.hasICMP = uint16(n), true }),
		"icmp_code":    number(math.MaxUint8, func(e *event, n uint64) { e.icmp[1], e.hasICMP = uint16(n), true }),
		"proto":        word(func(e *event) *string { return &e.proto }),
		"app_proto":    word(func(e *event) *string { return &e.app }),
		"community_id": text(func(e *event) *string { return &e.community }),
		"vlan": func(e *event, _ *ingest.Words, v ingest.Value) bool {
			n, ok := ingest.Count64(v.Text)
			if i := max(v.Index, 0); ok && n < 4096 && i < len(e.vlan) {
				e.vlan[i] = uint16(n)
			}
			return ok && n < 4096
		},
		"ether.src_mac": mac(0), "ether.dest_mac": mac(1), "ether.src_macs": mac(0), "ether.dest_macs": mac(1),
		"tcp.tcp_flags_ts": hexFlags(0), "tcp.tcp_flags_tc": hexFlags(1),
		"flow.pkts_toserver":  total(func(e *event) *uint64 { return &e.talk.pkts[0] }),
		"flow.pkts_toclient":  total(func(e *event) *uint64 { return &e.talk.pkts[1] }),
		"flow.bytes_toserver": total(func(e *event) *uint64 { return &e.talk.bytes[0] }),
		"flow.bytes_toclient": total(func(e *event) *uint64 { return &e.talk.bytes[1] }),
		"flow.start":          stamp(func(e *event) *record.Time { return &e.talk.start }),
		"flow.end":            stamp(func(e *event) *record.Time { return &e.talk.end }),
		"flow.state":          word(func(e *event) *string { return &e.talk.state }),
		"netflow.pkts":        total(func(e *event) *uint64 { return &e.talk.pkts[0] }),
		"netflow.bytes":       total(func(e *event) *uint64 { return &e.talk.bytes[0] }),
		"netflow.start":       stamp(func(e *event) *record.Time { return &e.talk.start }),
		"netflow.end":         stamp(func(e *event) *record.Time { return &e.talk.end }),
		"tcp.tcp_flags":       func(*event, *ingest.Words, ingest.Value) bool { return true },
	}
	for _, more := range []map[string]set{dnsFields(), tlsFields(), httpFields(), dhcpFields(), otherFields()} {
		for k, v := range more {
			all[k] = v
		}
	}
	return all
}

func dnsFields() map[string]set {
	name := text(func(e *event) *string { return &e.dns.name })
	kind := word(func(e *event) *string { return &e.dns.qtype })
	return map[string]set{
		"dns.type": func(e *event, _ *ingest.Words, v ingest.Value) bool {
			switch string(v.Text) {
			case "answer", "response":
				e.dns.reply = true
			case "query", "request":
			default:
				return false
			}
			return true
		},
		"dns.id":     number(math.MaxUint16, func(e *event, n uint64) { e.dns.id = uint16(n) }),
		"dns.rrname": name, "dns.rrtype": kind,
		"dns.queries.rrname": first(name), "dns.queries.rrtype": first(kind),
		"dns.query.rrname": first(name), "dns.query.rrtype": first(kind),
		"dns.rcode": word(func(e *event) *string { return &e.dns.rcode }),
		"dns.aa":    flag(func(e *event) *bool { return &e.dns.aa }),
		"dns.tc":    flag(func(e *event) *bool { return &e.dns.tc }),
		"dns.rd":    flag(func(e *event) *bool { return &e.dns.rd }),
		"dns.ra":    flag(func(e *event) *bool { return &e.dns.ra }),
		"dns.z":     flag(func(e *event) *bool { return &e.dns.z }),
		"dns.flags": text(func(e *event) *string { return &e.dns.flags }),
		"dns.rdata": text(func(e *event) *string { return &e.dns.rdata }),
		"dns.ttl": number(math.MaxUint32, func(e *event, n uint64) {
			e.dns.ttl, e.dns.hasTTL = uint32(n), true
		}),
		"dns.answers.rdata": list(func(e *event) *[]string { return &e.dns.answers }),
		"dns.answers.ttl": number(math.MaxUint32, func(e *event, n uint64) {
			if len(e.dns.ttls) < maxList {
				e.dns.ttls = append(e.dns.ttls, uint32(n))
			}
		}),
	}
}

// first takes the first element of a list only.
func first(s set) set {
	return func(e *event, w *ingest.Words, v ingest.Value) bool { return v.Index > 0 || s(e, w, v) }
}

func tlsFields() map[string]set {
	return map[string]set{
		"tls.sni":             word(func(e *event) *string { return &e.tls.ServerName }),
		"tls.subject":         word(func(e *event) *string { return &e.tls.Subject }),
		"tls.issuerdn":        word(func(e *event) *string { return &e.tls.Issuer }),
		"tls.serial":          func(e *event, _ *ingest.Words, v ingest.Value) bool { e.tls.Serial = hexOf(v.Text); return true },
		"tls.version":         func(e *event, _ *ingest.Words, v ingest.Value) bool { e.tls.Version = version(v.Text); return true },
		"tls.notbefore":       date(func(e *event) *record.Time { return &e.tls.NotBefore }),
		"tls.notafter":        date(func(e *event) *record.Time { return &e.tls.NotAfter }),
		"tls.session_resumed": flag(func(e *event) *bool { return &e.tls.Resumed }),
		"tls.ja4":             word(func(e *event) *string { return &e.tls.JA4 }),
		"tls.client_alpns":    list(func(e *event) *[]string { return &e.tls.ClientALPN }),
		"tls.server_alpns":    first(word(func(e *event) *string { return &e.tls.NextProto })),
		"tls.subjectaltname":  list(func(e *event) *[]string { return &e.tls.SANDNS }),
		"quic.sni":            word(func(e *event) *string { return &e.tls.ServerName }),
		"quic.ja4":            word(func(e *event) *string { return &e.tls.JA4 }),
		"tls.chain":           func(e *event, _ *ingest.Words, _ ingest.Value) bool { e.tls.ChainLength++; return true },
	}
}

// hexOf writes a serial as Zeek does: 178E1E.
func hexOf(b []byte) string {
	return strings.ToUpper(string(bytes.ReplaceAll(b, []byte(":"), nil)))
}

// version writes a TLS version as Zeek does.
func version(b []byte) string {
	switch string(b) {
	case "TLS 1.3":
		return "TLSv13"
	case "TLS 1.2":
		return "TLSv12"
	case "TLS 1.1":
		return "TLSv11"
	case "TLS 1.0", "TLSv1":
		return "TLSv10"
	case "SSLv3":
		return "SSLv3"
	case "SSLv2":
		return "SSLv2"
	}
	return ""
}

func httpFields() map[string]set {
	return map[string]set{
		"http.hostname":          word(func(e *event) *string { return &e.http.Host }),
		"http.url":               text(func(e *event) *string { return &e.http.URI }),
		"http.http_user_agent":   word(func(e *event) *string { return &e.http.UserAgent }),
		"http.http_content_type": word(func(e *event) *string { return &e.http.RespMIME }),
		"http.http_refer":        text(func(e *event) *string { return &e.http.Referrer }),
		"http.http_method":       word(func(e *event) *string { return &e.http.Method }),
		"http.version":           word(func(e *event) *string { return &e.http.Version }),
		"http.protocol": func(e *event, w *ingest.Words, v ingest.Value) bool {
			e.http.Version = w.Of(bytes.TrimPrefix(v.Text, []byte("HTTP/")))
			return true
		},
		"http.status": number(999, func(e *event, n uint64) { e.http.StatusCode = int(n) }),
		"http.length": total(func(e *event) *uint64 { return &e.http.ResponseBodyLen }),
		"http.xff":    list(func(e *event) *[]string { return &e.http.Proxied }),
		"xff":         list(func(e *event) *[]string { return &e.http.Proxied }),
		"tx_id":       number(math.MaxInt32-1, func(e *event, n uint64) { e.http.TransDepth = int(n) + 1 }),
	}
}

func dhcpFields() map[string]set {
	return map[string]set{
		"dhcp.type": func(e *event, _ *ingest.Words, v ingest.Value) bool {
			e.dhcpReply = string(v.Text) == "reply"
			return true
		},
		"dhcp.id":           number(math.MaxUint32, func(e *event, n uint64) { e.dhcp.TransID = uint32(n) }),
		"dhcp.hostname":     text(func(e *event) *string { return &e.dhcp.HostName }),
		"dhcp.client_ip":    addr(func(e *event) *netip.Addr { return &e.dhcp.ClientAddr }),
		"dhcp.assigned_ip":  addr(func(e *event) *netip.Addr { return &e.dhcp.AssignedAddr }),
		"dhcp.requested_ip": addr(func(e *event) *netip.Addr { return &e.dhcp.RequestedAddr }),
		"dhcp.client_mac": func(e *event, _ *ingest.Words, v ingest.Value) (ok bool) {
			e.dhcp.MAC, ok = ingest.MAC(v.Text)
			return ok
		},
		"dhcp.dhcp_type": func(e *event, _ *ingest.Words, v ingest.Value) bool {
			e.dhcp.MsgTypes = []string{strings.ToUpper(string(v.Text))}
			return true
		},
		"dhcp.lease_time": number(math.MaxUint32, func(e *event, n uint64) { e.dhcp.LeaseTime = record.Time(n) * 1e9 }),
	}
}

func otherFields() map[string]set {
	return map[string]set{
		"alert.signature": text(func(e *event) *string { return &e.alert.Signature }),
		"alert.category":  word(func(e *event) *string { return &e.alert.Category }),
		"alert.severity":  word(func(e *event) *string { return &e.alert.Severity }),
		"stats.uptime": number(math.MaxUint64, func(e *event, n uint64) {
			e.stats.uptime, e.stats.has = n, true
		}),
		"stats.capture.kernel_packets": total(func(e *event) *uint64 { return &e.stats.packets }),
		"stats.capture.kernel_drops": number(math.MaxUint64, func(e *event, n uint64) {
			e.stats.drops, e.stats.hasDrops = n, true
		}),
		"stats.tcp.reassembly_gap":  total(func(e *event) *uint64 { return &e.stats.gaps }),
		"stats.tcp.ack_unseen_data": total(func(e *event) *uint64 { return &e.stats.ack }),
	}
}

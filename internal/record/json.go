package record

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// Writer prints records as JSON lines with Zeek's field names; _path names the kind. Fields without a value are left out,
// as Zeek's JSON logs do.
type Writer struct{ enc *json.Encoder }

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return &Writer{enc}
}

// seconds is a time or a length of time as a JSON number of seconds with exactly 6 decimals, rounded half away from zero.
type seconds Time

// MarshalJSON never goes through a float, so that large times keep their microseconds.
func (s seconds) MarshalJSON() ([]byte, error) {
	whole, nanos := int64(s)/1e9, int64(s)%1e9
	sign := ""
	if s < 0 {
		sign, whole, nanos = "-", -whole, -nanos
	}
	micros := (nanos + 500) / 1000
	if micros == 1e6 {
		whole, micros = whole+1, 0
	}
	if whole == 0 && micros == 0 {
		sign = ""
	}
	return fmt.Appendf(nil, "%s%d.%06d", sign, whole, micros), nil
}

type endsJSON struct {
	Path  string  `json:"_path"`
	TS    seconds `json:"ts"`
	UID   UID     `json:"uid,omitempty"`
	Feed  Feed    `json:"feed,omitempty"`
	OrigH string  `json:"id.orig_h,omitempty"`
	OrigP *uint16 `json:"id.orig_p,omitempty"`
	RespH string  `json:"id.resp_h,omitempty"`
	RespP *uint16 `json:"id.resp_p,omitempty"`
	Proto string  `json:"proto,omitempty"`
}

func (e *Ends) json(path Kind) endsJSON {
	return endsJSON{
		Path: string(path), TS: seconds(e.TS), UID: e.UID, Feed: e.Feed, OrigH: addrText(e.OrigH), OrigP: &e.OrigP,
		RespH: addrText(e.RespH), RespP: &e.RespP, Proto: ProtoName(e.Proto),
	}
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func macText(m MAC) string {
	if m.Zero() {
		return ""
	}
	return m.String()
}

type connJSON struct {
	endsJSON
	Service     string   `json:"service,omitempty"`
	Duration    *seconds `json:"duration,omitempty"`
	OrigBytes   *uint64  `json:"orig_bytes,omitempty"`
	RespBytes   *uint64  `json:"resp_bytes,omitempty"`
	State       string   `json:"conn_state"`
	LocalOrig   bool     `json:"local_orig"`
	LocalResp   bool     `json:"local_resp"`
	Missed      uint64   `json:"missed_bytes"`
	History     string   `json:"history,omitempty"`
	OrigPkts    uint64   `json:"orig_pkts"`
	OrigIPBytes uint64   `json:"orig_ip_bytes"`
	RespPkts    uint64   `json:"resp_pkts"`
	RespIPBytes uint64   `json:"resp_ip_bytes"`
	Parents     []UID    `json:"tunnel_parents,omitempty"`
	IPProto     uint8    `json:"ip_proto"`
	VLAN        uint16   `json:"vlan,omitempty"`
	InnerVLAN   uint16   `json:"inner_vlan,omitempty"`
	OrigL2      string   `json:"orig_l2_addr,omitempty"`
	RespL2      string   `json:"resp_l2_addr,omitempty"`
	CommunityID string   `json:"community_id,omitempty"`
	OrigHost    Host     `json:"orig_host,omitempty"`
	RespHost    Host     `json:"resp_host,omitempty"`
}

// Conn prints a connection.
func (w *Writer) Conn(c *Conn) error {
	ends := Ends{TS: c.TS, UID: c.UID, Feed: c.Feed, OrigH: c.OrigH, RespH: c.RespH, OrigP: c.OrigP, RespP: c.RespP, Proto: c.Proto}
	out := connJSON{
		endsJSON: ends.json(KindConn), Service: c.Service, State: c.State, LocalOrig: c.LocalOrig, LocalResp: c.LocalResp,
		Missed: c.MissedBytes, History: c.History, OrigPkts: c.OrigPkts, OrigIPBytes: c.OrigIPBytes,
		RespPkts: c.RespPkts, RespIPBytes: c.RespIPBytes, Parents: c.TunnelParents, IPProto: c.Proto,
		VLAN: c.VLAN, InnerVLAN: c.InnerVLAN, OrigL2: macText(c.OrigL2), RespL2: macText(c.RespL2),
		CommunityID: c.Community(), OrigHost: c.OrigHost, RespHost: c.RespHost,
	}
	if c.Duration > 0 {
		d := seconds(c.Duration)
		out.Duration, out.OrigBytes, out.RespBytes = &d, &c.OrigBytes, &c.RespBytes
	}
	return w.write(out)
}

type dnsJSON struct {
	endsJSON
	Variant  string    `json:"variant,omitempty"`
	TransID  uint16    `json:"trans_id"`
	RTT      *seconds  `json:"rtt,omitempty"`
	Query    string    `json:"query,omitempty"`
	QClass   *uint16   `json:"qclass,omitempty"`
	QType    *uint16   `json:"qtype,omitempty"`
	RCode    *uint16   `json:"rcode,omitempty"`
	AA       bool      `json:"AA"`
	TC       bool      `json:"TC"`
	RD       bool      `json:"RD"`
	RA       bool      `json:"RA"`
	Z        uint8     `json:"Z"`
	Answers  []string  `json:"answers,omitempty"`
	TTLs     []float64 `json:"TTLs,omitempty"`
	Rejected bool      `json:"rejected"`
	Cut      bool      `json:"cut,omitempty"`
}

// DNS prints a lookup.
func (w *Writer) DNS(d *DNS) error {
	out := dnsJSON{
		endsJSON: d.json(KindDNS), Variant: d.Variant, TransID: d.TransID, Query: d.Query, AA: d.AA, TC: d.TC, RD: d.RD,
		RA: d.RA, Z: d.Z, Answers: d.Answers, Rejected: d.Rejected, Cut: d.Cut,
	}
	if d.RTT > 0 {
		rtt := seconds(d.RTT)
		out.RTT = &rtt
	}
	if d.Query != "" || d.QType != 0 {
		out.QClass, out.QType = &d.QClass, &d.QType
	}
	if d.HasReply {
		out.RCode = &d.RCode
	}
	for _, t := range d.TTLs {
		out.TTLs = append(out.TTLs, float64(t))
	}
	return w.write(out)
}

type tlsJSON struct {
	endsJSON
	Version     string   `json:"version,omitempty"`
	Cipher      string   `json:"cipher,omitempty"`
	Curve       string   `json:"curve,omitempty"`
	ServerName  string   `json:"server_name,omitempty"`
	Resumed     bool     `json:"resumed"`
	NextProto   string   `json:"next_protocol,omitempty"`
	ClientALPN  []string `json:"client_alpn,omitempty"`
	Established bool     `json:"established"`
	Subject     string   `json:"subject,omitempty"`
	Issuer      string   `json:"issuer,omitempty"`
	NotBefore   *seconds `json:"not_valid_before,omitempty"`
	NotAfter    *seconds `json:"not_valid_after,omitempty"`
	Serial      string   `json:"serial,omitempty"`
	Fingerprint string   `json:"cert_sha256,omitempty"`
	SANDNS      []string `json:"san_dns,omitempty"`
	JA4         string   `json:"ja4,omitempty"`
}

// TLS prints a handshake. Zeek's path is ssl; the kind is tls.
func (w *Writer) TLS(t *TLS) error {
	out := tlsJSON{
		endsJSON: t.json(KindTLS), Version: t.Version, Cipher: t.Cipher, Curve: t.Curve, ServerName: t.ServerName,
		Resumed: t.Resumed, NextProto: t.NextProto, ClientALPN: t.ClientALPN, Established: t.Established, Subject: t.Subject,
		Issuer: t.Issuer, Serial: t.Serial, Fingerprint: t.CertSHA256, SANDNS: t.SANDNS, JA4: t.JA4,
	}
	if t.NotAfter != 0 {
		before, after := seconds(t.NotBefore), seconds(t.NotAfter)
		out.NotBefore, out.NotAfter = &before, &after
	}
	return w.write(out)
}

type httpJSON struct {
	endsJSON
	Depth       int      `json:"trans_depth"`
	Method      string   `json:"method,omitempty"`
	Host        string   `json:"host,omitempty"`
	URI         string   `json:"uri,omitempty"`
	Referrer    string   `json:"referrer,omitempty"`
	Version     string   `json:"version,omitempty"`
	UserAgent   string   `json:"user_agent,omitempty"`
	RequestLen  uint64   `json:"request_body_len"`
	ResponseLen uint64   `json:"response_body_len"`
	StatusCode  int      `json:"status_code,omitempty"`
	StatusMsg   string   `json:"status_msg,omitempty"`
	RespMIME    []string `json:"resp_mime_types,omitempty"`
	Proxied     []string `json:"proxied,omitempty"`
}

// HTTP prints a request and its response.
func (w *Writer) HTTP(h *HTTP) error {
	out := httpJSON{
		endsJSON: h.json(KindHTTP), Depth: h.TransDepth, Method: h.Method, Host: h.Host, URI: h.URI, Referrer: h.Referrer,
		Version: h.Version, UserAgent: h.UserAgent, RequestLen: h.RequestBodyLen, ResponseLen: h.ResponseBodyLen,
		StatusCode: h.StatusCode, StatusMsg: h.StatusMsg, Proxied: h.Proxied,
	}
	if h.RespMIME != "" {
		out.RespMIME = []string{h.RespMIME}
	}
	return w.write(out)
}

type dhcpJSON struct {
	Path      string   `json:"_path"`
	TS        seconds  `json:"ts"`
	UIDs      []UID    `json:"uids,omitempty"`
	Feed      Feed     `json:"feed,omitempty"`
	Client    string   `json:"client_addr,omitempty"`
	Server    string   `json:"server_addr,omitempty"`
	MAC       string   `json:"mac,omitempty"`
	HostName  string   `json:"host_name,omitempty"`
	FQDN      string   `json:"client_fqdn,omitempty"`
	Domain    string   `json:"domain,omitempty"`
	Requested string   `json:"requested_addr,omitempty"`
	Assigned  string   `json:"assigned_addr,omitempty"`
	Lease     *seconds `json:"lease_time,omitempty"`
	Types     []string `json:"msg_types,omitempty"`
	TransID   uint32   `json:"trans_id"`
}

// DHCP prints an exchange.
func (w *Writer) DHCP(d *DHCP) error {
	out := dhcpJSON{
		Path: string(KindDHCP), TS: seconds(d.TS), Feed: d.Feed, Client: addrText(d.ClientAddr), Server: addrText(d.ServerAddr),
		MAC: macText(d.MAC), HostName: d.HostName, FQDN: d.ClientFQDN, Domain: d.Domain, Requested: addrText(d.RequestedAddr),
		Assigned: addrText(d.AssignedAddr), Types: d.MsgTypes, TransID: d.TransID,
	}
	if d.UID != "" {
		out.UIDs = []UID{d.UID}
	}
	if d.LeaseTime > 0 {
		lease := seconds(d.LeaseTime)
		out.Lease = &lease
	}
	return w.write(out)
}

func (w *Writer) write(v any) error {
	if err := w.enc.Encode(v); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return nil
}

// Whole joins the reports of one connection: counts add up, the rest is as of the later report.
func (c *Conn) Whole(next *Conn) {
	orig, resp := c.OrigBytes+next.OrigBytes, c.RespBytes+next.RespBytes
	missed := c.MissedBytes + next.MissedBytes
	op, rp := c.OrigPkts+next.OrigPkts, c.RespPkts+next.RespPkts
	oi, ri := c.OrigIPBytes+next.OrigIPBytes, c.RespIPBytes+next.RespIPBytes
	*c = *next
	c.OrigBytes, c.RespBytes, c.MissedBytes = orig, resp, missed
	c.OrigPkts, c.RespPkts, c.OrigIPBytes, c.RespIPBytes = op, rp, oi, ri
}

// KindNamed finds a kind by the word used on the command line; ssl is Zeek's word for tls.
func KindNamed(word string) (Kind, error) {
	if word == "ssl" {
		return KindTLS, nil
	}
	var names []string
	for _, k := range Kinds() {
		if string(k) == word {
			return k, nil
		}
		names = append(names, string(k))
	}
	return "", fmt.Errorf("kind %q: use one of %s", word, strings.Join(names, ", "))
}

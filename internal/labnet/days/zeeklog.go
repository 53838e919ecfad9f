package days

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"candor/internal/record"
)

// WriteZeek writes batches as Zeek's TSV logs into a folder, which it makes: conn, dns, ssl, http and dhcp. Connections that were reported
// while open are written once and whole, when they end or when the batches do, as Zeek does. Lines of promised logs are no business
// of Zeek's and are left out. It gives the number of connections written.
func WriteZeek(dir string, batches iter.Seq[*record.Batch]) (conns uint64, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, fmt.Errorf("write zeek logs: make the folder: %w", err)
	}
	w := &zeekWriter{dir: dir, open: map[record.UID]*record.Conn{}}
	for b := range batches {
		for i := range b.Conns {
			w.conn(&b.Conns[i])
		}
		for i := range b.DNS {
			w.dns(&b.DNS[i])
		}
		for i := range b.TLS {
			w.tls(&b.TLS[i])
		}
		for i := range b.HTTP {
			w.http(&b.HTTP[i])
		}
		for i := range b.DHCP {
			w.dhcp(&b.DHCP[i])
		}
	}
	w.rest()
	return w.conns, w.close()
}

type zeekWriter struct {
	dir   string
	logs  [5]*zeekLog
	open  map[record.UID]*record.Conn
	conns uint64
	err   error
}

// zeekLog is one log file. Values are added to the line in the order of its fields.
type zeekLog struct {
	file *os.File
	out  *bufio.Writer
	line []byte
}

// The logs, and the fields of each with Zeek's types.
const (
	zeekConn = iota
	zeekDNS
	zeekTLS
	zeekHTTP
	zeekDHCP
)

const zeekEnds = "ts:time uid:string id.orig_h:addr id.orig_p:port id.resp_h:addr id.resp_p:port "

var zeekHeads = [5][2]string{
	{"conn", zeekEnds + "proto:enum service:string duration:interval orig_bytes:count resp_bytes:count conn_state:string local_orig:bool local_resp:bool missed_bytes:count history:string orig_pkts:count orig_ip_bytes:count resp_pkts:count resp_ip_bytes:count tunnel_parents:set[string] orig_l2_addr:string resp_l2_addr:string vlan:int"},
	{"dns", zeekEnds + "proto:enum trans_id:count rtt:interval query:string qclass:count qtype:count rcode:count AA:bool TC:bool RD:bool RA:bool Z:count answers:vector[string] TTLs:vector[interval] rejected:bool"},
	{"ssl", zeekEnds + "version:string cipher:string curve:string server_name:string resumed:bool next_protocol:string established:bool ssl_history:string cert_chain_fps:vector[string] subject:string issuer:string not_valid_before:time not_valid_after:time ja4:string"},
	{"http", zeekEnds + "trans_depth:count method:string host:string uri:string referrer:string version:string user_agent:string request_body_len:count response_body_len:count status_code:count status_msg:string resp_mime_types:vector[string]"},
	{"dhcp", "ts:time uids:set[string] client_addr:addr server_addr:addr mac:string host_name:string domain:string assigned_addr:addr lease_time:interval msg_types:vector[string]"},
}

// to gives a log with an empty line, made when first needed.
func (w *zeekWriter) to(which int) *zeekLog {
	l := w.logs[which]
	if l == nil {
		l = &zeekLog{}
		w.logs[which] = l
		l.file, w.err = os.Create(filepath.Join(w.dir, zeekHeads[which][0]+".log"))
		if w.err != nil {
			w.err = fmt.Errorf("write zeek logs: %w", w.err)
			l.file = nil
		}
		l.out = bufio.NewWriterSize(l.file, 1<<16)
		var names, types strings.Builder
		for _, f := range strings.Fields(zeekHeads[which][1]) {
			name, kind, _ := strings.Cut(f, ":")
			names.WriteString("\t" + name)
			types.WriteString("\t" + kind)
		}
		l.line = fmt.Appendf(l.line, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t%s\n#fields%s\n#types%s", zeekHeads[which][0], names.String(), types.String())
		w.end(l)
	}
	l.line = l.line[:0]
	return l
}

func (w *zeekWriter) end(l *zeekLog) {
	if w.err == nil {
		_, w.err = l.out.Write(append(l.line, '\n'))
	}
}

func (w *zeekWriter) close() error {
	errs := []error{w.err}
	for _, l := range w.logs {
		if l != nil && l.file != nil {
			errs = append(errs, l.out.Flush(), l.file.Close())
		}
	}
	return errors.Join(errs...)
}

func (l *zeekLog) next() {
	if len(l.line) > 0 {
		l.line = append(l.line, '\t')
	}
}

func (l *zeekLog) time(t record.Time) {
	l.next()
	l.line = strconv.AppendInt(l.line, int64(t)/second, 10)
	l.line = append(l.line, '.')
	micro := int64(t) % second / microsecond
	for unit := int64(100_000); unit > 0; unit /= 10 {
		l.line = append(l.line, '0'+byte(micro/unit%10))
	}
}

func (l *zeekLog) text(s string) {
	l.next()
	switch s {
	case "":
		l.line = append(l.line, '-')
	case "-", "(empty)":
		l.line = fmt.Appendf(l.line, "\\x%02x%s", s[0], s[1:])
	default:
		l.escape(s, false)
	}
}

// escape writes a text as Zeek's ASCII writer does; commas only in lists.
func (l *zeekLog) escape(s string, list bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\':
			l.line = append(l.line, '\\', '\\')
		case c < ' ' || c > '~' || list && c == ',':
			l.line = append(l.line, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		default:
			l.line = append(l.line, c)
		}
	}
}

func (l *zeekLog) list(n int, at func(i int) string) {
	l.next()
	if n == 0 {
		l.line = append(l.line, '-')
	}
	for i := range n {
		if i > 0 {
			l.line = append(l.line, ',')
		}
		l.escape(at(i), true)
	}
}

func (l *zeekLog) number(n uint64) {
	l.next()
	l.line = strconv.AppendUint(l.line, n, 10)
}

func (l *zeekLog) addr(a netip.Addr) {
	l.next()
	if !a.IsValid() {
		l.line = append(l.line, '-')
		return
	}
	l.line = a.AppendTo(l.line)
}

func (l *zeekLog) flag(b bool) {
	l.next()
	c := byte('F')
	if b {
		c = 'T'
	}
	l.line = append(l.line, c)
}

func (l *zeekLog) unset() {
	l.next()
	l.line = append(l.line, '-')
}

func (l *zeekLog) ends(e *record.Ends) {
	l.time(e.TS)
	l.text(string(e.UID))
	l.addr(e.OrigH)
	l.number(uint64(e.OrigP))
	l.addr(e.RespH)
	l.number(uint64(e.RespP))
}

// conn adds a report to what is known of its connection, and writes that when it is over.
func (w *zeekWriter) conn(c *record.Conn) {
	if c.Report == 0 && c.Final {
		w.whole(c)
		return
	}
	o := w.open[c.UID]
	if o == nil {
		o = &record.Conn{}
		w.open[c.UID] = o
	}
	sums := *o
	*o = *c
	o.OrigBytes, o.RespBytes, o.MissedBytes = c.OrigBytes+sums.OrigBytes, c.RespBytes+sums.RespBytes, c.MissedBytes+sums.MissedBytes
	o.OrigPkts, o.RespPkts = c.OrigPkts+sums.OrigPkts, c.RespPkts+sums.RespPkts
	o.OrigIPBytes, o.RespIPBytes = c.OrigIPBytes+sums.OrigIPBytes, c.RespIPBytes+sums.RespIPBytes
	if c.Final {
		w.whole(o)
		delete(w.open, c.UID)
	}
}

// rest writes what is still open, as Zeek does when it is stopped.
func (w *zeekWriter) rest() {
	left := make([]*record.Conn, 0, len(w.open))
	for _, c := range w.open {
		left = append(left, c)
	}
	slices.SortFunc(left, func(a, b *record.Conn) int {
		return cmp.Or(cmp.Compare(a.TS+a.Duration, b.TS+b.Duration), cmp.Compare(a.UID, b.UID))
	})
	for _, c := range left {
		w.whole(c)
	}
}

func (w *zeekWriter) whole(c *record.Conn) {
	w.conns++
	l := w.to(zeekConn)
	l.ends(&record.Ends{TS: c.TS, UID: c.UID, OrigH: c.OrigH, RespH: c.RespH, OrigP: c.OrigP, RespP: c.RespP})
	l.text(record.ProtoName(c.Proto))
	l.text(c.Service)
	l.time(c.Duration)
	l.number(c.OrigBytes)
	l.number(c.RespBytes)
	l.text(c.State)
	l.flag(c.LocalOrig)
	l.flag(c.LocalResp)
	l.number(c.MissedBytes)
	l.text(c.History)
	l.number(c.OrigPkts)
	l.number(c.OrigIPBytes)
	l.number(c.RespPkts)
	l.number(c.RespIPBytes)
	l.list(len(c.TunnelParents), func(i int) string { return string(c.TunnelParents[i]) })
	for _, mac := range []record.MAC{c.OrigL2, c.RespL2} {
		if mac.Zero() {
			l.unset()
		} else {
			l.text(mac.String())
		}
	}
	l.number(uint64(c.VLAN))
	w.end(l)
}

func (w *zeekWriter) dns(d *record.DNS) {
	l := w.to(zeekDNS)
	l.ends(&d.Ends)
	l.text(record.ProtoName(d.Proto))
	l.number(uint64(d.TransID))
	if d.RTT > 0 {
		l.time(d.RTT)
	} else {
		l.unset()
	}
	l.text(d.Query)
	l.number(uint64(d.QClass))
	l.number(uint64(d.QType))
	if d.HasReply {
		l.number(uint64(d.RCode))
	} else {
		l.unset()
	}
	l.flag(d.AA)
	l.flag(d.TC)
	l.flag(d.RD)
	l.flag(d.RA)
	l.number(uint64(d.Z))
	l.list(len(d.Answers), func(i int) string { return d.Answers[i] })
	l.list(len(d.TTLs), func(i int) string { return strconv.Itoa(int(d.TTLs[i])) + ".000000" })
	l.flag(d.Rejected)
	w.end(l)
}

func (w *zeekWriter) tls(t *record.TLS) {
	l := w.to(zeekTLS)
	l.ends(&t.Ends)
	for _, s := range []string{t.Version, t.Cipher, t.Curve, t.ServerName} {
		l.text(s)
	}
	l.flag(t.Resumed)
	l.text(t.NextProto)
	l.flag(t.Established)
	history := ""
	if t.HasClient {
		history = "C"
	}
	if t.HasServer {
		history += "s"
	}
	l.text(history)
	l.list(t.ChainLength, func(i int) string {
		if i == 0 && t.CertSHA256 != "" {
			return t.CertSHA256
		}
		return strings.Repeat("0", 63) + strconv.Itoa(i%10)
	})
	l.text(t.Subject)
	l.text(t.Issuer)
	for _, at := range []record.Time{t.NotBefore, t.NotAfter} {
		if at == 0 {
			l.unset()
		} else {
			l.time(at)
		}
	}
	l.text(t.JA4)
	w.end(l)
}

func (w *zeekWriter) http(h *record.HTTP) {
	l := w.to(zeekHTTP)
	l.ends(&h.Ends)
	l.number(uint64(h.TransDepth))
	for _, s := range []string{h.Method, h.Host, h.URI, h.Referrer, h.Version, h.UserAgent} {
		l.text(s)
	}
	l.number(h.RequestBodyLen)
	l.number(h.ResponseBodyLen)
	if h.HasResponse {
		l.number(uint64(h.StatusCode))
	} else {
		l.unset()
	}
	l.text(h.StatusMsg)
	l.text(h.RespMIME)
	w.end(l)
}

func (w *zeekWriter) dhcp(d *record.DHCP) {
	l := w.to(zeekDHCP)
	l.time(d.TS)
	l.text(string(d.UID))
	l.addr(d.ClientAddr)
	l.addr(d.ServerAddr)
	l.text(d.MAC.String())
	l.text(d.HostName)
	l.text(d.Domain)
	l.addr(d.AssignedAddr)
	l.time(d.LeaseTime)
	l.list(len(d.MsgTypes), func(i int) string { return d.MsgTypes[i] })
	w.end(l)
}

package labnet

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ZeekLogs says that a Zeek listens at a tap, instead of or beside a capture. It writes conn.log, dns.log, ssl.log, http.log and dhcp.log as TSV into Dir,
// which it makes. It reads frames by the offsets at which this package wrote them, and shares no code with what decodes captures.
type ZeekLogs struct {
	Dir   string
	Cards bool // policies mac-logging and vlan-logging are loaded
}

const zeekEnds = "ts:time uid:string id.orig_h:addr id.orig_p:port id.resp_h:addr id.resp_p:port "

// zeekFields are the logs and their fields with Zeek's types.
var zeekFields = map[string]string{
	"conn": zeekEnds + "proto:enum service:string duration:interval orig_bytes:count resp_bytes:count conn_state:string local_orig:bool local_resp:bool missed_bytes:count history:string orig_pkts:count orig_ip_bytes:count resp_pkts:count resp_ip_bytes:count tunnel_parents:set[string]",
	"dns":  zeekEnds + "proto:enum trans_id:count rtt:interval query:string qclass:count qtype:count rcode:count AA:bool TC:bool RD:bool RA:bool answers:vector[string] rejected:bool",
	"ssl":  zeekEnds + "version:string server_name:string resumed:bool established:bool",
	"http": zeekEnds + "trans_depth:count method:string host:string uri:string user_agent:string status_code:count",
	"dhcp": "ts:time uids:set[string] client_addr:addr server_addr:addr mac:string host_name:string assigned_addr:addr lease_time:interval msg_types:vector[string]",
}

// zeekSensor is a Zeek at work: the connections it follows, and its logs.
type zeekSensor struct {
	setup ZeekLogs
	conns map[zeekKey]*zeekConn
	asked map[zeekQuestion]*zeekAsked
	lease map[uint32]*zeekLease // by transaction
	files map[string]*zeekFile
	born  uint64
	swept int64
	err   error
}

type zeekFile struct {
	file *os.File
	out  *bufio.Writer
}

func newZeekSensor(z ZeekLogs) (*zeekSensor, error) {
	if err := os.MkdirAll(z.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("zeek's logs: make the folder: %w", err)
	}
	return &zeekSensor{setup: z, conns: map[zeekKey]*zeekConn{}, asked: map[zeekQuestion]*zeekAsked{}, lease: map[uint32]*zeekLease{}, files: map[string]*zeekFile{}}, nil
}

// line writes a line, and the head before the first one.
func (z *zeekSensor) line(log string, values ...string) {
	if z.err != nil {
		return
	}
	f := z.files[log]
	if f == nil {
		fields := zeekFields[log]
		if log == "conn" && z.setup.Cards {
			fields += " orig_l2_addr:string resp_l2_addr:string vlan:int"
		}
		file, err := os.Create(filepath.Join(z.setup.Dir, log+".log"))
		if err != nil {
			z.err = fmt.Errorf("zeek's logs: %w", err)
			return
		}
		f = &zeekFile{file, bufio.NewWriter(file)}
		z.files[log] = f
		var names, types []string
		for _, x := range strings.Fields(fields) {
			name, kind, _ := strings.Cut(x, ":")
			names, types = append(names, name), append(types, kind)
		}
		_, z.err = fmt.Fprintf(f.out, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t%s\n#fields\t%s\n#types\t%s\n",
			log, strings.Join(names, "\t"), strings.Join(types, "\t"))
	}
	for i, v := range values {
		values[i] = cmp.Or(v, "-")
	}
	if _, err := f.out.WriteString(strings.Join(values, "\t") + "\n"); err != nil {
		z.err = err
	}
}

// close tells of what is still open, as a Zeek that is stopped does.
func (z *zeekSensor) close() error {
	left := make([]*zeekConn, 0, len(z.conns))
	for _, c := range z.conns {
		left = append(left, c)
	}
	slices.SortFunc(left, func(a, b *zeekConn) int { return cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(a.born, b.born)) })
	for _, c := range left {
		z.end(c)
	}
	z.leasesBefore(1 << 62)
	errs := []error{z.err}
	for _, f := range z.files {
		errs = append(errs, f.out.Flush(), f.file.Close())
	}
	return errors.Join(errs...)
}

func (z *zeekSensor) ends(c *zeekConn, at int64) []string {
	return []string{
		zeekTime(at), c.uid(), c.addr[0].Addr().String(), strconv.Itoa(int(c.addr[0].Port())), c.addr[1].Addr().String(), strconv.Itoa(int(c.addr[1].Port())),
	}
}

// end writes a connection, and the questions in it that nobody answered.
func (z *zeekSensor) end(c *zeekConn) {
	delete(z.conns, c.key)
	z.unanswered(c)
	if c.hello != nil {
		z.handshake(c, false)
	}
	number := func(n uint64) string { return strconv.FormatUint(n, 10) }
	values := append(z.ends(c, c.first), zeekProto(c.proto), strings.Join(c.services, ","))
	if c.last > c.first {
		values = append(values, zeekTime(c.last-c.first), number(c.bytes(0)), number(c.bytes(1)))
	} else {
		values = append(values, "", "", "")
	}
	values = append(values, c.state(), zeekFlag(c.addr[0].Addr().IsPrivate()), zeekFlag(c.addr[1].Addr().IsPrivate()), number(c.missed[0]+c.missed[1]), string(c.history),
		number(c.pkts[0]), number(c.ipBytes[0]), number(c.pkts[1]), number(c.ipBytes[1]), "")
	if z.setup.Cards {
		values = append(values, c.card(0), c.card(1), "")
		if c.vlan != 0 {
			values[len(values)-1] = strconv.Itoa(int(c.vlan))
		}
	}
	z.line("conn", values...)
}

func zeekTime(ns int64) string { return fmt.Sprintf("%d.%06d", ns/1e9, ns%1e9/1e3) }

func zeekFlag(b bool) string {
	if b {
		return "T"
	}
	return "F"
}

func zeekProto(proto uint8) string {
	switch proto {
	case protoTCP:
		return "tcp"
	case protoUDP:
		return "udp"
	case protoICMP, protoICMPv6:
		return "icmp"
	}
	return "unknown_transport"
}

// zeekText is a text as Zeek's logs hold it.
func zeekText(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '\\' {
			fmt.Fprintf(&b, "\\x%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func zeekAddr(a netip.Addr) string {
	if !a.IsValid() || a.IsUnspecified() {
		return ""
	}
	return a.String()
}

package decode

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// tsharkFields runs tshark on a capture and gives, by frame number, the fields of the frames that match.
func tsharkFields(t *testing.T, path, filter string, fields ...string) map[int][]string {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("no tshark to compare with")
	}
	args := []string{"-n", "-r", path, "-Y", filter, "-T", "fields", "-E", "separator=\t", "-E", "occurrence=f", "-e", "frame.number"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil && len(out) == 0 {
		t.Fatalf("tshark: %v", err)
	}
	rows := map[int][]string{}
	for line := range strings.Lines(string(out)) {
		cells := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if number, err := strconv.Atoi(cells[0]); err == nil && len(cells) == len(fields)+1 {
			rows[number] = cells[1:]
		}
	}
	return rows
}

// TestMessagesAgreeWithTshark compares what we read from single frames of the large capture with what tshark reads from the same frames: the id,
// response code and first name of DNS over UDP, the name in client hellos that lie in one segment, and method, URI and host of HTTP
// requests that do. What is left over was looked at: requests with spaces in the URI, which we keep as Zeek does, and damaged queries. Names with bytes that are not printable are written differently (\xNN here) and are left out.
func TestMessagesAgreeWithTshark(t *testing.T) {
	if testing.Short() {
		t.Skip("tshark takes its time")
	}
	path := filepath.Join(sharedFolder(t), "bench", "usermix.pcap")
	dns := tsharkFields(t, path, "dns && udp && !icmp && !icmpv6", "dns.id", "dns.flags.rcode", "dns.qry.name")
	hello := tsharkFields(t, path, "tls.handshake.type == 1 && tcp", "tls.handshake.extensions_server_name")
	request := tsharkFields(t, path, "http.request && tcp", "http.request.method", "http.request.uri", "http.host")
	compared := map[string]int{}
	differ := map[string]int{}
	compare := func(kind string, number int, got, want []string) {
		for _, s := range want {
			for i := range len(s) {
				if s[i] < 0x20 || s[i] >= 0x7f || s[i] == '\\' {
					return
				}
			}
		}
		compared[kind]++
		if strings.Join(got, " ") != strings.Join(want, " ") {
			if differ[kind]++; differ[kind] <= 5 {
				t.Logf("%s in frame %d: ours %q, tshark %q", kind, number, got, want)
			}
		}
	}
	number := 0
	var d DNS
	var h ClientHello
	var r HTTPRequest
	readCapture(t, path, func(link uint16, data []byte, wire uint32) {
		number++
		p := decoded(link, data, int(wire))
		switch {
		case !p.HasTransport || len(p.Payload) == 0 || p.Fragment || p.Cut:
		case p.Proto == ProtoUDP && (p.SrcPort == 53 || p.DstPort == 53 || p.SrcPort == 5353 || p.SrcPort == 5355 || p.DstPort == 5355):
			row, ok := dns[number]
			if err := ParseDNS(p.Payload, &d); ok && !errors.Is(err, ErrDNSHeader) && len(d.Questions) > 0 && row[2] != "" && row[2] != "<Root>" {
				compare("dns", number, []string{fmt.Sprintf("0x%04x", d.ID), d.Questions[0].Name}, []string{row[0], row[2]})
				if d.Response && !d.EDNS.Present && row[1] != "" {
					compare("rcode", number, []string{strconv.Itoa(int(d.RCode))}, row[1:2])
				}
			} else if ok && row[2] != "" && row[2] != "<Root>" {
				compare("dns", number, nil, row)
			}
		case p.Proto == ProtoTCP:
			if row, ok := hello[number]; ok && TLSClientHello(p.Payload, &h) == Done {
				compare("sni", number, []string{h.SNI}, row)
			}
			if row, ok := request[number]; ok && ParseHTTPRequest(p.Payload, 0, &r) == Done {
				compare("http", number, []string{r.Method, r.URI, r.Host}, row)
			}
		}
	})
	t.Logf("compared %v, different %v", compared, differ)
	for _, kind := range []string{"dns", "rcode", "sni", "http"} {
		if compared[kind] == 0 || differ[kind]*1000 > compared[kind] {
			t.Errorf("%s: %d of %d differ", kind, differ[kind], compared[kind])
		}
	}
}

// TestDamagedFrames cuts and flips the frames of all captures and decodes them, payloads as every message; nothing may panic and what holds for any
// bytes must hold.
func TestDamagedFrames(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	var p Packet
	var m messages
	for _, path := range captureFiles(t) {
		number := 0
		readCapture(t, path, func(link uint16, data []byte, wire uint32) {
			if number++; number > 3000 && number%50 != 0 || len(data) == 0 {
				return
			}
			data = bytes.Clone(data)
			for range dice.IntN(4) {
				data[dice.IntN(len(data))] ^= 1 << dice.IntN(8)
			}
			data = data[:len(data)-dice.IntN(2)*dice.IntN(len(data))]
			p.Frame(link, data, wire)
			if len(p.Payload) < 200 {
				checkFrame(t, &p, data)
			}
			Checksum(&p, data)
			m.parse(p.Payload)
		})
	}
}

// messages holds one result of each parser.
type messages struct {
	dns         DNS
	client      ClientHello
	server      ServerHello
	certificate Certificate
	request     HTTPRequest
	response    HTTPResponse
	dhcp        DHCP
	dhcp6       DHCP6
	quic        QUIC
	smb         SMB
	ssh         SSHBanner
	proxy       ProxyHeader
}

func (m *messages) parse(b []byte) {
	_ = ParseDNS(b, &m.dns)
	TLSClientHello(b, &m.client)
	TLSServerHello(b, &m.server)
	TLSCertificate(b, &m.certificate)
	ParseHTTPRequest(b, 0, &m.request)
	ParseHTTPResponse(b, 0, &m.response)
	_ = ParseDHCP(b, &m.dhcp)
	_ = ParseDHCP6(b, &m.dhcp6)
	QUICInitials(b, true, nil, &m.quic)
	HandshakeClientHello(b, &m.client)
	ParseSMB(b, &m.smb)
	ParseSSHBanner(b, &m.ssh)
	ParseProxy(b, &m.proxy)
	ParseNTP(b)
	ParseSNMP(b)
	ParseKerberos(b)
	ParseLDAP(b)
	ParseRDP(b)
	StartTLS(b)
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"candor": main})
}

// TestScripts runs the program as a person does: testdata/script/*.txtar.
func TestScripts(t *testing.T) {
	examples, err := filepath.Abs(filepath.Join("..", "..", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			env.Setenv("NO_COLOR", "")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "pcap": writePcap, "json": checkJSON, "absent": absent,
		},
	})
}

// exits CODE PROGRAM ARGS... runs a program that must end with this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var ended *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &ended):
		code = ended.ExitCode()
	case err != nil:
		ts.Fatalf("cannot run: %v", err)
	}
	if code != want {
		ts.Fatalf("exit %d, want %d", code, want)
	}
}

// absent TEXT FILE... says that none of the files holds the bytes given, in which \e stands for escape.
func absent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: absent TEXT FILE...")
	}
	text := strings.ReplaceAll(args[0], `\e`, "\x1b")
	for _, name := range args[1:] {
		if strings.Contains(ts.ReadFile(name), text) {
			ts.Fatalf("%s holds %q", name, text)
		}
	}
}

// json FILE PATH [VALUE] looks into a JSON file, or into each line of it. A path is fields with dots between; [3] picks an
// element, [code=feed.loss] the first whose field has this value, [] the number of elements. Without a value it must exist.
func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: [!] json FILE PATH [VALUE]")
	}
	var doc any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &doc); err != nil {
		ts.Fatalf("%s is no JSON: %v", args[0], err)
	}
	got, err := lookUp(doc, args[1])
	if err != nil {
		if !neg {
			ts.Fatalf("%v", err)
		}
		return
	}
	text, err := json.Marshal(got)
	ts.Check(err)
	plain := strings.Trim(string(text), `"`)
	if same := len(args) < 3 || plain == args[2]; same == neg {
		ts.Fatalf("%s is %s", args[1], plain)
	}
}

// lookUp follows a path as checkJSON describes it.
func lookUp(doc any, path string) (any, error) {
	for _, step := range pathSteps(path) {
		inner, isElement := strings.CutPrefix(step, "[")
		if !isElement {
			object, _ := doc.(map[string]any)
			next, ok := object[step]
			if !ok {
				return nil, fmt.Errorf("%s: there is no %q", path, step)
			}
			doc = next
			continue
		}
		list, ok := doc.([]any)
		if !ok {
			return nil, fmt.Errorf("%s: %s of something that is no list", path, step)
		}
		if inner == "" {
			doc = float64(len(list))
			continue
		}
		next, err := element(list, inner)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		doc = next
	}
	return doc, nil
}

func element(list []any, which string) (any, error) {
	field, value, named := strings.Cut(which, "=")
	if !named {
		i, err := strconv.Atoi(which)
		if err != nil || i < 0 || i >= len(list) {
			return nil, fmt.Errorf("there is no element %q of %d", which, len(list))
		}
		return list[i], nil
	}
	for _, e := range list {
		if object, ok := e.(map[string]any); ok && fmt.Sprint(object[field]) == value {
			return e, nil
		}
	}
	return nil, fmt.Errorf("no element has %s=%s", field, value)
}

// pathSteps splits a.b[c=d.e].f into a, b, [c=d.e and f.
func pathSteps(path string) []string {
	var out []string
	for path != "" {
		if path[0] == '[' {
			inner, rest, _ := strings.Cut(path, "]")
			out, path = append(out, inner), strings.TrimPrefix(rest, ".")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			return append(out, path)
		}
		out = append(out, path[:end])
		path = strings.TrimPrefix(path[end:], ".")
	}
	return out
}

// captures are the small captures that scripts and tests use, by kind.
func captures() map[string]func() ([]byte, error) {
	return map[string]func() ([]byte, error){
		"empty": func() ([]byte, error) { return pcapOf(layers.LinkTypeEthernet, nil) },
		"wifi":  func() ([]byte, error) { return pcapOf(layers.LinkTypeIEEE80211Radio, blanks(300)) },
		"web":   func() ([]byte, error) { return conversation(0, 10) },
		"later": func() ([]byte, error) { return conversation(time.Hour, 10) },
		"long":  func() ([]byte, error) { return conversation(0, 600) },
		"whole": func() ([]byte, error) { return counted(0) },
		"lost":  func() ([]byte, error) { return counted(12) },
		"cut": func() ([]byte, error) {
			all, err := conversation(0, 10)
			return all[:len(all)-30], err
		},
	}
}

// pcap KIND FILE writes a small capture.
func writePcap(ts *testscript.TestScript, neg bool, args []string) {
	kinds := captures()
	if neg || len(args) != 2 || kinds[args[0]] == nil {
		ts.Fatalf("usage: pcap KIND FILE; kinds are %v", slices.Sorted(maps.Keys(kinds)))
	}
	data, err := kinds[args[0]]()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o644))
}

// counted is a pcapng whose statistics say how many packets the capture lost.
func counted(lost uint64) ([]byte, error) {
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
	if err != nil {
		return nil, err
	}
	at := capturedAt()
	for i := range 10 {
		info := gopacket.CaptureInfo{Timestamp: at.Add(time.Duration(i) * time.Second), CaptureLength: 60, Length: 60}
		if err := w.WritePacket(info, make([]byte, 60)); err != nil {
			return nil, err
		}
	}
	stats := pcapgo.NgInterfaceStatistics{LastUpdate: at.Add(time.Minute), StartTime: at, EndTime: at.Add(time.Minute), PacketsReceived: 10 + lost, PacketsDropped: lost}
	err = errors.Join(w.WriteInterfaceStats(0, stats), w.Flush())
	return b.Bytes(), err
}

// capturedAt is when the small captures begin: a workday at noon, UTC.
func capturedAt() time.Time { return time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC) }

type timedFrame struct {
	after time.Duration
	data  []byte
}

func blanks(n int) []timedFrame {
	out := make([]timedFrame, n)
	for i := range out {
		out[i] = timedFrame{time.Duration(i) * time.Millisecond, make([]byte, 60)}
	}
	return out
}

func pcapOf(link layers.LinkType, frames []timedFrame) ([]byte, error) {
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	if err := w.WriteFileHeader(262144, link); err != nil {
		return nil, err
	}
	for _, f := range frames {
		info := gopacket.CaptureInfo{Timestamp: capturedAt().Add(f.after), CaptureLength: len(f.data), Length: len(f.data)}
		if err := w.WritePacket(info, f.data); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// conversation is a lookup and a web request of one machine, over so many seconds.
func conversation(start time.Duration, seconds int) ([]byte, error) {
	const client, resolver, server = "192.168.7.20", "192.168.7.1", "198.51.100.80"
	c := &talker{at: start}
	query := &layers.DNS{ID: 7, RD: true, QDCount: 1, Questions: []layers.DNSQuestion{{Name: []byte("www.example.com"), Type: layers.DNSTypeA, Class: layers.DNSClassIN}}}
	reply := *query
	reply.QR, reply.RA, reply.ANCount = true, true, 1
	reply.Answers = []layers.DNSResourceRecord{{Name: []byte("www.example.com"), Type: layers.DNSTypeA, Class: layers.DNSClassIN, TTL: 300, IP: net.ParseIP(server).To4()}}
	c.udp(client, resolver, 40000, 53, query)
	c.udp(resolver, client, 53, 40000, &reply)

	const request, page = "GET /page HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: test\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	c.tcp(client, server, 41000, 80, layers.TCP{SYN: true, Seq: 100}, "")
	c.tcp(server, client, 80, 41000, layers.TCP{SYN: true, ACK: true, Seq: 900, Ack: 101}, "")
	c.tcp(client, server, 41000, 80, layers.TCP{ACK: true, Seq: 101, Ack: 901}, "")
	c.tcp(client, server, 41000, 80, layers.TCP{ACK: true, PSH: true, Seq: 101, Ack: 901}, request)
	c.tcp(server, client, 80, 41000, layers.TCP{ACK: true, PSH: true, Seq: 901, Ack: 101 + uint32(len(request))}, page)
	sent, got := 101+uint32(len(request)), 901+uint32(len(page))
	for range seconds / 20 { // keeps the connection alive
		c.at += 20 * time.Second
		c.tcp(client, server, 41000, 80, layers.TCP{ACK: true, PSH: true, Seq: sent, Ack: got}, "x")
		sent++
		c.tcp(server, client, 80, 41000, layers.TCP{ACK: true, Seq: got, Ack: sent}, "")
	}
	c.tcp(client, server, 41000, 80, layers.TCP{ACK: true, FIN: true, Seq: sent, Ack: got}, "")
	c.tcp(server, client, 80, 41000, layers.TCP{ACK: true, FIN: true, Seq: got, Ack: sent + 1}, "")
	c.tcp(client, server, 41000, 80, layers.TCP{ACK: true, Seq: sent + 1, Ack: got + 1}, "")
	if c.err != nil {
		return nil, c.err
	}
	return pcapOf(layers.LinkTypeEthernet, c.frames)
}

// talker makes frames one after the other, 10 ms apart.
type talker struct {
	at     time.Duration
	frames []timedFrame
	err    error
}

func (c *talker) send(src, dst string, proto layers.IPProtocol, transport interface {
	gopacket.SerializableLayer
	SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
}, payload gopacket.SerializableLayer,
) {
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: proto, SrcIP: net.ParseIP(src).To4(), DstIP: net.ParseIP(dst).To4()}
	eth := &layers.Ethernet{EthernetType: layers.EthernetTypeIPv4, SrcMAC: cardOf(ip.SrcIP), DstMAC: cardOf(ip.DstIP)}
	b := gopacket.NewSerializeBuffer()
	c.err = errors.Join(c.err, transport.SetNetworkLayerForChecksum(ip),
		gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, eth, ip, transport, payload))
	c.at += 10 * time.Millisecond
	c.frames = append(c.frames, timedFrame{c.at, bytes.Clone(b.Bytes())})
}

func cardOf(ip net.IP) net.HardwareAddr { return net.HardwareAddr{0x02, 0, ip[0], ip[1], ip[2], ip[3]} }

func (c *talker) udp(src, dst string, from, to layers.UDPPort, dns *layers.DNS) {
	c.send(src, dst, layers.IPProtocolUDP, &layers.UDP{SrcPort: from, DstPort: to}, dns)
}

func (c *talker) tcp(src, dst string, from, to layers.TCPPort, head layers.TCP, text string) {
	head.SrcPort, head.DstPort, head.Window = from, to, 64000
	c.send(src, dst, layers.IPProtocolTCP, &head, gopacket.Payload(text))
}

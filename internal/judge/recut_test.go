package judge_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"pgregory.net/rapid"

	"candor/internal/agreement"
	"candor/internal/record"
	"candor/internal/source"
)

// The result does not depend on how the data was cut (DESIGN.md 2): the same packets in other batches or files, batches
// that come twice give the byte-equal Result but for its inputs; batches in another order do so but for findings and answers.

// cutting is one way to hand over the same frames.
type cutting struct {
	batchFrames int
	pieces      int  // files
	robin       bool // frames are dealt to the files in turn, else each file is a stretch of time
	bounds      []int
	seed        uint64 // of the flow table's hash
	order       []int  // of batches, by shuffling weight; nil: as they come
	twice       int    // every nth batch is handed over again at the end; 0: none
}

func (c cutting) String() string {
	return fmt.Sprintf("batches of %d, %d files (round robin %v), order %v, again every %d", c.batchFrames, c.pieces, c.robin, c.order != nil, c.twice)
}

// files deals frames to files. Bounds are shares of the frames in per mille, sorted.
func (c cutting) files(frames []pkt) [][]pkt {
	out := make([][]pkt, max(c.pieces, 1))
	for i := range frames {
		f := i % len(out)
		if !c.robin {
			f = 0
			for f < len(c.bounds) && f < len(out)-1 && i*1000 >= c.bounds[f]*len(frames) {
				f++
			}
		}
		out[f] = append(out[f], frames[i])
	}
	return out
}

// told is what came of one way of cutting: the Result as JSON, and beneath it all records and sights, so that a difference
// that rounding hides in the Result is found as well.
type told struct {
	result  string // without findings where batches were handed over in another order
	blind   string // the same without findings
	sights  []record.Sight
	records record.Batch
}

func (c cutting) judge(t testing.TB, a *agreement.Agreement, dir string, frames []pkt) told {
	t.Helper()
	var paths []string
	for i, part := range c.files(frames) {
		paths = append(paths, writeFrames(t, dir, fmt.Sprintf("part-%02d.pcapng", i), part))
	}
	opts := source.Options{BatchFrames: c.batchFrames}
	opts.Flow.Seed = c.seed
	batches := collect(t, a, opts, nil, paths...)
	out := told{}
	for _, b := range batches {
		out.sights = append(out.sights, b.Sight...)
		out.records.Conns = append(out.records.Conns, b.Conns...)
		out.records.DNS = append(out.records.DNS, b.DNS...)
		out.records.TLS = append(out.records.TLS, b.TLS...)
		out.records.HTTP = append(out.records.HTTP, b.HTTP...)
		out.records.DHCP = append(out.records.DHCP, b.DHCP...)
	}
	if c.order != nil {
		batches = reorder(batches, c.order)
	}
	for i := 0; c.twice > 0 && i < len(batches); i += c.twice {
		batches = append(batches, batches[i])
		if c.twice == 1 && i == len(batches)/2 {
			break
		}
	}
	r := fold(t, a, batches)
	out.blind = blindness(t, r)
	if c.order == nil {
		out.result = essence(t, r)
	}
	return out
}

// differs says in what two ways of cutting differ; empty when they do not.
func (w told) differs(got told) string {
	if got.result != "" && w.result != got.result {
		return "the result differs (-whole +cut)\n" + shorten(cmp.Diff(w.result, got.result))
	}
	if w.blind != got.blind {
		return "what could be seen differs (-whole +cut)\n" + shorten(cmp.Diff(w.blind, got.blind))
	}
	addresses := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	if !reflect.DeepEqual(w.sights, got.sights) {
		return "the sights differ (-whole +cut)\n" + shorten(cmp.Diff(w.sights, got.sights, addresses))
	}
	if !reflect.DeepEqual(w.records, got.records) {
		return "the records differ (-whole +cut)\n" + shorten(cmp.Diff(w.records, got.records, addresses))
	}
	return ""
}

// reorder sorts batches by weights that repeat.
func reorder(batches []*record.Batch, weights []int) []*record.Batch {
	place := make([]int, len(batches))
	for i := range place {
		place[i] = i
	}
	slices.SortStableFunc(place, func(x, y int) int {
		return weights[x%len(weights)]*(x/len(weights)+1)%1009 - weights[y%len(weights)]*(y/len(weights)+1)%1009
	})
	out := make([]*record.Batch, len(batches))
	for i, p := range place {
		out[i] = batches[p]
	}
	return out
}

// cuttings are the fixed ways that every capture is cut in.
func cuttings(frames int) []cutting {
	weights := []int{700, 13, 512, 4, 90, 333, 801, 27, 650}
	out := []cutting{
		{batchFrames: 7, pieces: 1},
		{batchFrames: 1000, pieces: 1, seed: 99},
		{batchFrames: 500, pieces: 3, bounds: []int{200, 650}},
		{batchFrames: 3000, pieces: 4, robin: true},
		{batchFrames: 113, pieces: 2, bounds: []int{1}, order: weights},
		{batchFrames: 400, pieces: 1, twice: 1},
		{batchFrames: 90, pieces: 5, robin: true, order: weights, twice: 3},
		{batchFrames: max(frames, 1), pieces: 1},
	}
	if frames < 20000 {
		out = append(out, cutting{batchFrames: 1, pieces: 1})
	}
	return out
}

func holdCuttings(t *testing.T, a *agreement.Agreement, frames []pkt) {
	t.Helper()
	frames = inTime(frames)
	dir := t.TempDir()
	want := cutting{pieces: 1}.judge(t, a, dir, frames)
	for _, c := range cuttings(len(frames)) {
		if d := want.differs(c.judge(t, a, dir, frames)); d != "" {
			t.Errorf("%v: %s", c, d)
		}
	}
}

func shorten(s string) string {
	if len(s) > 3000 {
		return s[:3000] + "\n..."
	}
	return s
}

// TestRecutSmall holds the property on a capture made here, so that it is tested everywhere.
func TestRecutSmall(t *testing.T) { holdCuttings(t, nil, smallCapture()) }

// TestRecutSmallAny draws ways of cutting.
func TestRecutSmallAny(t *testing.T) {
	frames := inTime(smallCapture())
	dir := t.TempDir()
	want := cutting{pieces: 1}.judge(t, nil, dir, frames)
	rapid.Check(t, func(r *rapid.T) {
		c := cutting{
			batchFrames: rapid.IntRange(1, len(frames)+1).Draw(r, "frames to a batch"),
			pieces:      rapid.IntRange(1, 6).Draw(r, "files"),
			robin:       rapid.Bool().Draw(r, "round robin"),
			seed:        rapid.Uint64().Draw(r, "seed of the table"),
			twice:       rapid.IntRange(0, 5).Draw(r, "again"),
		}
		c.bounds = rapid.SliceOfN(rapid.IntRange(0, 1000), c.pieces-1, c.pieces-1).Draw(r, "bounds")
		slices.Sort(c.bounds)
		if rapid.Bool().Draw(r, "shuffled") {
			c.order = rapid.SliceOfN(rapid.IntRange(0, 1000), 1, 40).Draw(r, "order")
		}
		if d := want.differs(c.judge(t, nil, dir, frames)); d != "" {
			r.Fatalf("%v: %s", c, d)
		}
	})
}

// TestRecutLabs holds the property under agreements.
func TestRecutLabs(t *testing.T) {
	for _, file := range []string{"A-core.pcap.zst", "A-wan.pcapng.zst", "C-switch.pcap.zst", "D-b1wan.pcapng.zst", "E-core.pcap.zst", "F-plain.pcap.zst"} {
		if !long() && (file[0] == 'D' || file[0] == 'E' || file == "A-core.pcap.zst") {
			continue
		}
		t.Run(file, func(t *testing.T) {
			frames := load(t, shared(t, "data", "labs", file))
			holdCuttings(t, labAgreement(t, file), frames)
			if file[0] != 'F' { // with holes, so that the halves of feed.loss matter
				holdCuttings(t, labAgreement(t, file), lose(frames, 0.04, 1))
			}
		})
	}
}

// TestRecutGiven holds it on captures of others, without an agreement.
func TestRecutGiven(t *testing.T) {
	for _, file := range []string{
		"corelight/quasarrat/testing/Traces/09ffabf7-774a-43a3-8c97-68f2046fd385.pcap", "chrissanders/http_espn.pcapng",
		"aktaion/data/phishingData/2015-04-30_capture-win5-BotNETEXECGEODo.pcap", "acandeias/PCAP/tesla.pcap", "slips/dataset/test7-malicious.pcap",
		"llmhyy-trickbot/Experiments/exp2_metasploit_segmentation/metasploit.pcapng", "ndpi/tests/cfgs/default/pcap/dns-tunnel-iodine.pcap",
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			holdCuttings(t, nil, load(t, shared(t, "data", "given", file)))
		})
	}
}

// smallCapture is two hosts and a router over 40 minutes: TCP connections with and without answer, with a hole and with a
// copy, lookups over UDP, ARP, and a pause.
func smallCapture() []pkt {
	s := &small{ts: 1_700_000_000_000_000_000}
	for i := range 90 {
		client := net.IPv4(10, 1, 2, byte(3+i%2))
		s.step(7_300)
		if i == 60 {
			s.step(900_000) // a quarter of an hour of nothing
		}
		s.arp(client)
		s.udp(client, net.IPv4(10, 1, 2, 1), uint16(20000+i), 53, lookup(uint16(i), 0x0100))
		s.udp(net.IPv4(10, 1, 2, 1), client, 53, uint16(20000+i), lookup(uint16(i), 0x8180))
		s.conversation(client, net.IPv4(198, 51, 100, byte(i%4)), uint16(30000+i), i)
	}
	return s.frames
}

type small struct {
	ts     int64
	frames []pkt
}

func (s *small) step(ms int64) { s.ts += ms * 1_000_000 }

func cardOf(ip net.IP) net.HardwareAddr {
	if ip = ip.To4(); ip[0] == 10 {
		return net.HardwareAddr{2, 0, 0, 0, 0, ip[3]}
	}
	return net.HardwareAddr{2, 0, 0, 0, 0, 1}
}

func (s *small) add(parts ...gopacket.SerializableLayer) {
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, parts...); err != nil {
		panic(err) // a mistake in this test
	}
	s.step(1)
	s.frames = append(s.frames, pkt{s.ts, 1, uint32(len(buf.Bytes())), slices.Clone(buf.Bytes())})
}

func (s *small) arp(from net.IP) {
	s.add(&layers.Ethernet{SrcMAC: cardOf(from), DstMAC: layers.EthernetBroadcast, EthernetType: layers.EthernetTypeARP}, &layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: layers.ARPRequest,
		SourceHwAddress: cardOf(from), SourceProtAddress: from.To4(), DstHwAddress: make([]byte, 6), DstProtAddress: net.IPv4(10, 1, 2, 1).To4(),
	})
}

func (s *small) ip(from, to net.IP, proto layers.IPProtocol) (*layers.Ethernet, *layers.IPv4) {
	ttl := byte(64)
	if from.To4()[0] != 10 {
		ttl = 53
	}
	return &layers.Ethernet{SrcMAC: cardOf(from), DstMAC: cardOf(to), EthernetType: layers.EthernetTypeIPv4},
		&layers.IPv4{Version: 4, TTL: ttl, Protocol: proto, SrcIP: from, DstIP: to}
}

func (s *small) udp(from, to net.IP, fromPort, toPort uint16, payload []byte) {
	eth, ip := s.ip(from, to, layers.IPProtocolUDP)
	u := &layers.UDP{SrcPort: layers.UDPPort(fromPort), DstPort: layers.UDPPort(toPort)}
	if err := u.SetNetworkLayerForChecksum(ip); err != nil {
		panic(err)
	}
	s.add(eth, ip, u, gopacket.Payload(payload))
}

// lookup is a DNS message that asks for a.example.
func lookup(id, flags uint16) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = binary.BigEndian.AppendUint16(b, flags)
	b = append(b, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1)
	return b
}

// conversation is one TCP connection. Of every ten the first is never answered, the second loses a segment to the copy, the
// third comes twice in part.
func (s *small) conversation(client, server net.IP, port uint16, n int) {
	seq, ack := uint32(1000*n+7), uint32(77*n+5)
	send := func(out bool, flags byte, payload []byte) {
		from, to, fromPort, toPort := client, server, port, uint16(80)
		tcp := &layers.TCP{Seq: seq, Ack: ack, Window: 6000}
		if !out {
			from, to, fromPort, toPort = server, client, 80, port
			tcp.Seq, tcp.Ack = ack, seq
		}
		tcp.SrcPort, tcp.DstPort = layers.TCPPort(fromPort), layers.TCPPort(toPort)
		tcp.SYN, tcp.ACK, tcp.FIN, tcp.PSH = flags&2 != 0, flags&16 != 0, flags&1 != 0, len(payload) > 0
		eth, ip := s.ip(from, to, layers.IPProtocolTCP)
		if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
			panic(err)
		}
		s.add(eth, ip, tcp, gopacket.Payload(payload))
		moved := uint32(len(payload)) + uint32(flags&1) + uint32(flags&2)/2
		if out {
			seq += moved
		} else {
			ack += moved
		}
	}
	send(true, 2, nil)
	if n%10 == 0 {
		return
	}
	send(false, 18, nil)
	send(true, 16, nil)
	send(true, 16, []byte("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"))
	send(false, 16, []byte("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"))
	for i := range 40 {
		send(false, 16, make([]byte, 100))
		if n%5 == 1 && (i*7+n)%11 == 0 {
			s.frames = s.frames[:len(s.frames)-1]
		}
		if last := s.frames[len(s.frames)-1]; n%10 == 2 && i%2 == 0 {
			last.ts += 300_000
			s.frames = append(s.frames, last)
		}
		send(true, 16, nil)
	}
	if n%3 != 0 {
		send(true, 17, nil)
		send(false, 17, nil)
		send(true, 16, nil)
	}
}

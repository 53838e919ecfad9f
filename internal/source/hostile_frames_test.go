package source_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Hostile traffic, made frame by frame from the frame's number, so that a flood of any size is the same on every machine.

// attack is one kind of hostile traffic.
type attack struct {
	name string
	few  int   // frames of the short run
	many int   // frames of the long run, which also takes twice as many
	step int64 // from frame to frame, ns
	make func(f *forge, i int)

	lets      bool // something must be let go, and it must be said
	disagrees bool // overlapping data that disagrees must be counted
	ng        bool // make gives whole blocks of a pcapng file instead of frames
}

// forge builds one frame after the other in the same memory.
type forge struct {
	buf []byte // the frame
	gap int64  // from the frame before, ns; the attack's step unless changed
}

// random is the i-th number of a fixed series.
func random(i uint64) uint64 {
	z := (i + 1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

var be, le = binary.BigEndian, binary.LittleEndian

// ethernet begins a frame between two cards; kind is the EtherType.
func (f *forge) ethernet(src, dst uint64, kind uint16) {
	f.buf = append(f.buf[:0], 2, byte(dst>>32), byte(dst>>24), byte(dst>>16), byte(dst>>8), byte(dst))
	f.buf = append(f.buf, 2, byte(src>>32), byte(src>>24), byte(src>>16), byte(src>>8), byte(src))
	f.buf = be.AppendUint16(f.buf, kind)
}

// ip4 adds an IPv4 header for so many bytes of payload; frag is flags and offset.
func (f *forge) ip4(src, dst uint32, proto byte, id, frag uint16, payload int) {
	f.buf = append(f.buf, 0x45, 0)
	f.buf = be.AppendUint16(f.buf, uint16(20+payload))
	f.buf = be.AppendUint16(f.buf, id)
	f.buf = be.AppendUint16(f.buf, frag)
	f.buf = append(f.buf, 64, proto, 0, 0)
	f.buf = be.AppendUint32(f.buf, src)
	f.buf = be.AppendUint32(f.buf, dst)
}

func (f *forge) tcp(src, dst uint32, sp, dp uint16, flags byte, seq, ack uint32, payload []byte) {
	f.ethernet(uint64(src), uint64(dst), 0x0800)
	f.ip4(src, dst, 6, uint16(seq), 0, 20+len(payload))
	f.buf = be.AppendUint16(f.buf, sp)
	f.buf = be.AppendUint16(f.buf, dp)
	f.buf = be.AppendUint32(f.buf, seq)
	f.buf = be.AppendUint32(f.buf, ack)
	f.buf = append(f.buf, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0)
	f.buf = append(f.buf, payload...)
}

func (f *forge) udp(src, dst uint32, sp, dp uint16, payload []byte) {
	f.ethernet(uint64(src), uint64(dst), 0x0800)
	f.ip4(src, dst, 17, sp, 0, 8+len(payload))
	f.udpHead(sp, dp, len(payload))
	f.buf = append(f.buf, payload...)
}

func (f *forge) udpHead(sp, dp uint16, payload int) {
	f.buf = be.AppendUint16(f.buf, sp)
	f.buf = be.AppendUint16(f.buf, dp)
	f.buf = be.AppendUint16(f.buf, uint16(8+payload))
	f.buf = append(f.buf, 0, 0)
}

// Addresses of the floods: the victim and one client inside, strangers anywhere.
const (
	victim   = 10<<24 | 80
	inside   = 10<<24 | 1<<16 | 7
	stranger = 198<<24 | 51<<16 | 100<<8 | 9

	flagSYN, flagACK, flagRST, flagPSH = 2, 16, 4, 8
)

// segment is the i-th segment of a conversation that a client of its own begins every length segments: a handshake, then
// pieces of what content says for each place, in order.
func (f *forge) segment(i, length int, port uint16, size int, content func(at int) byte) {
	conn, at := uint32(i/length), i%length
	client, sp := inside+conn%50000, uint16(1024+conn/50000)
	switch at {
	case 0:
		f.tcp(client, victim, sp, port, flagSYN, 999, 0, nil)
	case 1:
		f.tcp(victim, client, port, sp, flagSYN|flagACK, 4999, 1000, nil)
	case 2:
		f.tcp(client, victim, sp, port, flagACK, 1000, 5000, nil)
	default:
		from := (at - 3) * size
		var piece [1460]byte
		for k := range size {
			piece[k] = content(from + k)
		}
		f.tcp(client, victim, sp, port, flagACK|flagPSH, uint32(1000+from), 5000, piece[:size])
	}
}

// cycle gives one byte of a head and, after it, of a text repeated for ever.
func cycle(head, again string) func(int) byte {
	return func(at int) byte {
		if at < len(head) {
			return head[at]
		}
		return again[(at-len(head))%len(again)]
	}
}

// hello is the beginning of a TLS client hello that says it is long: handshake records of 16 kB in a message of 16 MB.
func hello(at int) byte {
	const record = 5 + 16384
	switch k := at % record; k {
	case 0, 1, 2, 3, 4:
		return []byte{22, 3, 1, 0x40, 0}[k]
	default:
		if at < 9 {
			return []byte{1, 0xff, 0xff, 0xff}[at-5]
		}
		return byte(random(uint64(at)))
	}
}

// question is a DNS query for a name of its own, or the answer that there is no such name.
func question(i uint64, answer bool) []byte {
	return ask(i, answer, fmt.Sprintf("%016x%08x.example.com", random(i), uint32(random(i+1<<40))))
}

// ask is a DNS query, or the answer that there is no such name.
func ask(i uint64, answer bool, name string) []byte {
	b := be.AppendUint16(nil, uint16(i))
	flags := uint16(0x0100)
	if answer {
		flags = 0x8183
	}
	b = be.AppendUint16(b, flags)
	b = append(b, 0, 1, 0, 0, 0, 0, 0, 0)
	for label := range strings.SplitSeq(name, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0, 0, 1, 0, 1)
}

// asks is a query and its answer in turn, i counting both, by a client.
func (f *forge) asks(i int, client uint32, name string) {
	q, port := ask(uint64(i/2), i%2 == 1, name), uint16(1024+i/2%60000)
	if i%2 == 0 {
		f.udp(client, victim, port, 53, q)
	} else {
		f.udp(victim, client, 53, port, q)
	}
}

// longest is a name of 253 characters, the most there can be, below a registered domain.
func longest(i uint64, domain string) string {
	var b []byte
	for k := uint64(0); len(b) < 252-len(domain); k++ {
		if c := byte(random(i<<8+k) % 26); k%50 == 49 && len(b) < 251-len(domain) {
			b = append(b, '.')
		} else {
			b = append(b, 'a'+c)
		}
	}
	return string(b) + "." + domain
}

// loops is a DNS answer whose every name is a pointer to a pointer, the last of them to the first.
func loops(i uint64) []byte {
	b := be.AppendUint16(nil, uint16(i))
	b = append(b, 0x81, 0x80, 0, 1, 0, 100, 0, 0, 0, 0)
	b = append(b, 0xc0, 12+2, 0xc0, 12, 0, 1) // a question whose name points at itself by a detour
	for k := range 100 {
		b = append(b, 0xc0, byte(12+k%4), 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, byte(random(i+uint64(k))))
	}
	return b
}

// nested is GRE in GRE, so often, and an echo request in the innermost.
func (f *forge) nested(i, depth int) {
	f.ethernet(1, 2, 0x0800)
	for k := depth; k > 0; k-- {
		f.ip4(victim+uint32(i%1000), victim+uint32(k), 47, uint16(i), 0, 24*k-20+28)
		f.buf = append(f.buf, 0, 0, 8, 0)
	}
	f.ip4(uint32(random(uint64(i))), victim, 1, 1, 0, 8)
	f.buf = append(f.buf, 8, 0, 0, 0, 0, 1, 0, 1)
}

// fragment is one of a thousand pieces of a datagram; overlap says by how many bytes each covers the one before, differently.
func (f *forge) fragment(i, overlap int) {
	datagram, k := uint32(i/1000), i%1000
	size := 8 + overlap
	frag := uint16(k)
	if k < 999 {
		frag |= 0x2000
	}
	src := stranger + datagram%100000
	f.ethernet(1, 2, 0x0800)
	f.ip4(src, victim, 17, uint16(datagram), frag, size)
	if k == 0 {
		f.udpHead(4000, 53, 8000-8)
		size -= 8
	}
	for j := range size {
		f.buf = append(f.buf, byte(random(uint64(i*64+j))))
	}
}

func (f *forge) arp(i uint64) {
	r := random(i)
	ip := 10<<24 | uint32(r>>40)
	f.ethernet(r, 0, 0x0806)
	copy(f.buf, []byte{255, 255, 255, 255, 255, 255})
	f.buf = append(f.buf, 0, 1, 8, 0, 6, 4, 0, 1)
	f.buf = append(f.buf, f.buf[6:12]...)
	f.buf = be.AppendUint32(f.buf, ip)
	f.buf = append(f.buf, 0, 0, 0, 0, 0, 0)
	f.buf = be.AppendUint32(f.buf, victim)
	f.buf = append(f.buf, make([]byte, 18)...)
}

func (f *forge) vlan(i uint64) {
	r := random(i)
	f.ethernet(r, r>>20, 0x88a8)
	f.buf = be.AppendUint16(f.buf, uint16(r)&0xfff)
	f.buf = be.AppendUint16(f.buf, 0x8100)
	f.buf = be.AppendUint16(f.buf, uint16(r>>12)&0xfff)
	f.buf = be.AppendUint16(f.buf, 0x0800)
	f.ip4(inside, victim, 17, 1, 0, 8)
	f.udpHead(5000, 5001, 0)
}

// lease is a DHCP discovery of a card that nobody has seen.
func (f *forge) lease(i uint64) {
	r := random(i)
	b := make([]byte, 240, 320)
	b[0], b[1], b[2] = 1, 1, 6
	be.PutUint32(b[4:], uint32(r))
	be.PutUint64(b[28:], r)
	copy(b[236:], []byte{99, 130, 83, 99})
	b = append(b, 53, 1, 1, 12, 8)
	b = append(append(b, fmt.Sprintf("%08x", uint32(r>>8))...), 255)
	f.udp(0, 0xffffffff, 68, 67, b)
}

// extensions is an IPv6 packet that is nothing but destination options headers.
func (f *forge) extensions(i uint64) {
	f.ethernet(1, 2, 0x86dd)
	f.buf = append(f.buf, 0x60, 0, 0, 0)
	f.buf = be.AppendUint16(f.buf, 8*160+8)
	f.buf = append(f.buf, 60, 64)
	src := [16]byte{0xfd, 1}
	be.PutUint64(src[8:], random(i))
	f.buf = append(append(f.buf, src[:]...), 0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
	for range 160 {
		f.buf = append(f.buf, 60, 0, 1, 4, 0, 0, 0, 0)
	}
	f.buf = append(f.buf, 59, 0, 1, 4, 0, 0, 0, 0)
}

// write makes the capture of an attack of n frames.
func (a *attack) write(t testing.TB, dir string, n int) string {
	t.Helper()
	path := filepath.Join(dir, fmt.Sprintf("%s-%d.pcap", a.name, n))
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(file, 1<<20)
	head := le.AppendUint32(nil, 0xa1b23c4d)
	head = append(head, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0)
	if a.ng {
		head = ngBlock(ngBlock(nil, 0x0a0d0d0a, ngSection...), 1, ngInterface...)
	}
	w.Write(head) // the writer remembers its first error
	f, at := &forge{}, int64(start)
	for i := range n {
		f.gap = a.step
		a.make(f, i)
		at += f.gap
		if !a.ng {
			w.Write(le.AppendUint32(le.AppendUint32(w.AvailableBuffer(), uint32(at/1e9)), uint32(at%1e9)))
			w.Write(le.AppendUint32(le.AppendUint32(w.AvailableBuffer(), uint32(len(f.buf))), uint32(len(f.buf))))
		}
		w.Write(f.buf)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	ngSection   = []byte{0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255}
	ngInterface = []byte{1, 0, 0, 0, 0, 0, 0, 0}
)

func ngBlock(b []byte, kind uint32, body ...byte) []byte {
	b = le.AppendUint32(le.AppendUint32(b, kind), uint32(12+len(body)))
	return le.AppendUint32(append(b, body...), uint32(12+len(body)))
}

// tinyBlock is a pcapng block that says nothing: statistics, custom blocks, names, now and then an interface or a section of
// its own; every sixteenth is a frame.
func (f *forge) tinyBlock(i int) {
	r := random(uint64(i))
	switch {
	case i%16 == 0:
		f.udp(inside, victim, uint16(r), 5001, nil)
		micros := uint64(start/1e3) + uint64(i)*100
		body := le.AppendUint32(make([]byte, 4, 128), uint32(micros>>32))
		body = le.AppendUint32(body, uint32(micros))
		body = le.AppendUint32(le.AppendUint32(body, uint32(len(f.buf))), uint32(len(f.buf)))
		body = append(body, f.buf...)
		f.buf = ngBlock(f.buf[:0], 6, append(body, make([]byte, (4-len(body)%4)%4)...)...)
	case i%997 == 0:
		f.buf = ngBlock(ngBlock(f.buf[:0], 0x0a0d0d0a, ngSection...), 1, ngInterface...)
	case i%499 == 0:
		f.buf = ngBlock(f.buf[:0], 1, ngInterface...)
	case r%3 == 0:
		f.buf = ngBlock(f.buf[:0], 4, 0, 0, 0, 0)
	case r%3 == 1:
		f.buf = ngBlock(f.buf[:0], 5, make([]byte, 12)...)
	default:
		f.buf = ngBlock(f.buf[:0], 0x0bad, 1, 2, 3, 4)
	}
}

// manyInterfaces is a pcapng file that describes one interface after the other, and gives each a frame.
func (f *forge) manyInterfaces(i int) {
	f.udp(inside, victim, uint16(i), 5001, nil)
	body := le.AppendUint32(nil, uint32(i+1))
	micros := uint64(start / 1e3)
	body = le.AppendUint32(le.AppendUint32(body, uint32(micros>>32)), uint32(micros))
	body = le.AppendUint32(le.AppendUint32(body, uint32(len(f.buf))), uint32(len(f.buf)))
	body = append(body, f.buf...)
	f.buf = ngBlock(f.buf[:0], 1, ngInterface...)
	f.buf = ngBlock(f.buf, 6, append(body, make([]byte, (4-len(body)%4)%4)...)...)
}

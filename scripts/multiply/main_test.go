package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"candor/internal/capture"
	"candor/internal/decode"
)

// frames of IPv4 with UDP and TCP, and of IPv6 with UDP, all with good checksums.
func frames() []frame {
	ethernet := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}
	var out []frame
	for i, proto := range []byte{17, 6} {
		b := append(append([]byte{}, ethernet...), 8, 0, 0x45, 0, 0, 40, 0, 1, 0, 0, 64, proto, 0, 0, 192, 168, 255, 7, 203, 0, 113, 9)
		b = append(b, make([]byte, 20)...)
		binary.BigEndian.PutUint16(b[38:], 20) // UDP length
		if proto == 6 {
			b[46] = 0x50
		}
		out = append(out, frame{int64(i) * 1e9, uint32(len(b)), b})
	}
	b := append(append([]byte{}, ethernet...), 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 17, 64)
	b = append(b, 0x20, 1, 0xd, 0xb8, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2)
	b = append(b, make([]byte, 20)...)
	binary.BigEndian.PutUint16(b[58:], 20)
	out = append(out, frame{2e9, uint32(len(b)), b})
	for _, f := range out {
		sign(f.data)
	}
	return out
}

// sign writes checksums.
func sign(b []byte) {
	sum := func(parts ...[]byte) uint16 {
		s := uint32(0)
		for _, p := range parts {
			for i := 0; i < len(p); i += 2 {
				s += uint32(binary.BigEndian.Uint16(p[i:]))
			}
		}
		for s > 0xffff {
			s = s>>16 + s&0xffff
		}
		return ^uint16(s)
	}
	at, addresses, proto := 34, b[26:34], b[23]
	if b[12] == 8 {
		binary.BigEndian.PutUint16(b[24:], sum(b[14:34]))
	} else {
		at, addresses, proto = 54, b[22:54], b[20]
	}
	field := b[at+6:]
	if proto == 6 {
		field = b[at+16:]
	}
	binary.BigEndian.PutUint16(field, sum(addresses, []byte{0, proto, 0, 20}, b[at:]))
}

func TestCopiesDifferAndAreWhole(t *testing.T) {
	const copies = 40
	var file bytes.Buffer
	if err := write(&file, frames(), copies, 5e8, false); err != nil {
		t.Fatal(err)
	}
	in, err := capture.NewReader("copies", &file, int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var f capture.Frame
	var p decode.Packet
	sources, last, n := map[decode.Addr]bool{}, int64(0), 0
	for err = in.Next(&f); err == nil; err = in.Next(&f) {
		p.Frame(f.Link, f.Data, f.Wire)
		if ip, transport := decode.Checksum(&p, f.Data); ip == decode.ChecksumBad || transport != decode.ChecksumGood {
			t.Errorf("frame %d: checksums %v and %v", n, ip, transport)
		}
		if f.Time < last {
			t.Errorf("frame %d goes back in time", n)
		}
		if src := p.Src.Netip(); src.Is4() && !src.IsPrivate() {
			t.Errorf("frame %d: a private address became %v", n, src)
		}
		sources[p.Src], last, n = true, f.Time, n+1
	}
	if !errors.Is(err, io.EOF) || in.Status().Damage != nil {
		t.Fatalf("reading: %v, %+v", err, in.Status().Damage)
	}
	if n != 3*copies || len(sources) != 2*copies {
		t.Errorf("%d frames from %d addresses, want %d from %d", n, len(sources), 3*copies, 2*copies)
	}
}

func TestWhatIsNotKnownStays(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing": {}, "cut": {2, 0, 0, 0, 0, 1, 2}, "cut tag": {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 2, 0x81, 0, 0, 1},
		"multicast": append([]byte{1, 0, 0x5e, 0, 0, 1, 0, 0, 0, 0, 0, 0, 8, 0, 0x46}, 1, 2, 3),
	} {
		got := bytes.Clone(b)
		if shift(got, 7); !bytes.Equal(got, b) {
			t.Errorf("%s: % x became % x", name, b, got)
		}
	}
}

func TestArguments(t *testing.T) {
	for name, args := range map[string][]string{
		"none": nil, "no number": {"a", "b", "x"}, "none at all": {"a", "b", "0"}, "too many": {"a", "b", "257"}, "no capture": {"main.go", "b", "2"},
	} {
		if err := run(args, 0, false); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestSameNetwork: the copies differ in time only.
func TestSameNetwork(t *testing.T) {
	var file bytes.Buffer
	if err := write(&file, frames(), 2, 5e9, true); err != nil {
		t.Fatal(err)
	}
	b, all := file.Bytes()[24:], frames()
	for i := range 2 * len(all) {
		data := all[i%len(all)].data
		want := all[i%len(all)].time + int64(i/len(all))*5e9
		if at := int64(binary.LittleEndian.Uint32(b))*1e9 + int64(binary.LittleEndian.Uint32(b[4:]))*1e3; at != want {
			t.Errorf("frame %d at %d, want %d", i, at, want)
		}
		if got := b[16 : 16+len(data)]; !bytes.Equal(got, data) {
			t.Errorf("frame %d was changed", i)
		}
		b = b[16+len(data):]
	}
}

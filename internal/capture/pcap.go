package capture

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Sizes in bytes of what a pcap file (draft-ietf-opsawg-pcap) is made of.
const (
	pcapFileHeader   = 24
	pcapRecordHeader = 16
)

// farWire is an original length in bytes that no frame has. Alone it is
// harmless; see pcapReader.suspect.
const farWire = 1 << 24

// A byteOrder says how a file writes its numbers.
type byteOrder struct {
	big   bool
	nanos bool // pcap only: fractions are nanoseconds
}

func little32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

func (o byteOrder) u16(b []byte) uint16 {
	n := binary.LittleEndian.Uint16(b)
	if o.big {
		n = bits.ReverseBytes16(n)
	}
	return n
}

func (o byteOrder) u32(b []byte) uint32 {
	n := binary.LittleEndian.Uint32(b)
	if o.big {
		n = bits.ReverseBytes32(n)
	}
	return n
}

func (o byteOrder) u64(b []byte) uint64 {
	n := binary.LittleEndian.Uint64(b)
	if o.big {
		n = bits.ReverseBytes64(n)
	}
	return n
}

// pcapOrder knows the four magic numbers of pcap.
func pcapOrder(magic []byte) (byteOrder, bool) {
	switch little32(magic) {
	case 0xa1b2c3d4:
		return byteOrder{}, true
	case 0xd4c3b2a1:
		return byteOrder{big: true}, true
	case 0xa1b23c4d:
		return byteOrder{nanos: true}, true
	case 0x4d3cb2a1:
		return byteOrder{big: true, nanos: true}, true
	}
	return byteOrder{}, false
}

// A pcapReader takes records out of a pcap file.
type pcapReader struct {
	in     *stream
	status *Status
	order  byteOrder
	link   uint16
	limit  uint32 // the largest captured length that is believed
	second uint32 // fractions in a second
	unit   int64  // nanoseconds in a fraction
}

// newPcapReader reads the file's header. Its error is *broken.
func newPcapReader(in *stream, status *Status, order byteOrder) (*pcapReader, error) {
	p := &pcapReader{in: in, status: status, order: order, second: 1e6, unit: 1e3}
	if order.nanos {
		p.second, p.unit = 1e9, 1
	}
	head := in.peek(pcapFileHeader)
	if head == nil {
		return nil, in.short(0, pcapFileHeader, "the file's header")
	}
	major, minor := order.u16(head[4:]), order.u16(head[6:])
	if major != 2 {
		return nil, &broken{0, fmt.Sprintf("version %d.%d of pcap is not known", major, minor)}
	}
	snaplen := order.u32(head[16:])
	// The upper half of the field tells the length of a frame check sequence.
	p.link = uint16(order.u32(head[20:]))
	p.limit = believable(snaplen)
	status.Interfaces = []Interface{{Link: p.link, Snaplen: snaplen}}
	in.advance(pcapFileHeader)
	return p, nil
}

// believable is the largest captured length that can be true. Writers go over
// their own snaplen where the kernel joins segments, but not by any length.
func believable(snaplen uint32) uint32 {
	if snaplen == 0 {
		return MaxFrame
	}
	return uint32(min(MaxFrame, 2*uint64(snaplen)+64<<10))
}

// next implements format.
func (p *pcapReader) next(frame *Frame) error {
	head := p.in.peek(pcapRecordHeader)
	if head == nil {
		return p.in.short(p.in.offset(), pcapRecordHeader, "a record's header")
	}
	seconds, fraction := p.order.u32(head), p.order.u32(head[4:])
	captured, wire := p.order.u32(head[8:]), p.order.u32(head[12:])
	if captured > p.limit || fraction >= p.second || captured|wire == 0 {
		if err := p.suspect(seconds, fraction, captured, wire); err != nil {
			return err
		}
	}
	length := pcapRecordHeader + int(captured)
	record := p.in.peek(length)
	if record == nil {
		return p.in.short(p.in.offset(), int64(length), "a record")
	}
	p.in.advance(length)
	frame.Time = int64(seconds)*1e9 + int64(fraction)*p.unit
	frame.Link = p.link
	frame.Interface = 0
	frame.Data = record[pcapRecordHeader:]
	frame.Wire = wire
	return nil
}

// suspect looks closer at an odd record header. Its error is *broken if that
// is no header; an odd time alone is counted.
func (p *pcapReader) suspect(seconds, fraction, captured, wire uint32) error {
	at := p.in.offset()
	switch {
	case captured > p.limit:
		return &broken{at, fmt.Sprintf("a record claims %d captured bytes, %d is the most that can be", captured, p.limit)}
	case seconds|fraction|captured|wire == 0:
		return &broken{at, "zeros where a record should start: the end of the file was never written"}
	case fraction >= p.second && (wire < captured || wire > farWire):
		return &broken{at, "no record starts here: neither its time nor its length can be"}
	case fraction >= p.second:
		p.status.BadTimes++
	}
	return nil
}

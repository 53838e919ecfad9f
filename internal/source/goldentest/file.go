package goldentest

import "encoding/binary"

// Seconds is when every capture starts (2025-06-15 15:07:00 UTC), Step how many microseconds lie between two frames.
const (
	Seconds = 1750000020
	Step    = 10_000
)

// Pcap is a capture of frames, Step apart, whole, with microseconds, low bytes first.
func Pcap(link int, frames ...[]byte) []byte {
	return PcapForm{Link: link}.Write(frames...)
}

// PcapForm says how a pcap file is written.
type PcapForm struct {
	Link  int
	Big   bool // high bytes first
	Nanos bool // nanoseconds; each frame then is 7 ns later than its microsecond
	Snap  int  // longer frames are cut; 0 is 262144
}

// Write writes a file (draft-ietf-opsawg-pcap).
func (f PcapForm) Write(frames ...[]byte) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	if f.Big {
		order = binary.BigEndian
	}
	if f.Snap == 0 {
		f.Snap = 262144
	}
	magic, unit, extra := uint32(0xa1b2c3d4), 1, 0
	if f.Nanos {
		magic, unit, extra = 0xa1b23c4d, 1000, 7
	}
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	for _, v := range []int{0, 0, f.Snap, f.Link} {
		b = order.AppendUint32(b, uint32(v))
	}
	for i, frame := range frames {
		micros := i * Step
		kept := frame[:min(len(frame), f.Snap)]
		for _, v := range []int{Seconds + micros/1e6, micros%1e6*unit + extra, len(kept), len(frame)} {
			b = order.AppendUint32(b, uint32(v))
		}
		b = append(b, kept...)
	}
	return b
}

// Block is a block of a pcapng file, low bytes first (draft-ietf-opsawg-pcapng).
func Block(kind int64, parts ...[]byte) []byte {
	body := Join(parts...)
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	size := LE32(int64(len(body) + 12))
	return Join(LE32(kind), size, body, size)
}

// Option is an option of a block.
func Option(code int, value []byte) []byte {
	b := Join(LE16(code, len(value)), value)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// Section is the block with which a file begins.
func Section() []byte { return Block(0x0a0d0d0a, LE32(0x1a2b3c4d, 1, -1, -1)) }

// Interface is the block of one interface.
func Interface(link int, options ...[]byte) []byte {
	if len(options) > 0 {
		options = append(options, Zeros(4))
	}
	return Block(1, LE16(link, 0), LE32(0), Join(options...))
}

// Enhanced is the block of one frame, ticks after the epoch in the unit of its interface.
func Enhanced(iface int64, ticks uint64, frame []byte) []byte {
	return Block(6, LE32(iface, int64(ticks>>32), int64(uint32(ticks)), int64(len(frame)), int64(len(frame))), frame)
}

// Statistics is the block of what an interface received and dropped.
func Statistics(iface int64, ticks, received, dropped uint64) []byte {
	number := func(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }
	return Block(
		5, LE32(iface, int64(ticks>>32), int64(uint32(ticks))),
		Option(4, number(received)), Option(5, number(dropped)), Zeros(4),
	)
}

// Pcapng is a file of one Ethernet interface with microseconds.
func Pcapng(frames ...[]byte) []byte {
	b := Join(Section(), Interface(LinkEthernet))
	for i, f := range frames {
		b = Join(b, Enhanced(0, Micros(i), f))
	}
	return b
}

// Micros is the time of the i-th frame in microseconds.
func Micros(i int) uint64 { return Seconds*1e6 + uint64(i)*Step }

// BigPcapng is Pcapng with the high bytes first.
func BigPcapng(frames ...[]byte) []byte {
	block := func(kind int64, parts ...[]byte) []byte {
		body := Join(parts...)
		body = Join(body, Zeros((4-len(body)%4)%4))
		size := U32(int64(len(body) + 12))
		return Join(U32(kind), size, body, size)
	}
	b := Join(block(0x0a0d0d0a, U32(0x1a2b3c4d), U16(1, 0), U32(-1, -1)), block(1, U16(LinkEthernet, 0), U32(0)))
	for i, f := range frames {
		at := Micros(i)
		b = Join(b, block(6, U32(0, int64(at>>32), int64(uint32(at)), int64(len(f)), int64(len(f))), f))
	}
	return b
}

// Obsolete is the block of one frame as old writers wrote it: how many were dropped before it stands in the block.
func Obsolete(iface, dropped int, ticks uint64, frame []byte) []byte {
	return Block(2, LE16(iface, dropped), LE32(int64(ticks>>32), int64(uint32(ticks)), int64(len(frame)), int64(len(frame))), frame)
}

// Simple is the block of one frame without a time.
func Simple(frame []byte) []byte { return Block(3, LE32(int64(len(frame))), frame) }

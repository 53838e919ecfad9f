package labnet

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

const (
	pcapMicro    = 0xa1b2c3d4
	pcapNano     = 0xa1b23c4d
	pcapSnap     = 262144
	linkEthernet = 1
)

// pcapWriter writes the classic pcap format, little-endian, link type Ethernet.
type pcapWriter struct {
	out  *bufio.Writer
	nano bool
	head [24]byte
}

// newPcapWriter writes the file header; snap 0 means whole frames.
func newPcapWriter(w io.Writer, nano bool, snap int) (*pcapWriter, error) {
	p := &pcapWriter{out: bufio.NewWriterSize(w, 1<<18), nano: nano}
	magic, length := uint32(pcapMicro), uint32(pcapSnap)
	if nano {
		magic = pcapNano
	}
	if snap > 0 {
		length = uint32(snap)
	}
	h := p.head[:24]
	binary.LittleEndian.PutUint32(h, magic)
	binary.LittleEndian.PutUint16(h[4:], 2)
	binary.LittleEndian.PutUint16(h[6:], 4)
	clear(h[8:16])
	binary.LittleEndian.PutUint32(h[16:], length)
	binary.LittleEndian.PutUint32(h[20:], linkEthernet)
	if _, err := p.out.Write(h); err != nil {
		return nil, fmt.Errorf("write pcap header: %w", err)
	}
	return p, nil
}

// frame writes one frame; at is nanoseconds since 1970, wire the length it had on the wire.
func (p *pcapWriter) frame(at int64, data []byte, wire int) error {
	h := p.head[:16]
	part := at % 1e9
	if !p.nano {
		part /= 1e3
	}
	binary.LittleEndian.PutUint32(h, uint32(at/1e9))
	binary.LittleEndian.PutUint32(h[4:], uint32(part))
	binary.LittleEndian.PutUint32(h[8:], uint32(len(data)))
	binary.LittleEndian.PutUint32(h[12:], uint32(wire))
	if _, err := p.out.Write(h); err != nil {
		return fmt.Errorf("write pcap frame: %w", err)
	}
	if _, err := p.out.Write(data); err != nil {
		return fmt.Errorf("write pcap frame: %w", err)
	}
	return nil
}

func (p *pcapWriter) flush() error {
	if err := p.out.Flush(); err != nil {
		return fmt.Errorf("write pcap: %w", err)
	}
	return nil
}

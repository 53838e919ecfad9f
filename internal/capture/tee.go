package capture

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// A Tee writes frames as a pcapng file (draft-ietf-opsawg-pcapng): one section, its interfaces with their names, times in
// nanoseconds, and at the end what each interface lost. Read again, it gives the same frames and the same losses.
type Tee struct {
	to    *bufio.Writer
	links []uint16 // by interface
	block []byte   // room for the one being written, but for its data
	last  int64
	err   error
}

const (
	teeResolution = 9
	teeBuffer     = 256 << 10
)

// NewTee begins a file for frames of these interfaces, of which only name and link type are needed. The writer is not closed
// by the Tee.
func NewTee(to io.Writer, interfaces []Interface) (*Tee, error) {
	t := &Tee{to: bufio.NewWriterSize(to, teeBuffer), block: make([]byte, 0, 128)}
	le := binary.LittleEndian
	b := le.AppendUint32(t.begin(blockSection), byteOrderMagic)
	b = le.AppendUint16(b, 1) // version 1.0
	b = le.AppendUint16(b, 0)
	t.end(le.AppendUint64(b, math.MaxUint64), nil) // the section's length: not known
	for _, shown := range interfaces {
		t.links = append(t.links, shown.Link)
		b := le.AppendUint16(t.begin(blockInterface), shown.Link)
		b = le.AppendUint16(b, 0)
		b = le.AppendUint32(b, MaxFrame)
		b = appendOption(b, interfaceName, []byte(shown.Name[:min(len(shown.Name), maxName)]))
		b = appendOption(b, interfaceResolution, []byte{teeResolution})
		t.end(appendOption(b, optionEnd, nil), nil)
	}
	return t, t.failure()
}

// Frame adds a frame. After an error it gives the same again: a file with a hole would lie.
func (t *Tee) Frame(f *Frame) error {
	if f.Interface < 0 || f.Interface >= len(t.links) || f.Link != t.links[f.Interface] {
		return fmt.Errorf("write capture: a frame of interface %d with link type %d was not announced", f.Interface, f.Link)
	}
	b := binary.LittleEndian.AppendUint32(t.begin(blockEnhanced), uint32(f.Interface))
	b = appendStamp(b, f.Time)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Data)))
	b = binary.LittleEndian.AppendUint32(b, f.Wire)
	t.last = max(t.last, f.Time)
	t.end(b, f.Data)
	return t.failure()
}

// Flush hands on what is buffered.
func (t *Tee) Flush() error {
	if t.err == nil {
		t.err = t.to.Flush()
	}
	return t.failure()
}

// Finish writes what each interface lost, by the same places as in NewTee, and hands everything on. No frame may follow.
func (t *Tee) Finish(lost []Drops) error {
	le := binary.LittleEndian
	for i, d := range lost[:min(len(lost), len(t.links))] {
		b := le.AppendUint32(t.begin(blockStatistics), uint32(i))
		b = appendStamp(b, t.last)
		b = appendOption(b, statisticsReceived, le.AppendUint64(nil, d.Received))
		b = appendOption(b, statisticsDropped, le.AppendUint64(nil, d.Dropped))
		b = appendOption(b, statisticsOSDropped, le.AppendUint64(nil, d.OSDropped))
		t.end(appendOption(b, optionEnd, nil), nil)
	}
	return t.Flush()
}

// begin is the start of a block: its type, and room for its length.
func (t *Tee) begin(kind uint32) []byte {
	return append(binary.LittleEndian.AppendUint32(t.block[:0], kind), 0, 0, 0, 0)
}

// end writes a block with data at its end, padded to four bytes.
func (t *Tee) end(b, data []byte) {
	t.block = b
	padding := -len(data) & 3
	length := uint32(len(b) + len(data) + padding + 4)
	binary.LittleEndian.PutUint32(b[4:], length)
	t.write(b)
	t.write(data)
	var tail [8]byte
	binary.LittleEndian.PutUint32(tail[padding:], length)
	t.write(tail[:padding+4])
}

func (t *Tee) write(b []byte) {
	if t.err == nil {
		_, t.err = t.to.Write(b)
	}
}

func (t *Tee) failure() error {
	if t.err != nil {
		return fmt.Errorf("write capture: %w", t.err)
	}
	return nil
}

// appendStamp adds a time: its high half first.
func appendStamp(b []byte, at int64) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(uint64(at)>>32))
	return binary.LittleEndian.AppendUint32(b, uint32(at))
}

// appendOption adds an option, padded to four bytes.
func appendOption(b []byte, code uint16, value []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	return append(b, make([]byte, -len(value)&3)...)
}

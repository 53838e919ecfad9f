package ring

import (
	"encoding/binary"
	"errors"

	"candor/internal/capture"
)

// Where the kernel puts things in a block of a TPACKET_V3 ring (struct tpacket_block_desc) and in front of each frame
// (struct tpacket3_hdr), from linux/if_packet.h. Numbers are in the machine's own byte order.
const (
	blockStatus  = 8
	blockPackets = 12
	blockFirst   = 16
	blockHeader  = 48

	frameNext    = 0
	frameSec     = 4
	frameNsec    = 8
	frameSnaplen = 12
	frameLen     = 16
	frameStatus  = 20
	frameMAC     = 24
	frameTCI     = 32
	frameTPID    = 36
	frameHeader  = 48
)

// Bits of a frame's status.
const (
	statusUnfinished = 1 << 3 // TP_STATUS_CSUMNOTREADY
	statusVLAN       = 1 << 4 // TP_STATUS_VLAN_VALID
	statusTPID       = 1 << 6 // TP_STATUS_VLAN_TPID_VALID
)

// Of a tag (IEEE 802.1Q, 9.3).
const (
	tagBytes  = 4
	macBytes  = 12 // both addresses, in front of a tag
	tpidUsual = 0x8100
)

var errBlock = errors.New("a block of the ring is not as the kernel makes them")

// A walker goes through the frames of one block.
type walker struct {
	mem  []byte // the block; nil when there is none
	at   int    // header of the next frame
	left uint32 // frames not yet given
}

// begin starts on a block that the kernel has handed over.
func (w *walker) begin(mem []byte) {
	w.mem = mem
	w.left = binary.NativeEndian.Uint32(mem[blockPackets:])
	w.at = int(binary.NativeEndian.Uint32(mem[blockFirst:]))
}

// seen is what a walker notes of a frame beside the frame itself.
type seen struct{ unfinished, tagged bool }

// next gives the next frame, with its VLAN tag where it was on the wire. The frame lies in the block. What the block says
// of itself is checked: an error means that nothing more can be found in it.
func (w *walker) next(f *capture.Frame, ethernet bool) (s seen, err error) {
	order := binary.NativeEndian
	if w.at < blockHeader || w.at > len(w.mem)-frameHeader {
		return s, errBlock
	}
	h := w.mem[w.at : w.at+frameHeader]
	from := w.at + int(order.Uint16(h[frameMAC:]))
	to := from + int(order.Uint32(h[frameSnaplen:]))
	if from < w.at+frameHeader || to < from || to > len(w.mem) {
		return s, errBlock
	}
	f.Time = int64(order.Uint32(h[frameSec:]))*1e9 + int64(order.Uint32(h[frameNsec:]))
	f.Wire = order.Uint32(h[frameLen:])
	status := order.Uint32(h[frameStatus:])
	s.unfinished = status&statusUnfinished != 0
	if status&statusVLAN != 0 && ethernet && to-from >= macBytes && from-tagBytes >= w.at+frameHeader {
		// The kernel reserves room in front of the frame: the addresses move there, and the tag fits behind them.
		s.tagged = true
		copy(w.mem[from-tagBytes:], w.mem[from:from+macBytes])
		from -= tagBytes
		tpid := uint16(tpidUsual)
		if status&statusTPID != 0 {
			tpid = order.Uint16(h[frameTPID:])
		}
		binary.BigEndian.PutUint16(w.mem[from+macBytes:], tpid)
		binary.BigEndian.PutUint16(w.mem[from+macBytes+2:], uint16(order.Uint32(h[frameTCI:])))
		f.Wire += tagBytes
	}
	f.Data = w.mem[from:to:to]
	w.left--
	if step := order.Uint32(h[frameNext:]); step != 0 {
		w.at += int(step)
	} else if w.left > 0 {
		return s, errBlock
	}
	return s, nil
}

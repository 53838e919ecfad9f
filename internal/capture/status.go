package capture

import (
	"math"
	"slices"
)

// Kinds of capture, as in Status.Kind.
const (
	Pcap   = "pcap"
	Pcapng = "pcapng"
)

// Compressions, as in Status.Compression; empty when there is none.
const (
	Gzip = "gzip"
	Zstd = "zstd"
)

// A Status says what a file gave so far, and what it could not give.
type Status struct {
	// Path is the name the file was opened by.
	Path string
	// Kind is Pcap or Pcapng. It is empty when the compressed stream broke
	// before anything came out of it; Damage is then set.
	Kind string
	// Compression is empty, Gzip or Zstd.
	Compression string
	// Packets and Bytes count the frames given and their captured bytes.
	Packets, Bytes uint64
	// Interfaces are those described so far, over all sections of the file. A
	// pcap file has exactly one.
	Interfaces []Interface
	// Damage is nil as long as nothing was found to be damaged.
	Damage *Damage
	// DropsKnown is true when every interface that gave frames also gave its
	// drop counters, and at least one interface did.
	DropsKnown bool
	// BadTimes counts frames whose time stamp was set to the nearest one that
	// can be (before 1970, after 2262), or whose fraction of a second in pcap
	// was a second or more.
	BadTimes uint64
	// Untimed counts frames of a format without time (pcapng simple packets).
	// They carry the time of the frame before them in the file, else 0.
	Untimed uint64
	// OtherBlocks counts pcapng blocks that were stepped over: name
	// resolution, secrets, custom and unknown ones.
	OtherBlocks uint64
}

// An Interface is one that frames of a file were captured on.
type Interface struct {
	// Link is the LINKTYPE_ number.
	Link uint16
	// Name and Description are what the file says, valid UTF-8, cut to 255
	// bytes; else empty. They may hold any character: escape before showing.
	Name, Description string
	// Snaplen is the longest frame the capture was to keep, in bytes; 0 if
	// there was no such limit.
	Snaplen uint32
	// Packets counts the frames it gave.
	Packets uint64
	// Drops is what it says of its losses.
	Drops Drops
}

// Drops is what an interface says it lost, from pcapng interface statistics
// (draft-ietf-opsawg-pcapng, section 4.6). Counters are since the start of the
// capture; of several statistics the highest count holds.
type Drops struct {
	// Known is true when a statistics block exists for the interface and has a
	// counter of drops. Without it zeros mean nothing.
	Known bool
	// Received is what the interface received (isb_ifrecv), if it says so.
	Received uint64
	// Dropped is what the interface dropped for want of room (isb_ifdrop).
	Dropped uint64
	// OSDropped is what the operating system dropped (isb_osdrop).
	OSDropped uint64
	// Between counts packets that the packet records themselves say were lost
	// before them (epb_dropcount, and the drops of obsolete packet blocks). It
	// needs no statistics, so it may be above 0 while Known is false.
	Between uint64
}

// A Damage says where the reading of a file stopped before its end.
type Damage struct {
	// At is the offset in bytes of the first record not used. It counts in the
	// decompressed stream where the file is compressed.
	At int64
	// Unread is the number of bytes from At to the end, counted as At is; -1
	// when that is not known (a broken compressed stream, or damage in the
	// middle of compressed data or of a pipe).
	Unread int64
	// Because says in words what is wrong there.
	Because string
}

// Status gives the status as of now. It must not be called while Next runs.
func (f *File) Status() Status {
	status := f.status
	status.Interfaces = slices.Clone(f.status.Interfaces)
	if f.status.Damage != nil {
		damage := *f.status.Damage
		status.Damage = &damage
	}
	status.DropsKnown = dropsKnown(status.Interfaces)
	return status
}

func dropsKnown(interfaces []Interface) bool {
	known := false
	for _, i := range interfaces {
		if i.Packets > 0 && !i.Drops.Known {
			return false
		}
		known = known || i.Drops.Known
	}
	return known
}

// addCapped adds two counts that a file claims; the sum stays at the highest
// number there is.
func addCapped(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

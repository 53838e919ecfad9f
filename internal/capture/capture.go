// Package capture gives frames: bytes from a wire with the time they were seen.
//
// Here live the readers of capture files. pcap (both byte orders, micro- and
// nanoseconds) and pcapng (several sections and interfaces) are told apart by
// their first bytes, and so are gzip and zstd around them; names do not matter.
// Several files become one time-ordered observation with [Merge].
//
// A damaged file is not an error: every frame before the damage is given, then
// io.EOF, and [File.Status] says where reading stopped, why, and how much was
// left. Everything in a file is taken as hostile: no length in it leads to an
// allocation, memory per file is bounded, and the original length of a frame
// is passed on but never believed.
//
// What frames mean is not known here (package decode), nor what kinds of input
// there are besides captures (package source).
//
// Package ring, below this one, reads live interfaces; what its frames and counters
// are like is said here (live.go), and [Tee] writes frames to a file.
//
// Start with [Open] and [File.Next]; the formats are in pcap.go and pcapng.go,
// the buffer that both read from is in stream.go.
package capture

import "errors"

// ErrNotCapture is in the chain of the error of [Open] and [NewReader] when the
// input is neither pcap nor pcapng, compressed or not.
var ErrNotCapture = errors.New("not a packet capture (pcap or pcapng, plain or in gzip or zstd)")

// MaxFrame is the largest captured length, in bytes, that is believed. It is
// the limit libpcap itself sets for network link types. A record that claims
// more is damage.
const MaxFrame = 256 << 10

// A Frame is what one record of a capture file holds.
type Frame struct {
	// Time is in nanoseconds since the Unix epoch, UTC; never negative.
	Time int64
	// Link is the LINKTYPE_ number of the frame's interface, as in the file.
	Link uint16
	// Interface is an index into Status.Interfaces of the frame's file.
	Interface int
	// Data are the captured bytes. They are valid until the next call of Next
	// on the same File or Merge, and must not be written to.
	Data []byte
	// Wire is the length on the wire in bytes as the file claims it. It may be
	// anything, also less than len(Data): never use it for volume.
	Wire uint32
	// File is the index of the file among those given to NewMerge, else 0.
	File int
}

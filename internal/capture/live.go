package capture

import (
	"errors"
	"time"
)

// ErrQuiet is what the Next of a live capture says when no frame came in the time that it was to wait. Every frame that
// arrived more than Horizon ago has then been given.
var ErrQuiet = errors.New("no frame came")

// Horizon is how long a frame may be on its way from an interface to whoever reads a live capture.
const Horizon = 200 * time.Millisecond

// A Counted says what became of the packets of one live interface since it was opened. Counters never go back. Read plus
// Dropped is Seen, to the packet, once the capture has been stopped and read to its end; until then what still waits in
// the rings is missing from Read.
type Counted struct {
	// Name and Link are the interface's name and LINKTYPE_ number.
	Name string
	Link uint16
	// Seen counts the packets that passed the filter, the lost ones included.
	Seen uint64
	// Read and Bytes count the frames given and their captured bytes.
	Read, Bytes uint64
	// Dropped counts what found no room in the rings.
	Dropped uint64
	// Missed is what the interface's own counters say was lost before the rings: no room on the card (rx_missed_errors), or
	// in the kernel's queue (rx_dropped, as far as it certainly was that). None of it is in Seen.
	Missed uint64
	// Damaged is what the interface received broken (rx_crc_errors, rx_frame_errors, rx_length_errors).
	Damaged uint64
	// Arrived is how many packets the interface itself counts (rx_packets, and tx_packets where outgoing ones are
	// captured too), for comparison: offloads make it differ from Seen. 0 if it does not count.
	Arrived uint64
	// Unfinished counts frames whose checksums the sending machine, or its card, had yet to compute.
	Unfinished uint64
	// Tagged counts frames whose outer VLAN tag the kernel had taken out; it was put back.
	Tagged uint64
	// Flaps counts how often the link's state changed.
	Flaps uint64
	// Down says in words why nothing can come from the interface now; empty while it can.
	Down string
	// Filter is the expression that leaves packets out on purpose, before anything counts them; empty without.
	Filter string
}

package capture

import "fmt"

// Types of pcapng blocks that are read (draft-ietf-opsawg-pcapng, 4); all
// others are stepped over.
const (
	blockInterface  = 1
	blockObsolete   = 2
	blockSimple     = 3
	blockStatistics = 5
	blockEnhanced   = 6
	blockSection    = 0x0a0d0d0a // the same in both byte orders
)

const (
	byteOrderMagic = 0x1a2b3c4d
	// blockFrame is type, length, and the length again at the end.
	blockFrame = 12
	// maxInterfaces bounds the table of interfaces of one file.
	maxInterfaces = 1 << 16
)

func isByteOrderMagic(b []byte) bool {
	return little32(b) == byteOrderMagic || byteOrder{big: true}.u32(b) == byteOrderMagic
}

// An ngReader takes packets out of a pcapng file.
type ngReader struct {
	in     *stream
	status *Status
	order  byteOrder // of the section
	// The section's interfaces; the first has the index base in the file.
	interfaces []ngInterface
	base       int
	last       int64 // time of the last frame with one
}

// An ngInterface is what reading needs to know of an interface.
type ngInterface struct {
	link    uint16
	snaplen uint32
	limit   uint32 // the largest captured length that is believed
	clock   clock
}

// next implements format.
func (r *ngReader) next(frame *Frame) error {
	for {
		start := r.in.offset()
		kind, length, err := r.header(start)
		if err != nil {
			return err
		}
		found := false
		switch kind {
		case blockEnhanced, blockObsolete, blockSimple, blockInterface, blockStatistics, blockSection:
			var body []byte
			if body, err = r.block(start, length); err == nil {
				found, err = r.read(frame, kind, body)
			}
		default:
			err = r.skip(start, length)
		}
		if err != nil {
			return r.locate(err, start)
		}
		if found {
			return nil
		}
	}
}

// locate makes a reason found inside a block damage at the block's start.
func (r *ngReader) locate(err error, start int64) error {
	if reason, ok := err.(unfit); ok {
		return &broken{start, string(reason)}
	}
	return err
}

// unfit is why a block whose frame is whole cannot be used.
type unfit string

// Error gives the reason.
func (u unfit) Error() string { return string(u) }

// header reads the type and the length of the block at start, and learns the
// byte order if it is a section's.
func (r *ngReader) header(start int64) (kind uint32, length uint32, err error) {
	head := r.in.peek(8)
	if head == nil {
		return 0, 0, r.in.short(start, 8, "a block's header")
	}
	kind = r.order.u32(head)
	if kind == blockSection {
		head = r.in.peek(12)
		if head == nil {
			return 0, 0, r.in.short(start, 12, "a section's header")
		}
		r.order.big = little32(head[8:]) != byteOrderMagic
		if !isByteOrderMagic(head[8:]) {
			return 0, 0, &broken{start, "a section's header has no byte order"}
		}
	}
	length = r.order.u32(head[4:])
	if length < blockFrame || length%4 != 0 {
		return 0, 0, &broken{start, fmt.Sprintf("a block claims a length of %d bytes, which cannot be", length)}
	}
	return kind, length, nil
}

// block uses up a block of a kind that is read and gives what is inside.
func (r *ngReader) block(start int64, length uint32) ([]byte, error) {
	if length > fullBuffer {
		return nil, &broken{start, fmt.Sprintf("a block claims %d bytes, %d is the most that is read", length, fullBuffer)}
	}
	whole := r.in.peek(int(length))
	if whole == nil {
		return nil, r.in.short(start, int64(length), "a block")
	}
	if again := r.order.u32(whole[length-4:]); again != length {
		return nil, &broken{start, fmt.Sprintf("a block gives its length as %d bytes in front and %d behind", length, again)}
	}
	r.in.advance(int(length))
	return whole[8 : length-4], nil
}

// skip steps over a block, however long it is.
func (r *ngReader) skip(start int64, length uint32) error {
	if !r.in.skip(int64(length - 4)) {
		return r.in.short(start, int64(length), "a block")
	}
	tail := r.in.peek(4)
	if tail == nil {
		return r.in.short(start, int64(length), "a block")
	}
	if again := r.order.u32(tail); again != length {
		return &broken{start, fmt.Sprintf("a block gives its length as %d bytes in front and %d behind", length, again)}
	}
	r.in.advance(4)
	r.status.OtherBlocks++
	return nil
}

// read takes a block apart and says whether it held a frame. Its error is
// unfit.
func (r *ngReader) read(frame *Frame, kind uint32, body []byte) (bool, error) {
	switch kind {
	case blockEnhanced:
		return true, r.enhanced(frame, body)
	case blockObsolete:
		return true, r.obsolete(frame, body)
	case blockSimple:
		return true, r.simple(frame, body)
	case blockInterface:
		return false, r.describe(body)
	case blockStatistics:
		return false, r.statistics(body)
	default:
		return false, r.section(body)
	}
}

// section begins a section: interfaces are counted anew.
func (r *ngReader) section(body []byte) error {
	if len(body) < 16 {
		return unfit("a section's header is too short")
	}
	if major, minor := r.order.u16(body[4:]), r.order.u16(body[6:]); major != 1 {
		return unfit(fmt.Sprintf("version %d.%d of pcapng is not known", major, minor))
	}
	r.base = len(r.status.Interfaces)
	r.interfaces = r.interfaces[:0]
	return nil
}

// enhanced reads an enhanced packet block: interface, time (high, low),
// captured length, original length, data, options.
func (r *ngReader) enhanced(frame *Frame, body []byte) error {
	if len(body) < 20 {
		return unfit("a packet block is too short")
	}
	id := r.order.u32(body)
	rest, err := r.timed(frame, id, body[4:])
	if err != nil || len(rest) == 0 {
		return err
	}
	r.dropsBefore(frame.Interface, rest)
	return nil
}

// obsolete reads the packet block of old writers: interface and drops of 16
// bits each, then as the enhanced one.
func (r *ngReader) obsolete(frame *Frame, body []byte) error {
	if len(body) < 20 {
		return unfit("a packet block is too short")
	}
	id, drops := r.order.u16(body), r.order.u16(body[2:])
	if _, err := r.timed(frame, uint32(id), body[4:]); err != nil {
		return err
	}
	if drops != 0xffff { // not known
		between := &r.status.Interfaces[frame.Interface].Drops.Between
		*between = addCapped(*between, uint64(drops))
	}
	return nil
}

// timed reads what enhanced and obsolete packet blocks share, from the time
// on, and gives what follows the data. body has at least 16 bytes.
func (r *ngReader) timed(frame *Frame, id uint32, body []byte) ([]byte, error) {
	if uint64(id) >= uint64(len(r.interfaces)) {
		return nil, unfit(fmt.Sprintf("a packet names interface %d, but the section has described %d", id, len(r.interfaces)))
	}
	on := &r.interfaces[id]
	captured, data := r.order.u32(body[8:]), body[16:]
	if captured > on.limit {
		return nil, unfit(fmt.Sprintf("a packet claims %d captured bytes, %d is the most that can be", captured, on.limit))
	}
	if uint64(captured) > uint64(len(data)) {
		return nil, unfit(fmt.Sprintf("a packet claims %d captured bytes, but its block has room for %d", captured, len(data)))
	}
	time, ok := on.clock.at(uint64(r.order.u32(body))<<32 | uint64(r.order.u32(body[4:])))
	if !ok {
		r.status.BadTimes++
	}
	r.last = time
	frame.Time = time
	frame.Link = on.link
	frame.Interface = r.base + int(id)
	frame.Data = data[:captured:captured]
	frame.Wire = r.order.u32(body[12:])
	return data[min(int(captured+3)&^3, len(data)):], nil
}

// simple reads a simple packet block: original length and data, always of the
// section's first interface, without a time.
func (r *ngReader) simple(frame *Frame, body []byte) error {
	if len(r.interfaces) == 0 {
		return unfit("a packet comes before any interface")
	}
	if len(body) < 4 {
		return unfit("a packet block is too short")
	}
	on := &r.interfaces[0]
	wire := r.order.u32(body)
	captured := min(uint64(wire), uint64(len(body)-4))
	if on.snaplen != 0 {
		captured = min(captured, uint64(on.snaplen))
	}
	if captured > uint64(on.limit) {
		return unfit(fmt.Sprintf("a packet has %d captured bytes, %d is the most that can be", captured, on.limit))
	}
	r.status.Untimed++
	frame.Time = r.last
	frame.Link = on.link
	frame.Interface = r.base
	frame.Data = body[4 : 4+captured : 4+captured]
	frame.Wire = wire
	return nil
}

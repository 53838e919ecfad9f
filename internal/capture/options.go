package capture

import (
	"math"
	"strings"
)

// Options of pcapng blocks that are read (draft-ietf-opsawg-pcapng, 3.5).
const (
	optionEnd = 0

	interfaceName        = 2
	interfaceDescription = 3
	interfaceResolution  = 9
	interfaceOffset      = 14

	statisticsReceived  = 4
	statisticsDropped   = 5
	statisticsOSDropped = 7

	packetDropped = 4
)

// maxName bounds names from a file, in bytes.
const maxName = 255

// options walks over the options in b and hands each to use, up to an error of
// use or a length that cannot be.
func (r *ngReader) options(b []byte, use func(code uint16, value []byte) error) error {
	for len(b) >= 4 {
		code, length := r.order.u16(b), int(r.order.u16(b[2:]))
		if code == optionEnd {
			return nil
		}
		b = b[4:]
		if length > len(b) {
			return unfit("an option is longer than its block")
		}
		if err := use(code, b[:length]); err != nil {
			return err
		}
		b = b[min((length+3)&^3, len(b)):]
	}
	return nil
}

// describe reads an interface description block: link type, reserved, snaplen,
// options.
func (r *ngReader) describe(body []byte) error {
	if len(body) < 8 {
		return unfit("an interface's description is too short")
	}
	if len(r.status.Interfaces) >= maxInterfaces {
		return unfit("the file describes more than 65,536 interfaces")
	}
	shown := Interface{Link: r.order.u16(body), Snaplen: r.order.u32(body[4:])}
	resolution, offset := uint8(microseconds), int64(0)
	err := r.options(body[8:], func(code uint16, value []byte) error {
		switch code {
		case interfaceName:
			shown.Name = name(value)
		case interfaceDescription:
			shown.Description = name(value)
		case interfaceResolution:
			if len(value) != 1 {
				return unfit("an interface's time resolution has not one byte")
			}
			resolution = value[0]
		case interfaceOffset:
			if len(value) != 8 {
				return unfit("an interface's time offset has not eight bytes")
			}
			offset = int64(r.order.u64(value))
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.status.Interfaces = append(r.status.Interfaces, shown)
	r.interfaces = append(r.interfaces, ngInterface{
		link: shown.Link, snaplen: shown.Snaplen,
		limit: believable(shown.Snaplen), clock: newClock(resolution, offset),
	})
	return nil
}

// name makes text of an option's bytes. Old writers end it with a zero.
func name(value []byte) string {
	value = value[:min(len(value), maxName)]
	text, _, _ := strings.Cut(string(value), "\x00")
	return strings.ToValidUTF8(text, "?")
}

// statistics reads an interface statistics block: interface, time, options.
func (r *ngReader) statistics(body []byte) error {
	if len(body) < 12 {
		return unfit("an interface's statistics are too short")
	}
	id := r.order.u32(body)
	if uint64(id) >= uint64(len(r.interfaces)) {
		return unfit("statistics name an interface that the section has not described")
	}
	drops := &r.status.Interfaces[r.base+int(id)].Drops
	return r.options(body[12:], func(code uint16, value []byte) error {
		count, ok := r.count(value)
		switch {
		case !ok:
		case code == statisticsReceived:
			drops.Received = max(drops.Received, count)
		case code == statisticsDropped:
			drops.Known = true
			drops.Dropped = max(drops.Dropped, count)
		case code == statisticsOSDropped:
			drops.Known = true
			drops.OSDropped = max(drops.OSDropped, count)
		}
		return nil
	})
}

// count reads a counter of 64 bits. All ones is how writers say "not known".
func (r *ngReader) count(value []byte) (uint64, bool) {
	if len(value) != 8 {
		return 0, false
	}
	n := r.order.u64(value)
	return n, n != math.MaxUint64
}

// dropsBefore adds what the options of a packet say was lost before it. The
// packet is whole, so options that cannot be are passed over.
func (r *ngReader) dropsBefore(index int, b []byte) {
	between := &r.status.Interfaces[index].Drops.Between
	_ = r.options(b, func(code uint16, value []byte) error {
		if count, ok := r.count(value); ok && code == packetDropped {
			*between = addCapped(*between, count)
		}
		return nil
	})
}

package decode

import (
	"errors"
	"net/netip"
)

// Limits of one DNS message. What they drop is counted in DNS.Dropped.
const (
	MaxDNSMessage = 65535   // bytes looked at
	MaxDNSRecords = 512     // questions and records kept
	maxDNSText    = 1 << 17 // bytes of names and data kept, so that compression cannot multiply a small message
	maxNameBytes  = 255     // of one name on the wire (RFC 1035)
	maxPointers   = 64      // compression pointers in one name
)

// What ParseDNS refuses.
var (
	ErrDNSHeader = errors.New("decode dns: not a dns header")
	ErrDNSName   = errors.New("decode dns: bad name (pointer not backwards, label type or length)")
	ErrDNSRecord = errors.New("decode dns: record data does not fit its record")
)

// DNS is one message (RFC 1035) as read by ParseDNS. Names keep the letter case of the wire; the root is ".".
type DNS struct {
	ID       uint16
	Opcode   uint8
	Response bool
	AA, TC   bool
	RD, RA   bool
	Z        uint8  // the three bits behind RA, AD and CD included, as Zeek counts them
	RCode    uint16 // with the upper bits that EDNS adds

	// The counts as the header claims them; the slices hold what was read.
	QDCount, ANCount, NSCount, ARCount int
	Questions                          []DNSQuestion
	Answers, Authority, Additional     []DNSRecord

	EDNS    EDNS
	Cut     bool // the bytes ended before the message did
	Dropped int  // questions and records beyond the limits
}

// DNSQuestion is one question.
type DNSQuestion struct {
	Name        string
	Type, Class uint16
}

// DNSRecord is one resource record, its data rendered as Zeek renders answers.
type DNSRecord struct {
	Name        string
	Type, Class uint16
	TTL         uint32 // seconds
	Data        string
}

// EDNS is what the OPT record says (RFC 6891).
type EDNS struct {
	Present      bool
	DO           bool // the sender wants DNSSEC records
	Version      uint8
	UDPSize      uint16
	HasSubnet    bool
	ClientSubnet netip.Prefix // RFC 7871
}

// reset empties d and keeps the memory of its slices.
func (d *DNS) reset() {
	*d = DNS{Questions: d.Questions[:0], Answers: d.Answers[:0], Authority: d.Authority[:0], Additional: d.Additional[:0]}
}

// ParseDNS reads one message; over TCP the caller takes off the length prefix. d is reset first. With an error, what was read before
// stands. Bytes that end too early are no error but set Cut.
func ParseDNS(msg []byte, d *DNS) error {
	d.reset()
	if len(msg) > MaxDNSMessage {
		msg = msg[:MaxDNSMessage]
	}
	if len(msg) < 12 {
		d.Cut = true
		return ErrDNSHeader
	}
	bits := be16(msg[2:])
	d.ID = be16(msg)
	d.Response = bits&0x8000 != 0
	d.Opcode = uint8(bits >> 11 & 15)
	d.AA, d.TC = bits&0x0400 != 0, bits&0x0200 != 0
	d.RD, d.RA = bits&0x0100 != 0, bits&0x0080 != 0
	d.Z = uint8(bits >> 4 & 7)
	d.RCode = bits & 15
	d.QDCount, d.ANCount = int(be16(msg[4:])), int(be16(msg[6:]))
	d.NSCount, d.ARCount = int(be16(msg[8:])), int(be16(msg[10:]))
	if !plausibleDNS(d, len(msg)) {
		return ErrDNSHeader
	}
	r := dnsReader{msg: msg, off: 12, text: maxDNSText, records: MaxDNSRecords}
	err := r.questions(d)
	for _, s := range []struct {
		into  *[]DNSRecord
		count int
	}{{&d.Answers, d.ANCount}, {&d.Authority, d.NSCount}, {&d.Additional, d.ARCount}} {
		if err == nil {
			err = r.section(d, s.into, s.count)
		}
	}
	if errors.Is(err, errCut) {
		d.Cut = true
		err = nil
	}
	d.Dropped = r.dropped
	return err
}

// plausibleDNS refuses headers that no DNS speaker sends, so that other protocols on the port are not taken for DNS.
func plausibleDNS(d *DNS, size int) bool {
	switch d.Opcode {
	case 3, 10, 11, 12, 13, 14:
		return false
	}
	if d.QDCount+d.ANCount+d.NSCount+d.ARCount == 0 {
		return size == 12 // answers that refuse without repeating the question
	}
	return d.QDCount <= 256 && (d.Response || d.QDCount+d.ANCount+d.NSCount+d.ARCount <= 1024)
}

var errCut = errors.New("bytes ended") // inside this package only: becomes DNS.Cut

// dnsReader walks one message.
type dnsReader struct {
	msg     []byte
	off     int
	text    int // bytes of text that may still be kept
	records int // questions and records that may still be kept
	dropped int
	buf     [4*maxNameBytes + 8]byte
}

func (r *dnsReader) questions(d *DNS) error {
	for range d.QDCount {
		name, err := r.name(len(r.msg))
		if err != nil {
			return err
		}
		if len(r.msg)-r.off < 4 {
			return errCut
		}
		q := DNSQuestion{Name: name, Type: be16(r.msg[r.off:]), Class: be16(r.msg[r.off+2:])}
		r.off += 4
		if r.keep(len(name)) {
			d.Questions = append(d.Questions, q)
		}
	}
	return nil
}

// keep says whether a question or record with so much text is still within the limits. The first that is not ends the reading of records,
// so that the work is bounded as well.
func (r *dnsReader) keep(size int) bool {
	if r.records == 0 || r.text < size {
		r.dropped++
		r.records = 0
		return false
	}
	r.records--
	r.text -= size
	return true
}

func (r *dnsReader) section(d *DNS, into *[]DNSRecord, count int) error {
	for i := range count {
		if r.records == 0 {
			r.dropped += count - i
			return nil
		}
		rec, err := r.record(d)
		if err != nil {
			return err
		}
		if r.keep(len(rec.Name) + len(rec.Data)) {
			*into = append(*into, rec)
		}
	}
	return nil
}

func (r *dnsReader) record(d *DNS) (DNSRecord, error) {
	name, err := r.name(len(r.msg))
	if err != nil {
		return DNSRecord{}, err
	}
	if len(r.msg)-r.off < 10 {
		return DNSRecord{}, errCut
	}
	h := r.msg[r.off:]
	rec := DNSRecord{Name: name, Type: be16(h), Class: be16(h[2:]), TTL: be32(h[4:])}
	r.off += 10
	end := r.off + int(be16(h[8:]))
	if end > len(r.msg) {
		return DNSRecord{}, errCut
	}
	if rec.Type == dnsOPT {
		r.edns(d, rec, r.msg[r.off:end])
	}
	rec.Data, err = r.data(rec, end)
	r.off = end
	return rec, err
}

// edns takes over an OPT record.
func (r *dnsReader) edns(d *DNS, rec DNSRecord, options []byte) {
	if d.EDNS.Present {
		return
	}
	d.EDNS = EDNS{Present: true, UDPSize: rec.Class, Version: uint8(rec.TTL >> 16), DO: rec.TTL&0x8000 != 0}
	d.RCode |= uint16(rec.TTL>>24) << 4
	for len(options) >= 4 {
		code, size := be16(options), int(be16(options[2:]))
		if size > len(options)-4 {
			return
		}
		if code == 8 && !d.EDNS.HasSubnet {
			d.EDNS.ClientSubnet, d.EDNS.HasSubnet = clientSubnet(options[4 : 4+size])
		}
		options = options[4+size:]
	}
}

// clientSubnet reads the client subnet option (RFC 7871).
func clientSubnet(b []byte) (netip.Prefix, bool) {
	if len(b) < 4 {
		return netip.Prefix{}, false
	}
	family, bits, short := be16(b), int(b[2]), b[4:]
	var ip netip.Addr
	switch {
	case family == 1 && bits <= 32 && len(short) <= 4:
		var full [4]byte
		copy(full[:], short)
		ip = netip.AddrFrom4(full)
	case family == 2 && bits <= 128 && len(short) <= 16:
		var full [16]byte
		copy(full[:], short)
		ip = netip.AddrFrom16(full)
	default:
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(ip, bits), true
}

// name reads the name at r.off, which must end at limit unless it ends in a pointer, and moves r.off behind it.
func (r *dnsReader) name(limit int) (string, error) {
	out, next, err := appendName(r.buf[:0], r.msg, r.off, limit)
	if err != nil {
		return "", err
	}
	r.off = next
	return string(out), nil
}

// appendName appends the name at off, dots between labels, and gives the offset behind it. Pointers must go backwards, before the part of
// the name that holds them, so that no loop is possible. A dot inside a label is written \x2e.
func appendName(dst, msg []byte, off, limit int) (out []byte, next int, err error) {
	out, start, size, pointers := dst, off, 0, 0
	next = -1
	for {
		if off >= limit {
			return dst, off, errCut
		}
		c := int(msg[off])
		switch {
		case c == 0:
			if next < 0 {
				next = off + 1
			}
			if len(out) == len(dst) {
				out = append(out, '.')
			}
			return out, next, nil
		case c&0xc0 == 0xc0:
			if off+2 > limit {
				return dst, off, errCut
			}
			target := c&0x3f<<8 | int(msg[off+1])
			if next < 0 {
				next = off + 2
			}
			if pointers++; target >= start || pointers > maxPointers {
				return dst, off, ErrDNSName
			}
			off, start, limit = target, target, len(msg)
		case c&0xc0 != 0:
			return dst, off, ErrDNSName
		default:
			if size += c + 1; size > maxNameBytes-1 {
				return dst, off, ErrDNSName
			}
			if off+1+c > limit {
				return dst, off, errCut
			}
			if len(out) > len(dst) {
				out = append(out, '.')
			}
			out = appendLabel(out, msg[off+1:off+1+c])
			off += 1 + c
		}
	}
}

func appendLabel(dst, label []byte) []byte {
	for _, c := range label {
		if c == '.' {
			dst = append(dst, `\x2e`...)
			continue
		}
		dst = appendTextByte(dst, c)
	}
	return dst
}

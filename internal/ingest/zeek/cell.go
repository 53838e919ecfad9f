package zeek

import (
	"bytes"
	"math"
	"net/netip"
	"strings"

	"candor/internal/ingest"
	"candor/internal/record"
)

// cell is the value of one field of one row.
type cell struct {
	text  []byte
	index int  // JSON: place in its list; -1 when it is in none
	tsv   bool // still escaped, and lists in one piece
}

// set takes a cell over into the row that is being read. It reports whether the cell can be read.
type set func(p *parser, c cell) bool

// fields is what is read of one log, by field name.
type fields map[string]set

// parser is the row that is being read, and what is needed to read it. Only the record of the log's kind is set.
type parser struct {
	words ingest.Words
	sep   string // of sets and vectors
	empty string
	buf   []byte
	over  uint64 // list elements beyond the bound, since last asked

	ends   *record.Ends
	conn   *record.Conn
	dns    *record.DNS
	tls    *record.TLS
	http   *record.HTTP
	dhcp   *record.DHCP
	alert  *record.Alert
	cert   *cert
	meter  *meter
	extra  extra
	chains []string // of the row's certificate chain: file ids or fingerprints
}

// extra is what a row says beyond its record.
type extra struct {
	ts              record.Time
	hasTS           bool
	proto           string
	ipProto         uint8
	local           uint8 // bit 0: local_orig is given; bit 1: local_resp
	rtt, rcode      bool  // the fields are set
	src, dst        netip.Addr
	note, msg, sub  string
	id, fingerprint string
	history         string
}

// meter is a row of capture_loss.log or stats.log.
type meter struct {
	acks, gaps        uint64
	received, dropped uint64
	processed         uint64
	drops             bool // the capture counts its losses
}

// maxList bounds the lists of one row.
const maxList = 256

// plain is the text of a cell, unescaped; valid until the next call.
func (p *parser) plain(c cell) []byte {
	if !c.tsv {
		return c.text
	}
	if string(c.text) == p.empty {
		return nil
	}
	return p.unescape(c.text)
}

// unescape undoes \x2c and \\, as Zeek's ASCII writer makes them.
func (p *parser) unescape(b []byte) []byte {
	i := bytes.IndexByte(b, '\\')
	if i < 0 {
		return b
	}
	p.buf = append(p.buf[:0], b[:i]...)
	for ; i < len(b); i++ {
		switch {
		case b[i] == '\\' && i+3 < len(b) && b[i+1] == 'x' && isHex(b[i+2]) && isHex(b[i+3]):
			p.buf = append(p.buf, unhex(b[i+2])<<4|unhex(b[i+3]))
			i += 3
		case b[i] == '\\' && i+1 < len(b) && b[i+1] == '\\':
			p.buf = append(p.buf, '\\')
			i++
		default:
			p.buf = append(p.buf, b[i])
		}
	}
	return p.buf
}

func isHex(c byte) bool { return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'f' }

func unhex(c byte) byte {
	if c-'0' <= 9 {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// each calls f for each element of a list.
func (p *parser) each(c cell, f func(first bool, b []byte)) {
	if !c.tsv {
		f(c.index <= 0, c.text)
		return
	}
	if string(c.text) == p.empty {
		return
	}
	rest, first := c.text, true
	for more := true; more; first = false {
		var b []byte
		b, rest, more = bytes.Cut(rest, []byte(p.sep))
		f(first, p.unescape(b))
	}
}

// word reads a text that comes again and again.
func word(to func(p *parser) *string) set {
	return func(p *parser, c cell) bool {
		*to(p) = p.words.Of(p.plain(c))
		return true
	}
}

// text reads a text of its own.
func text(to func(p *parser) *string) set {
	return func(p *parser, c cell) bool {
		*to(p) = string(p.plain(c))
		return true
	}
}

// texts reads a list.
func texts(to func(p *parser) *[]string) set {
	return func(p *parser, c cell) bool {
		list := to(p)
		p.each(c, func(first bool, b []byte) {
			if first {
				*list = nil
			}
			if len(*list) >= maxList {
				p.over++
				return
			}
			*list = append(*list, string(b))
		})
		return true
	}
}

func seconds(to func(p *parser) *record.Time) set {
	return func(p *parser, c cell) (ok bool) {
		*to(p), ok = timeOf(c.text)
		return ok
	}
}

// date is a time that may lie beyond what a Time holds.
func date(to func(p *parser) *record.Time) set {
	return func(p *parser, c cell) (ok bool) {
		if *to(p), ok = timeOf(c.text); !ok {
			*to(p), ok = ingest.FarDate(c.text)
		}
		return ok
	}
}

// timeOf reads a time or an interval: seconds, milliseconds (12 digits or more without a point; Zeek's JSON::TS_MILLIS), or an
// ISO time stamp.
func timeOf(b []byte) (record.Time, bool) {
	if t, ok := ingest.Seconds(b); ok {
		return t, true
	}
	if ms, ok := ingest.Uint(b); ok && len(b) >= 12 && len(b) <= 13 {
		return record.Time(ms) * 1e6, ms < 9e12
	}
	return ingest.ISOTime(b, 0)
}

func count(to func(p *parser) *uint64) set {
	return func(p *parser, c cell) (ok bool) {
		*to(p), ok = ingest.Count64(c.text)
		return ok
	}
}

// small reads a count that must fit.
func small(most uint64, to func(p *parser, n uint64)) set {
	return func(p *parser, c cell) bool {
		n, ok := ingest.Count64(c.text)
		if !ok || n > most {
			return false
		}
		to(p, n)
		return true
	}
}

func port(to func(p *parser) *uint16) set {
	return small(math.MaxUint16, func(p *parser, n uint64) { *to(p) = uint16(n) })
}

func flag(to func(p *parser) *bool) set {
	return func(p *parser, c cell) bool {
		switch string(c.text) {
		case "T", "true":
			*to(p) = true
		case "F", "false":
			*to(p) = false
		default:
			return false
		}
		return true
	}
}

func addr(to func(p *parser) *netip.Addr) set {
	return func(p *parser, c cell) (ok bool) {
		*to(p), ok = ingest.Addr(c.text)
		return ok
	}
}

func card(to func(p *parser) *record.MAC) set {
	return func(p *parser, c cell) (ok bool) {
		*to(p), ok = ingest.MAC(c.text)
		return ok
	}
}

// protocol gives the number of Zeek's proto field.
func protocol(proto string, a netip.Addr) (uint8, bool) {
	switch strings.ToLower(proto) {
	case "tcp":
		return 6, true
	case "udp":
		return 17, true
	case "icmp":
		if a.Is6() {
			return 58, true
		}
		return 1, true
	case "icmp6", "icmpv6":
		return 58, true
	case "sctp":
		return 132, true
	case "unknown_transport", "unknown", "":
		return 0, true
	}
	return 0, false
}

package decode

import (
	"bytes"
	"net/netip"
	"strconv"
)

const (
	maxProxyLine = 107 // bytes of a version 1 header, its end included
	proxyMagic   = "\r\n\r\n\x00\r\nQUIT\n"
)

// ProxyHeader is what a load balancer puts before a connection that it passes on: the PROXY protocol, version 1 or 2.
type ProxyHeader struct {
	Version  uint8
	Local    bool  // the balancer speaks for itself (a health check): no addresses
	Proto    uint8 // ProtoTCP, ProtoUDP; 0 unknown
	Src, Dst netip.AddrPort
	Len      int // bytes of the header
}

// ParseProxy reads a PROXY header at the start of a client's stream. NotProxy: there is none.
func ParseProxy(b []byte, h *ProxyHeader) Status {
	*h = ProxyHeader{}
	if n := min(len(b), len(proxyMagic)); string(b[:n]) == proxyMagic[:n] {
		if len(b) < 16 {
			return NeedMore
		}
		return h.v2(b)
	}
	const begin = "PROXY "
	if n := min(len(b), len(begin)); string(b[:n]) != begin[:n] {
		return NotProxy
	}
	end := bytes.Index(b[:min(len(b), maxProxyLine)], []byte("\r\n"))
	if end < 0 {
		if len(b) >= maxProxyLine {
			return NotProxy
		}
		return NeedMore
	}
	h.Len = end + 2
	if !h.v1(b[len(begin):end]) {
		*h = ProxyHeader{}
		return NotProxy
	}
	h.Version = 1
	return Done
}

// v1 reads the words of a version 1 header.
func (h *ProxyHeader) v1(line []byte) bool {
	words := bytes.SplitN(line, []byte(" "), 6)
	if string(words[0]) == "UNKNOWN" {
		return true
	}
	if len(words) != 5 {
		return false
	}
	var sides [2]netip.AddrPort
	for i := range sides {
		addr, err := netip.ParseAddr(string(words[1+i]))
		port, perr := strconv.ParseUint(string(words[3+i]), 10, 16)
		if err != nil || perr != nil || addr.Zone() != "" {
			return false
		}
		sides[i] = netip.AddrPortFrom(addr, uint16(port))
	}
	switch string(words[0]) {
	case "TCP4":
		if !sides[0].Addr().Is4() || !sides[1].Addr().Is4() {
			return false
		}
	case "TCP6":
		if !sides[0].Addr().Is6() || !sides[1].Addr().Is6() {
			return false
		}
	default:
		return false
	}
	h.Proto, h.Src, h.Dst = ProtoTCP, sides[0], sides[1]
	return true
}

// v2 reads a version 2 header of which 16 bytes are there. Addresses of UNIX sockets are passed.
func (h *ProxyHeader) v2(b []byte) Status {
	command, family, size := b[12]&15, b[13]>>4, int(be16(b[14:]))
	if b[12]>>4 != 2 || command > 1 || family > 3 || b[13]&15 > 2 {
		return NotProxy
	}
	want := [...]int{0, 12, 36, 216}[family]
	if command == 1 && size < want {
		return NotProxy
	}
	if len(b) < 16+size {
		return NeedMore
	}
	h.Version, h.Local, h.Len = 2, command == 0, 16+size
	if h.Local {
		return Done
	}
	h.Proto = [...]uint8{0, ProtoTCP, ProtoUDP}[b[13]&15]
	v := b[16:]
	switch family {
	case 1:
		h.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte(v[:4])), be16(v[8:]))
		h.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(v[4:8])), be16(v[10:]))
	case 2:
		h.Src = netip.AddrPortFrom(netip.AddrFrom16([16]byte(v[:16])), be16(v[32:]))
		h.Dst = netip.AddrPortFrom(netip.AddrFrom16([16]byte(v[16:32])), be16(v[34:]))
	}
	return Done
}

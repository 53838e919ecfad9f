package labnet

import "encoding/binary"

var (
	cardSTP  = card{0x01, 0x80, 0xc2, 0, 0, 0}
	cardLLDP = card{0x01, 0x80, 0xc2, 0, 0, 0x0e}
)

// spanningTree is a switch's hello (IEEE 802.1D, configuration BPDU over LLC).
func (r *run) spanningTree(at int64, p *port) {
	b := append(r.msg[:0], 0x42, 0x42, 3, 0, 0, 0, 0, 0)
	root := r.site.root
	b = append(append(b, 0x60, byte(p.lan.vlan)), root[:]...)
	b = append(b, 0, 0, 0, 4)
	b = append(append(b, 0x80, byte(p.lan.vlan)), p.mac[:]...)
	b = append(b, 0x80, byte(1+p.sw), 0, 0, 20, 0, 2, 0, 15, 0)
	r.msg = b
	r.raw(at, p, nil, cardSTP, uint16(len(b)), b)
}

// linkLayer is a switch introducing itself (IEEE 802.1AB).
func (r *run) linkLayer(at int64, p *port) {
	tlv := func(b []byte, kind int, body []byte) []byte {
		b = binary.BigEndian.AppendUint16(b, uint16(kind<<9|len(body)))
		return append(b, body...)
	}
	b := tlv(r.msg[:0], 1, append([]byte{4}, p.mac[:]...))
	b = tlv(b, 2, append([]byte{5}, "1/1/12"...))
	b = tlv(b, 3, []byte{0, 120})
	b = tlv(b, 5, []byte(p.node.name))
	b = tlv(b, 6, []byte("Labnet switch, software 7.4"))
	b = tlv(b, 7, []byte{0, 0x14, 0, 4})
	b = tlv(b, 0, nil)
	r.msg = b
	r.raw(at, p, nil, cardLLDP, typeLLDP, b)
}

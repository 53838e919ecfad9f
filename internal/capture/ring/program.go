package ring

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/net/bpf"
)

// Numbers that programs compare with (IEEE 802, RFC 791, 8200).
const (
	etherAt   = 12
	etherIPv4 = 0x0800
	etherARP  = 0x0806
	etherIPv6 = 0x86dd
	tagUsual  = 0x8100
	tagOuter  = 0x88a8

	protoICMP  = 1
	protoTCP   = 6
	protoUDP   = 17
	protoICMP6 = 58
	protoSCTP  = 132
)

// A program is being written. Jumps name labels; a label is bound to the place where it is set.
type program struct {
	code   []bpf.Instruction
	target map[int]label // by place of a bpf.Jump
	place  map[label]int
	labels label
}

type label int

// assemble writes the program of an expression: the kernel keeps the outermost tag aside, so the frame it looks at begins
// its network header at 14, or with a further tag at 18.
func assemble(tree *node) ([]bpf.RawInstruction, error) {
	p := &program{target: map[int]label{}, place: map[label]int{}}
	yes, no, tagged, plain := p.label(), p.label(), p.label(), p.label()
	p.emit(bpf.LoadAbsolute{Off: etherAt, Size: 2})
	p.when(bpf.JumpEqual, tagUsual, tagged)
	p.when(bpf.JumpEqual, tagOuter, tagged)
	p.bind(plain)
	p.write(tree, 14, yes, no)
	p.bind(tagged)
	p.write(tree, 18, yes, no)
	p.bind(yes)
	p.emit(bpf.RetConstant{Val: snaplen})
	p.bind(no)
	p.emit(bpf.RetConstant{Val: 0})
	if len(p.code) > maxInstructions {
		return nil, fmt.Errorf("it needs %d instructions: the kernel takes %d", len(p.code), maxInstructions)
	}
	for at, to := range p.target {
		p.code[at] = bpf.Jump{Skip: uint32(p.place[to] - at - 1)}
	}
	return bpf.Assemble(p.code)
}

func (p *program) label() label { p.labels++; return p.labels }

func (p *program) bind(l label) { p.place[l] = len(p.code) }

func (p *program) emit(i ...bpf.Instruction) { p.code = append(p.code, i...) }

func (p *program) jump(to label) {
	p.target[len(p.code)] = to
	p.emit(bpf.Jump{})
}

// when jumps if the comparison holds, else goes on.
func (p *program) when(cond bpf.JumpTest, value uint32, to label) {
	p.emit(bpf.JumpIf{Cond: cond, Val: value, SkipFalse: 1})
	p.jump(to)
}

// write writes an expression for frames whose network header begins at base: it ends with a jump to one of two labels.
func (p *program) write(n *node, base uint32, yes, no label) {
	switch n.word {
	case "not":
		p.write(n.left, base, no, yes)
	case "and":
		middle := p.label()
		p.write(n.left, base, middle, no)
		p.bind(middle)
		p.write(n.right, base, yes, no)
	case "or":
		middle := p.label()
		p.write(n.left, base, yes, middle)
		p.bind(middle)
		p.write(n.right, base, yes, no)
	default:
		p.primitive(n, base, yes, no)
		p.jump(no)
	}
}

// primitive jumps to yes where the primitive holds, and to no or just on where it does not.
func (p *program) primitive(n *node, base uint32, yes, no label) {
	switch n.word {
	case "ip":
		p.ether(base, etherIPv4, yes)
	case "ip6":
		p.ether(base, etherIPv6, yes)
	case "arp":
		p.ether(base, etherARP, yes)
	case "tcp":
		p.proto(base, yes, protoTCP, protoTCP)
	case "udp":
		p.proto(base, yes, protoUDP, protoUDP)
	case "icmp":
		p.proto(base, yes, protoICMP, 0)
	case "icmp6":
		p.proto(base, yes, 0, protoICMP6)
	case "vlan":
		p.vlan(n, yes, no)
	case "port":
		p.port(n.number, base, yes, no)
	case "host", "net":
		p.addresses(n, base, yes, no)
	}
}

func (p *program) ether(base, kind uint32, yes label) {
	p.emit(bpf.LoadAbsolute{Off: base - 2, Size: 2})
	p.when(bpf.JumpEqual, kind, yes)
}

// proto looks for a protocol of IPv4 and one of IPv6; 0 for neither.
func (p *program) proto(base uint32, yes label, four, six uint32) {
	for _, side := range []struct{ kind, at, proto uint32 }{{etherIPv4, base + 9, four}, {etherIPv6, base + 6, six}} {
		if side.proto == 0 {
			continue
		}
		other := p.label()
		p.emit(bpf.LoadAbsolute{Off: base - 2, Size: 2})
		p.when(bpf.JumpNotEqual, side.kind, other)
		p.emit(bpf.LoadAbsolute{Off: side.at, Size: 1})
		p.when(bpf.JumpEqual, side.proto, yes)
		p.bind(other)
	}
}

// vlan asks for the tag that the kernel keeps aside.
func (p *program) vlan(n *node, yes, no label) {
	p.emit(bpf.LoadExtension{Num: bpf.ExtVLANTagPresent})
	if n.any {
		p.when(bpf.JumpNotEqual, 0, yes)
		return
	}
	p.when(bpf.JumpEqual, 0, no)
	p.emit(bpf.LoadExtension{Num: bpf.ExtVLANTag}, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xfff})
	p.when(bpf.JumpEqual, n.number, yes)
}

func (p *program) port(number, base uint32, yes, no label) {
	six, four, has4, has6 := p.label(), p.label(), p.label(), p.label()
	p.ether(base, etherIPv4, four)
	p.when(bpf.JumpEqual, etherIPv6, six)
	p.jump(no)

	p.bind(four)
	p.emit(bpf.LoadAbsolute{Off: base + 9, Size: 1})
	p.transport(has4, no)
	p.bind(has4)
	p.emit(bpf.LoadAbsolute{Off: base + 6, Size: 2})
	p.when(bpf.JumpBitsSet, 0x1fff, no) // a later fragment
	p.emit(bpf.LoadMemShift{Off: base}, bpf.LoadIndirect{Off: base, Size: 2})
	p.when(bpf.JumpEqual, number, yes)
	p.emit(bpf.LoadIndirect{Off: base + 2, Size: 2})
	p.when(bpf.JumpEqual, number, yes)
	p.jump(no)

	p.bind(six)
	p.emit(bpf.LoadAbsolute{Off: base + 6, Size: 1})
	p.transport(has6, no)
	p.bind(has6)
	p.emit(bpf.LoadAbsolute{Off: base + 40, Size: 2})
	p.when(bpf.JumpEqual, number, yes)
	p.emit(bpf.LoadAbsolute{Off: base + 42, Size: 2})
	p.when(bpf.JumpEqual, number, yes)
}

// transport jumps by the protocol that was loaded: has ports or has none.
func (p *program) transport(has, no label) {
	for _, proto := range []uint32{protoTCP, protoUDP, protoSCTP} {
		p.when(bpf.JumpEqual, proto, has)
	}
	p.jump(no)
}

// addresses asks whether one of the two addresses, or of an ARP message for IPv4, lies in a prefix.
func (p *program) addresses(n *node, base uint32, yes, no label) {
	if n.prefix.Addr().Is4() {
		arp, four := p.label(), p.label()
		p.ether(base, etherIPv4, four)
		p.when(bpf.JumpEqual, etherARP, arp)
		p.jump(no)
		p.bind(arp)
		p.within(n, base+14, yes)
		p.within(n, base+24, yes)
		p.jump(no)
		p.bind(four)
		p.within(n, base+12, yes)
		p.within(n, base+16, yes)
		return
	}
	p.emit(bpf.LoadAbsolute{Off: base - 2, Size: 2})
	p.when(bpf.JumpNotEqual, etherIPv6, no)
	p.within(n, base+8, yes)
	p.within(n, base+24, yes)
}

// within jumps to yes if the address there lies in the prefix, word by word.
func (p *program) within(n *node, at uint32, yes label) {
	out := p.label()
	for bits, b := n.prefix.Bits(), n.prefix.Addr().AsSlice(); bits > 0; bits, b, at = bits-32, b[4:], at+4 {
		mask := ^uint32(0)
		if bits < 32 {
			mask <<= 32 - bits
		}
		p.emit(bpf.LoadAbsolute{Off: at, Size: 4}, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: mask})
		p.when(bpf.JumpNotEqual, binary.BigEndian.Uint32(b)&mask, out)
	}
	p.jump(yes)
	p.bind(out)
}

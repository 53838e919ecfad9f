package ring

import (
	"errors"
	"fmt"
	"math/bits"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// headroom is what the kernel leaves free in front of each frame, for the VLAN tag that is put back.
const headroom = 16

// slot is the unit in which the kernel is told of a ring's size; frames of TPACKET_V3 do not keep to it.
const slot = 2048

// Open opens a ring on each interface. It needs CAP_NET_RAW; nothing afterwards does, but for an interface with several
// rings that vanished (see Options.Fanout). Frames are counted and kept from the moment Open returns.
func Open(opts Options) (*Rings, error) {
	opts, err := opts.filled()
	if err != nil {
		return nil, fmt.Errorf("live capture: %w", err)
	}
	program, err := Compile(opts.Filter)
	if err != nil {
		return nil, fmt.Errorf("live capture: %w", err)
	}
	r := &Rings{opts: opts, program: program, wake: -1}
	if r.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("live capture: %w", err)
	}
	for i, name := range opts.Interfaces {
		f := &face{name: name, index: i}
		r.faces = append(r.faces, f)
		if err := r.openFace(f); err != nil {
			return nil, errors.Join(fmt.Errorf("live capture on %s: %w", name, explained(err)), r.Close())
		}
	}
	for _, g := range r.rings { // now, so that no ring gets what another one did
		if err := g.accept(r.program); err != nil {
			return nil, errors.Join(fmt.Errorf("live capture on %s: %w", g.face.name, err), r.Close())
		}
	}
	for _, f := range r.faces {
		f.watch.begin(f.name)
	}
	return r, nil
}

// explained says what to do about the usual failures.
func explained(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: opening it needs CAP_NET_RAW: run as root or with that capability", err)
	case errors.Is(err, unix.ENODEV):
		return fmt.Errorf("%w: there is no such interface: see `ip link`", err)
	case errors.Is(err, unix.ENOMEM):
		return fmt.Errorf("%w: there is no memory for the ring: choose a smaller one", err)
	default:
		return err
	}
}

// openFace opens the rings of an interface. They accept nothing yet.
func (r *Rings) openFace(f *face) error {
	for range r.opts.Fanout {
		g, err := newRing(f, &r.opts)
		if err != nil {
			return err
		}
		r.rings = append(r.rings, g)
		if err := g.bind(&r.opts); err != nil {
			return err
		}
	}
	return r.share(f)
}

// newRing makes a socket that hears nothing, with its ring.
func newRing(f *face, o *Options) (*ring, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	g := &ring{fd: fd, face: f, block: o.Block}
	fail := func(what string, err error) (*ring, error) {
		g.close()
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if err := g.refuse(); err != nil {
		return fail("set filter", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fail("ask for TPACKET_V3", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_RESERVE, headroom); err != nil {
		return fail("reserve room for VLAN tags", err)
	}
	n := o.Bytes / o.Block
	req := unix.TpacketReq3{
		Block_size: uint32(o.Block), Block_nr: uint32(n), Frame_size: slot, Frame_nr: uint32(n * (o.Block / slot)),
		Retire_blk_tov: uint32(o.Wait / time.Millisecond),
	}
	if err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fail(fmt.Sprintf("make a ring of %d bytes", n*o.Block), err)
	}
	if g.mem, err = unix.Mmap(fd, 0, n*o.Block, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return fail("map the ring", err)
	}
	g.blocks = n
	return g, nil
}

// bind makes the socket hear its interface, as it is called now; its ring and counters stay.
func (g *ring) bind(o *Options) error {
	req, err := unix.NewIfreq(g.face.name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(g.fd, unix.SIOCGIFINDEX, req); err != nil {
		return err
	}
	number := int(req.Uint32())
	if err := unix.IoctlIfreq(g.fd, unix.SIOCGIFHWADDR, req); err != nil {
		return err
	}
	link, loopback, err := linkType(req.Uint16())
	if err != nil {
		return err
	}
	if o.Filter != "" && link != linkEthernet {
		return errors.New("filters are for Ethernet: leave it away")
	}
	// A packet to this machine itself is heard twice there, once on its way out.
	if o.Own || loopback {
		if err := unix.SetsockoptInt(g.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
			return fmt.Errorf("leave out outgoing packets: %w", err)
		}
	}
	if !o.Selective && !loopback {
		mreq := unix.PacketMreq{Ifindex: int32(number), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(g.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &mreq); err != nil {
			return fmt.Errorf("ask for promiscuous mode: %w", err)
		}
	}
	if err := unix.Bind(g.fd, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: number}); err != nil {
		return err
	}
	g.face.number, g.face.link, g.face.outgoing = number, link, !o.Own && !loopback
	return nil
}

// networkOrder is a number as the kernel wants it in a socket address, on either kind of machine.
func networkOrder(n uint16) uint16 {
	one := uint16(1)
	if *(*byte)(unsafe.Pointer(&one)) == 1 {
		return bits.ReverseBytes16(n)
	}
	return n
}

// LINKTYPE_ numbers of what a raw socket gives.
const (
	linkEthernet = 1
	linkRaw      = 101
)

// linkType is the LINKTYPE_ number of an ARPHRD_ number.
func linkType(hardware uint16) (link uint16, loopback bool, err error) {
	switch hardware {
	case unix.ARPHRD_ETHER:
		return linkEthernet, false, nil
	case unix.ARPHRD_LOOPBACK:
		return linkEthernet, true, nil
	case unix.ARPHRD_NONE, unix.ARPHRD_PPP, unix.ARPHRD_RAWIP, unix.ARPHRD_TUNNEL, unix.ARPHRD_TUNNEL6, unix.ARPHRD_SIT:
		return linkRaw, false, nil
	default:
		return 0, false, fmt.Errorf("its hardware type is %d: Candor reads Ethernet and plain IP interfaces", hardware)
	}
}

// share lets the kernel share the connections of an interface between its rings.
func (r *Rings) share(f *face) error {
	if r.opts.Fanout == 1 {
		return nil
	}
	arg := unix.PACKET_FANOUT_HASH<<16 | unix.PACKET_FANOUT_FLAG_UNIQUEID<<16
	for _, g := range r.rings {
		if g.face != f {
			continue
		}
		if err := unix.SetsockoptInt(g.fd, unix.SOL_PACKET, unix.PACKET_FANOUT, arg); err != nil {
			return fmt.Errorf("share it between %d rings: %w", r.opts.Fanout, err)
		}
		if arg&(unix.PACKET_FANOUT_FLAG_UNIQUEID<<16) != 0 { // the kernel chose a number for the first
			got, err := unix.GetsockoptInt(g.fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
			if err != nil {
				return fmt.Errorf("share it between %d rings: %w", r.opts.Fanout, err)
			}
			arg = unix.PACKET_FANOUT_HASH<<16 | got&0xffff
		}
	}
	return nil
}

// refuse makes the socket pass over everything from now on, uncounted.
func (g *ring) refuse() error {
	raw, err := bpf.Assemble([]bpf.Instruction{bpf.RetConstant{Val: 0}})
	if err != nil {
		return err
	}
	return g.accept(raw)
}

// accept makes the socket take what a program lets pass.
func (g *ring) accept(raw []bpf.RawInstruction) error {
	filter := make([]unix.SockFilter, len(raw))
	for i, x := range raw {
		filter[i] = unix.SockFilter{Code: x.Op, Jt: x.Jt, Jf: x.Jf, K: x.K}
	}
	fprog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.SetsockoptSockFprog(g.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &fprog)
}

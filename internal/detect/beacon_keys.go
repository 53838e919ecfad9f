package detect

import (
	"cmp"
	"math/bits"
	"net/netip"
)

// keyKind says what the connections of a key have in common, the finest first: where several keys hold the same calls, the
// first one wins.
type keyKind uint8

const (
	keyDomain keyKind = iota // registered domain of SNI or Host
	keyAddr                  // address, port
	keyPrint                 // port and JA4 or user agent: a program, whichever server it calls
	keyNet                   // /24 or /48, port
	keyShape                 // port, and TLS without a name or no known service
	keyRare                  // port, destinations that hardly anybody here calls, each only a few times
)

// single reports whether the key is of one destination.
func (k keyKind) single() bool { return k == keyDomain || k == keyAddr }

func (k keyKind) String() string {
	return [...]string{"domain", "address", "program", "network", "shape", "rare destinations"}[k]
}

// beaconKey names a key: what is common is hashed with a seed of this process, so that nobody can make keys collide.
type beaconKey struct {
	common uint64
	source uint32
	port   uint16
	kind   keyKind
	failed bool // connections that were never answered are another program's state, kept apart
}

// hash mixes a key with a salt that nobody outside knows.
func (k *beaconKey) hash(salt uint64) uint64 {
	rest := uint64(k.source)<<32 | uint64(k.port)<<16 | uint64(k.kind)<<8
	if k.failed {
		rest |= 1
	}
	high, low := bits.Mul64(k.common^salt, rest^salt>>7^0x9e3779b97f4a7c15|1)
	return high ^ low ^ k.common
}

// nameID is one number for a registered domain or another text.
func (b *Beacons) nameID(name string) uint64 { return b.seed.text(name) }

func (b *Beacons) addrID(a netip.Addr) uint64 {
	raw := a.As16()
	return b.seed.bytes(raw[:])
}

// netID is one number for the /24 or /48 of an address.
func (b *Beacons) netID(a netip.Addr) uint64 {
	raw := a.As16()
	if a.Is6() && !a.Is4In6() {
		return b.seed.bytes(raw[:6])
	}
	return b.seed.bytes(raw[:15])
}

// keysOf fills in the keys of a connection, but for rare destinations, and gives their number. Lookups count by address alone: a busy
// name is looked up each time its answer ends.
func (b *Beacons) keysOf(e *Event) int {
	c := &b.call
	icmp := e.Proto == 1 || e.Proto == 58
	c.n, c.base = 0, beaconKey{source: c.src, port: e.RespPort, failed: !e.Answered}
	if icmp {
		c.base.port = 0
	}
	if e.Domain != "" {
		port := c.base.port
		c.base.port = 0
		c.add(keyDomain, c.to, b.salt)
		c.base.port = port
	}
	proto := uint64(e.Proto)
	c.add(keyAddr, c.addr^proto, b.salt)
	c.pools = !(icmp || e.RespPlace != Outside || e.Inbound || e.OrigPlace == OwnPublic || e.Service == "dns" || e.RespPort == 53)
	if !c.pools {
		return c.n
	}
	c.add(keyPrint, b.printID(cmp.Or(e.JA4, e.Agent))^proto, b.salt)
	c.add(keyNet, b.netID(e.Resp)^proto, b.salt)
	if e.TLS && e.Domain == "" {
		c.add(keyShape, proto|1<<8, b.salt)
	} else if !e.TLS && e.Service == "" {
		c.add(keyShape, proto, b.salt)
	}
	return c.n
}

// add adds a key.
func (c *beaconCall) add(kind keyKind, common, salt uint64) {
	k := &c.keys[c.n]
	*k = c.base
	k.kind, k.common = kind, common
	c.ids[c.n] = k.hash(salt)
	c.n++
}

// printID is one number for a JA4 or user agent; 0 for none.
func (b *Beacons) printID(text string) uint64 {
	if text == "" {
		return 0
	}
	return b.nameID(text)
}

// network is the /24 or /48 of an address.
func network(a netip.Addr) netip.Addr {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return a
	}
	return p.Addr()
}

// fans counts how many machines here use a destination, by linear counting on 256 bits: near enough up to a thousand. Most
// destinations have one user, whose number is all that is kept.
type fans struct {
	of   hashed[uint32] // a user's number, or manyUsers and the place of a crowd
	many []crowd
}

func newFans() fans { return fans{of: newHashed[uint32]()} }

type crowd struct {
	bits [4]uint64
	n    uint16 // bits set
}

const manyUsers = 1 << 31

// maxFans bounds the destinations whose users are counted. When they are full the count starts anew: destinations then look
// rarer than they are, until their users come again.
const maxFans = 1 << 18

// add counts a user and gives the number of users.
func (f *fans) add(id uint64, src uint32) int {
	m, known := f.of.find(id)
	switch {
	case m == markNone:
		if f.of.len() >= maxFans {
			*f = newFans()
		}
		f.of.put(id, markStays, src)
		return 1
	case known&manyUsers == 0:
		if known == src {
			return 1
		}
		f.many = append(f.many, crowd{})
		f.of.put(id, markStays, manyUsers|uint32(len(f.many)-1))
		c := &f.many[len(f.many)-1]
		c.add(known)
		return c.add(src)
	}
	return f.many[known&^manyUsers].add(src)
}

// users is how many there were.
func (f *fans) users(id uint64) int {
	if m, known := f.of.find(id); m != markNone && known&manyUsers != 0 {
		return f.many[known&^manyUsers].count()
	}
	return 1
}

func (c *crowd) add(src uint32) int {
	bit := (src * 0x9e3779b1) >> 24
	if mask := uint64(1) << (bit & 63); c.bits[bit>>6]&mask == 0 {
		c.bits[bit>>6] |= mask
		c.n++
	}
	return c.count()
}

// count estimates how many different sources set the bits.
func (c *crowd) count() int {
	if c.n < 8 {
		return int(c.n)
	}
	return linearCount(int(c.n))
}

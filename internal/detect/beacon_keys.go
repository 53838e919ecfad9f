package detect

import (
	"hash/maphash"
	"iter"
	"net/netip"

	"candor/internal/record"
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

// destinationID is one number for the registered domain, else the address.
func (b *Beacons) destinationID(e *Event) uint64 {
	if e.Domain != "" {
		return maphash.String(b.seed, e.Domain)
	}
	return b.addrID(e.Resp)
}

func (b *Beacons) addrID(a netip.Addr) uint64 {
	raw := a.As16()
	return maphash.Bytes(b.seed, raw[:])
}

// keysOf lists the keys of a connection. Behind a translated address stand many machines: what they call together is no pool. Lookups count by address alone: a busy name is looked up each time its answer ends.
func (b *Beacons) keysOf(e *Event, src uint32, fan int, id uint64) iter.Seq[beaconKey] {
	return func(yield func(beaconKey) bool) {
		k := beaconKey{source: src, port: e.RespPort, failed: !e.Answered}
		icmp := e.Proto == 1 || e.Proto == 58
		if icmp {
			k.port = 0
		}
		if e.Domain != "" && !yield(beaconKey{common: id, source: src, kind: keyDomain, failed: k.failed}) {
			return
		}
		k.kind, k.common = keyAddr, b.addrID(e.Resp)^uint64(e.Proto)
		if !yield(k) || icmp || e.RespPlace != Outside || e.Inbound || e.OrigPlace == OwnPublic || e.Service == "dns" || e.RespPort == 53 {
			return
		}
		b.pools(k, e, fan, id, yield)
	}
}

// pools are the keys that survive a change of servers.
func (b *Beacons) pools(k beaconKey, e *Event, fan int, id uint64, yield func(beaconKey) bool) {
	proto := uint64(e.Proto)
	k.kind = keyPrint
	switch {
	case e.JA4 != "":
		k.common = maphash.String(b.seed, e.JA4) ^ proto
	case e.Agent != "":
		k.common = maphash.String(b.seed, e.Agent) ^ proto
	default:
		k.common = proto
	}
	if !yield(k) {
		return
	}
	k.kind, k.common = keyNet, b.addrID(network(e.Resp))^proto
	if !yield(k) {
		return
	}
	if e.TLS && e.Name == "" || !e.TLS && e.Service == "" {
		k.kind, k.common = keyShape, proto
		if e.TLS {
			k.common |= 1 << 8
		}
		if !yield(k) {
			return
		}
	}
	if fan <= max(1, b.sources.inside/50) && b.sources.seldom(k.source, id, e.TS) {
		k.kind, k.common = keyRare, proto
		yield(k)
	}
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

// fans counts how many machines here use a destination, by linear counting on 256 bits: near enough up to a thousand.
type fans map[uint64]*fan

type fan struct {
	bits [4]uint64
	n    uint16 // bits set
	last record.Time
}

// maxFans bounds the destinations whose users are counted. When they are full the count starts anew: destinations then look
// rarer than they are, until their users come again.
const maxFans = 1 << 19

// fan counts the source to the users of the connection's destination, and gives their number.
func (b *Beacons) fan(e *Event, src uint32) int {
	if e.OrigPlace == Outside {
		return 1
	}
	id := b.destinationID(e)
	f := b.fans[id]
	if f == nil {
		if len(b.fans) >= maxFans {
			clear(b.fans)
		}
		f = &fan{}
		b.fans[id] = f
	}
	bit := (src * 0x9e3779b1) >> 24
	if mask := uint64(1) << (bit & 63); f.bits[bit>>6]&mask == 0 {
		f.bits[bit>>6] |= mask
		f.n++
	}
	f.last = e.TS
	return f.count()
}

// count estimates how many different sources set the bits.
func (f *fan) count() int {
	if f.n < 8 {
		return int(f.n)
	}
	return linearCount(int(f.n))
}

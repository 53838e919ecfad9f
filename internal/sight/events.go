package sight

import (
	"slices"

	"candor/internal/decode"
	"candor/internal/record"
)

// Opening is the first packet of a connection.
type Opening struct {
	TS         record.Time
	Orig, Resp decode.Addr
	RespPort   uint16
	Proto      uint8
}

// Opened accounts for a new connection.
func (b *Builder) Opened(o Opening) {
	b.advance(o.TS)
	w := &b.whole
	w[record.Conns]++
	from, to := b.places.of(o.Orig), b.places.of(o.Resp)
	if v, _ := b.pairs.at(pair{from, to}); v != nil {
		v.conns++
	}
	if from >= 0 {
		b.segments[from][record.Conns]++
	}
	if to >= 0 && to != from {
		b.segments[to][record.Conns]++
	}
	if o.Proto != decode.ProtoTCP {
		return
	}
	w[record.ConnsTCP]++
	if !b.isClient(from) {
		return
	}
	if c, _ := b.clients.at(o.Orig); c != nil {
		c.conns++
		if to == atInternet {
			c.toward++
		}
	}
}

// Judged is what a TCP connection shows of both directions, told once for each connection: at its first report (interim
// or final) at which it has at least 3 packets and one acknowledgement of data (an ACK number beyond the SYN).
type Judged struct {
	TS         record.Time
	Orig, Resp decode.Addr
	// OrigUnseen: the responder acknowledged payload of the originator, and no payload byte of the originator was ever
	// seen. RespUnseen: the other way round.
	OrigUnseen, RespUnseen bool
	Answered               bool // both sides sent at least one packet
}

// TCPJudged accounts for one TCP connection's directions.
func (b *Builder) TCPJudged(j Judged) {
	b.advance(j.TS)
	b.whole[record.TCPJudged]++
	if j.OrigUnseen || j.RespUnseen {
		b.whole[record.OneWay]++
	}
	far := j.Resp
	from, to := b.places.of(j.Orig), b.places.of(j.Resp)
	if from < 0 && to >= 0 {
		far, to = j.Orig, from
	}
	g, _ := b.groups.at(groupOf(far, to))
	if g == nil {
		return
	}
	g.conns++
	if j.RespUnseen {
		g.oneWayO++
	}
	if j.OrigUnseen {
		g.oneWayR++
	}
}

// Ended accounts for the end of a connection of any protocol: answered or not.
func (b *Builder) Ended(o Opening, ts record.Time, answered bool) {
	b.advance(ts)
	from, to := b.places.of(o.Orig), b.places.of(o.Resp)
	if answered {
		if v, _ := b.pairs.at(pair{from, to}); v != nil {
			v.answered++
		}
		return
	}
	if from == atInternet && (to >= 0 || to == atOwnPublic) {
		b.whole[record.ConnsUnanswered]++
	}
	if o.Proto == decode.ProtoTCP && b.isClient(from) {
		if c, _ := b.clients.at(o.Orig); c != nil {
			c.failed++
		}
	}
}

// Acked accounts for acknowledgements: how many could be checked (they moved forward over data), how many of them
// acknowledged bytes that were never seen, and how many bytes those are. Connections in which one direction was never
// seen are not told here.
func (b *Builder) Acked(ts record.Time, acks, gaps, gapBytes uint64) {
	b.advance(ts)
	b.whole[record.Acks] += acks
	b.whole[record.Gaps] += gaps
	b.whole[record.GapBytes] += gapBytes
	if acks > 0 {
		b.acked.add(ts, acks, gaps)
	}
}

// ackedRuns keeps acknowledgements of the open minute as runs in the order of time. When there are too many runs,
// neighbours are joined and later runs are twice as long.
type ackedRuns struct {
	runs []record.AckedSeen
	size uint64
}

const (
	ackedRunSize = 125
	maxAckedRuns = 64
)

func (a *ackedRuns) add(ts record.Time, acks, gaps uint64) {
	n := len(a.runs)
	if n == 0 || a.runs[n-1].Acks >= a.size {
		if n == maxAckedRuns {
			a.halve()
		}
		a.runs = append(a.runs, record.AckedSeen{Last: ts})
		n = len(a.runs)
	}
	r := &a.runs[n-1]
	r.Last = max(r.Last, ts)
	r.Acks += acks
	r.Gaps += gaps
}

func (a *ackedRuns) halve() {
	for i := range len(a.runs) / 2 {
		x, y := a.runs[2*i], a.runs[2*i+1]
		a.runs[i] = record.AckedSeen{Last: max(x.Last, y.Last), Acks: x.Acks + y.Acks, Gaps: x.Gaps + y.Gaps}
	}
	a.runs = a.runs[:len(a.runs)/2]
	a.size *= 2
}

// seen gives the runs in the order of Sight.Acked: a clock that went back may have mixed them.
func (a *ackedRuns) seen() []record.AckedSeen {
	out := slices.Clone(a.runs)
	slices.SortFunc(out, record.AckedSeen.Compare)
	return out
}

func (a *ackedRuns) reset() { a.runs, a.size = a.runs[:0], ackedRunSize }

// Lookup is one DNS message (only unicast DNS counts as a lookup; multicast variants do not).
type Lookup struct {
	TS             record.Time
	Client, Server decode.Addr
	Reply          bool
	QType          uint16
	Multicast      bool // mDNS, LLMNR, NetBIOS
}

const qtypeAAAA = 28

// Looked accounts for a DNS message. Lookups of a segment are those that its own hosts make at a resolver; what the
// agreement's resolvers and own public addresses ask outward is another thing and counted as such.
func (b *Builder) Looked(l Lookup) {
	b.advance(l.TS)
	if l.Multicast {
		return
	}
	counter := record.DNSQueries
	if l.Reply {
		counter = record.DNSReplies
	}
	b.whole[counter]++
	at := b.places.of(l.Client)
	if at == atOwnPublic || b.places.scope.IsResolver(l.Client.Netip()) {
		if !l.Reply && b.places.of(l.Server) == atInternet {
			b.whole[record.DNSOutward]++
		}
		return
	}
	if at < 0 {
		return
	}
	b.segments[at][counter]++
	b.mark(l.Client, at, record.SeenLookup)
	if l.QType == qtypeAAAA && !l.Reply {
		b.segments[at][record.AAAA]++
	}
}

// EncryptedLookup accounts for a connection that carries DNS over TLS, HTTPS or QUIC.
func (b *Builder) EncryptedLookup(ts record.Time, client decode.Addr) {
	b.advance(ts)
	b.whole[record.DNSEncrypted]++
	if at := b.places.of(client); at >= 0 {
		b.segments[at][record.DNSEncrypted]++
		b.mark(client, at, record.SeenSealed)
	}
}

// Requested accounts for one HTTP request.
func (b *Builder) Requested(ts record.Time, clientAddr, _ decode.Addr, proxied bool) {
	b.advance(ts)
	b.whole[record.HTTPRequests]++
	if !proxied {
		return
	}
	b.whole[record.HTTPProxied]++
	if !b.isClient(b.places.of(clientAddr)) {
		return
	}
	if c, _ := b.clients.at(clientAddr); c != nil {
		c.proxied++
	}
}

// AskedProxy accounts for a request that asks a proxy to go outward: CONNECT, or a request line with a whole URI.
func (b *Builder) AskedProxy(ts record.Time, client decode.Addr) {
	b.advance(ts)
	if at := b.places.of(client); at >= 0 {
		b.segments[at][record.ThroughProxy]++
	}
}

// Leased accounts for a DHCP message that gives (ACK) an address to a card.
func (b *Builder) Leased(ts record.Time, mac record.MAC, addr decode.Addr) {
	b.advance(ts)
	b.whole[record.DHCPLeases]++
	at := b.places.of(addr)
	if at < 0 {
		return
	}
	b.segments[at][record.DHCPLeases]++
	if h := b.host(ts, addr, at); h != nil {
		h.flags |= record.SeenLeased
		h.setMAC(decode.MAC(mac))
	}
}

package sight

import (
	"math/bits"
	"strings"

	"candor/internal/decode"
	"candor/internal/record"
)

// Sight from others' reports: whole connections and messages instead of frames. A report counts in the minute of its order
// time (when the connection's last packet was seen, or when it was reported as still open), not in the minute of its first
// packet. What reports cannot carry is not counted and not in Carries: frames, copies, hop distances, shapes of SYNs.

// reports is what must be remembered across minutes to account for reports.
type reports struct {
	spoke   *table[decode.Addr, spoke]
	routers *table[decode.MAC, owner]
}

// spoke says in which of the last 64 minutes an address is already known to have sent unicast: bit i is minute newest-i.
type spoke struct {
	newest  record.Time
	minutes uint64
}

// owner is whose card it is: the IPv4 addresses it sent for, over the whole feed.
type owner struct {
	addrs  addrSet
	router bool
}

// Bounds of what is remembered across minutes. When a table is full it is forgotten: at worst a minute is told twice.
const (
	maxSpoke      = record.MaxSet
	maxOwners     = maxCards
	ownAddresses  = 3  // a card that sends for more IPv4 addresses than this is a router's
	spreadMinutes = 60 // the most minutes that one report tells of
)

// Report tells this builder what its witness's reports carry; sights say so. Packets carry everything.
func (b *Builder) Report(c record.Carries) { b.carries = c }

// Reported accounts for one report of a connection, at its order time: a whole connection, or what came since the report
// before. Hosts are seen in passing, unless the report names the card that is their own.
func (b *Builder) Reported(at record.Time, c *record.Conn) {
	b.advance(at)
	orig, resp := decode.AddrFrom(c.OrigH), decode.AddrFrom(c.RespH)
	from, to := b.places.of(orig), b.places.of(resp)
	opening := Opening{TS: at, Orig: orig, Resp: resp, RespPort: c.RespP, Proto: c.Proto}
	if c.Report == 0 {
		b.Opened(opening)
		if c.RespP == 853 && c.RespPkts > 0 {
			b.EncryptedLookup(at, orig)
		}
	}
	if len(c.TunnelParents) == 0 {
		b.reportedVolume(c, orig, resp, from, to)
	}
	cast := castOf(c, resp)
	b.reportedHost(at, orig, from, decode.MAC(c.OrigL2), c, c.OrigPkts, cast == decode.Unicast)
	if cast == decode.Unicast {
		b.reportedHost(at, resp, to, decode.MAC(c.RespL2), c, c.RespPkts, true)
	}
	b.reportedCards(c, orig, resp)
	if c.VLAN != 0 {
		b.vlans.at(c.VLAN)
	}
	if c.Proto == decode.ProtoTCP {
		b.reportedDirections(at, c, orig, resp)
	}
	if c.Final {
		b.Ended(opening, at, c.OrigPkts > 0 && c.RespPkts > 0 || answeredBefore(c))
	}
}

// answeredBefore reports whether both sides had sent something when an earlier report was made: the last report's own
// difference may lack one of them, the history does not.
func answeredBefore(c *record.Conn) bool {
	return c.Report > 0 && strings.ContainsAny(c.History, "SHADFR") && strings.ContainsAny(c.History, "shadfr")
}

// reportedVolume counts packets and bytes as packet does for frames.
func (b *Builder) reportedVolume(c *record.Conn, orig, resp decode.Addr, from, to place) {
	n := c.OrigPkts + c.RespPkts
	w := &b.whole
	w[record.Packets] += n
	w[record.Bytes] += c.OrigIPBytes + c.RespIPBytes
	w[record.GapBytes] += c.MissedBytes
	if c.Proto == decode.ProtoICMPv6 && c.OrigP >= 133 && c.OrigP <= 137 { // neighbour discovery is no traffic
		if c.OrigP == 134 {
			w[record.RouterAdverts] += c.OrigPkts
		}
		return
	}
	b.reportedFamilies(c, orig, from, to)
	cast := castOf(c, resp)
	switch {
	case cast != decode.Unicast && c.Proto == decode.ProtoUDP && announcedPort(c.RespP):
		w[record.Announced] += n
	case cast != decode.Unicast:
	case !crossing(from, to) && (managementPort(c.Proto, c.OrigP) || managementPort(c.Proto, c.RespP)):
		if !strangers(from, to) {
			w[record.MgmtPackets] += n
		}
	default:
		w[record.UserPackets] += n
	}
	if cast == decode.Unicast && (from == atInternet || to == atInternet) {
		w[record.InternetPackets] += n
	}
}

func (b *Builder) reportedFamilies(c *record.Conn, orig decode.Addr, from, to place) {
	n := c.OrigPkts + c.RespPkts
	w := &b.whole
	all, inside, public := record.Packets4, record.Inside4, record.Public4
	v4 := orig.Is4()
	if !v4 {
		all, inside, public = record.Packets6, record.Inside6, record.Public6
		if from == atLink {
			return
		}
	}
	w[all] += n
	switch {
	case from >= 0 || to >= 0:
		w[inside] += n
	case from == atOwnPublic || to == atOwnPublic:
		w[public] += n
	case v4 && (from == atPrivate || to == atPrivate):
		w[record.Foreign4] += n
	case v4 && from == atInternet && to == atInternet:
		w[record.Transit4] += n
	}
	if from >= 0 {
		b.segments[from][all] += n
	}
	if to >= 0 && to != from {
		b.segments[to][all] += n
	}
}

// castOf is how frames of a connection travelled, as far as its ends tell. A subnet's own broadcast address cannot be told from a
// host's; NetBIOS names go to nothing else that ends in 255.
func castOf(c *record.Conn, resp decode.Addr) decode.Cast {
	switch {
	case resp.IsBroadcast4():
		return decode.Broadcast
	case resp.IsMulticast():
		return decode.Multicast
	case c.Proto == decode.ProtoUDP && (c.RespP == 137 || c.RespP == 138) && resp.Is4() && resp[15] == 255:
		return decode.Broadcast
	}
	return decode.Unicast
}

// reportedHost accounts for one end of a connection that sent packets, or was seen to be answered.
func (b *Builder) reportedHost(at record.Time, a decode.Addr, where place, mac decode.MAC, c *record.Conn, pkts uint64, unicast bool) {
	if where < 0 || pkts == 0 && !spokenTo(c, a == decode.AddrFrom(c.OrigH)) {
		return
	}
	h := b.host(at, a, where)
	if h == nil {
		return
	}
	h.flags |= record.SeenInPassing
	if pkts > 0 && b.ownCard(a, mac, where) {
		h.flags |= record.SeenDirect
		h.setMAC(mac)
	}
	if unicast && pkts > 0 {
		h.flags |= record.SeenSpoke
		h.minutes += b.spokeIn(a, c.TS, at, pkts)
	}
}

// spokenTo reports whether one end, which sent nothing that was seen, was acknowledged by the other: then it is there.
func spokenTo(c *record.Conn, orig bool) bool {
	letters := "HADF"
	if orig {
		letters = "hadf"
	}
	return c.Proto == decode.ProtoTCP && strings.ContainsAny(c.History, letters)
}

// spokeIn counts the minutes from the first packet to the report that this address was not known to have spoken in; never more
// than the packets it sent, nor an hour.
func (b *Builder) spokeIn(a decode.Addr, first, at record.Time, pkts uint64) uint32 {
	if b.reports == nil {
		b.reports = newReports(&b.hash)
	}
	s, fresh := b.reports.spoke.at(a)
	if s == nil {
		b.reports.spoke.reset()
		s, fresh = b.reports.spoke.at(a)
	}
	now := at.Floor(record.Minute)
	if fresh {
		s.newest = now
	}
	if now > s.newest {
		s.minutes = shifted(s.minutes, (now-s.newest)/record.Minute)
		s.newest = now
	}
	n := uint64(1)
	if first < at {
		n = min(uint64((at.Floor(record.Minute)-first.Floor(record.Minute))/record.Minute)+1, pkts, spreadMinutes)
	}
	late := (s.newest - now) / record.Minute // the report is older than another before it
	if late >= 64 {
		return 0
	}
	told := (uint64(1)<<n - 1) << late
	news := bits.OnesCount64(told &^ s.minutes)
	s.minutes |= told
	return uint32(news)
}

func shifted(minutes uint64, by record.Time) uint64 {
	if by >= 64 {
		return 0
	}
	return minutes << by
}

func newReports(hash *secret) *reports {
	return &reports{spoke: newTable[decode.Addr, spoke](maxSpoke, hash.addr), routers: newTable[decode.MAC, owner](maxOwners, hash.mac)}
}

// ownCard reports whether a card is the sender's own, as far as is known by now: a card that sends for the Internet or for
// several IPv4 addresses is a router's, and what stands behind it is seen in passing.
func (b *Builder) ownCard(a decode.Addr, mac decode.MAC, at place) bool {
	o := b.owner(mac)
	if o == nil {
		return false
	}
	if at == atInternet {
		o.router = true
	}
	if a.Is4() && at != atLink {
		o.addrs.add(uint32(b.hash.addr(a)))
	}
	if o.addrs.full || o.addrs.n > ownAddresses {
		o.router = true
	}
	return !o.router
}

func (b *Builder) owner(mac decode.MAC) *owner {
	if mac.IsZero() || mac[0]&1 != 0 {
		return nil
	}
	if b.reports == nil {
		b.reports = newReports(&b.hash)
	}
	o, _ := b.reports.routers.at(mac)
	return o
}

// reportedCards counts the packets of the cards that a report names.
func (b *Builder) reportedCards(c *record.Conn, orig, resp decode.Addr) {
	for _, end := range [...]struct {
		mac  record.MAC
		addr decode.Addr
		sent uint64
		got  uint64
	}{{c.OrigL2, orig, c.OrigPkts, c.RespPkts}, {c.RespL2, resp, c.RespPkts, c.OrigPkts}} {
		mac := decode.MAC(end.mac)
		if mac.IsZero() || mac[0]&1 != 0 {
			continue
		}
		at := b.places.of(end.addr)
		own := end.sent == 0 || b.ownCard(end.addr, mac, at)
		card, _ := b.cards.at(mac)
		if card == nil {
			continue
		}
		card.sent += end.sent
		card.touched += end.sent + end.got
		if end.sent == 0 {
			continue
		}
		card.public = card.public || at == atOwnPublic
		if own {
			card.near.add(uint32(b.hash.addr(end.addr)))
		} else {
			card.far.add(uint32(b.hash.addr(end.addr)))
		}
	}
}

// reportedDirections judges a TCP connection's directions from history and counts, once: at its first report with at least 3
// packets in which data was acknowledged: data is in the history, or one side alone is, acknowledging and going on.
func (b *Builder) reportedDirections(at record.Time, c *record.Conn, orig, resp decode.Addr) {
	if c.Report > 0 || c.OrigPkts+c.RespPkts < 3 || !strings.ContainsAny(c.History, "Aa") {
		return
	}
	if !strings.ContainsAny(c.History, "Dd") && c.OrigPkts > 0 && c.RespPkts > 0 {
		return
	}
	b.TCPJudged(Judged{
		TS: at, Orig: orig, Resp: resp,
		OrigUnseen: unseen(c.OrigPkts, c.OrigBytes, c.RespPkts, c.MissedBytes, c.History, "D", "a"),
		RespUnseen: unseen(c.RespPkts, c.RespBytes, c.OrigPkts, c.MissedBytes, c.History, "d", "A"),
		Answered:   c.OrigPkts > 0 && c.RespPkts > 0,
	})
}

// unseen reports whether the peer acknowledged bytes of one side of which none was ever seen: the side sent nothing at all
// while its peer acknowledged and went on (its SYN, its acknowledgement of ours, and data or one more), or all its bytes were missed.
func unseen(pkts, bytes, peer, missed uint64, history, data, peerAck string) bool {
	if !strings.Contains(history, peerAck) || strings.Contains(history, data) {
		return false
	}
	if pkts == 0 {
		return peer >= 3
	}
	return bytes > 0 && missed >= bytes
}

// announcedPort names the ports on which hosts speak to their own link.
func announcedPort(port uint16) bool {
	switch port {
	case 5353, 5355, 137, 138, 1900, 3702, 67, 547:
		return true
	}
	return false
}

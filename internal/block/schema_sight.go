package block

import (
	"encoding/binary"
	"errors"
	"maps"
	"net/netip"
	"slices"

	"candor/internal/record"
)

// sightRow is a sight as a row: maps and closed values are lists and bytes here.
type sightRow struct {
	record.Sight
	direct, passing     uint32 // hosts by how they were seen: for queries, made from Hosts
	undecodable, tunnel []counted
}

// counted is an entry of a map of a sight.
type counted struct {
	name string
	n    uint64
}

func toRow(s *record.Sight) sightRow {
	row := sightRow{Sight: *s, undecodable: list(s.Undecodable), tunnel: list(s.Tunnels)}
	for i := range s.Hosts {
		switch flags := s.Hosts[i].Flags; {
		case flags&record.SeenDirect != 0:
			row.direct++
		case flags&record.SeenInPassing != 0:
			row.passing++
		}
	}
	return row
}

func (r *sightRow) sight() record.Sight {
	s := r.Sight
	s.Undecodable, s.Tunnels = table(r.undecodable), table(r.tunnel)
	return s
}

// list is a map in the order of its names; no map makes no list.
func list(m map[string]uint64) []counted {
	if m == nil {
		return nil
	}
	out := make([]counted, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, counted{name, m[name]})
	}
	return out
}

func table(l []counted) map[string]uint64 {
	if l == nil {
		return nil
	}
	out := make(map[string]uint64, len(l))
	for _, c := range l {
		out[c.name] = c.n
	}
	return out
}

func sightColumns() []column[sightRow] {
	type S = sightRow
	columns := flat(
		instant("span_from", func(s *S) *record.Time { return &s.Span.From }),
		instant("span_to", func(s *S) *record.Time { return &s.Span.To }),
		number("minutes", func(s *S) *int { return &s.Minutes }),
		text("sensor", func(s *S) *record.Sensor { return &s.Sensor }),
		text("feed", func(s *S) *record.Feed { return &s.Feed }),
		text("segment", func(s *S) *record.SegmentID { return &s.Segment }),
		number("carries", func(s *S) *record.Carries { return &s.Carries }),
		number("hosts_direct", func(s *S) *uint32 { return &s.direct }),
		number("hosts_in_passing", func(s *S) *uint32 { return &s.passing }),
	)
	for i, name := range countNames() {
		columns = append(columns, flat(number(name, func(s *S) *uint64 { return &s.Counts[i] }))...)
	}
	columns = append(columns, flat(
		perhaps("drops_received", func(s *S) (uint64, bool) { return drops(s).Received, s.Drops != nil }, func(s *S, n uint64) { made(s).Received = n }),
		perhaps("drops_dropped", func(s *S) (uint64, bool) { return drops(s).Dropped, s.Drops != nil }, func(s *S, n uint64) { made(s).Dropped = n }),
		perhaps("drops_partly", func(s *S) (uint64, bool) { return partly(s), s.Drops != nil }, func(s *S, n uint64) { made(s).Partly = n != 0 }),
		number("lost_hosts", func(s *S) *uint64 { return &s.LostHosts }),
		raw("beyond", func(s *S) []byte { return s.Beyond.Bytes() }, func(s *S, b []byte) (err error) {
			s.Beyond, err = record.SketchOf(b)
			return err
		}),
	)...)
	return slices.Concat(columns, hostColumns(), feedColumns(), countedColumns())
}

func drops(s *sightRow) record.Drops {
	if s.Drops == nil {
		return record.Drops{}
	}
	return *s.Drops
}

func partly(s *sightRow) uint64 {
	if drops(s).Partly {
		return 1
	}
	return 0
}

func made(s *sightRow) *record.Drops {
	if s.Drops == nil {
		s.Drops = new(record.Drops)
	}
	return s.Drops
}

func hostColumns() []column[sightRow] {
	type H = record.HostSeen
	hosts := lists(func(s *sightRow) *[]H { return &s.Hosts },
		address("host_addr", func(h *H) *netip.Addr { return &h.Addr }),
		card("host_mac", func(h *H) *record.MAC { return &h.MAC }),
		number("host_flags", func(h *H) *record.HostFlags { return &h.Flags }),
		number("host_hops", func(h *H) *uint8 { return &h.Hops }),
		number("host_minutes", func(h *H) *uint32 { return &h.Minutes }),
		instant("host_first", func(h *H) *record.Time { return &h.First }),
		instant("host_last", func(h *H) *record.Time { return &h.Last }),
	)
	type C = record.CardSeen
	cards := lists(func(s *sightRow) *[]C { return &s.Cards },
		card("card_mac", func(c *C) *record.MAC { return &c.MAC }),
		number("card_sent", func(c *C) *uint64 { return &c.Sent }),
		number("card_shouted", func(c *C) *uint64 { return &c.Shouted }),
		number("card_touched", func(c *C) *uint64 { return &c.Touched }),
		number("card_asked", func(c *C) *uint64 { return &c.Asked }),
		number("card_addresses", func(c *C) *uint32 { return &c.Addresses }),
		boolean("card_forwards", func(c *C) *bool { return &c.Forwards }),
		boolean("card_public", func(c *C) *bool { return &c.Public }),
	)
	return slices.Concat(hosts, cards)
}

func feedColumns() []column[sightRow] {
	type C = record.ClientSeen
	clients := lists(func(s *sightRow) *[]C { return &s.Clients },
		address("client_addr", func(c *C) *netip.Addr { return &c.Addr }),
		text("client_place", func(c *C) *record.SegmentID { return &c.Place }),
		number("client_conns", func(c *C) *uint64 { return &c.Conns }),
		number("client_failed", func(c *C) *uint64 { return &c.Failed }),
		raw("client_stacks", stacks, setStacks),
		number("client_toward", func(c *C) *uint64 { return &c.Toward }),
		number("client_proxied", func(c *C) *uint64 { return &c.Proxied }),
	)
	type G = record.GroupSeen
	groups := lists(func(s *sightRow) *[]G { return &s.Groups },
		text("group_name", func(g *G) *string { return &g.Group }),
		number("group_conns", func(g *G) *uint64 { return &g.Conns }),
		number("group_one_way_orig", func(g *G) *uint64 { return &g.OneWayO }),
		number("group_one_way_resp", func(g *G) *uint64 { return &g.OneWayR }),
	)
	type P = record.PairSeen
	pairs := lists(func(s *sightRow) *[]P { return &s.Pairs },
		text("pair_from", func(p *P) *record.SegmentID { return &p.From }),
		text("pair_to", func(p *P) *record.SegmentID { return &p.To }),
		number("pair_conns", func(p *P) *uint64 { return &p.Conns }),
		number("pair_answered", func(p *P) *uint64 { return &p.Answered }),
	)
	type A = record.AckedSeen
	acked := lists(func(s *sightRow) *[]A { return &s.Acked },
		instant("acked_last", func(a *A) *record.Time { return &a.Last }),
		number("acked_acks", func(a *A) *uint64 { return &a.Acks }),
		number("acked_gaps", func(a *A) *uint64 { return &a.Gaps }),
	)
	return slices.Concat(clients, groups, pairs, acked)
}

func countedColumns() []column[sightRow] {
	name := func(c *counted) *string { return &c.name }
	n := func(c *counted) *uint64 { return &c.n }
	return slices.Concat(
		lists(func(s *sightRow) *[]uint16 { return &s.VLANs }, number("vlans", func(v *uint16) *uint16 { return v })),
		lists(func(s *sightRow) *[]counted { return &s.undecodable }, text("undecodable_reason", name), number("undecodable_frames", n)),
		lists(func(s *sightRow) *[]counted { return &s.tunnel }, text("tunnel_kind", name), number("tunnel_kind_bytes", n)),
	)
}

// stacks are a client's fingerprints, 4 bytes each, least significant first.
func stacks(c *record.ClientSeen) []byte {
	if c.Stacks == nil {
		return nil
	}
	b := make([]byte, 0, 4*len(c.Stacks))
	for _, s := range c.Stacks {
		b = binary.LittleEndian.AppendUint32(b, s)
	}
	return b
}

func setStacks(c *record.ClientSeen, b []byte) error {
	if len(b)%4 != 0 {
		return errors.New("fingerprints are of 4 bytes each")
	}
	c.Stacks = make([]uint32, len(b)/4)
	for i := range c.Stacks {
		c.Stacks[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return nil
}

// countNames are the columns of record.Counts, in the order of record.Count.
func countNames() [record.NumCounts]string {
	return [...]string{
		"frames", "copies", "truncated", "frame_bytes", "packets", "bytes", "packets4", "packets6", "inside4", "inside6", "public4",
		"public6", "foreign4", "transit4", "unicast", "broadcast", "multicast", "own_frames", "arp_frames", "arp_inside", "arp_other",
		"announced", "switch_talk", "neighbour", "router_adverts", "strange_adverts", "mgmt_packets", "internet_packets",
		"user_packets", "sealed_bytes", "tunnel_bytes", "conns", "conns_tcp", "conns_unanswered", "tcp_judged", "one_way", "acks",
		"gaps", "gap_bytes", "holes_forgotten", "dns_queries", "dns_replies", "dns_outward", "aaaa", "dns_encrypted", "messages_dns",
		"messages_tls", "messages_http", "messages_dhcp", "log_lines", "alert_lines", "http_requests", "http_proxied", "through_proxy",
		"dhcp_leases", "checksum_good", "checksum_bad", "checksum_offload", "fragments", "clock_back", "evicted_conns", "over_budget",
		"damaged_inputs", "unread_frames", "inconsistent",
	}
}

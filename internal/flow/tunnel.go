package flow

import (
	"slices"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// What travels inside a tunnel is decoded as a packet of its own and belongs to a connection of its own, beside that of the tunnel. Its volume
// is part of the tunnel's: packets and bytes of the connections that have no parent are those of all frames.

const (
	maxTunnels = 4 // inside of one another; what lies deeper is counted as over budget
	maxParents = 8 // tunnels named by one connection, the first ones: directions may have one each, and a tunnel may be silent for a while and begin anew
)

// around says where a packet lies: outside of all tunnels, or in one.
type around struct {
	network uint32 // part of the key, 0 outside
	outer   uint32 // entry of the tunnel's connection
	depth   int    // tunnels around it
}

const inTunnel = 1 << 31 // of around.network; the other bits are the tunnel's network number

// networkOf tells networks apart that may use the same addresses: VXLAN's and Geneve's. The numbers of other tunnels differ by direction or say nothing.
func networkOf(p *decode.Packet) uint32 {
	if p.Tunnel == decode.TunnelVXLAN || p.Tunnel == decode.TunnelGeneve {
		return inTunnel | p.TunnelID
	}
	return inTunnel
}

// inside follows what the packet p, decoded from frame and counted to connection e, carries in a tunnel.
func (t *Table) inside(ts record.Time, e uint32, p *decode.Packet, frame []byte, wire uint32, depth int) {
	end, lack := len(frame), max(int64(wire)-int64(len(frame)), 0)
	if n := p.IPHeader + p.IPLen; n < end {
		end, lack = n, 0 // behind it is padding
	}
	if p.InnerOffset >= end {
		return
	}
	if depth >= maxTunnels {
		t.sight.Count(ts, record.OverBudget, 1)
		return
	}
	data := frame[p.InnerOffset:end]
	wire = uint32(int64(len(data)) + lack)
	q := &t.inner[depth]
	q.Inner(p, p.InnerLink, data, wire)
	t.sight.InnerFrame(ts, q)
	if q.Net == decode.IPv4 || q.Net == decode.IPv6 {
		t.packet(ts, q, data, wire, false, around{networkOf(p), e, depth + 1})
	}
}

// parents are the tunnels that carry a connection.
type parents struct {
	born [maxParents]uint64 // of their connections
	uids []record.UID
	more bool // than are named
}

// carried notes that the connection that began as inner is carried by the one that began as outer, whose uid is asked for when it is new.
func (t *Table) carried(ts record.Time, inner, outer uint64, name func() record.UID) {
	ps := t.parents[inner]
	if ps == nil {
		ps = new(parents)
		t.parents[inner] = ps
	}
	n := len(ps.uids)
	switch {
	case slices.Contains(ps.born[:n], outer):
	case n < maxParents:
		ps.born[n] = outer
		ps.uids = append(ps.uids, name())
	case !ps.more:
		ps.more = true
		t.sight.Unread(ts, sight.ShortParents, 1)
	}
}

// parentsOf gives the uids of the tunnels around a connection, in the order in which they were seen.
func (t *Table) parentsOf(c *conn) []record.UID {
	if c.flags&flagInner == 0 {
		return nil
	}
	if ps := t.parents[c.born]; ps != nil {
		return slices.Clip(ps.uids)
	}
	return nil
}

package labnet

import "net/netip"

// card is a network card's address.
type card [6]byte

var broadcast = card{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// port is where a node meets a LAN: its card, and the switch it is plugged into (0 is the core switch).
type port struct {
	mac     card
	lan     *lan
	node    *node
	sw      int
	v4      netip.Addr
	ll      netip.Addr // link-local IPv6 address
	private *place     // a sensor's own card, which exists only if the sensor stands at this place
}

// lan is one broadcast domain: a VLAN, or a wire between two machines.
type lan struct {
	name   string
	vlan   uint16
	prefix netip.Prefix // IPv4
	six    netip.Prefix // IPv6, /64; not valid where there is none
	gate   [2]*port     // routers' ports that lead on; the second only where there are two ways out
	public bool         // beyond the translation
	seg    *segment
	ports  []*port
}

// gateway gives the port through which this LAN reaches the edge asked for.
func (l *lan) gateway(edge int) *port {
	if g := l.gate[edge]; g != nil {
		return g
	}
	return l.gate[0]
}

type role uint8

// What a node is for. Only clients have people in front of them.
const (
	roleClient role = iota
	rolePrinter
	roleServer
	roleRouter
	roleRemote
	roleDevice // switches, power supplies, sensors
)

// node is a machine: a client, server, router, device, or a remote machine somewhere in the Internet.
type node struct {
	id     int
	name   string
	role   role
	duty   duty
	seg    *segment
	port   *port
	ports  []*port // all cards; the first is port
	uplink *port   // routers: the card that leads towards the Internet
	v4     netip.Addr
	v6     []netip.Addr // global addresses; the last is the one it prefers for its own connections
	stack  *stack
	tls    int // index into the hello shapes
	hops   int // remotes: routers between it and our edge
	delay  int64
	edge   int    // remotes: through which edge its packets come back
	os     string // label of the stack, for names and browsers
}

// duty is what a server does.
type duty uint8

const (
	dutyNone duty = iota
	dutyResolver
	dutyFiles
	dutyDatabase
	dutyWeb
	dutyMail
	dutyBackup
	dutyApp
	dutyDHCP
	dutyProxy
	dutyLogs
	dutyPublished
	dutyPoller
	dutySensor
	dutySwitch
)

// leg is one link of a packet's way.
type leg struct {
	lan      *lan
	from, to *port
	lag      int64 // nanoseconds after sending
	spent    uint8 // hops used before this link
}

// path is a packet's way through the site.
type path struct {
	n    int
	legs [6]leg
}

func (p *path) last() int64 { return p.legs[p.n-1].lag }

func (p *path) add(l *lan, from, to *port) {
	if p.n == len(p.legs) {
		return
	}
	p.legs[p.n] = leg{lan: l, from: from, to: to}
	p.n++
}

// climb lists the LANs between a port and the edge, and the port through which packets from it enter each of them.
func climb(at *port, edge int) (lans [4]*lan, ports [4]*port, count int) {
	for at != nil && count < len(lans) {
		lans[count], ports[count] = at.lan, at
		count++
		gate := at.lan.gateway(edge)
		if gate == nil || gate == at {
			break
		}
		at = gate.node.uplink
		if at == gate {
			break
		}
	}
	return lans, ports, count
}

// face gives the port with which a node meets another: a router has one towards each side, a remote one for each edge.
func (n *node) face(other *node, edge int) *port {
	switch {
	case n.role == roleRemote && edge < len(n.ports):
		return n.ports[edge]
	case n.role == roleRouter:
		for _, p := range n.ports {
			if p.lan == other.port.lan {
				return p
			}
		}
		if n.uplink != nil {
			return n.uplink
		}
	}
	return n.port
}

// route finds the way from a to b, leaving or entering through the edge given, with lags and hops.
func route(a, b *node, edge int) path {
	var p path
	la, pa, na := climb(a.face(b, edge), edge)
	lb, pb, nb := climb(b.face(a, edge), edge)
	i, j, same := meet(la[:na], lb[:nb], edge)
	for k := range i {
		p.add(la[k], pa[k], la[k].gateway(edge))
	}
	if same {
		p.add(la[i], pa[i], pb[j])
	} else {
		p.add(la[i], pa[i], la[i].gateway(edge))
		p.add(lb[j], lb[j].gateway(edge), pb[j])
	}
	for k := j - 1; k >= 0; k-- {
		p.add(lb[k], lb[k].gateway(edge), pb[k])
	}
	lag := int64(0)
	for k := range p.n {
		if k > 0 {
			lag += forwardLag(p.legs[k].from.node)
		}
		p.legs[k].lag = lag
		p.legs[k].spent = uint8(a.hops + k)
	}
	return p
}

// forwardLag is what a router takes to pass a packet on: little in a switch's silicon, more in software.
func forwardLag(n *node) int64 {
	if n.stack.ttl == 255 {
		return 4_000
	}
	return 38_000
}

// meet finds where two climbs come together: on one LAN (same), or at one router that has a port on both.
func meet(la, lb []*lan, edge int) (i, j int, same bool) {
	for i = range la {
		for j = range lb {
			if la[i] == lb[j] {
				return i, j, true
			}
			ga, gb := la[i].gateway(edge), lb[j].gateway(edge)
			if ga != nil && gb != nil && ga.node == gb.node {
				return i, j, false
			}
		}
	}
	return len(la) - 1, len(lb) - 1, true
}

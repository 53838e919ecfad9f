package labnet

// TapName names a place in a site where a sensor can stand.
type TapName string

// The places sites offer; which of them a site has, Site.Taps tells.
const (
	Core         TapName = "core"          // a mirror of the promised VLANs at the core switch, both directions
	CoreReceived TapName = "core-rx"       // of the ports towards the clients, only what comes in
	CoreSent     TapName = "core-tx"       // of the ports towards the clients, only what goes out
	ClientsOnly  TapName = "clients-only"  // only the client VLANs
	ServersOnly  TapName = "servers-only"  // only the server VLANs
	Unmirrored   TapName = "unmirrored"    // an ordinary access port that gets no copy
	Management   TapName = "management"    // the management VLAN
	Outside      TapName = "outside"       // between the translating firewall and the provider
	AfterProxy   TapName = "after-proxy"   // between the web proxy and the firewall
	RoutedCore   TapName = "routed-core"   // wires between the access routers and the core router
	AccessSwitch TapName = "access-switch" // all ports of one segment's switch
	LabSwitch    TapName = "lab-switch"    // all ports of the IPv6-only segment's switch
	FirstPath    TapName = "first-path"    // the port of the first of two routers
	SecondPath   TapName = "second-path"   // the port of the second
)

// place is a spot and the facts about it that Truth tells.
type place struct {
	name    TapName
	sees    func(l *lan, from, to *port) bool // to is nil for frames that reach every port
	passive bool                              // an unmirrored port: only what floods
	vantage string                            // the vantage code that is true here, "" for a right place
	direct  []string                          // segments whose hosts' own frames pass here
	pairs   []string                          // directions of traffic that pass here, "client-internet", ...
	oneWay  bool
	uneven  bool // some peers' answers take another way
	lookups bool // clients' lookups at the resolver
	leases  bool // the DHCP conversation
	sixData bool // IPv6 data, where the site has any
	routed  bool // hosts are one hop away, behind a router's card
}

// onLans tells whether l is one of the list.
func onLans(list []*lan, l *lan) bool {
	for _, k := range list {
		if k == l {
			return true
		}
	}
	return false
}

// mirror sees what crosses the core switch in the LANs given: everything but what stays inside one access switch.
func mirror(lans ...*lan) func(*lan, *port, *port) bool {
	return func(l *lan, from, to *port) bool {
		if !onLans(lans, l) {
			return false
		}
		return to == nil || from.sw == 0 || to.sw == 0 || from.sw != to.sw
	}
}

// everyPort sees everything on the LANs given, as a mirror of every port of their switches does.
func everyPort(lans ...*lan) func(*lan, *port, *port) bool {
	return func(l *lan, _, _ *port) bool { return onLans(lans, l) }
}

// received sees what access switches hand up: frames sent by hosts on the LANs given.
func received(lans ...*lan) func(*lan, *port, *port) bool {
	whole := mirror(lans...)
	return func(l *lan, from, to *port) bool { return whole(l, from, to) && from.sw != 0 }
}

// sent sees what goes down to access switches on the LANs given.
func sent(lans ...*lan) func(*lan, *port, *port) bool {
	whole := mirror(lans...)
	return func(l *lan, from, to *port) bool {
		return whole(l, from, to) && (to == nil && from.sw == 0 || to != nil && to.sw != 0 && from.sw != to.sw)
	}
}

// onlyTo sees what goes to a router's ports.
func onlyTo(ports ...*port) func(*lan, *port, *port) bool {
	return func(_ *lan, from, to *port) bool { return to != nil && hasPort(ports, to) && !hasPort(ports, from) }
}

// onlyFrom sees what comes from them.
func onlyFrom(ports ...*port) func(*lan, *port, *port) bool {
	return func(_ *lan, from, _ *port) bool { return hasPort(ports, from) }
}

// aroundPorts sees both directions of some ports, floods included.
func aroundPorts(ports ...*port) func(*lan, *port, *port) bool {
	return func(l *lan, from, to *port) bool {
		if to == nil {
			for _, p := range ports {
				if p.lan == l {
					return true
				}
			}
			return false
		}
		return hasPort(ports, from) || hasPort(ports, to)
	}
}

// floodsAt sees what an ordinary port of a LAN gets: floods, and the conversation of the card plugged in there.
func floodsAt(l *lan, own *port) func(*lan, *port, *port) bool {
	return func(k *lan, from, to *port) bool {
		return k == l && (to == nil || from == own || to == own)
	}
}

func hasPort(list []*port, p *port) bool {
	for _, q := range list {
		if q == p {
			return true
		}
	}
	return false
}

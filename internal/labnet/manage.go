package labnet

import (
	"fmt"
	"net/netip"
	"time"
)

// addManagement makes the management VLAN: switches, the firewall's and the router's management cards, a poller, and the sensor.
func (s *Site) addManagement(d *dice, vlan uint16, prefix string, switches int) *lan {
	l := s.newLAN("management", vlan, prefix)
	p := l.prefix
	poller := s.addNode(d, "poller", roleDevice, &stackLinux, "server", l, addr(p, 10), 0)
	poller.duty = dutyPoller
	for i := range switches {
		sw := s.addNode(d, fmt.Sprintf("sw%d", i+1), roleDevice, &stackRouter, "switch", l, addr(p, 20+i), i)
		sw.duty = dutySwitch
		if i == 0 {
			s.root = sw.port.mac
		}
	}
	for i, name := range []string{"fw-mgmt", "ups1"} {
		s.addNode(d, name, roleDevice, &stackBSD, "switch", l, addr(p, 60+i), 0)
	}
	sensor := s.addNode(d, "sensor", roleDevice, &stackLinux, "server", l, addr(p, 90), 0)
	sensor.duty = dutySensor
	s.deal = append(s.deal, func(r *run) { r.startManagement(l, poller, sensor) })
	return l
}

// addSpareSensor makes a sensor's card on an ordinary access port, which exists only for the tap at that place.
func (s *Site) addSpareSensor(d *dice, l *lan, k int, at *place) *node {
	n := s.addNode(d, "sensor-"+string(at.name), roleDevice, &stackLinux, "server", l, addr(l.prefix, k), 1)
	n.seg = nil
	n.port.private = at
	s.deal = append(s.deal, func(r *run) { r.startSensor(n) })
	return n
}

// startSensor plans a sensor's own chatter: heart beats to its hub, clock, lookups, its gateway's card.
func (r *run) startSensor(n *node) {
	d := &r.live[n.id]
	r.every(n, r.from+d.span(0, 10*second), 20*second, false, (*run).heartbeat)
	r.every(n, r.from+d.span(0, minute), 64*second, false, func(r *run, n *node, at int64) { r.ntp(at, n, r.site.clock) })
	r.every(n, r.from+d.span(0, minute), 2*minute, false, (*run).tendGateway)
}

func (r *run) heartbeat(n *node, at int64) {
	if n.port.lan.gate[0] == nil {
		return
	}
	d := &r.live[n.id]
	c := r.open(at, n, r.site.hub, false, 443)
	c.turns = r.tlsHello(&d.dice, &helloShapes[helloAgent], "hub.provider.example", 8, true)
	c.turns = append(c.turns, sealed(0, 1e6, d.between(300, 1500)), sealed(1, 2e6, 90))
}

// startManagement plans polling, messages, clocks and administrators.
func (r *run) startManagement(l *lan, poller, sensor *node) {
	for _, p := range l.ports {
		dev := p.node
		if dev == poller || dev == sensor || dev.role == roleRouter {
			continue
		}
		d := &r.live[dev.id]
		r.steadily(dev, r.from+d.span(0, 30*second), 30*second, second/10, func(r *run, dev *node, at int64) { r.poll(at, poller, dev) })
		r.every(dev, r.from+d.span(0, minute), 50*second, false, func(r *run, dev *node, at int64) { r.tellLog(at, dev, poller) })
		r.every(dev, r.from+d.span(0, minute), 3*minute, false, func(r *run, dev *node, at int64) { r.ntp(at, dev, poller) })
	}
	r.every(poller, r.from+r.live[poller.id].span(0, 5*minute), 20*minute, false, func(r *run, n *node, at int64) {
		d := &r.live[n.id]
		dev := pick(&d.dice, l.ports).node
		if dev != n && dev.role != roleRouter {
			r.ssh(at, n, dev, d.between(5, 60))
		}
	})
	r.startSensor(sensor)
}

// poll is a round of SNMP questions about a device's counters.
func (r *run) poll(at int64, from, dev *node) {
	t := r.newTalk(from, dev, false, 161, false)
	d := &r.live[from.id]
	id := uint32(d.next())
	at = r.ready(at, &t)
	for i := range 4 {
		r.do(at+int64(i)*20e6, func(r *run, at int64) {
			r.udp(at, &t, false, snmpMessage(id+uint32(i), false, i*8, 8, 0))
			r.do(at+2e6, func(r *run, at int64) {
				r.udp(at, &t, true, snmpMessage(id+uint32(i), true, i*8, 8, uint32(at/1e9)*977))
			})
		})
	}
}

// tellLog is a device sending a syslog line (RFC 3164).
func (r *run) tellLog(at int64, dev, to *node) {
	t := r.newTalk(dev, to, false, 514, false)
	r.do(r.ready(at, &t), func(r *run, at int64) {
		d := &r.live[dev.id]
		line := fmt.Sprintf("<189>%s %s link: port 1/1/%d changed state to %s", time.Unix(0, at).UTC().Format(time.Stamp), dev.name, 1+d.n(48), pick(&d.dice, []string{"up", "down"}))
		r.udp(at, &t, false, []byte(line))
	})
}

// switchCard adds a switch's own card to a client or server LAN, where it only says spanning tree and LLDP.
func (s *Site) switchCard(d *dice, l *lan, sw int) {
	n := s.addNode(d, fmt.Sprintf("sw%d-%s", sw+1, l.name), roleDevice, &stackRouter, "switch", l, netip.Addr{}, sw)
	n.duty, n.seg = dutySwitch, nil
}

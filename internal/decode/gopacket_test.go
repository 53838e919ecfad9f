package decode

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// TestAgreesWithGopacket decodes every frame of every shared capture twice and compares the headers wherever gopacket reads them without an
// error. Known differences, all looked at:
//   - inside tunnels gopacket goes on and we stop: the first IP layer and the transport behind it are compared, not the inner ones
//   - an IPv4 or IPv6 length of 0 is filled in by gopacket from the bytes: lengths are compared only when they are not 0 on the wire
//   - gopacket does not look at the version field of what an EtherType calls IPv4; we refuse another version there, as tshark does
//   - gopacket fails on broken IPv4 options, which we pass by the header length; it leaves no addresses then
//   - behind a later fragment gopacket gives no transport, and neither do we
func TestAgreesWithGopacket(t *testing.T) {
	var frames, compared, transports int
	for _, path := range captureFiles(t) {
		failures := 0
		number := 0
		readCapture(t, path, func(link uint16, data []byte, wire uint32) {
			number++
			frames++
			var p Packet
			p.Frame(link, data, wire)
			if !LinkKnown(link) {
				return
			}
			ip, transport, err := compareFrame(&p, link, data)
			if err != nil && failures < 3 {
				failures++
				t.Errorf("%s frame %d: %v\n%s", filepath.Base(path), number, err, brief(&p))
			}
			if ip {
				compared++
			}
			if transport {
				transports++
			}
		})
	}
	t.Logf("%d frames, %d IP headers and %d transport headers compared", frames, compared, transports)
	if compared == 0 || transports == 0 {
		t.Error("nothing was compared")
	}
}

func compareFrame(p *Packet, link uint16, data []byte) (ip, transport bool, err error) {
	start := gopacket.Decoder(layers.LinkType(link))
	packet := gopacket.NewPacket(data, start, gopacket.DecodeOptions{Lazy: false, NoCopy: true})
	tags := 0
	for _, layer := range packet.Layers() {
		if len(layer.LayerContents()) == 0 { // gopacket leaves an empty layer where it failed
			return ip, transport, nil
		}
		switch l := layer.(type) {
		case *layers.Ethernet:
			if ip {
				return ip, transport, nil // an inner frame
			}
			if l.EthernetType == etherFabric {
				return ip, transport, nil // gopacket does not open these
			}
			if !bytes.Equal(p.SrcMAC[:], l.SrcMAC) || !bytes.Equal(p.DstMAC[:], l.DstMAC) {
				return ip, transport, fmt.Errorf("MAC %s > %s", l.SrcMAC, l.DstMAC)
			}
		case *layers.Dot1Q:
			if tags < 2 && p.VLAN[tags] != l.VLANIdentifier {
				return ip, transport, fmt.Errorf("VLAN %d", l.VLANIdentifier)
			}
			tags++
		case *layers.ARP:
			if l.Protocol == layers.EthernetTypeIPv4 && l.HwAddressSize == 6 && l.ProtAddressSize == 4 && l.AddrType == 1 {
				return ip, transport, compareARP(p, l)
			}
		case *layers.IPv4:
			if ip {
				return ip, transport, nil
			}
			if p.Reason == BadIPVersion && l.Version != 4 || l.SrcIP == nil {
				return ip, transport, nil
			}
			ip = true
			err = compareIPv4(p, l)
		case *layers.IPv6:
			if ip {
				return ip, transport, nil
			}
			ip = true
			err = compareIPv6(p, l)
		case *layers.TCP:
			transport = true
			return ip, true, compareTCP(p, l)
		case *layers.UDP:
			return ip, true, compareUDP(p, l)
		case *layers.SCTP:
			return ip, true, check("SCTP ports", [2]uint16{p.SrcPort, p.DstPort}, [2]uint16{uint16(l.SrcPort), uint16(l.DstPort)})
		case *layers.ICMPv4:
			return ip, true, check("ICMP", [2]uint8{p.ICMPType, p.ICMPCode}, [2]uint8{l.TypeCode.Type(), l.TypeCode.Code()})
		case *layers.ICMPv6:
			return ip, true, check("ICMPv6", [2]uint8{p.ICMPType, p.ICMPCode}, [2]uint8{l.TypeCode.Type(), l.TypeCode.Code()})
		case *layers.GRE, *layers.VXLAN, *layers.PPP, *layers.MPLS:
			return ip, transport, nil
		}
		if err != nil {
			return ip, transport, err
		}
	}
	if p.VLANs < tags {
		err = fmt.Errorf("%d tags, gopacket has %d", p.VLANs, tags)
	}
	return ip, transport, err
}

func check(what string, got, want any) error {
	if got != want {
		return fmt.Errorf("%s: ours %v, gopacket %v", what, got, want)
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func addrOf(ip net.IP) (a Addr) {
	copy(a[:], ip.To16())
	return a
}

func compareARP(p *Packet, l *layers.ARP) error {
	want := ARPMessage{
		Op: l.Operation, SenderMAC: MAC(l.SourceHwAddress), TargetMAC: MAC(l.DstHwAddress),
		SenderIP: AddrFrom4([4]byte(l.SourceProtAddress)), TargetIP: AddrFrom4([4]byte(l.DstProtAddress)),
	}
	return check("ARP", p.ARP, want)
}

func compareIPv4(p *Packet, l *layers.IPv4) error {
	err := first(check("net", p.Net, IPv4), check("source", p.Src, addrOf(l.SrcIP)), check("destination", p.Dst, addrOf(l.DstIP)),
		check("TTL", p.TTL, l.TTL), check("ID", p.IPID, uint32(l.Id)), check("TOS", p.TOS, l.TOS),
		check("DF", p.DontFragment, l.Flags&layers.IPv4DontFragment != 0), check("MF", p.MoreFragments, l.Flags&layers.IPv4MoreFragments != 0),
		check("offset", p.FragOffset, l.FragOffset*8))
	if err == nil && len(l.Contents) >= 4 && be16(l.Contents[2:]) != 0 {
		err = check("length", p.IPLen, int(l.Length))
	}
	if err == nil && l.Protocol != layers.IPProtocolAH {
		err = check("protocol", p.Proto, uint8(l.Protocol))
	}
	return err
}

func compareIPv6(p *Packet, l *layers.IPv6) error {
	err := first(check("net", p.Net, IPv6), check("source", p.Src, addrOf(l.SrcIP)), check("destination", p.Dst, addrOf(l.DstIP)),
		check("hop limit", p.TTL, l.HopLimit), check("class", p.TOS, l.TrafficClass))
	if err == nil && len(l.Contents) >= 6 && be16(l.Contents[4:]) != 0 {
		err = check("length", p.IPLen, int(l.Length)+40)
	}
	return err
}

func compareTCP(p *Packet, l *layers.TCP) error {
	var flags uint8
	for i, set := range []bool{l.FIN, l.SYN, l.RST, l.PSH, l.ACK, l.URG, l.ECE, l.CWR} {
		if set {
			flags |= 1 << i
		}
	}
	err := first(check("protocol", p.Proto, uint8(ProtoTCP)), check("ports", [2]uint16{p.SrcPort, p.DstPort}, [2]uint16{uint16(l.SrcPort), uint16(l.DstPort)}),
		check("seq", p.Seq, l.Seq), check("ack", p.Ack, l.Ack), check("window", p.Window, l.Window), check("flags", p.Flags, flags))
	if err == nil && !bytes.Equal(p.Payload, l.Payload) {
		err = fmt.Errorf("TCP payload: ours %d bytes, gopacket %d", len(p.Payload), len(l.Payload))
	}
	if err != nil {
		return err
	}
	o := p.ReadTCPOptions()
	for _, theirs := range l.Options {
		switch {
		case theirs.OptionType == layers.TCPOptionKindMSS && len(theirs.OptionData) == 2:
			err = check("MSS", o.MSS, be16(theirs.OptionData))
		case theirs.OptionType == layers.TCPOptionKindWindowScale && len(theirs.OptionData) == 1:
			err = check("scale", o.WindowScale, theirs.OptionData[0])
		case theirs.OptionType == layers.TCPOptionKindTimestamps && len(theirs.OptionData) == 8:
			err = check("time stamp", o.TSVal, be32(theirs.OptionData))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func compareUDP(p *Packet, l *layers.UDP) error {
	err := first(check("protocol", p.Proto, uint8(ProtoUDP)), check("ports", [2]uint16{p.SrcPort, p.DstPort}, [2]uint16{uint16(l.SrcPort), uint16(l.DstPort)}))
	if err == nil && !bytes.Equal(p.Payload, l.Payload) {
		err = fmt.Errorf("UDP payload: ours %d bytes, gopacket %d", len(p.Payload), len(l.Payload))
	}
	return err
}

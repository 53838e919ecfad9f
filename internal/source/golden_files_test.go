package source_test

import (
	"slices"

	gt "candor/internal/source/goldentest"
)

// The lookup that most captures of links and tunnels carry, and what must be said of it.
const (
	lookupConn = "conn udp 10.1.0.7:40001 > 10.1.0.53:53 dns"
	lookupDNS  = "dns www.example.org 1 = 203.0.113.80"
)

func lookup() []gt.Packet {
	p := gt.Pair{Client: "10.1.0.7", Server: "10.1.0.53", ClientPort: 40001, ServerPort: 53}
	return p.Ask(gt.Lookup(0x1234, "www.example.org", gt.TypeA), gt.Reply(0x1234, "www.example.org", gt.TypeA, gt.IP("203.0.113.80")))
}

// lookup6 is the same over IPv6.
const lookup6Conn = "conn udp [2001:db8:1::7]:40001 > [2001:db8:1::53]:53 dns"

func lookup6() []gt.Packet {
	p := gt.Pair{Client: "2001:db8:1::7", Server: "2001:db8:1::53", ClientPort: 40001, ServerPort: 53}
	return p.Ask(gt.Lookup(0x1234, "www.example.org", gt.TypeA), gt.Reply(0x1234, "www.example.org", gt.TypeA, gt.IP("203.0.113.80")))
}

func words(parts ...string) []string { return parts }

// fileGoldens: the forms of pcap and pcapng.
func fileGoldens() []golden {
	frames := gt.Frames(lookup()...)
	q, a := frames[0], frames[1]
	big := func(link int) []byte { return gt.PcapForm{Link: link, Big: true}.Write(frames...) }
	nanos := uint64(gt.Seconds) * 1e9
	wifi := gt.Hex("0802000001005e0000fb3c52820000073c52820000080000aaaa030000000800")
	return []golden{
		{name: "pcap-high-bytes-first.pcap", file: big(gt.LinkEthernet), want: words(lookupConn, lookupDNS)},
		{
			name: "pcap-nanoseconds.pcap", file: gt.PcapForm{Link: gt.LinkEthernet, Nanos: true}.Write(frames...), want: words(lookupConn, lookupDNS),
			times: "1750000020000000007+10000000",
		},
		{
			name: "pcap-nanoseconds-high-bytes-first.pcap",
			file: gt.PcapForm{Link: gt.LinkEthernet, Nanos: true, Big: true}.Write(frames...), want: words(lookupConn, lookupDNS),
			times: "1750000020000000007+10000000",
		},
		{
			// The upper half of the link type field says how long a check sequence is, if its bit 26 is set.
			name: "pcap-check-sequence-in-link-field.pcap",
			file: gt.PcapForm{Link: 0x24000001}.Write(append(slices.Clone(q), 1, 2, 3, 4), append(slices.Clone(a), 1, 2, 3, 4)), want: words(lookupConn, lookupDNS),
		},
		{
			name: "pcap-cut-in-a-record.pcap", file: gt.Pcap(gt.LinkEthernet, q, a)[:24+16+len(q)+16+20],
			want: words(lookupConn, "dns www.example.org 1 unanswered", "stopped", "sight damaged 1"),
		},
		{name: "pcapng-high-bytes-first.pcapng", file: gt.BigPcapng(frames...), want: words(lookupConn, lookupDNS), times: "1750000020000000000+10000000"},
		{
			name: "pcapng-old-packet-blocks.pcapng", want: words(lookupConn, lookupDNS, "drops 3 of 0"), times: "1750000020000000000+10000000",
			file: gt.Join(gt.Section(), gt.Interface(gt.LinkEthernet), gt.Obsolete(0, 0xffff, gt.Micros(0), q), gt.Obsolete(0, 3, gt.Micros(1), a)),
		},
		{
			// A frame without a time is as old as the one before it.
			name: "pcapng-frame-without-time.pcapng", want: words(lookupConn, lookupDNS), times: "1750000020000000000+0",
			file: gt.Join(gt.Section(), gt.Interface(gt.LinkEthernet), gt.Enhanced(0, gt.Micros(0), q), gt.Simple(a)),
		},
		{name: "pcapng.pcapng", file: gt.Pcapng(frames...), want: words(lookupConn, lookupDNS)},
		{
			name: "pcapng-interfaces-of-different-links.pcapng",
			file: gt.Join(
				gt.Section(), gt.Interface(gt.LinkEthernet), gt.Interface(gt.LinkRaw), gt.Interface(gt.LinkWifi),
				gt.Enhanced(0, gt.Micros(0), q), gt.Enhanced(2, gt.Micros(1), wifi), gt.Enhanced(1, gt.Micros(2), lookup()[1].IP),
			),
			want: words(lookupConn, lookupDNS, "unread IEEE 802.11 1", "sight unread_frames 1", "undecodable unknown_link 1"),
		},
		{
			// if_tsresol 9 is nanoseconds, 0x80|10 is units of 2^-10 s.
			name: "pcapng-odd-time-units.pcapng", times: "1750000020000000000+500000000",
			file: gt.Join(
				gt.Section(), gt.Interface(gt.LinkEthernet, gt.Option(9, []byte{9})), gt.Interface(gt.LinkEthernet, gt.Option(9, []byte{0x80 | 10})),
				gt.Enhanced(0, nanos, q), gt.Enhanced(1, gt.Seconds<<10|512, a),
			),
			want: words(lookupConn, lookupDNS),
		},
		{
			// if_tsoffset moves an interface's times; here its ticks start at the capture's first second.
			name: "pcapng-time-offset.pcapng", times: "1750000020000000000+20000000",
			file: gt.Join(
				gt.Section(), gt.Interface(gt.LinkEthernet, gt.Option(14, append(gt.LE32(gt.Seconds), 0, 0, 0, 0))),
				gt.Enhanced(0, 0, q), gt.Enhanced(0, 20_000, a),
			),
			want: words(lookupConn, lookupDNS),
		},
		{
			name: "pcapng-drops.pcapng",
			file: gt.Join(gt.Pcapng(frames...), gt.Statistics(0, gt.Micros(3), 102, 100)),
			want: words(lookupConn, lookupDNS, "drops 100 of 102"),
		},
		{
			name: "pcapng-unknown-block-between.pcapng",
			file: gt.Join(gt.Section(), gt.Interface(gt.LinkEthernet), gt.Enhanced(0, gt.Micros(0), q), gt.Block(0x0bad, []byte("what is this")), gt.Enhanced(0, gt.Micros(1), a)),
			want: words(lookupConn, lookupDNS),
		},
		{
			name: "pcapng-two-sections.pcapng", file: gt.Join(gt.Pcapng(q), gt.Section(), gt.Interface(gt.LinkRaw), gt.Enhanced(0, gt.Micros(1), lookup()[1].IP)),
			want: words(lookupConn, lookupDNS),
		},
	}
}

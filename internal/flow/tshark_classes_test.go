package flow

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"candor/internal/decode"
	"candor/internal/record"
)

// dissent is a message that one of the two programs has and the other has not, or has with another text.
type dissent struct {
	hasTheirs, hasOurs bool
	theirs, ours       said
	shown              shown
	heard              heard
	theirsToo          int  // ours only: how often tshark shows the same message all the same
	apart              bool // ours only: each of ours is of another connection
}

func (d *dissent) String() string {
	var s []string
	if d.hasOurs {
		s = append(s, fmt.Sprintf("ours %v %+v", d.ours, d.heard))
	}
	if d.hasTheirs {
		s = append(s, fmt.Sprintf("tshark %v %+v", d.theirs, d.shown))
	}
	return strings.Join(s, " | ")
}

// kind and ends are those of the message, whoever has it.
func (d *dissent) kind() string {
	if d.hasTheirs {
		return d.theirs.kind
	}
	return d.ours.kind
}

func (d *dissent) ends() tuple {
	if d.hasTheirs {
		return d.theirs.ends
	}
	return d.ours.ends
}

func (d *dissent) dns() bool { return d.kind() == "query" || d.kind() == "reply" }

// layer says whether tshark saw one of the protocols, or ones in that order, in the frame.
func (d *dissent) layer(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(d.shown.layers, n) })
}

// has says whether one of the ends uses one of the ports.
func (k tuple) has(ports ...uint16) bool {
	return slices.Contains(ports, k.ap) || slices.Contains(ports, k.bp)
}

// between says whether the ends have these addresses, the lower one first.
func (k tuple) between(a, b string) bool {
	return k.a == netip.MustParseAddr(a) && k.b == netip.MustParseAddr(b)
}

// messageKinds are the kinds of messages compared.
var messageKinds = [...]string{"query", "reply", "server_name", "request"}

// dissents compares; equal counts the messages that both have, by kind.
func dissents(theirs map[said][]shown, ours map[said][]heard) (equal [len(messageKinds)]int, out []*dissent) {
	left := map[said][2][]*dissent{} // without text
	add := func(side int, s said, d *dissent) {
		s.text = ""
		l := left[s]
		l[side] = append(l[side], d)
		left[s] = l
	}
	for s, ws := range theirs {
		n := min(len(ws), len(ours[s]))
		equal[slices.Index(messageKinds[:], s.kind)] += n
		ws = slices.Clone(ws)
		slices.SortStableFunc(ws, func(a, b shown) int { return a.doubtful() - b.doubtful() })
		for _, w := range ws[n:] {
			add(0, s, &dissent{hasTheirs: true, theirs: s, shown: w})
		}
	}
	for s, hs := range ours {
		uids := map[record.UID]bool{}
		for _, h := range hs {
			uids[h.uid] = true
		}
		for _, h := range hs[min(len(hs), len(theirs[s])):] {
			add(1, s, &dissent{hasOurs: true, ours: s, heard: h, theirsToo: len(theirs[s]), apart: len(uids) == len(hs)})
		}
	}
	for _, l := range left {
		for _, side := range l {
			slices.SortFunc(side, func(a, b *dissent) int { return strings.Compare(a.theirs.text+a.ours.text, b.theirs.text+b.ours.text) })
		}
		n := min(len(l[0]), len(l[1]))
		for i, d := range l[0][:n] { // one message with two texts
			d.hasOurs, d.ours, d.heard = true, l[1][i].ours, l[1][i].heard
		}
		out = append(append(out, l[0]...), l[1][n:]...)
	}
	return equal, out
}

// doubtful puts those of several equal messages last that have a reason not to be among our records.
func (w shown) doubtful() int {
	if w.copied || w.again || w.bad || strings.Contains(w.layers, ":icmp") {
		return 1
	}
	return 0
}

// class is a kind of difference and its reason. A difference belongs to the first class that takes it.
type class struct {
	name, reason string
	outside      bool // by design one of the two programs does not look for such a message there
	takes        func(d *dissent) bool
}

const numClasses = 14

var classes = [numClasses]class{
	{"ssdp", "HTTP over UDP, by which devices look for each other: a connection, no http record", true, func(d *dissent) bool { return d.layer(":ssdp:") }},
	{"capwap", "inside CAPWAP, a tunnel that is not opened", true, func(d *dissent) bool { return d.layer(":capwap") }},
	{"quoted", "in a packet that an ICMP error sends back", true, func(d *dissent) bool { return d.layer(":icmp:", ":icmpv6:") }},
	{"datagram tls", "TLS over UDP (remote desktops): no tls record", true, func(d *dissent) bool {
		return d.kind() == "server_name" && d.ends().proto == decode.ProtoUDP && !d.layer(":quic:")
	}},
	{"copy", "in a byte-identical copy of a frame within 2 ms: counted once", true, func(d *dissent) bool { return !d.hasOurs && d.shown.copied }},
	{"hello again", "the second client hello of a handshake, over TCP or QUIC, after a retry: one handshake is one record", true, func(d *dissent) bool {
		return !d.hasOurs && d.kind() == "server_name" && d.shown.again
	}},
	{"dns port", "DNS on a port that is not its own (dnscrypt, test traffic): told by its port here, by its form in tshark", true, func(d *dissent) bool {
		return !d.hasOurs && d.dns() && !d.ends().has(53, 5353, 5355)
	}},
	{"fuzzed dns", "made by a fuzzer or a test: breaks off within a name or record; read up to there here, and guessed on by tshark", false, func(d *dissent) bool {
		return d.hasTheirs && d.dns() && (d.shown.bad || strings.Contains(d.theirs.text, "<") || d.ends().between("192.168.1.1", "192.168.1.2") ||
			d.ends().between("127.0.0.1", "127.0.0.1") && strings.HasPrefix(d.theirs.text, "www.xt.com ") || strings.HasPrefix(d.theirs.text, "216.58.202.4 "))
	}},
	{"cut", "a frame cut by the capture before the first question ends: nothing to record", false, func(d *dissent) bool {
		return d.hasTheirs && d.kind() == "reply" && d.shown.part && strings.HasPrefix(d.theirs.text, " ")
	}},
	{"srv owner", "an announcement without question is named after its first answer's owner, of which tshark shows a part", false, func(d *dissent) bool {
		return d.hasTheirs && d.hasOurs && d.kind() == "reply" && d.ends().has(5353) && strings.Contains(d.ours.text, "._googlezone._tcp.local ")
	}},
	{"short text", "a space in the URI or a zero byte in a header: tshark's text ends there", false, func(d *dissent) bool {
		return d.hasTheirs && d.hasOurs && d.kind() == "request" && (strings.HasPrefix(d.ours.text, d.theirs.text) || strings.Contains(d.ours.text, "%s?"))
	}},
	{"http port", "HTTP where tshark goes by the port: a scanner's probes, a SIP port", true, func(d *dissent) bool {
		return !d.hasTheirs && d.kind() == "request" && d.ends().has(139, 513, 514, 1099, 1524, 2121, 5060, 5432, 5900, 6000, 8009)
	}},
	{"recorded twice", "the capture holds one recording twice: another connection here, a repetition in tshark", false, func(d *dissent) bool {
		return !d.hasTheirs && d.theirsToo > 0 && d.apart
	}},
	{"no body", "a request whose body never came: known by its head here, waited for by tshark", false, func(d *dissent) bool {
		return !d.hasTheirs && d.kind() == "request" && d.heard.unanswered && strings.HasPrefix(d.ours.text, "POST ")
	}},
}

// classOf gives the place of a difference's class, -1 without one.
func classOf(d *dissent) int {
	return slices.IndexFunc(classes[:], func(c class) bool { return c.takes(d) })
}

package detect

import (
	"cmp"
	"strings"

	"candor/internal/intel"
)

// explain names the ordinary program that a periodic key is, by evidence that its records show; empty when none fits. A name
// explains only by its registered domain, as said by SNI or Host, and never a key that said none: caretakers are a place to
// hide.
func (b *Beacons) explain(st *beaconState) string {
	if st.dest.place == Link || st.dest.addr().IsMulticast() || st.dest.addr().IsLinkLocalUnicast() {
		return "a message to the neighbourhood (multicast or broadcast)"
	}
	if words := byProtocol(st); words != "" {
		return words
	}
	if st.dest.place != Outside && st.flags&keyInbound == 0 {
		if words := bySegment(st); words != "" {
			return words
		}
	}
	if st.key.kind == keyDomain && st.detail.domain != "" && st.named >= st.calls*9/10 {
		if words := caretaker(st.detail.names); words != "" {
			return words
		}
	}
	if st.key.failed && !st.key.kind.single() && b.sources.at(st.key.source).failed > manyFailed {
		return "attempts of a machine that scans (a finding of its own)"
	}
	return ""
}

// caretaker is the service that all names said belong to. Names are whole: a cloud that hosts caretakers hosts others as well.
func caretaker(names []string) string {
	words := ""
	for _, name := range names {
		w, ok := intel.Caretaker(name)
		if !ok {
			return ""
		}
		words = cmp.Or(words, w)
	}
	return words
}

// manyFailed is how many attempts without an answer make a machine one that scans.
const manyFailed = 500

// byProtocol explains services that are periodic by design.
func byProtocol(st *beaconState) string {
	small, _ := st.sizes.top()
	switch p := st.dest.port; {
	case st.dest.proto == 17 && p == 123 && small <= 200:
		return "clock synchronisation (NTP)"
	case st.dest.proto == 17 && (p == 67 || p == 68 || p == 546 || p == 547):
		return "address leases (DHCP)"
	case st.dest.proto == 17 && (p == 5353 || p == 1900 || p == 5355 || p == 137 || p == 138 || p == 3702):
		return "announcements of services in the neighbourhood"
	case p == 53 && (st.detail.service == "dns" || st.detail.service == "") && st.dest.proto == 17:
		return "lookups at a resolver (DNS)"
	case st.dest.proto == 1 || st.dest.proto == 58:
		if st.flags&keyInbound != 0 {
			return "pings from outside"
		}
		return "pings and errors (ICMP)"
	case st.key.failed && st.flags&keyInbound != 0:
		return "knocking from outside that nobody answers"
	case st.flags&keyInbound != 0 && (p == 22 || p == 3389 || p == 445 || p == 23 || p == 5900):
		return "sign-in attempts from outside"
	}
	return ""
}

// bySegment explains how machines inside poll each other.
func bySegment(st *beaconState) string {
	switch p := st.dest.port; {
	case p == 161 || p == 162 || st.detail.service == "snmp":
		return "polling of gear (SNMP)"
	case p == 514 || p == 6514 || st.detail.service == "syslog":
		return "logs on their way (syslog)"
	case p == 502 || p == 102 || p == 44818 || p == 20000 || p == 2404 || p == 4840 || p == 47808:
		return "industrial polling"
	case strings.HasPrefix(st.detail.service, "krb") || p == 88 || p == 389 || p == 636 || p == 3268:
		return "the directory and its tickets"
	case p == 9100 || p == 9090 || p == 10050 || p == 10051 || p == 5666:
		return "monitoring"
	}
	return ""
}

// caller reports whether a key is a regular caller from outside: listed as such, and no finding about a machine of ours.
func (st *beaconState) caller() bool { return st.flags&keyInbound != 0 }

// RegularCaller explains a periodic key whose source is outside: listed for whoever guards the server that it calls.
const RegularCaller = "a regular caller from outside"

// weakContext is what speaks against it, for a periodic key whose context is too weak.
const weakContext = "it is periodic, and nothing else about it speaks for an intruder"

// Undecided explains a periodic key that is nearly an open finding: it makes no question yes, and nobody can say no about the machine
// either. In offices with nobody to be found 13 to 15 of 1,000 machines a day have one (docs/eval-detection.md).
const Undecided = "it is periodic, and what is known of it leaves open whose it is"

// undecided is how far below an open finding that reaches, in nats.
const undecided = 1.0

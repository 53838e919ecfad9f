package suricata

import (
	"slices"
	"strconv"

	"candor/internal/record"
)

// asked tells lookups apart: an answer has its query's flow and id.
type asked struct {
	flow uint64
	id   uint16
}

// maxAsked bounds the lookups of one flow and id that wait at the same time (repeated queries).
const maxAsked = 8

// dns turns a query or an answer into a lookup. An answer completes its query while that waits in the window; then there is
// nothing to add, and ok is false.
func (r *reader) dns(e *event, d *record.DNS) (ok bool) {
	l := &e.dns
	if l.reply && e.flow != 0 {
		if w := r.question(e); w != nil {
			answer(w, e)
			return false
		}
	}
	turned := l.reply && (e.sport == 53 || e.sport == 5353 || e.sport == 5355) && e.dport != e.sport
	*d = record.DNS{
		Ends: r.ends(e, turned), TransID: l.id, Query: l.name, QType: typeOf(l.qtype), HasQuery: !l.reply, RD: l.rd,
	}
	d.Variant = variant(d.OrigP, d.RespP)
	if l.reply {
		answer(d, e)
	}
	return true
}

// question finds the lookup that an answer belongs to: the first that has none yet. Version 1 has a line for each answer of one
// reply, all of one time, which bears the answer's own name.
func (r *reader) question(e *event) *record.DNS {
	single := e.dns.rdata != ""
	var open *record.DNS
	for _, slot := range r.asked[asked{e.flow, e.dns.id}] {
		w := r.lookups.At(slot)
		switch {
		case single && w.HasReply && w.TS+w.RTT == e.at:
			return w
		case open == nil && !w.HasReply && (single || w.Query == e.dns.name && w.QType == typeOf(e.dns.qtype)):
			open = w
		}
	}
	return open
}

// remember lets answers find a lookup; forget is called when it leaves the window.
func (r *reader) remember(key asked, slot uint32) {
	if list := r.asked[key]; key.flow != 0 && len(list) < maxAsked {
		r.asked[key] = append(list, slot)
	}
}

func (r *reader) forget(key asked, slot uint32) {
	list := r.asked[key]
	if i := slices.Index(list, slot); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		delete(r.asked, key)
		return
	}
	r.asked[key] = list
}

// answer adds a reply to a lookup.
func answer(d *record.DNS, e *event) {
	l := &e.dns
	if d.HasQuery && !d.HasReply && e.at > d.TS {
		d.RTT = e.at - d.TS
	}
	d.HasReply = true
	d.RCode = rcodeOf(l.rcode)
	flags, _ := strconv.ParseUint(l.flags, 16, 16)
	bit := func(n uint64) bool { return flags&n != 0 }
	d.AA, d.TC = l.aa || bit(0x400), l.tc || bit(0x200)
	d.RD, d.RA = d.RD || l.rd || bit(0x100), l.ra || bit(0x80)
	d.Rejected = d.RCode == 5
	answers, ttls := l.answers, l.ttls
	if l.rdata != "" {
		answers = append(answers, l.rdata)
		if l.hasTTL {
			ttls = append(ttls, l.ttl)
		}
	}
	room := max(maxList-len(d.Answers), 0)
	d.Answers = append(d.Answers, answers[:min(len(answers), room)]...)
	room = max(maxList-len(d.TTLs), 0)
	d.TTLs = append(d.TTLs, ttls[:min(len(ttls), room)]...)
}

func variant(a, b uint16) string {
	for _, p := range [...]uint16{a, b} {
		switch p {
		case 5353:
			return "mdns"
		case 5355:
			return "llmnr"
		case 137:
			return "nbns"
		}
	}
	return "dns"
}

// rcodeOf reads a name of RFC 6895, or a number.
func rcodeOf(name string) uint16 {
	names := [...]string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"}
	for i, n := range names {
		if n == name {
			return uint16(i)
		}
	}
	n, _ := strconv.ParseUint(name, 10, 16)
	return uint16(n)
}

// typeOf reads the name of a record type, TYPE65 or a number; 0 when it has no number here.
func typeOf(name string) uint16 {
	if n := knownType(name); n != 0 {
		return n
	}
	if len(name) > 4 && name[:4] == "TYPE" {
		name = name[4:]
	}
	n, _ := strconv.ParseUint(name, 10, 16)
	return uint16(n)
}

// knownType is the number of a record type by its name; 0 when it is not one of the common ones.
func knownType(name string) uint16 {
	switch name {
	case "A":
		return 1
	case "NS":
		return 2
	case "CNAME":
		return 5
	case "SOA":
		return 6
	case "NULL":
		return 10
	case "PTR":
		return 12
	case "MX":
		return 15
	case "TXT":
		return 16
	case "AAAA":
		return 28
	case "LOC":
		return 29
	case "SRV":
		return 33
	case "NAPTR":
		return 35
	case "DNAME":
		return 39
	case "OPT":
		return 41
	case "DS":
		return 43
	case "SSHFP":
		return 44
	case "RRSIG":
		return 46
	case "NSEC":
		return 47
	case "DNSKEY":
		return 48
	case "NSEC3":
		return 50
	case "TLSA":
		return 52
	case "SVCB":
		return 64
	case "HTTPS":
		return 65
	case "SPF":
		return 99
	case "AXFR":
		return 252
	case "ANY":
		return 255
	case "CAA":
		return 257
	}
	return 0
}

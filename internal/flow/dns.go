package flow

import (
	"encoding/binary"
	"slices"
	"strings"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// dnsPatience is how long a query waits for its answer.
const dnsPatience = 10 * second

// dnsWaiting is a query without answer so far.
type dnsWaiting struct {
	rec   record.DNS
	until record.Time
	from  uint8 // which end asked
}

// maxQuestions is how many questions of one message are recorded. Only multicast DNS asks more than one; a packet holds a few dozen.
const maxQuestions = 64

// dnsDatagram reads one DNS message in a datagram. cut: the capture or fragmentation took off its end.
func (t *Table) dnsDatagram(e uint32, c *conn, from int, ts record.Time, b []byte, cut bool) {
	tk := t.talks.of(c)
	t.dnsMessage(c, tk, from, ts, b, cut)
	switch {
	case len(tk.dns) == 0:
		t.talks.release(c)
	case tk.due < c.due:
		t.rearm(e, c, ts)
	}
}

// dnsMessage reads one DNS message of a connection and says whether it is one.
func (t *Table) dnsMessage(c *conn, tk *talk, from int, ts record.Time, b []byte, cut bool) bool {
	d := &t.parsed.dns
	if err := decode.ParseDNS(b, d); err != nil && len(d.Questions)+len(d.Answers) == 0 {
		return false
	}
	c.services |= svcDNS
	if d.Dropped > 0 {
		t.sight.Unread(ts, sight.ShortDNS, 1)
	}
	variant := dnsVariant(c)
	client, server := c.ends[from], c.ends[1-from]
	if d.Response {
		client, server = server, client
	}
	q := dnsQuestion(d, variant)
	t.sight.Looked(sight.Lookup{TS: ts, Client: client, Server: server, Reply: d.Response, QType: q.Type, Multicast: variant != "dns"})
	if d.Response {
		t.dnsReply(c, tk, from, ts, d, q, variant, cut)
	} else {
		t.dnsQuery(c, tk, from, ts, d, q, variant, cut)
		for i := 1; i < len(d.Questions); i++ {
			if i >= maxQuestions {
				t.sight.Count(ts, record.OverBudget, 1)
				break
			}
			t.dnsQuery(c, tk, from, ts, d, plainQuestion(d.Questions[i], variant), variant, cut)
		}
	}
	tk.dnsDue()
	return true
}

func (tk *talk) dnsDue() {
	tk.due = 0
	if len(tk.dns) > 0 {
		tk.due = tk.dns[0].until
	}
}

// dnsVariant tells the dialects apart by port.
func dnsVariant(c *conn) string {
	switch {
	case c.hasPort(portMDNS):
		return "mdns"
	case c.hasPort(portLLMNR):
		return "llmnr"
	case c.hasPort(portNBNS):
		return "nbns"
	}
	return "dns"
}

// dnsQuestion is the first question; a message without one (multicast answers) speaks of its first answer.
func dnsQuestion(d *decode.DNS, variant string) (q decode.DNSQuestion) {
	switch {
	case len(d.Questions) > 0:
		q = d.Questions[0]
	case len(d.Answers) > 0:
		q = decode.DNSQuestion{Name: d.Answers[0].Name, Type: d.Answers[0].Type, Class: d.Answers[0].Class}
	}
	return plainQuestion(q, variant)
}

// plainQuestion gives NetBIOS names in clear.
func plainQuestion(q decode.DNSQuestion, variant string) decode.DNSQuestion {
	if variant == "nbns" {
		if plain, _, ok := decode.NetBIOSName(q.Name); ok {
			q.Name = plain
		}
	}
	return q
}

// dnsRecord begins a record of a message.
func (t *Table) dnsRecord(r *record.DNS, c *conn, ts record.Time, d *decode.DNS, q decode.DNSQuestion, variant string) {
	*r = record.DNS{
		Ends: t.ends(c), Variant: variant, TransID: d.ID,
		Query: q.Name, QClass: q.Class, QType: q.Type,
		AA: d.AA, TC: d.TC, RD: d.RD, RA: d.RA, Z: d.Z,
	}
	r.TS = ts
}

func (t *Table) dnsQuery(c *conn, tk *talk, from int, ts record.Time, d *decode.DNS, q decode.DNSQuestion, variant string, cut bool) {
	if len(tk.dns) >= t.cfg.MaxWaiting {
		if !c.ends[1-from].IsMulticast() { // to a group, no answer can come
			t.sight.Count(ts, record.OverBudget, 1)
		}
		t.emitDNS(&tk.dns[0].rec)
		tk.dns = slices.Delete(tk.dns, 0, 1)
	}
	t.talks.roomDNS(tk)
	w := another(&tk.dns)
	w.until, w.from = ts+dnsPatience, uint8(from)
	t.dnsRecord(&w.rec, c, ts, d, q, variant)
	w.rec.HasQuery = true
	w.rec.Cut = d.Cut || cut
}

// dnsReply completes the query that it answers: same number, same question where there is one, asked by the other end. A multicast
// announcement goes the same way as its sender's questions and answers none of them.
func (t *Table) dnsReply(c *conn, tk *talk, from int, ts record.Time, d *decode.DNS, q decode.DNSQuestion, variant string, cut bool) {
	r := another(&t.out.DNS)
	t.dnsRecord(r, c, ts, d, q, variant)
	for i := range tk.dns {
		w := &tk.dns[i].rec
		if int(tk.dns[i].from) == from || w.TransID != d.ID || len(d.Questions) > 0 && !strings.EqualFold(w.Query, q.Name) || w.HasReply {
			continue
		}
		r.TS, r.HasQuery, r.RTT = w.TS, true, ts-w.TS
		r.UID, r.OrigH, r.RespH, r.OrigP, r.RespP = w.UID, w.OrigH, w.RespH, w.OrigP, w.RespP
		r.Query, r.QType, r.QClass = w.Query, w.QType, w.QClass
		r.RD = r.RD || w.RD
		tk.dns = slices.Delete(tk.dns, i, i+1)
		break
	}
	r.HasReply = true
	r.RCode = d.RCode
	r.Rejected = d.ANCount == 0 && d.NSCount == 0 && d.ARCount == 0
	r.Authority, r.Additional = d.NSCount, d.ARCount
	r.Cut = d.Cut || cut
	if n := len(d.Answers); n > 0 {
		r.Answers, r.TTLs = make([]string, n), make([]uint32, n)
	}
	for i, a := range d.Answers {
		r.Answers[i], r.TTLs[i] = a.Data, a.TTL
	}
	t.emitted(record.KindDNS)
}

func (t *Table) emitDNS(r *record.DNS) {
	t.out.DNS = append(t.out.DNS, *r)
	t.emitted(record.KindDNS)
}

// dnsTimeouts emits queries that waited too long.
func (t *Table) dnsTimeouts(c *conn, tk *talk, ts record.Time) {
	n := 0
	for n < len(tk.dns) && tk.dns[n].until <= ts {
		t.emitDNS(&tk.dns[n].rec)
		n++
	}
	tk.dns = slices.Delete(tk.dns, 0, n)
	tk.dnsDue()
	if c.proto == decode.ProtoUDP && len(tk.dns) == 0 {
		t.talks.release(c)
	}
}

func (t *Table) endDNS(tk *talk) {
	for i := range tk.dns {
		t.emitDNS(&tk.dns[i].rec)
	}
	clear(tk.dns)
	tk.dns, tk.due = tk.dns[:0], 0
}

// readDNS reads messages with their length before them (RFC 1035, 4.2.2).
func (t *Table) readDNS(c *conn, tk *talk, from int, ts record.Time, data []byte) int {
	if len(data) < 2 {
		return 0
	}
	n := int(binary.BigEndian.Uint16(data))
	if n < 12 {
		t.giveUp(&tk.dir[from])
		return 0
	}
	if len(data) < 2+n {
		return 0
	}
	if !t.dnsMessage(c, tk, from, ts, data[2:2+n], false) && c.services&svcDNS == 0 {
		t.giveUp(&tk.dir[from])
		return 0
	}
	return 2 + n
}

package store

import (
	"math"
	"net/netip"
	"strings"

	"candor/internal/record"
)

// fields names, for one kind, the columns that a filter narrows by; docs/blocks.md has them all.
type fields struct {
	orig, resp string
	ends       []string // any of these may be the address asked for
	ports      bool
	uid        bool
	name       string
	text       []string
	lists      []string // lists of words that are searched as text
	tie        string   // orders records of one moment
}

func fieldsOf(k record.Kind) fields {
	f := fields{orig: "id_orig_h", resp: "id_resp_h", ends: []string{"id_orig_h", "id_resp_h"}, ports: true, uid: true}
	switch k {
	case record.KindConn:
		f.text = []string{"uid", "service", "conn_state", "community_id", "orig_host", "resp_host"}
		f.tie = "uid, report"
	case record.KindDNS:
		f.name, f.text, f.lists = "query", []string{"uid", "query"}, []string{"answers"}
		f.tie = "uid, trans_id, query, qtype"
	case record.KindTLS:
		f.name, f.text = "server_name", []string{"uid", "server_name", "subject", "issuer", "ja4", "cert_sha256", "serial"}
		f.lists, f.tie = []string{"san_dns"}, "uid, server_name"
	case record.KindHTTP:
		f.name, f.text = "host", []string{"uid", "host", "uri", "user_agent", "referrer", "method", "status_msg", "resp_mime_type"}
		f.tie = "uid, trans_depth, uri"
	case record.KindDHCP:
		f.ends = append(f.ends, "client_addr", "server_addr", "assigned_addr", "requested_addr")
		f.text, f.tie = []string{"uid", "host_name", "client_fqdn", "domain"}, "uid, trans_id, mac"
	case record.KindAlert:
		f.text, f.tie = []string{"uid", "by", "signature", "category", "severity"}, "uid, signature"
	case record.KindLog:
		return fields{
			orig: "src", resp: "dst", ends: []string{"src", "dst"}, name: "host",
			text: []string{"host", "user", "action", "result", "message", "format"}, tie: `host, "user", message`,
		}
	}
	return f
}

// where collects conditions; values are parameters, always.
type where struct {
	terms []string
	args  []arg
}

func (w *where) add(term string, args ...arg) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

func (w *where) any(terms []string, each func(string) (string, []arg)) {
	var parts []string
	var args []arg
	for _, t := range terms {
		text, a := each(t)
		parts = append(parts, text)
		args = append(args, a...)
	}
	w.add("("+strings.Join(parts, " OR ")+")", args...)
}

func (w *where) text() string {
	if len(w.terms) == 0 {
		return "TRUE"
	}
	return strings.Join(w.terms, " AND ")
}

// prefix narrows a column to addresses: one by equality, so that Bloom filters help, more by their order.
func prefix(column string, p netip.Prefix) (string, []arg) {
	lo, hi := ends(p)
	if lo == hi {
		return column + " = ?", []arg{blob(lo[:])}
	}
	return column + " BETWEEN ? AND ?", []arg{blob(lo[:]), blob(hi[:])}
}

// ends are the first and last address of a prefix as 16 bytes.
func ends(p netip.Prefix) (lo, hi [16]byte) {
	p = p.Masked()
	lo = p.Addr().As16()
	hi = lo
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	for i := bits; i < 128; i++ {
		hi[i/8] |= 0x80 >> (i % 8)
	}
	return lo, hi
}

// conditions are the parts of a filter for one kind: what holds of every report of a connection alike, and what need hold of one report
// only. ok is false when the kind has no field for what is asked.
func (f *Filter) conditions(k record.Kind) (same, some where, ok bool) {
	c := fieldsOf(k)
	if (f.Port != 0 || f.Proto != 0) && !c.ports || f.UID != "" && !c.uid || f.Name != "" && c.name == "" {
		return same, some, false
	}
	if f.UID != "" {
		same.add("uid = ?", word(string(f.UID)))
	}
	if f.Orig.IsValid() {
		text, args := prefix(c.orig, f.Orig)
		same.add(text, args...)
	}
	if f.Resp.IsValid() {
		text, args := prefix(c.resp, f.Resp)
		same.add(text, args...)
	}
	if f.Addr.IsValid() {
		same.any(c.ends, func(column string) (string, []arg) { return prefix(column, f.Addr) })
	}
	if f.Port != 0 {
		same.add("(id_orig_p = ? OR id_resp_p = ?)", number(int64(f.Port)), number(int64(f.Port)))
	}
	if f.Proto != 0 {
		same.add("ip_proto = ?", number(int64(f.Proto)))
	}
	name := strings.ToLower(f.Name) // names are kept as they came: resolvers mix upper and lower case on purpose
	if suffix, below := strings.CutPrefix(name, "*"); below {
		same.add("(ends_with(lower("+c.name+"), ?) OR lower("+c.name+") = ?)", word(suffix), word(suffix[1:]))
	} else if name != "" {
		same.add("lower("+c.name+") = ?", word(name))
	}
	if f.Text != "" {
		text := word(strings.ToLower(f.Text))
		columns := append([]string(nil), c.text...)
		for _, l := range c.lists {
			columns = append(columns, "array_to_string("+l+", ' ')")
		}
		some.any(columns, func(column string) (string, []arg) {
			return "contains(lower(" + quoted(column) + "), ?)", []arg{text}
		})
	}
	return same, some, true
}

// quoted keeps SQL from reading a column's name as a word of its own.
func quoted(column string) string {
	switch column {
	case "user", "by", "action", "first", "final":
		return `"` + column + `"`
	}
	return column
}

// between narrows ts; the end of time is no bound.
func (w *where) between(from, to record.Time) {
	if from > math.MinInt64 {
		w.add("ts >= make_timestamp_ns(?)", number(int64(from)))
	}
	if to < math.MaxInt64 {
		w.add("ts < make_timestamp_ns(?)", number(int64(to)))
	}
}

package intel

import (
	"strconv"
	"strings"
)

// role is what a column holds.
type role uint8

const (
	roleNone role = iota
	roleValue
	roleAddress
	roleDomain
	roleURL
	roleJA4
	roleHash
	roleSHA1
	rolePort
	roleType
	roleFirst
	roleLast
	roleUntil
	roleWords
	roleUse
)

// columns is a header that was understood.
type columns struct {
	separator byte
	roles     []role
}

const (
	maxColumns = 256
	maxRow     = 64 // lines that one quoted field may reach over
)

// roleOf guesses what a column holds from its name.
func roleOf(name string) role {
	switch strings.TrimSuffix(columnName(name), "_utc") {
	case "indicator", "ioc", "ioc_value", "value", "observable", "indicator_value":
		return roleValue
	case "ip", "ips", "ip_address", "ipaddress", "address", "addr", "dst_ip", "dstip", "dest_ip", "destination_ip", "src_ip", "srcip", "ipv4", "ipv6",
		"network", "cidr", "netblock", "subnet", "ip_range", "c2_ip", "c2":
		return roleAddress
	case "domain", "domains", "domain_name", "host", "hostname", "fqdn", "dns":
		return roleDomain
	case "url", "urls", "uri":
		return roleURL
	case "ja4", "ja4_fingerprint":
		return roleJA4
	case "sha256", "cert_sha256", "certificate_sha256", "sha256_fingerprint", "cert_hash", "x509_fingerprint_sha256", "fingerprint":
		return roleHash
	case "sha1", "cert_sha1", "x509_fingerprint_sha1", "sha1_fingerprint":
		return roleSHA1
	case "port", "dst_port", "dstport", "dest_port", "c2_port":
		return rolePort
	case "type", "ioc_type", "indicator_type", "attribute_type", "kind":
		return roleType
	case "first_seen", "firstseen", "date", "dateadded", "date_added", "listingdate", "created", "timestamp", "reported", "valid_from", "time":
		return roleFirst
	case "last_seen", "lastseen", "last_online", "modified", "updated", "last_update", "last_updated":
		return roleLast
	case "valid_until", "expires", "expiration", "expiry", "until", "expire":
		return roleUntil
	case "malware", "malware_printable", "family", "threat", "threat_type", "description", "comment", "tags", "reason", "listingreason", "campaign",
		"source", "meta_source", "meta_desc":
		return roleWords
	case "to_ids":
		return roleUse
	}
	return roleNone
}

func columnName(name string) string {
	name = strings.Trim(strings.ToLower(strings.TrimSpace(name)), `"'# `)
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name), "_")
}

// headerOf understands a line as a header: it has a column for indicators and at least one more known one, or is one such
// word alone. nil when it is none.
func headerOf(text string) *columns {
	text = strings.TrimSpace(strings.TrimLeft(text, "# "))
	if rest, ok := strings.CutPrefix(text, "fields\t"); ok { // as Zeek's intel files write it
		text = rest
	}
	if text == "" || len(text) > 4096 {
		return nil
	}
	for _, separator := range [...]byte{',', '\t', ';', '|'} {
		fields, _ := splitRow(text, separator)
		if len(fields) < 2 && (separator != ',' || strings.ContainsAny(text, " ./:")) {
			continue
		}
		c := &columns{separator: separator}
		known, value := 0, false
		for _, f := range fields {
			r := roleOf(f)
			c.roles = append(c.roles, r)
			if r != roleNone {
				known++
			}
			value = value || r >= roleValue && r <= roleSHA1
		}
		if value && (known > 1 || len(fields) == 1 || len(fields) > 2) {
			return c
		}
	}
	return nil
}

// splitRow splits a line at separators outside quotes; quotes are taken off, doubled ones become one. It is open when a quote
// is not closed.
func splitRow(text string, separator byte) (fields []string, open bool) {
	for len(fields) < maxColumns {
		text = strings.TrimLeft(text, " ")
		if text != "" && text[0] == '"' && separator != '\t' {
			field, rest, closed := unquote(text[1:])
			fields = append(fields, field)
			i := strings.IndexByte(rest, separator)
			if i < 0 {
				return fields, !closed
			}
			text = rest[i+1:]
			continue
		}
		i := strings.IndexByte(text, separator)
		if i < 0 {
			return append(fields, strings.TrimSpace(text)), false
		}
		fields = append(fields, strings.TrimSpace(text[:i]))
		text = text[i+1:]
	}
	return fields, false
}

// unquote reads up to the closing quote and gives what follows it.
func unquote(text string) (field, rest string, closed bool) {
	i := strings.IndexByte(text, '"')
	if i < 0 {
		return text, "", false
	}
	if !strings.HasPrefix(text[i+1:], `"`) {
		return text[:i], text[i+1:], true
	}
	var b strings.Builder
	for i >= 0 {
		b.WriteString(text[:i])
		if !strings.HasPrefix(text[i+1:], `"`) {
			return b.String(), text[i+1:], true
		}
		b.WriteByte('"')
		text = text[i+2:]
		i = strings.IndexByte(text, '"')
	}
	b.WriteString(text)
	return b.String(), "", false
}

// takeRow reads a line with columns. A quoted field may hold line breaks; the place of the row is its first line. Where a
// quote is never closed each line is a row of its own.
func (r *lineReader) takeRow(text string) {
	place, size := r.line, len(text)
	fields, open := splitRow(text, r.table.separator)
	lines := []string{text}
	for open && len(lines) < maxRow && size < maxLine {
		more, err := r.next()
		if more != "" || err == nil {
			lines = append(lines, more)
			size += len(more)
			if strings.Count(more, `"`)%2 == 1 { // else the quote is still open
				fields, open = splitRow(strings.Join(lines, "\n"), r.table.separator)
			}
		}
		if err != nil {
			break
		}
	}
	if !open {
		r.row(fields, place)
		return
	}
	r.skip("a quote is opened and not closed", place, text)
	for i, line := range lines {
		if line != "" {
			fields, _ = splitRow(line, r.table.separator)
			r.row(fields, place+uint32(i))
		}
	}
}

// cells are the columns of one row by their roles.
type cells struct {
	by    [roleUse + 1]string
	words []string
}

func (r *lineReader) row(fields []string, place uint32) {
	var c cells
	for i, f := range fields {
		if i >= len(r.table.roles) || f == "" || f == "-" || f == "None" || f == "null" {
			continue
		}
		switch role := r.table.roles[i]; {
		case role == roleWords && len(c.words) < 4:
			c.words = append(c.words, f)
		case role != roleWords && c.by[role] == "":
			c.by[role] = f
		}
	}
	if use := strings.ToLower(c.by[roleUse]); use == "0" || use == "false" || use == "no" {
		r.skip("not meant for detection (to_ids is false)", place, strings.Join(fields, ", "))
		return
	}
	kinds, known := kindsOf(c.by[roleType])
	if !known {
		r.skip("type "+plainWords(c.by[roleType], 40), place, strings.Join(fields, ", "))
		return
	}
	base := candidate{place: place, words: strings.Join(c.words, ", "), seen: max(parseDate(c.by[roleFirst]), parseDate(c.by[roleLast])), until: parseDate(c.by[roleUntil])}
	if port, err := strconv.ParseUint(c.by[rolePort], 10, 16); err == nil {
		base.port = uint16(port)
	}
	r.date(base.seen)
	if r.values(&c, base, kinds) == 0 {
		r.skip("no indicator in this row", place, strings.Join(fields, ", "))
	}
}

// values adds the indicators of a row: the column for any indicator alone, else the URL alone (its host may be innocent), else
// each of the others.
func (r *lineReader) values(c *cells, base candidate, kinds mask) int {
	one := func(from role, kinds mask) int {
		if c.by[from] == "" {
			return 0
		}
		base.value, base.kinds = c.by[from], kinds
		r.add(base)
		return 1
	}
	if one(roleValue, kinds) > 0 || one(roleURL, maskOf(URL, Domain, Address)) > 0 {
		return 1
	}
	n := one(roleAddress, maskOf(Address, Network)) + one(roleDomain, maskOf(Domain, Address)) + one(roleJA4, maskOf(JA4)) + one(roleHash, maskOf(Certificate))
	if n == 0 {
		n = one(roleSHA1, maskOf(Certificate))
	}
	return n
}

package intel

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Bounds of a safelist's content.
const (
	maxSafeEntries = 2000
	maxSafeValues  = 200
)

// safelistKinds are the kinds of findings that can be set aside (DESIGN.md 4).
func safelistKinds() []string {
	return []string{
		"beacon", "dga", "dns_tunnel", "icmp_tunnel", "intel", "scan", "exfiltration", "long_connection", "lateral_movement", "sign_in_attack", "alert",
	}
}

func entryKeys() []string {
	return []string{"kind", "source", "destination", "port", "ja4", "who", "why", "until"}
}

// ParseSafelist reads a safelist:
//
//	safelist:
//	  - kind: beacon                 # one or a list; without it any
//	    source: 10.1.2.0/24          # addresses or networks, one or a list
//	    destination: [updates.example, 198.51.100.0/28]  # a name counts with its sub-domains
//	    port: 443
//	    ja4: t13d1516h2_8daaf6152771_b186095e22b6
//	    who: Ann Other
//	    why: backup to the second site, ticket 4711
//	    until: 2026-03-31            # applies to the end of that day in UTC; or RFC 3339 with zone
//
// who, why and until must be written, and at least one of source, destination and ja4. The name is the file's, for messages.
// What is wrong comes back as *SafelistError, everything at once, with line and column.
func ParseSafelist(name string, src []byte) (*Safelist, error) {
	p := &problems{name: plain(name)}
	s := &Safelist{Name: p.name}
	root := readYAML(src, p)
	if root == nil {
		return s, p.err() // an empty file sets nothing aside
	}
	pairs, ok := pairsOf(root)
	if !ok || len(pairs) != 1 || keyOf(pairs[0]) != "safelist" {
		p.add(placeOf(root), fault{"this is no safelist", "the one key safelist with a list of entries", "begin with a line safelist: and write - before each entry"})
		return nil, p.err()
	}
	s.readEntries(pairs[0].Value, p)
	if err := p.err(); err != nil {
		return nil, err
	}
	return s, nil
}

func keyOf(pair *ast.MappingValueNode) string {
	key, _ := scalarText(pair.Key)
	return key
}

func (s *Safelist) readEntries(n ast.Node, p *problems) {
	if n == nil || n.Type() == ast.NullType {
		return
	}
	list, ok := n.(*ast.SequenceNode)
	switch {
	case !ok:
		p.add(placeOf(n), fault{"this is no list", "a list of entries", "write - before each entry"})
		return
	case len(list.Values) > maxSafeEntries:
		p.add(placeOf(n), fault{fmt.Sprintf("%d entries", len(list.Values)), fmt.Sprintf("at most %d", maxSafeEntries), "join entries: networks instead of single addresses"})
		return
	}
	for _, item := range list.Values {
		if pairs, ok := pairsOf(item); ok {
			r := &entryReader{problems: p, at: placeOf(item), written: map[string]bool{}}
			r.read(pairs)
			s.Entries = append(s.Entries, r.entry)
			continue
		}
		at := place{1, 1}
		if item != nil {
			at = placeOf(item)
		}
		p.add(at, fault{"this is no entry", "keys with values: " + strings.Join(entryKeys(), ", "), "write key: value"})
	}
}

// entryReader reads one entry.
type entryReader struct {
	*problems
	at      place
	written map[string]bool
	entry   SafeEntry
}

func (r *entryReader) read(pairs []*ast.MappingValueNode) {
	r.entry.Line = r.at.line
	for _, pair := range pairs {
		key := keyOf(pair)
		switch {
		case !slices.Contains(entryKeys(), key):
			r.add(placeOf(pair), fault{"unknown key " + quoted(key), strings.Join(entryKeys(), ", "), "remove it, or write one of these"})
			continue
		case r.written[key]:
			r.add(placeOf(pair), fault{quoted(key) + " is written twice", "each key once", "remove one of the two"})
			continue
		}
		r.written[key] = true
		r.values(key, pair.Value, placeOf(pair))
	}
	for _, key := range [...]string{"who", "why", "until"} {
		if !r.written[key] {
			r.add(r.at, fault{quoted(key) + " is missing", "every entry says who, why and until when", "write " + key + ": ..."})
		}
	}
	if !r.written["source"] && !r.written["destination"] && !r.written["ja4"] {
		r.add(r.at, fault{"this entry would set everything aside", "at least one of source, destination, ja4", "name what was looked at"})
	}
}

// values hands each value of a key to take.
func (r *entryReader) values(key string, n ast.Node, at place) {
	items := []ast.Node{n}
	list, isList := n.(*ast.SequenceNode)
	if isList {
		items = list.Values
	}
	single := key == "who" || key == "why" || key == "until" || key == "ja4"
	if isList && single || len(items) == 0 || len(items) > maxSafeValues {
		r.add(at, fault{quoted(key) + " has " + strconv.Itoa(len(items)) + " values in a list", allowedValues(single), "write what was looked at"})
		return
	}
	for _, item := range items {
		if item != nil {
			if text, ok := scalarText(item); ok && strings.TrimSpace(text) != "" {
				if f := r.take(key, strings.TrimSpace(text)); f != nil {
					r.add(placeOf(item), *f)
				}
				continue
			}
			at = placeOf(item)
		}
		r.add(at, fault{quoted(key) + " has no value", "one value, or a list of values", "write it, or remove the key"})
	}
}

func allowedValues(single bool) string {
	if single {
		return "one value"
	}
	return fmt.Sprintf("1 to %d values", maxSafeValues)
}

// take reads one value.
func (r *entryReader) take(key, text string) *fault {
	e := &r.entry
	switch key {
	case "kind":
		if !slices.Contains(safelistKinds(), text) {
			return &fault{quoted(text) + " is no kind of finding", strings.Join(safelistKinds(), ", "), "write one of these, or leave kind out for any"}
		}
		e.Kinds = append(e.Kinds, text)
	case "source":
		return prefixInto(&e.Sources, text)
	case "destination":
		if c := text[len(text)-1]; strings.ContainsAny(text, "/:") || c >= '0' && c <= '9' {
			return prefixInto(&e.Destinations, text)
		}
		return domainInto(&e.Domains, text)
	case "port":
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return &fault{quoted(text) + " is no port", "0 to 65535", "write the number of the port"}
		}
		e.Ports = append(e.Ports, int(n))
	case "ja4":
		if e.JA4 = lowerASCII(text); !isJA4(e.JA4) {
			return &fault{quoted(text) + " is no JA4", "three parts with _ between", "write it like t13d1516h2_8daaf6152771_b186095e22b6"}
		}
	case "who":
		e.Who = plainWords(text, 200)
	case "why":
		e.Why = plainWords(text, 1000)
	case "until":
		return e.setUntil(text)
	}
	return nil
}

func prefixInto(list *[]netip.Prefix, text string) *fault {
	u, ok := classifyAddress(text)
	switch {
	case !ok || u.port != 0:
		return &fault{quoted(text) + " is no address or network", "an address, or one with the length of its prefix", "write it like 10.1.2.3, 10.1.2.0/24 or 2001:db8::/64"}
	case u.kind == Address:
		u.net = netip.PrefixFrom(u.addr, u.addr.BitLen())
	case u.net.Bits() == 0:
		return &fault{quoted(text) + " is every address", "what was looked at", "write the networks one by one"}
	}
	*list = append(*list, u.net)
	return nil
}

func domainInto(list *[]string, text string) *fault {
	name, ok := cleanName(strings.TrimPrefix(text, "*."))
	switch {
	case !ok:
		return &fault{quoted(text) + " is no name", "a name of two labels or more", "write it like updates.example.com"}
	case RegisteredDomain(name) == "":
		return &fault{quoted(text) + " is a public suffix: many owners share it", "a registered domain or a name below one", "write the names one by one"}
	}
	*list = append(*list, name)
	return nil
}

// setUntil reads a day, which counts to its end in UTC, or a time with zone.
func (e *SafeEntry) setUntil(text string) *fault {
	e.UntilText = text
	if day, err := time.Parse("2006-01-02", text); err == nil {
		if e.Until = believable(day.AddDate(0, 0, 1)); e.Until != 0 {
			return nil
		}
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		if e.Until = believable(t); e.Until != 0 {
			return nil
		}
	}
	return &fault{quoted(text) + " is no day or time", "a day or a time with zone, until 2261", "write it like 2026-03-31 or 2026-03-31T18:00:00+02:00"}
}

package intel

import (
	_ "embed" // the popular names and addresses
	"fmt"
	"net/netip"
	"strings"
)

// Quarantine. A list that names what every network talks to, or what no outsider can be, would make everybody guilty; it is
// poisoned or careless, and nothing in it can be trusted without a look. So:
//
//   - such an entry never matches and is named in List.Doubts;
//   - one such address or network quarantines the whole list;
//   - such names (popular ones, public suffixes) quarantine it when they are more than 1 in 1,000 of its domains: long lists of
//     names often carry one or two by mistake;
//   - a popular JA4 or certificate counts as an address does.
//
// Networks for documentation (192.0.2.0/24 and so on) are no reason: nobody has them, and labnet uses them for the Internet.

// Networks shorter than these are too large to be anybody's in particular.
const (
	shortest4 = 10
	shortest6 = 20
)

// doubtfulNames is how many of a list's domains may be set aside before the list is, as one in so many.
const doubtfulNames = 1000

type doubtCount struct {
	names int // popular names and public suffixes
	hard  int // all others
	first string
}

// verdict says why a list is quarantined, or "".
func (d *doubtCount) verdict(l *List) string {
	switch {
	case d.hard > 0:
		return fmt.Sprintf("it names %s; %d of its entries should not be in any list", d.first, l.DoubtCount)
	case d.names*doubtfulNames > l.Counts[Domain]+d.names:
		return fmt.Sprintf("%d of its %d domains are names that everybody uses, or public suffixes", d.names, l.Counts[Domain]+d.names)
	}
	return ""
}

// doubtful says why an entry should be in no list, or "".
func (b *builder) doubtful(u *understood) string {
	why, hard := "", true
	switch u.kind {
	case Address:
		why = b.doubtfulAddr(u.addr)
	case Network:
		why = b.doubtfulNet(u.net)
	case Domain:
		hard = false
		why = b.doubtfulName(u.key, u.sub)
	case JA4, Certificate:
		if b.popular(u.kind, u.key) {
			why = "this site itself uses it all the time"
		}
	}
	switch {
	case why == "":
	case hard:
		if b.doubts.hard == 0 {
			b.doubts.first = fmt.Sprintf("%s (%s)", doubtText(u), why)
		}
		b.doubts.hard++
	default:
		b.doubts.names++
	}
	return why
}

func doubtText(u *understood) string {
	switch u.kind {
	case Address:
		return u.addr.String()
	case Network:
		return u.net.String()
	}
	return u.key
}

func (b *builder) popular(kind Kind, text string) bool {
	return b.o.Popular != nil && b.o.Popular(kind, text)
}

func (b *builder) doubtfulAddr(a netip.Addr) string {
	for _, n := range b.o.Own {
		if n.Contains(a) {
			return "one of the customer's own addresses"
		}
	}
	for _, n := range reserved {
		if n.Contains(a) {
			return "a private or reserved address"
		}
	}
	if words, ok := popularEntry(a.String()); ok {
		return words
	}
	if b.popular(Address, a.String()) {
		return "this site itself talks to it all the time"
	}
	return ""
}

func (b *builder) doubtfulNet(p netip.Prefix) string {
	if p.Bits() < shortest4 && p.Addr().Is4() || p.Bits() < shortest6 && p.Addr().Is6() {
		return "a very large network"
	}
	for _, n := range b.o.Own {
		if n.Overlaps(p) {
			return "it contains the customer's own addresses"
		}
	}
	for _, n := range reserved {
		if n.Overlaps(p) {
			return "a private or reserved network"
		}
	}
	if b.known == nil {
		b.known = popularAddrs()
	}
	for _, a := range b.known {
		if p.Contains(a) {
			words, _ := popularEntry(a.String())
			return "it contains " + a.String() + " (" + words + ")"
		}
	}
	return ""
}

// doubtfulName judges a domain: popular itself, its www, or a suffix under which others register.
func (b *builder) doubtfulName(name string, sub bool) string {
	registered := RegisteredDomain(name)
	if registered == "" {
		return "a public suffix: many owners share it"
	}
	if name != registered && !sub && name != "www."+registered {
		return "" // one host under a popular name can be bad
	}
	if words, ok := popularEntry(registered); ok {
		return words
	}
	if b.popular(Domain, registered) {
		return "this site itself talks to it all the time"
	}
	return ""
}

// reserved are addresses that no outsider can have (RFC 6890 and its registries), without those for documentation.
var reserved = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.88.99.0/24",
	"192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3", "::/96", "fc00::/7", "fe80::/9", "ff00::/8", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64",
)

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		out[i] = netip.MustParsePrefix(t)
	}
	return out
}

// popularText holds, sorted, a name or address, a tab, and words: what nearly every network talks to.
//
//go:embed popular.txt
var popularText string

// popularAddrs are the addresses among the popular.
func popularAddrs() []netip.Addr {
	var out []netip.Addr
	for line := range strings.Lines(popularText) {
		name, _, _ := strings.Cut(line, "\t")
		if a, err := netip.ParseAddr(name); err == nil {
			out = append(out, a)
		}
	}
	return out
}

// popularEntry looks an address or registered domain up.
func popularEntry(name string) (words string, ok bool) { return lookLine(popularText, name) }

// lookLine finds the line that begins with key and a tab in sorted lines, and gives the rest of it.
func lookLine(text, key string) (rest string, ok bool) {
	lo, hi := 0, len(text)
	for lo < hi {
		from := lineStart(text, lo, (lo+hi)/2)
		to := from + strings.IndexByte(text[from:], '\n')
		if to < from {
			to = len(text)
		}
		name, rest, _ := strings.Cut(text[from:to], "\t")
		switch {
		case name == key:
			return rest, true
		case name < key:
			lo = to + 1
		default:
			hi = from
		}
	}
	return "", false
}

// lineStart is where the line around i begins, not before lo.
func lineStart(text string, lo, i int) int {
	return lo + strings.LastIndexByte(text[lo:i], '\n') + 1
}

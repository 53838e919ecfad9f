package detect

import (
	"math"
	"net/netip"
	"slices"
	"strings"

	"candor/internal/record"
)

// tunnelPair is a client and a domain.
type tunnelPair struct {
	key         tunnelKey
	first, last record.Time
	few         [tunnelFew]uint32 // hashes of the first names
	resolver    bool              // the agreement calls the client one
	work        *tunnelWork       // nil until there were more
}

// light notes a name and reports whether it is one more than few.
func (p *tunnelPair) light(hash uint64) bool {
	h := uint32(hash>>32) | 1
	for i := range p.few {
		switch p.few[i] {
		case h:
			return false
		case 0:
			p.few[i] = h
			return false
		}
	}
	return true
}

// Groups of record types.
const (
	typeAddress = iota // A, AAAA, HTTPS, SVCB
	typeText           // TXT, SPF
	typeAlias          // CNAME
	typeMail           // MX
	typeService        // SRV, NAPTR
	typeOther          // NULL, PRIVATE, KEY and whatever nobody asks for
	typeGroups
)

// tunnelWork is what is known of a pair that asked for more than a few names.
type tunnelWork struct {
	from      record.Time // begin of the present day of counting
	seen      nameSet
	histogram [40]uint32 // of the characters that names do not share with the name before
	previous  []byte

	// Of the present two days:
	names, repeats  uint32 // wishes for new names, and for known ones
	characters      uint32 // all in new names
	strange         int32  // of new names, in hundredths of a nat, for so many characters:
	strangeFor      uint32
	listed          uint32 // names that hold an address, another domain or a service label
	hashes          uint32 // names with a label that is a hash
	deep            uint32 // names of 100 characters and more
	types           [typeGroups]uint32
	replies, nodata uint32 // answers, and those that said there is no such thing
	answers         [8]uint32
	answersOther    uint32 // answers that were none of the first eight
	untold          uint32 // answers of whose data nothing is known
	local           uint32 // answers within 127/8
	odd             uint32 // answers that are addresses no machine has
	textBytes       uint32 // in answers that are no addresses
	used            uint32 // connections to a name of the domain
	iterative       uint32 // new names asked for without wanting recursion, as resolvers do

	// For ever:
	total     uint64 // new names, the first few included
	totalBits float64
	qtypes    []uint16
	servers   []netip.Addr
	ports     []uint16
	samples   []string
	uids      []string
	shortest  uint8
	longest   uint8
}

// fold adds a lookup.
func (w *tunnelWork) fold(t *DNSTunnels, d *record.DNS, left string, hash uint64) {
	known, again := w.seen.meet(hash, uint32(int64(d.TS)/1e9), &t.room)
	switch {
	case !known:
		w.name(t.model, left)
		if d.HasQuery && !d.RD {
			w.iterative++
		}
		w.types[typeGroup(d.QType)]++
		w.show(d)
	case again:
		w.repeats++
	}
	if d.HasReply {
		w.reply(d)
	}
}

// name adds a name that was not asked for before.
func (w *tunnelWork) name(model *nameModel, left string) {
	w.names++
	w.total++
	w.characters += uint32(len(left))
	n := uint8(min(255, len(left)))
	if w.longest == 0 || n < w.shortest {
		w.shortest = n
	}
	w.longest = max(w.longest, n)
	if n >= 100 {
		w.deep++
	}
	x, k := model.of(left)
	if listed(left, x > 15*k) {
		w.listed++
		w.previous = append(w.previous[:0], left...)
		return
	}
	if hasHash(left) {
		w.hashes++
	}
	w.strange += int32(x)
	w.strangeFor += uint32(k)
	w.novel(left)
	w.previous = append(w.previous[:0], left...)
}

// novel counts the characters that a name does not share with the name before, by what they are.
func (w *tunnelWork) novel(left string) {
	from, to := 0, len(left)
	for most := min(len(w.previous), to); from < most && w.previous[from] == left[from]; {
		from++
	}
	for p := len(w.previous); to > from && p > from && w.previous[p-1] == left[to-1]; {
		to--
		p--
	}
	for i := from; i < to; i++ {
		c := left[i]
		switch {
		case c >= 'a' && c <= 'z':
			w.histogram[c-'a']++
		case c >= 'A' && c <= 'Z':
			w.histogram[c-'A']++
		case c >= '0' && c <= '9':
			w.histogram[26+c-'0']++
		case c == '-':
			w.histogram[36]++
		case c == '\\' && i+3 < to: // "\xe4" is one byte
			w.histogram[37+left[i+3]%2]++
			i += 3
		case c != '.':
			w.histogram[39]++
		}
	}
}

// bits is what the names of the present days can have carried: their new characters, each at the entropy of all.
func (w *tunnelWork) bits() float64 {
	n, x := 0.0, 0.0
	for _, k := range w.histogram {
		if k > 0 {
			n += float64(k)
			x += float64(k) * math.Log2(float64(k))
		}
	}
	if n == 0 {
		return 0
	}
	return n*math.Log2(n) - x
}

// reply adds an answer.
func (w *tunnelWork) reply(d *record.DNS) {
	w.replies++
	if d.RCode == 3 || len(d.Answers) == 0 {
		w.nodata++
		return
	}
	first := d.Answers[0]
	if strings.HasPrefix(first, "127.") {
		w.local++
	}
	if addressLike(first) && oddAddress(first) {
		w.odd++
	}
	for _, a := range d.Answers[:min(4, len(d.Answers))] {
		if !addressLike(a) {
			w.textBytes += uint32(min(len(a), 1<<12))
		}
	}
	if w.opaque(d, first) {
		return
	}
	h := uint32(hashName(first)>>32) | 1
	for i := range w.answers {
		if w.answers[i] == h {
			return
		}
		if w.answers[i] == 0 {
			w.answers[i] = h
			return
		}
	}
	w.answersOther++
}

// opaque reports whether an answer's data was not told: the record type's name stands for it.
func (w *tunnelWork) opaque(d *record.DNS, answer string) bool {
	if typeGroup(d.QType) != typeOther || answer != "NULL" && !strings.HasPrefix(answer, "query-") {
		return false
	}
	w.untold++
	return true
}

// show keeps what a finding shows.
func (w *tunnelWork) show(d *record.DNS) {
	if len(w.qtypes) < 8 && !slices.Contains(w.qtypes, d.QType) {
		w.qtypes = append(w.qtypes, d.QType)
	}
	if len(w.servers) < 4 && !slices.Contains(w.servers, d.RespH) {
		w.servers = append(w.servers, d.RespH)
	}
	if len(w.ports) < 4 && !slices.Contains(w.ports, d.RespP) {
		w.ports = append(w.ports, d.RespP)
	}
	if len(w.samples) < maxSamples {
		w.samples = append(w.samples, strings.Clone(d.Query[:min(len(d.Query), 255)]))
		w.uids = append(w.uids, strings.Clone(string(d.UID)))
	}
}

// halve lets the present days count half.
func (w *tunnelWork) halve() {
	w.totalBits += w.bits() / 2
	for i := range w.histogram {
		w.histogram[i] /= 2
	}
	for _, n := range []*uint32{
		&w.names, &w.repeats, &w.characters, &w.strangeFor, &w.listed, &w.hashes, &w.deep, &w.replies, &w.nodata, &w.answersOther, &w.untold, &w.local, &w.odd,
		&w.textBytes, &w.used, &w.iterative,
	} {
		*n /= 2
	}
	for i := range w.types {
		w.types[i] /= 2
	}
	w.strange /= 2
}

func typeGroup(qtype uint16) int {
	switch qtype {
	case 1, 28, 64, 65:
		return typeAddress
	case 16, 99:
		return typeText
	case 5:
		return typeAlias
	case 15:
		return typeMail
	case 33, 35:
		return typeService
	case 2, 6, 43, 48, 255, 257, 52: // NS, SOA, DS, DNSKEY, ANY, CAA, TLSA: what resolvers and mail servers ask
		return typeAddress
	}
	return typeOther
}

// addressLike reports whether an answer is an address.
func addressLike(a string) bool {
	for i := range len(a) {
		c := a[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c == '.' || c == ':') {
			return false
		}
	}
	return strings.IndexByte(a, ':') >= 0 || strings.Count(a, ".") == 3
}

// oddAddress reports whether an answer is an address that no machine has, and that is no usual way to say "blocked" either:
// data made to look like an address.
func oddAddress(answer string) bool {
	a, err := netip.ParseAddr(answer)
	if err != nil || a.IsUnspecified() || a.IsLoopback() {
		return false
	}
	if a = a.Unmap(); a.Is4() {
		first := a.As4()[0]
		return first == 0 || first >= 224 && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
	}
	b := a.As16()
	return b[0]&0xe0 != 0x20 && b[0]&0xfe != 0xfc && !a.IsLinkLocalUnicast() && !(b[0] == 0 && b[1] == 0x64) // public, private, link, NAT64
}

// listed reports whether the left part of a name is an address, another whole name, or a service's label: what lists and
// search suffixes produce. Where its characters are strange, an ending that looks so is no excuse.
func listed(left string, strange bool) bool {
	last := left[strings.LastIndexByte(left, '.')+1:]
	switch {
	case len(left) >= 7 && len(left) <= 15 && strings.Count(left, ".") == 3 && digitsAndDots(left):
		return true
	case len(left) == 63 && len(last) == 1 && left[1] == '.' && strings.Count(left, ".") == 31: // nibbles
		return true
	case strange:
		return false
	case len(left) > len(last) && wellKnownTop(last):
		return true
	}
	if i := strings.IndexByte(left, '_'); i >= 0 {
		for _, label := range []string{"_tcp", "_udp", "_domainkey", "_dmarc", "_acme-challenge", "_msdcs", "_sites", "_spf", "_dns-sd", "_tls"} {
			if strings.Contains(left[i:], label) {
				return true
			}
		}
	}
	return false
}

func wellKnownTop(label string) bool {
	switch label {
	case "com", "net", "org", "info", "biz", "edu", "gov", "de", "uk", "fr", "nl", "pl", "ru", "it", "eu", "es", "se", "cz", "jp", "br", "cn",
		"arpa", "local", "lan", "localdomain":
		return true
	}
	return false
}

func digitsAndDots(s string) bool {
	for i := range len(s) {
		if s[i] != '.' && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}

// hasHash reports whether the left part is one label, or begins with one, that is MD5 or SHA-1 in hexadecimal digits or base32.
func hasHash(left string) bool {
	label, rest, _ := strings.Cut(left, ".")
	if len(rest) > 16 || len(label) != 32 && len(label) != 40 && len(label) != 26 {
		return false
	}
	for i := range len(label) {
		if k := classOf(label[i]); k == classOther || k == classHyphen {
			return false
		}
	}
	return true
}

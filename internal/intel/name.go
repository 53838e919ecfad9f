package intel

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"
)

// Bounds of names (RFC 1035 2.3.4).
const (
	maxName  = 253
	maxLabel = 63
	// tailLabels is how many labels from the right can matter: the longest public suffixes have six.
	tailLabels = 8
)

// RegisteredDomain is the part of a name that somebody registered: the public suffix and one label more, in lower case and
// punycode, without trailing dot. The private part of the public suffix list counts ("a.github.io" is registered, "github.io"
// is a suffix); under an unknown top level the last two labels are taken ("nas.corp.lan" is "corp.lan"). What stands left of
// the registered domain may be any bytes, as tunnels send them. A ":port" at the end is ignored. It is "" for IP literals,
// single labels, public suffixes and whatever is no name.
//
// It allocates once per call (inside publicsuffix), again for names with capitals or beyond ASCII: where it is called for each
// record, use a DomainCache.
func RegisteredDomain(name string) string {
	tail := tailOf(trimPort(name))
	if tail == "" {
		return ""
	}
	if !isLower(tail) {
		tail = lowerASCII(tail)
	}
	last := tail[strings.LastIndexByte(tail, '.')+1:]
	if last == "" || len(last) == len(tail) || allDigits(last) {
		return ""
	}
	suffix, _ := publicsuffix.PublicSuffix(tail)
	cut := len(tail) - len(suffix) - 1
	if cut <= 0 || tail[cut] != '.' {
		return ""
	}
	registered := tail[strings.LastIndexByte(tail[:cut], '.')+1:]
	if !cleanLabels(registered) {
		return ""
	}
	return registered
}

// tailOf is the last labels of a name without trailing dot, in punycode where they are beyond ASCII.
func tailOf(name string) string {
	name = strings.TrimSuffix(name, ".")
	from := len(name)
	for range tailLabels {
		dot := strings.LastIndexByte(name[:from], '.')
		if dot < 0 {
			from = 0
			break
		}
		from = dot
	}
	if from > 0 {
		from++ // after the dot
	}
	tail := name[from:]
	if len(tail) > tailLabels*(maxLabel+1) {
		return shortTail(tail)
	}
	if ascii(tail) {
		return tail
	}
	return labelsToASCII(tail)
}

// shortTail drops labels from the left until what is left is no longer than names may be.
func shortTail(tail string) string {
	tail = tail[len(tail)-maxName:]
	_, after, ok := strings.Cut(tail, ".")
	if !ok || !ascii(after) {
		return ""
	}
	return after
}

// labelsToASCII writes each label that is text beyond ASCII in punycode; other labels stay as they are.
func labelsToASCII(name string) string {
	labels := strings.Split(strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".").Replace(name), ".")
	for i, l := range labels {
		if !ascii(l) && utf8.ValidString(l) && len(l) <= 4*maxLabel {
			labels[i] = "xn--" + punycode(strings.ToLower(l))
		}
	}
	return strings.Join(labels, ".")
}

// punycode encodes a label (RFC 3492), without the prefix.
func punycode(label string) string {
	const base, tMin, tMax, initialBias, initialN = 36, 1, 26, 72, 128
	var out []byte
	runes := []rune(label)
	for _, r := range runes {
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
		}
	}
	done := len(out)
	if done > 0 {
		out = append(out, '-')
	}
	basic, n, delta, bias := done, rune(initialN), 0, initialBias
	for done < len(runes) {
		next := rune(unicode.MaxRune)
		for _, r := range runes {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				t := min(max(k-bias, tMin), tMax)
				if q < t {
					break
				}
				out = append(out, punyDigit(t+(q-t)%(base-t)))
				q = (q - t) / (base - t)
			}
			out = append(out, punyDigit(q))
			bias = punyAdapt(delta, done+1, done == basic)
			delta = 0
			done++
		}
		delta++
		n++
	}
	return string(out)
}

func punyAdapt(delta, points int, first bool) int {
	if first {
		delta /= 700
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for delta > (36-1)*26/2 {
		delta /= 36 - 1
		k += 36
	}
	return k + (36*delta)/(delta+38)
}

func punyDigit(d int) byte {
	if d < 26 {
		return byte('a' + d)
	}
	return byte('0' + d - 26)
}

// cleanName is a whole name in the form that sets use (lower case, punycode, no trailing dot); false when it is no name of
// at least two labels.
func cleanName(name string) (string, bool) {
	name = strings.TrimSuffix(name, ".")
	if !ascii(name) {
		if len(name) > 4*maxName {
			return "", false
		}
		name = labelsToASCII(name)
	}
	name = lowerASCII(name)
	last := name[strings.LastIndexByte(name, '.')+1:]
	if len(name) > maxName || len(last) == len(name) || allDigits(last) || !cleanLabels(name) {
		return "", false
	}
	return name, true
}

// cleanLabels reports whether every label is 1 to 63 letters, digits, - and _ in lower case.
func cleanLabels(name string) bool {
	n := 0
	for i := range len(name) {
		switch c := name[i]; {
		case c == '.':
			if n == 0 || n > maxLabel {
				return false
			}
			n = -1
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
		n++
	}
	return n > 0 && n <= maxLabel
}

// trimPort cuts ":443" off; a text with several colons is an IPv6 literal and stays.
func trimPort(name string) string {
	i := strings.LastIndexByte(name, ':')
	if i < 0 || strings.IndexByte(name, ':') != i || !allDigits(name[i+1:]) {
		return name
	}
	return name[:i]
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isLower(s string) bool {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return false
		}
	}
	return true
}

func lowerASCII(s string) string {
	if isLower(s) {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// DomainCache remembers registered domains. It belongs to one goroutine: make one where names are looked up. The zero value
// works and keeps 16,384 names.
type DomainCache struct {
	Size        int // names kept, at most twice that for a moment; 0 means 16,384
	young, aged map[string]string
}

// RegisteredDomain is as the function, remembered. It does not allocate for a name it knows, and keeps copies only: names are
// often cut from larger pieces of memory. Nothing longer than a name can be is kept.
func (c *DomainCache) RegisteredDomain(name string) string {
	if d, ok := c.young[name]; ok {
		return d
	}
	if len(name) > 2*maxName { // no name with its port is that long, whoever says so
		return strings.Clone(RegisteredDomain(name))
	}
	d, ok := c.aged[name]
	name = strings.Clone(name)
	if !ok {
		if d = RegisteredDomain(name); len(name) > 2*len(d) { // who keeps the domain need not keep a long name
			d = strings.Clone(d)
		}
	}
	size := c.Size
	if size <= 0 {
		size = 1 << 14
	}
	if c.young == nil || len(c.young) >= (size+1)/2 {
		c.aged, c.young = c.young, make(map[string]string, 64)
	}
	c.young[name] = d
	return d
}

package intel

import (
	"strconv"
	"strings"
)

// STIX patterns (STIX 2.1 part 9), as far as a single record can be held against them:
//
//	[ipv4-addr:value = '198.51.100.7' OR domain-name:value IN ('a.example', 'b.example')]
//
// OR gives several indicators. AND with a port narrows an address. AND of two indicators, FOLLOWEDBY, REPEATS and WITHIN ask
// for more than one record can show: then the side that says more is kept and marked as a part. Everything else is named in
// List.Skipped.

// Bounds of one pattern.
const (
	maxPattern       = 64 << 10
	maxPatternDepth  = 16
	maxPatternValues = 10_000
)

// found is one indicator of a pattern.
type found struct {
	value   string
	kinds   mask
	port    uint16
	partial bool
}

// operand is what an expression amounts to: indicators of which each alone is enough, or a mere condition on a port.
type operand struct {
	found []found
	port  uint16
	loose bool // a condition that no record is held against (a protocol)
}

// patternReader reads one pattern; the first thing that cannot be used ends it.
type patternReader struct {
	tokens []string
	at     int
	depth  int
	values int
	reason string
}

// readPattern gives the indicators of a pattern, or the reason why it cannot be used.
func readPattern(pattern string) ([]found, string) {
	if len(pattern) > maxPattern {
		return nil, "pattern: too long"
	}
	tokens, ok := patternTokens(pattern)
	if !ok {
		return nil, "pattern: not a STIX pattern"
	}
	p := &patternReader{tokens: tokens}
	o := p.observations()
	if p.reason == "" && p.at < len(p.tokens) {
		p.fail("not a STIX pattern")
	}
	if p.reason == "" && len(o.found) == 0 {
		p.fail("only a port or protocol")
	}
	if p.reason != "" {
		return nil, "pattern: " + p.reason
	}
	return o.found, ""
}

// patternTokens splits a pattern: quoted texts keep their opening quote, so that they differ from words.
func patternTokens(s string) ([]string, bool) {
	var out []string
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '\'':
			text, n, ok := quotedText(s[i:])
			if !ok {
				return nil, false
			}
			out = append(out, "'"+text)
			i += n
		case strings.IndexByte("[](),", c) >= 0:
			out = append(out, s[i:i+1])
			i++
		case strings.IndexByte("=!<>", c) >= 0:
			n := 1
			if i+1 < len(s) && (s[i+1] == '=' || s[i+1] == '>') {
				n = 2
			}
			out = append(out, s[i:i+n])
			i += n
		default:
			n := wordLength(s[i:])
			out = append(out, s[i:i+n])
			i += n
		}
	}
	return out, true
}

// quotedText reads 'it\'s' and says how long it was.
func quotedText(s string) (text string, n int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\'':
			return b.String(), i + 1, true
		case '\\':
			i++
			if i < len(s) {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}

// wordLength measures a word or an object path, which may hold quoted keys and list steps: a:b.'SHA-256', x:refs[*].value.
func wordLength(s string) int {
	i := 0
	for i < len(s) {
		switch c := s[i]; {
		case c == '\'' && i > 0 && (s[i-1] == '.' || s[i-1] == '['):
			_, n, ok := quotedText(s[i:])
			if !ok {
				return len(s)
			}
			i += n
		case c == '[' && i > 0:
			end := strings.IndexByte(s[i:], ']')
			if end < 0 {
				return len(s)
			}
			i += end + 1
		case strings.IndexByte(" \t\r\n[](),=!<>'", c) >= 0:
			return max(i, 1)
		default:
			i++
		}
	}
	return i
}

func (p *patternReader) fail(reason string) {
	if p.reason == "" {
		p.reason = reason
	}
	p.at = len(p.tokens)
}

// peek is the next token, "" at the end.
func (p *patternReader) peek() string {
	if p.at >= len(p.tokens) {
		return ""
	}
	return p.tokens[p.at]
}

func (p *patternReader) take() string {
	t := p.peek()
	p.at++
	return t
}

func (p *patternReader) expect(token string) {
	if p.take() != token {
		p.fail("not a STIX pattern")
	}
}

func (p *patternReader) keyword(words ...string) bool {
	for _, w := range words {
		if strings.EqualFold(p.peek(), w) {
			p.at++
			return true
		}
	}
	return false
}

// observations reads [..] OR [..] AND [..] FOLLOWEDBY [..]. Precedence does not matter much here: AND binds first.
func (p *patternReader) observations() operand {
	left := p.observedAll()
	for p.keyword("OR") {
		left = p.either(left, p.observedAll())
	}
	return left
}

func (p *patternReader) observedAll() operand {
	left := p.observation()
	for p.keyword("AND", "FOLLOWEDBY") {
		left = p.both(left, p.observation())
	}
	return left
}

func (p *patternReader) observation() operand {
	var o operand
	switch p.take() {
	case "[":
		o = p.comparisons()
		p.expect("]")
	case "(":
		if p.deeper() {
			o = p.observations()
			p.expect(")")
			p.depth--
		}
	default:
		p.fail("not a STIX pattern")
	}
	for p.keyword("WITHIN", "REPEATS", "START", "STOP") {
		if p.take() == "t" { // a time is written t'2025-01-01T00:00:00Z', a number as it is
			p.take()
		}
		p.keyword("SECONDS", "TIMES")
		o = part(o)
	}
	return o
}

func (p *patternReader) deeper() bool {
	p.depth++
	if p.depth > maxPatternDepth {
		p.fail("nested too deeply")
		return false
	}
	return true
}

func (p *patternReader) comparisons() operand {
	left := p.comparisonAll()
	for p.keyword("OR") {
		left = p.either(left, p.comparisonAll())
	}
	return left
}

func (p *patternReader) comparisonAll() operand {
	left := p.comparison()
	for p.keyword("AND") {
		left = p.both(left, p.comparison())
	}
	return left
}

func (p *patternReader) comparison() operand {
	if p.peek() == "(" {
		p.take()
		if !p.deeper() {
			return operand{}
		}
		o := p.comparisons()
		p.expect(")")
		p.depth--
		return o
	}
	path := p.take()
	if strings.EqualFold(path, "NOT") || strings.EqualFold(path, "EXISTS") || strings.EqualFold(p.peek(), "NOT") {
		p.fail("NOT and EXISTS")
		return operand{}
	}
	operator := strings.ToUpper(p.take())
	var values []string
	switch operator {
	case "=", "==", "ISSUBSET":
		values = []string{p.literal()}
	case "IN":
		values = p.set()
	default:
		p.fail("operator " + plainWords(operator, 20))
	}
	if p.reason != "" {
		return operand{}
	}
	return p.meaning(path, values)
}

// set reads ('a', 'b').
func (p *patternReader) set() []string {
	p.expect("(")
	var out []string
	for p.reason == "" && p.peek() != ")" {
		out = append(out, p.literal())
		if p.peek() != ")" {
			p.expect(",")
		}
	}
	p.expect(")")
	return out
}

// literal is a quoted text or a number; the words before a text (b”, h”, t”) are not used for what is matched here.
func (p *patternReader) literal() string {
	t := p.take()
	if text, ok := strings.CutPrefix(t, "'"); ok {
		return text
	}
	if t == "" || !allDigits(t) {
		p.fail("not a STIX pattern")
	}
	return t
}

// either joins two operands of which one is enough.
func (p *patternReader) either(a, b operand) operand {
	if p.reason == "" && (len(a.found) == 0 || len(b.found) == 0) {
		p.fail("a port or protocol alone")
		return operand{}
	}
	return operand{found: append(a.found, b.found...)}
}

// both joins two operands that belong together.
func (p *patternReader) both(a, b operand) operand {
	switch {
	case p.reason != "":
		return operand{}
	case len(a.found) == 0 && len(b.found) == 0:
		return operand{port: max(a.port, b.port), loose: a.loose || b.loose}
	case len(a.found) == 0:
		a, b = b, a
	case len(b.found) > 0:
		if weight(b.found) > weight(a.found) {
			a = b
		}
		return part(a)
	}
	if b.port != 0 {
		for i := range a.found {
			a.found[i].port = b.port
		}
	}
	return a
}

func part(o operand) operand {
	for i := range o.found {
		o.found[i].partial = true
	}
	return o
}

// weight says how much an indicator says: a URL or certificate more than a name, a name more than an address or a JA4.
func weight(list []found) int {
	w := 9
	for _, f := range list {
		switch {
		case f.kinds == maskOf(Certificate), f.kinds.allows(URL):
			w = min(w, 3)
		case f.kinds.allows(Domain):
			w = min(w, 2)
		default:
			w = min(w, 1)
		}
	}
	return w
}

// meaning says what a comparison asks for.
func (p *patternReader) meaning(path string, values []string) operand {
	if p.values += len(values); p.values > maxPatternValues || len(values) == 0 {
		p.fail("no or too many values")
		return operand{}
	}
	object, property, _ := strings.Cut(path, ":")
	property = strings.ToLower(strings.NewReplacer("'", "", `"`, "").Replace(property))
	var kinds mask
	switch strings.ToLower(object) + ":" + property {
	case "ipv4-addr:value", "ipv6-addr:value", "network-traffic:dst_ref.value", "network-traffic:src_ref.value":
		kinds = maskOf(Address, Network, Domain)
		if strings.HasSuffix(object, "-addr") {
			kinds = maskOf(Address, Network)
		}
	case "domain-name:value":
		kinds = maskOf(Domain)
	case "url:value":
		kinds = maskOf(URL, Domain, Address)
	case "x509-certificate:hashes.sha-256", "x509-certificate:hashes.sha256", "x509-certificate:hashes.sha-1", "x509-certificate:hashes.sha1",
		"x509-certificate:hashes.md5":
		kinds = maskOf(Certificate)
	case "network-traffic:dst_port":
		port, err := strconv.ParseUint(values[0], 10, 16)
		if err != nil || len(values) > 1 {
			return operand{loose: true}
		}
		return operand{port: uint16(port)}
	case "network-traffic:protocols[*]", "network-traffic:src_port", "network-traffic:dst_ref.type":
		return operand{loose: true}
	default:
		if !strings.HasSuffix(property, "ja4") {
			p.fail(plainWords(path, 60))
			return operand{}
		}
		kinds = maskOf(JA4)
	}
	var o operand
	for _, v := range values {
		o.found = append(o.found, found{value: v, kinds: kinds})
	}
	return o
}

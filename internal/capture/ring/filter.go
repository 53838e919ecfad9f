package ring

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/bpf"
)

// Compile makes a program for the kernel of a filter, in a small part of the language that tcpdump's users know:
//
//	expression = term { "or" term }      term = factor { "and" factor }
//	factor     = "not" factor | "(" expression ")" | primitive
//	primitive  = "host" ADDRESS | "net" PREFIX | "port" N | "vlan" [N] | "ip" | "ip6" | "arp" | "tcp" | "udp" | "icmp" | "icmp6"
//
// host, net and port look at both sides. vlan looks at the outer tag; all others look behind up to two tags. port knows TCP,
// UDP and SCTP, not later fragments and not IPv6 packets with extension headers: to these it does not apply, as in tcpdump.
// A frame too short for what is asked of it does not pass, also under not. An empty expression lets everything pass.
func Compile(expression string) ([]bpf.RawInstruction, error) {
	if strings.TrimSpace(expression) == "" {
		return bpf.Assemble([]bpf.Instruction{bpf.RetConstant{Val: snaplen}})
	}
	if len(expression) > maxExpression {
		return nil, fmt.Errorf("filter of %d bytes: at most %d can be read", len(expression), maxExpression)
	}
	p := parser{words: words(expression)}
	tree, err := p.expression(0)
	if err == nil && p.at < len(p.words) {
		err = fmt.Errorf("%q is not expected there", p.words[p.at])
	}
	if err != nil {
		return nil, fmt.Errorf("filter %q: %w", expression, err)
	}
	raw, err := assemble(tree)
	if err != nil {
		return nil, fmt.Errorf("filter %q: %w", expression, err)
	}
	return raw, nil
}

const (
	maxExpression   = 4096
	maxNesting      = 32
	maxInstructions = 4096 // BPF_MAXINSNS of the kernel
)

// A node is a part of an expression: "and" and "or" of two, "not" of one, or a primitive.
type node struct {
	word        string
	left, right *node
	prefix      netip.Prefix // host, net
	number      uint32       // port, vlan
	any         bool         // vlan without a number
}

type parser struct {
	words []string
	at    int
}

func words(s string) []string {
	s = strings.NewReplacer("(", " ( ", ")", " ) ", "!", " ! ", "&&", " and ", "||", " or ").Replace(s)
	return strings.Fields(s)
}

func (p *parser) peek() string {
	if p.at < len(p.words) {
		return p.words[p.at]
	}
	return ""
}

func (p *parser) expression(depth int) (*node, error) {
	left, err := p.term(depth)
	for err == nil && p.peek() == "or" {
		p.at++
		var right *node
		right, err = p.term(depth)
		left = &node{word: "or", left: left, right: right}
	}
	return left, err
}

func (p *parser) term(depth int) (*node, error) {
	left, err := p.factor(depth)
	for err == nil && p.peek() == "and" {
		p.at++
		var right *node
		right, err = p.factor(depth)
		left = &node{word: "and", left: left, right: right}
	}
	return left, err
}

func (p *parser) factor(depth int) (*node, error) {
	if depth == maxNesting {
		return nil, fmt.Errorf("more than %d levels of not and parentheses", maxNesting)
	}
	switch p.peek() {
	case "not", "!":
		p.at++
		inner, err := p.factor(depth + 1)
		return &node{word: "not", left: inner}, err
	case "(":
		p.at++
		inner, err := p.expression(depth + 1)
		if err == nil && p.peek() != ")" {
			err = fmt.Errorf("a parenthesis is not closed")
		}
		p.at++
		return inner, err
	}
	return p.primitive()
}

func (p *parser) primitive() (*node, error) {
	word := p.peek()
	if word == "" {
		return nil, fmt.Errorf("it ends too early")
	}
	p.at++
	n := &node{word: word}
	value := p.peek()
	switch word {
	case "ip", "ip6", "arp", "tcp", "udp", "icmp", "icmp6":
		return n, nil
	case "vlan":
		number, err := strconv.ParseUint(value, 10, 12)
		if err != nil {
			n.any = true
			if value != "" && value[0] >= '0' && value[0] <= '9' {
				return nil, fmt.Errorf("%q is no VLAN: 0 to 4095", value)
			}
			return n, nil
		}
		n.number = uint32(number)
	case "port":
		number, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("%q is no port: 0 to 65535", value)
		}
		n.number = uint32(number)
	case "host":
		addr, err := netip.ParseAddr(value)
		if err != nil || addr.Zone() != "" {
			return nil, fmt.Errorf("%q is no address", value)
		}
		addr = addr.Unmap()
		n.prefix = netip.PrefixFrom(addr, addr.BitLen())
	case "net":
		prefix, err := netip.ParsePrefix(value)
		if err != nil {
			return nil, fmt.Errorf("%q is no network such as 10.0.0.0/8", value)
		}
		n.prefix = prefix.Masked()
	default:
		return nil, fmt.Errorf("%q is not known here: host, net, port, vlan, ip, ip6, arp, tcp, udp, icmp, icmp6, and, or, not", word)
	}
	p.at++
	return n, nil
}

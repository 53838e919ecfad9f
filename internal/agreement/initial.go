package agreement

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"candor/internal/record"
)

// Answers are what a first agreement is made from: asked of a person, or suggested from a capture.
type Answers struct {
	Customer  string // name; empty becomes "Customer"
	Provider  string // name; empty when the customer watches itself
	TimeZone  string // IANA name; empty becomes UTC
	Segments  []SegmentAnswer
	OwnPublic []netip.Prefix
	Resolvers []netip.Addr
}

// SegmentAnswer is one network part.
type SegmentAnswer struct {
	ID       string // made into a valid id; empty becomes the kind with a number
	Kind     record.SegmentKind
	Networks []netip.Prefix
	Hosts    int // 0 when nobody knows
}

// InitFrom writes a commented first agreement. Parse accepts it when the answers themselves make sense: at least one
// segment, no network twice, a time zone that exists, hosts that fit into their networks.
func InitFrom(x Answers) []byte {
	var b strings.Builder
	customer := firstOf(oneLine(x.Customer), "Customer")
	b.WriteString("# A first agreement, made by `candor agreement init`. Read it line by line: what stands here is what will be measured.\n")
	b.WriteString("# All fields: docs/agreement/reference.md. Check it with `candor agreement check FILE`, read it with `candor agreement explain FILE`.\n")
	b.WriteString("apiVersion: candor.dev/v1alpha1\nkind: Agreement\n")
	fmt.Fprintf(&b, "metadata: {id: %s, title: %s, revision: 1}\n", idFrom(customer, "customer"), yamlText("Network monitoring, "+customer))
	fmt.Fprintf(&b, "parties:\n  customer: {name: %s}\n", yamlText(customer))
	if provider := oneLine(x.Provider); provider != "" {
		fmt.Fprintf(&b, "  provider: {name: %s}\n", yamlText(provider))
	} else {
		b.WriteString("  # provider: {name: ...}          # absent: the customer watches itself\n")
	}
	fmt.Fprintf(&b, "term: {time_zone: %s}               # of all hours and days below\n", yamlText(firstOf(x.TimeZone, "UTC")))
	b.WriteString("calendar: {workdays: [mon, tue, wed, thu, fri], hours: \"08:00-18:00\", holidays: []}\n")
	b.WriteString("scope:\n  segments:                        # the parts of the network; kind: clients, servers or special\n")
	for _, line := range segmentLines(x.Segments) {
		b.WriteString(line)
	}
	b.WriteString("  # what the network looks like from outside, after translation; empty when inside addresses are public\n")
	fmt.Fprintf(&b, "  own_public: [%s]\n", quotedList(networkWords(x.OwnPublic)))
	b.WriteString("  # the name servers that the hosts ask\n")
	fmt.Fprintf(&b, "  resolvers: [%s]\n", quotedList(stringsOf(x.Resolvers)))
	b.WriteString("# data, sensors and levels have defaults: whole packets in both directions with at most 1 % lost, and lookups in sight;\n")
	b.WriteString("# one sensor, inside, that sees every segment. Write them down when the contract says more.\n")
	return []byte(b.String())
}

func segmentLines(segments []SegmentAnswer) []string {
	var lines []string
	taken := map[string]bool{}
	for i, s := range segments {
		kind := s.Kind
		if !contains([]record.SegmentKind{record.Clients, record.Servers, record.Special}, kind) {
			kind = record.Clients
		}
		id := idFrom(s.ID, fmt.Sprintf("%s-%d", kind, i+1))
		for n := 2; taken[id]; n++ {
			id = fmt.Sprintf("%.50s-%d", idFrom(s.ID, string(kind)), n)
		}
		taken[id] = true
		line := fmt.Sprintf("    - {id: %s, kind: %s, networks: [%s]", id, kind, quotedList(networkWords(s.Networks)))
		if s.Hosts > 0 {
			line += fmt.Sprintf(", expected: {hosts: %d, min_seen_7d: 0.90}", s.Hosts)
		}
		lines = append(lines, line+"}\n")
	}
	return lines
}

// oneLine makes a name from outside a text of one line.
func oneLine(text string) string {
	runes := []rune(strings.Join(strings.Fields(Plain(text)), " "))
	return string(runes[:min(len(runes), 200)])
}

// yamlText writes a text of one line so that YAML reads exactly it.
func yamlText(text string) string {
	return "'" + strings.ReplaceAll(oneLine(text), "'", "''") + "'"
}

func quotedList(items []string) string {
	out := make([]string, len(items))
	for i, s := range items {
		out[i] = `"` + s + `"`
	}
	return strings.Join(out, ", ")
}

// idFrom makes an id from a name, or takes the other one when nothing is left of it.
func idFrom(name, other string) string {
	id := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r == ' ' || r == '-' || r == '_' || r == '.':
			return '-'
		}
		return -1
	}, name)
	id = strings.Trim(id, "-")
	for strings.Contains(id, "--") {
		id = strings.ReplaceAll(id, "--", "-")
	}
	if id == "" {
		return other
	}
	return strings.TrimRight(id[:min(len(id), 40)], "-")
}

// Seen is an address of a capture.
type Seen struct {
	Addr   netip.Addr
	Direct bool // by its own frames; addresses seen only as somebody's peer say little of what is inside
	Server bool // it accepts connections
}

// maxSuggested bounds how many networks are suggested; the largest are kept.
const maxSuggested = 64

// Suggest makes answers from the addresses of a capture: private addresses seen directly, by /24 and /64; a network in
// which more than half accept connections is one of servers. When none is private and seen directly, those seen in
// passing count. It never guesses names, own_public or resolvers.
func Suggest(seen []Seen) Answers {
	groups := grouped(seen, true)
	if len(groups) == 0 {
		groups = grouped(seen, false)
	}
	slices.SortFunc(groups, func(x, y group) int {
		if x.hosts != y.hosts {
			return y.hosts - x.hosts
		}
		return x.network.Compare(y.network)
	})
	groups = groups[:min(len(groups), maxSuggested)]
	slices.SortFunc(groups, func(x, y group) int { return x.network.Compare(y.network) })
	var a Answers
	for _, g := range groups {
		s := SegmentAnswer{Kind: record.Clients, Networks: []netip.Prefix{g.network}, Hosts: int(min(float64(g.hosts), hostRoom([]netip.Prefix{g.network})))}
		if 2*g.servers > g.hosts {
			s.Kind = record.Servers
		}
		s.ID = fmt.Sprintf("%s-%s", s.Kind, strings.Trim(strings.NewReplacer(":", "-", "::", "-").Replace(g.network.Addr().String()), "-"))
		a.Segments = append(a.Segments, s)
	}
	return a
}

type group struct {
	network        netip.Prefix
	hosts, servers int
}

func grouped(seen []Seen, direct bool) []group {
	at := map[netip.Prefix]int{}
	once := map[netip.Addr]bool{}
	var groups []group
	for _, s := range seen {
		addr := s.Addr.Unmap().WithZone("")
		if !addr.IsPrivate() || (direct && !s.Direct) || once[addr] {
			continue
		}
		once[addr] = true
		bits := 24
		if addr.Is6() {
			bits = 64
		}
		network := netip.PrefixFrom(addr, bits).Masked()
		i, ok := at[network]
		if !ok {
			i = len(groups)
			at[network] = i
			groups = append(groups, group{network: network})
		}
		groups[i].hosts++
		if s.Server {
			groups[i].servers++
		}
	}
	return groups
}

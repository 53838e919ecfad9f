package answer

import (
	"net/netip"
	"slices"
	"strings"

	"candor/internal/record"
)

// Names are the names of places and machines that a question may use.
type Names struct {
	Scope *record.Scope
	Hosts map[string][]netip.Addr // machines that the agreement names, by lower-case id
}

// SubjectKind says what a subject names.
type SubjectKind string

// The kinds of subject. The empty one asks about every machine.
const (
	SubjectAll     SubjectKind = ""
	SubjectAddress SubjectKind = "address"
	SubjectNetwork SubjectKind = "network"
	SubjectSegment SubjectKind = "segment"
	SubjectHost    SubjectKind = "host" // a machine by name
	SubjectName    SubjectKind = "name" // a domain name, its sub-domains with it
)

// Subject is whom a question asks about, or the other end.
type Subject struct {
	Kind  SubjectKind
	Text  string
	Addrs []netip.Addr // of an address; of a machine by name those that the agreement or a lease ties to it
	Net   netip.Prefix
}

// Holds reports whether an address belongs to the subject.
func (s *Subject) Holds(a netip.Addr, scope *record.Scope) bool {
	a = a.Unmap().WithZone("")
	switch s.Kind {
	case SubjectAddress, SubjectHost:
		return slices.Contains(s.Addrs, a)
	case SubjectNetwork:
		return s.Net.Contains(a)
	case SubjectSegment:
		return scope != nil && scope.Locate(a) == record.SegmentID(s.Text)
	}
	return false
}

// HoldsName reports whether a domain name belongs to the subject: it, or one below it.
func (s *Subject) HoldsName(name string) bool {
	if s.Kind != SubjectName {
		return false
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	below, ok := strings.CutSuffix(name, s.Text)
	return ok && (below == "" || strings.HasSuffix(below, "."))
}

// placed is a subject at its place in the question.
type placed struct {
	Subject
	at int
}

// subjectsOf finds the addresses, networks, segments, machines and names among the words, and marks them.
func subjectsOf(tokens []token, names *Names) []placed {
	var out []placed
	for i := range tokens {
		t := &tokens[i]
		if t.used != unused {
			continue
		}
		if s, ok := subjectOf(tokens, i, names); ok {
			t.used = useSubject
			out = append(out, placed{s, i})
		}
	}
	return out
}

func subjectOf(tokens []token, i int, names *Names) (Subject, bool) {
	t := &tokens[i]
	if a, ok := addressOf(t.word); ok {
		return Subject{Kind: SubjectAddress, Text: a.String(), Addrs: []netip.Addr{a}}, true
	}
	if n, err := netip.ParsePrefix(t.word); err == nil {
		return Subject{Kind: SubjectNetwork, Text: n.Masked().String(), Net: n.Masked()}, true
	}
	if addrs, ok := names.Hosts[t.word]; ok {
		return Subject{Kind: SubjectHost, Text: t.raw, Addrs: addrs}, true
	}
	before := ""
	if i > 0 {
		before = tokens[i-1].word
	}
	if s, ok := segmentOf(t, before, names); ok {
		return s, true
	}
	if name := strings.TrimPrefix(t.word, "*."); isName(name) {
		return Subject{Kind: SubjectName, Text: name}, true
	}
	machine := oneOf(before, []string{"host", "machine", "computer", "server", "laptop", "workstation", "client", "endpoint", "device"})
	upper := len(t.word) >= 4 && t.raw != t.word && (strings.ContainsAny(t.word, "0123456789") || t.raw == strings.ToUpper(t.raw))
	if namedMachine(t.word) && (machine || upper) {
		return Subject{Kind: SubjectHost, Text: t.raw}, true
	}
	return Subject{}, false
}

// segmentOf reads a segment's id: after a word that says where, or with a digit or hyphen in it.
func segmentOf(t *token, before string, names *Names) (Subject, bool) {
	if names.Scope == nil || names.Scope.Assumed {
		return Subject{}, false
	}
	for i := range names.Scope.Segments {
		id := string(names.Scope.Segments[i].ID)
		if strings.ToLower(id) != t.word {
			continue
		}
		if namedMachine(t.word) || oneOf(before, []string{"in", "on", "of", "from", "within", "segment", "inside", "at", "to"}) {
			return Subject{Kind: SubjectSegment, Text: id}, true
		}
	}
	return Subject{}, false
}

// roles tells who is asked about from who is the other end. A name is never who acts; what follows "to" or "with" is the other
// end; so is what follows the word for what is done when nobody in particular does it (who scanned 10.1.2.3), and what that is
// done to (was 10.1.2.3 scanned).
func roles(tokens []token, subjects []placed, matched []int) (subject, peer Subject, more bool) {
	for _, s := range subjects {
		before := ""
		if s.at > 0 {
			before = tokens[s.at-1].word
		}
		isPeer := s.Kind == SubjectName || oneOf(before, []string{"to", "with", "against", "toward", "towards"}) ||
			acted(tokens, s.at, before, matched) || endures(tokens, s.at, matched)
		into := &subject
		if isPeer {
			into = &peer
		}
		if into.Kind != SubjectAll {
			more = more || into.Text != s.Text
			continue
		}
		*into = s.Subject
	}
	return subject, peer, more
}

// acted: the place comes after what is done, without a word that makes it the doer or the place, and nobody in particular does it.
func acted(tokens []token, at int, before string, matched []int) bool {
	if len(matched) == 0 || at < matched[0] || oneOf(before, []string{"by", "from", "in", "on", "of", "at", "within", "inside", "for", "segment"}) {
		return false
	}
	for _, t := range tokens[:matched[0]] {
		if oneOf(t.word, []string{"who", "which", "what", "anybody", "anyone", "somebody", "someone", "anything", "something", "nobody", "machine", "machines", "host", "hosts"}) {
			return true
		}
	}
	return false
}

// endures: something was done to it, and no other doer stands before.
func endures(tokens []token, at int, matched []int) bool {
	if len(matched) == 0 || at > matched[0] {
		return false
	}
	for _, m := range matched {
		if !oneOf(tokens[m].word, passive()) {
			continue
		}
		for _, t := range tokens[:m] {
			if oneOf(t.word, []string{"is", "was", "been", "being", "get", "got", "gets", "were", "are"}) {
				return true
			}
		}
	}
	return false
}

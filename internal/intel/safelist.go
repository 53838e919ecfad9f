package intel

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// Safelist is what people have looked at and set aside, each entry with who, why and until when. It never changes. A nil
// Safelist sets nothing aside.
type Safelist struct {
	Name    string
	Entries []SafeEntry
}

// SafeEntry sets findings aside that fulfil everything it names. What it does not name is not asked for.
type SafeEntry struct {
	Line         int      // in the file
	Kinds        []string // kinds of findings; empty any
	Sources      []netip.Prefix
	Destinations []netip.Prefix // every destination of the finding must lie in one of them
	Domains      []string       // or the finding's domain (and every destination that is a name) in one of these, sub-domains too
	Ports        []int          // every port of the finding must be one of them
	JA4          string
	Who          string
	Why          string
	Until        record.Time // from here on it no longer applies
	UntilText    string      // as it was written
}

// Safelisted is the entry as a finding shows it.
func (e *SafeEntry) Safelisted() *verdict.Safelisted {
	return &verdict.Safelisted{Who: e.Who, Why: e.Why, Until: e.Until.Std().Format(time.RFC3339)}
}

// Expired reports whether the entry no longer applies.
func (e *SafeEntry) Expired(at record.Time) bool { return e.Until <= at }

// Match is the first entry that applies to a finding at a time, or nil. A finding with several destinations, domains or ports is
// set aside only when the entry covers all of them, so that one known destination hides no other. Its JA4 is read from
// Evidence["ja4"].
func (s *Safelist) Match(f *verdict.Finding, at record.Time) *SafeEntry {
	if s == nil {
		return nil
	}
	for i := range s.Entries {
		if e := &s.Entries[i]; !e.Expired(at) && e.covers(f) {
			return e
		}
	}
	return nil
}

// Expired lists the entries that no longer apply.
func (s *Safelist) Expired(at record.Time) []*SafeEntry {
	if s == nil {
		return nil
	}
	var out []*SafeEntry
	for i := range s.Entries {
		if s.Entries[i].Expired(at) {
			out = append(out, &s.Entries[i])
		}
	}
	return out
}

func (e *SafeEntry) covers(f *verdict.Finding) bool {
	if len(e.Kinds) > 0 && !slices.Contains(e.Kinds, f.Kind) {
		return false
	}
	if len(e.Sources) > 0 && !inside(e.Sources, f.Source) {
		return false
	}
	if len(e.Ports) > 0 && !e.coversPorts(f.Ports) {
		return false
	}
	if e.JA4 != "" {
		if ja4, _ := f.Evidence["ja4"].(string); !strings.EqualFold(ja4, e.JA4) {
			return false
		}
	}
	return len(e.Destinations)+len(e.Domains) == 0 || e.coversDestinations(f)
}

func (e *SafeEntry) coversPorts(ports []int) bool {
	for _, p := range ports {
		if !slices.Contains(e.Ports, p) {
			return false
		}
	}
	return len(ports) > 0
}

// coversDestinations: the finding's domain speaks for its addresses; without one, each destination is asked for.
func (e *SafeEntry) coversDestinations(f *verdict.Finding) bool {
	if f.Domain != "" && e.coversName(f.Domain) {
		for _, d := range f.Destinations {
			if _, isAddr := parseAddr(d); !isAddr && !e.coversName(d) {
				return false
			}
		}
		return true
	}
	for _, d := range f.Destinations {
		if !inside(e.Destinations, d) && !e.coversName(d) {
			return false
		}
	}
	return len(f.Destinations) > 0
}

func (e *SafeEntry) coversName(name string) bool {
	name = lowerASCII(strings.TrimSuffix(name, "."))
	if !ascii(name) {
		name = labelsToASCII(name)
	}
	for _, d := range e.Domains {
		if name == d || strings.HasSuffix(name, d) && name[len(name)-len(d)-1] == '.' {
			return true
		}
	}
	return false
}

func inside(nets []netip.Prefix, text string) bool {
	a, ok := parseAddr(text)
	if !ok {
		return false
	}
	a = a.Unmap()
	return slices.ContainsFunc(nets, func(n netip.Prefix) bool { return n.Contains(a) })
}

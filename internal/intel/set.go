package intel

import (
	"fmt"
	"net/netip"
	"slices"

	"candor/internal/record"
)

// Limits say how old is too old.
type Limits struct {
	// ListAge is how old the content of a list may be before it is expired and can carry no "no"; 0 means 30 days.
	ListAge record.Time
	// IndicatorAge is how old an indicator may be before a hit is marked expired; 0 means a year. A hit is never hidden for its
	// age.
	IndicatorAge record.Time
}

// Default limits.
const (
	DefaultListAge      = 30 * record.Day
	DefaultIndicatorAge = 365 * record.Day
)

// maxLists bounds a set, because a reference has 16 bits for the list.
const maxLists = 1 << 16

// Set is all lists together, ready for lookups. It never changes, so any number of goroutines may use it. A nil Set is one
// without lists.
type Set struct {
	limits   Limits
	lists    []*List
	index    index
	nets4    nets
	nets6    nets
	subDepth int // the most labels of a domain that counts with its sub-domains
	size     int
	urls     int
}

// NewSet joins lists, in their order. Quarantined lists and those that could not be read are kept for Status and match
// nothing. Lists may be shared by several sets.
func NewSet(limits Limits, lists ...*List) (*Set, error) {
	if len(lists) > maxLists {
		return nil, fmt.Errorf("intel: %d lists, at most %d: join them into fewer files", len(lists), maxLists)
	}
	if limits.ListAge <= 0 {
		limits.ListAge = DefaultListAge
	}
	if limits.IndicatorAge <= 0 {
		limits.IndicatorAge = DefaultIndicatorAge
	}
	s := &Set{limits: limits, lists: slices.Clone(lists)}
	hashed := 0
	for _, l := range lists {
		if l.used() {
			s.size += len(l.entries)
			s.urls += l.Counts[URL]
			hashed += len(l.entries) - l.Counts[Network]
		}
	}
	s.index = newIndex(hashed)
	for i, l := range lists {
		if l.used() {
			s.take(i, l)
		}
	}
	s.nets4.seal()
	s.nets6.seal()
	return s, nil
}

// used reports whether a list's entries are matched.
func (l *List) used() bool { return l.Err == nil && l.Quarantine == "" }

func (s *Set) take(number int, l *List) {
	for i := range l.entries {
		e := &l.entries[i]
		ref := uint64(number)<<32 | uint64(i+1)
		key := l.key(e)
		switch e.kind {
		case Network:
			n := len(key) - 1
			a, _ := netip.AddrFromSlice([]byte(key[:n]))
			to := &s.nets4
			if a.Is6() {
				to = &s.nets6
			}
			to.add(netip.PrefixFrom(a, int(key[n])), ref)
			continue
		case Domain:
			if e.flags&withSub != 0 {
				s.subDepth = max(s.subDepth, labels(key))
			}
		}
		s.index.put(s.index.hash(e.kind, key), ref)
	}
}

func labels(name string) int {
	n := 1
	for i := range len(name) {
		if name[i] == '.' {
			n++
		}
	}
	return n
}

// Size is the number of indicators that are matched.
func (s *Set) Size() int {
	if s == nil {
		return 0
	}
	return s.size
}

// Lists are the lists of the set, in order; do not change them.
func (s *Set) Lists() []*List {
	if s == nil {
		return nil
	}
	return s.lists
}

func (s *Set) entry(ref uint64) (*List, *entry) {
	l := s.lists[ref>>32]
	return l, &l.entries[uint32(ref)-1]
}

// State is how a list stands at a time.
type State string

// The states of a list. Only a fresh list can carry a "no".
const (
	Fresh       State = "fresh"
	Expired     State = "expired"     // its content is older than Limits.ListAge
	Undated     State = "undated"     // nobody says how old it is
	Quarantined State = "quarantined" // see List.Quarantine
	Empty       State = "empty"       // it names nothing that can be matched
	Unreadable  State = "unreadable"  // see List.Err
	NoList      State = "none"        // there is no list at all
)

// Status is one list for the defect intel.stale: yes unless the state is Fresh.
type Status struct {
	List       string // subject of the defect; empty for NoList
	State      State
	Indicators int
	Date       record.Time
	AgeDays    int    // of its content; -1 unknown
	Words      string // what is the case
	Do         string // what to do about it; empty when fresh
}

// Status says how every list stands at a time; without lists it is one NoList.
func (s *Set) Status(at record.Time) []Status {
	if s == nil || len(s.lists) == 0 {
		return []Status{{State: NoList, AgeDays: -1, Words: "no indicator list was given", Do: "hand in lists with --intel"}}
	}
	out := make([]Status, 0, len(s.lists))
	for _, l := range s.lists {
		out = append(out, l.status(at, s.limits.ListAge))
	}
	return out
}

// Usable reports whether at least one list is fresh, which is what "no" to known_bad needs.
func (s *Set) Usable(at record.Time) bool {
	return slices.ContainsFunc(s.Status(at), func(st Status) bool { return st.State == Fresh })
}

func (l *List) status(at, limit record.Time) Status {
	st := Status{List: l.Name, Indicators: len(l.entries), Date: l.Date, AgeDays: ageDays(l.Date, at), State: Fresh}
	switch {
	case l.Err != nil:
		st.State, st.Words, st.Do = Unreadable, plainWords(l.Err.Error(), 400), "mend or fetch the list again"
	case l.Quarantine != "":
		st.State, st.Words, st.Do = Quarantined, l.Quarantine, "take the list from a source that checks it, or remove the entries that are named"
	case len(l.entries) == 0:
		st.State, st.Words, st.Do = Empty, "it names nothing that records can be held against", "hand in a list with addresses, names, URLs, JA4 or SHA-256 of certificates"
	case l.Date == 0:
		st.State, st.Words, st.Do = Undated, "nobody says how old it is", "hand in a list with dates"
	case at-l.Date > limit:
		st.State, st.Do = Expired, "fetch the list again"
		st.Words = fmt.Sprintf("its newest content is %d days old, at most %d are fresh", st.AgeDays, limit/record.Day)
	default:
		st.Words = fmt.Sprintf("%d indicators, %d days old", len(l.entries), st.AgeDays)
	}
	return st
}

// ageDays is how many whole days lie between a date and a time: -1 when there is no date, 0 when the date is later.
func ageDays(date, at record.Time) int {
	if date == 0 {
		return -1
	}
	return int(max(at-date, 0) / record.Day)
}

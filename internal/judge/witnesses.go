package judge

import (
	"maps"
	"net/netip"
	"slices"

	"candor/internal/coverage"
	"candor/internal/record"
)

// Witness is what one witness showed, and how it compares with the one that speaks where both were there.
type Witness struct {
	Feed    string   `json:"feed"`
	Carries []string `json:"carries"` // what its reports carry at all
	Conns   uint64   `json:"conns"`
	Packets uint64   `json:"packets"`
	Lines   uint64   `json:"lines"` // of a promised log
	// Beside is null for a witness that never stood beside another.
	Beside *Beside `json:"beside"`
}

// Beside compares a witness with the one whose word is taken, over the quarter hours in which both were there.
type Beside struct {
	Of        string  `json:"of"`    // the other witness
	Hours     float64 `json:"hours"` // of quarter hours with both
	Conns     uint64  `json:"conns"` // connections of this one in them
	OfConns   uint64  `json:"of_conns"`
	OnlyHere  int     `json:"only_here"`  // addresses of named segments that only this one saw in them
	OnlyThere int     `json:"only_there"` // that only the other one saw
}

// witnesses lists every witness, by name, when there is more than one.
func (j *Judge) witnesses() []Witness {
	out := map[record.Feed]*comparison{}
	for _, q := range slices.Sorted(maps.Keys(j.quarters)) {
		feeds := j.quarters[q].feeds
		chosen := chosenOf(feeds)
		for f, e := range feeds {
			c := out[f]
			if c == nil {
				c = &comparison{hosts: map[netip.Addr]bool{}, theirs: map[netip.Addr]bool{}, Witness: Witness{Feed: string(f)}}
				out[f] = c
			}
			c.add(e)
			if chosen != nil && feeds[*chosen] != e {
				c.beside(e, feeds[*chosen], *chosen)
			}
		}
	}
	list := []Witness{}
	if len(out) < 2 {
		return list
	}
	for _, f := range slices.Sorted(maps.Keys(out)) {
		list = append(list, out[f].result())
	}
	return list
}

// chosenOf is the feed whose word is taken; nil when none speaks of traffic.
func chosenOf(feeds map[record.Feed]*coverage.Evidence) *record.Feed {
	var chosen *record.Feed
	rank := 0
	for _, f := range slices.Sorted(maps.Keys(feeds)) {
		if r := rankOf(feeds[f].Whole.Carries); r > rank {
			name := f
			chosen, rank = &name, r
		}
	}
	return chosen
}

type comparison struct {
	Witness
	hosts, theirs map[netip.Addr]bool
}

func (c *comparison) add(e *coverage.Evidence) {
	w := &e.Whole
	c.Carries = w.Carries.Names()
	c.Conns += w.Counts[record.Conns]
	c.Packets += w.Counts[record.Packets]
	c.Lines += w.Counts[record.LogLines]
}

func (c *comparison) beside(mine, other *coverage.Evidence, of record.Feed) {
	if !mine.Whole.Carries.Has(record.CarriesConns) {
		return
	}
	if c.Beside == nil {
		c.Beside = &Beside{Of: string(of)}
	}
	c.Beside.Hours += record.Quarter.Seconds() / 3600
	c.Beside.Conns += mine.Whole.Counts[record.Conns]
	c.Beside.OfConns += other.Whole.Counts[record.Conns]
	addresses(mine, c.hosts)
	addresses(other, c.theirs)
}

func addresses(e *coverage.Evidence, into map[netip.Addr]bool) {
	for _, s := range e.Segments {
		for i := range s.Hosts {
			if len(into) < record.MaxSet && s.Hosts[i].Flags&(record.SeenDirect|record.SeenSpoke|record.SeenInPassing) != 0 {
				into[s.Hosts[i].Addr] = true
			}
		}
	}
}

func (c *comparison) result() Witness {
	if c.Carries == nil {
		c.Carries = []string{}
	}
	if c.Beside != nil {
		for a := range c.hosts {
			if !c.theirs[a] {
				c.Beside.OnlyHere++
			}
		}
		for a := range c.theirs {
			if !c.hosts[a] {
				c.Beside.OnlyThere++
			}
		}
	}
	return c.Witness
}

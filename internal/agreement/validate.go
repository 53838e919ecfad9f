package agreement

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"candor/internal/record"
)

// checker looks for what is wrong between the values of an agreement; each value alone was checked when it was read.
type checker struct {
	*Agreement
	r *reader
}

// check adds everything that is wrong to the reader's problems.
func check(a *Agreement, r *reader) {
	c := &checker{a, r}
	c.term()
	c.calendar()
	c.segments()
	c.networks()
	c.publicAddresses()
	c.critical()
	c.directions()
	c.data()
	c.sensors()
	c.service()
}

// bad reports a problem at a path, or at the nearest part around it that was written.
func (c *checker) bad(path, wrong, allowed, do string) {
	at, ok := c.r.at[path]
	for around := path; !ok && around != ""; at, ok = c.r.at[around] {
		around = around[:max(strings.LastIndexAny(around, ".["), 0)]
	}
	c.r.add(at, path, fault{wrong, allowed, do})
}

func (c *checker) written(path string) bool {
	_, ok := c.r.at[path]
	return ok
}

// unique reports ids that are given twice.
func unique[T ~string](c *checker, path, key string, ids []T) {
	seen := map[T]bool{}
	for i, id := range ids {
		if seen[id] {
			where := fmt.Sprintf("%s[%d]", path, i)
			c.bad(join(where, key), quoted(string(id))+" stands here twice", "each only once", "rename or remove one")
		}
		seen[id] = true
	}
}

// uniqueWords is unique for lists of words.
func uniqueWords[T ~string](c *checker, path string, words []T) {
	seen := map[T]bool{}
	for i, w := range words {
		if seen[w] {
			c.bad(fmt.Sprintf("%s[%d]", path, i), quoted(string(w))+" stands here twice", "each only once", "remove one")
		}
		seen[w] = true
	}
}

func idsOf[T any, I ~string](items []T, id func(*T) I) []I {
	ids := make([]I, len(items))
	for i := range items {
		ids[i] = id(&items[i])
	}
	return ids
}

func (c *checker) term() {
	if c.zone == nil || c.Term.TimeZone == "Local" {
		c.bad("term.time_zone", quoted(c.Term.TimeZone)+" is no time zone", "a name of the IANA database", "write it like America/Chicago or Europe/Berlin")
		c.zone = time.UTC
	}
	if !c.Term.Start.Zero() && !c.Term.End.Zero() && !c.Term.Start.Before(c.Term.End) {
		c.bad("term.end", "the term ends before it begins", "a day after "+c.Term.Start.String(), "mend start or end")
	}
	if len(c.Contacts) == 0 {
		return
	}
	roles := idsOf(c.Contacts, func(k *Contact) string { return k.Role })
	for i, role := range c.Term.ReviewNotice.MustBeAcknowledged {
		if !contains(roles, role) {
			c.bad(fmt.Sprintf("term.review_notice.must_be_acknowledged_by[%d]", i), "no contact has the role "+quoted(role), oneOf(roles), "add the contact, or name another role")
		}
	}
}

func contains[T comparable](list []T, x T) bool {
	for _, v := range list {
		if v == x {
			return true
		}
	}
	return false
}

func (c *checker) calendar() {
	if len(c.Calendar.Workdays) == 0 {
		c.bad("calendar.workdays", "there is no workday", oneOf(Weekday("").Allowed()), "name at least one day")
	}
	uniqueWords(c, "calendar.workdays", c.Calendar.Workdays)
	seen := map[Date]bool{}
	for i, d := range c.Calendar.Holidays {
		if seen[d] {
			c.bad(fmt.Sprintf("calendar.holidays[%d]", i), d.String()+" stands here twice", "each only once", "remove one")
		}
		seen[d] = true
	}
}

func (c *checker) segments() {
	segments := c.Watched.Segments
	unique(c, "scope.segments", "id", idsOf(segments, func(s *Segment) record.SegmentID { return s.ID }))
	if len(c.promisedSegments("")) == 0 {
		c.bad("scope.segments", "nothing is watched", "at least one segment that is not excluded", "name the networks that are to be watched")
	}
	for i := range segments {
		c.oneSegment(&segments[i], fmt.Sprintf("scope.segments[%d]", i))
	}
}

func (c *checker) oneSegment(s *Segment, path string) {
	if len(s.Networks) == 0 && c.written(path+".networks") {
		c.bad(path+".networks", "the list is empty", "at least one network", "name the segment's networks")
	}
	e := &s.Expected
	counted := e.MinSeen24h != nil || e.MinSeen7d != nil || e.ActiveWorkday != nil
	switch {
	case s.Excluded && (counted || e.Hosts > 0):
		c.bad(path+".expected", "an excluded segment promises hosts", "excluded, or expected", "remove one of the two")
	case s.Excluded && s.Reason == "":
		c.bad(path+".excluded", "nobody says why this is excluded", "a reason beside it", "write reason: ...")
	case counted && e.Hosts == 0:
		c.bad(path+".expected", "a share of how many hosts?", "hosts beside min_seen_24h, min_seen_7d and active_workday", "write hosts: the number of machines")
	}
	if room := hostRoom(s.Networks); float64(e.Hosts) > room {
		c.bad(path+".expected.hosts", fmt.Sprintf("%d hosts do not fit into these networks", e.Hosts),
			fmt.Sprintf("at most %s, the addresses for hosts in them", number(room)), "mend the number, or add the missing network")
	}
}

// hostRoom counts the addresses that hosts can have.
func hostRoom(networks []netip.Prefix) float64 {
	room := 0.0
	for _, n := range networks {
		spare := n.Addr().BitLen() - n.Bits()
		size := math.Exp2(float64(spare))
		if n.Addr().Is4() && spare >= 2 {
			size -= 2 // the network's own address and its broadcast
		}
		room += size
	}
	return room
}

// networks refuses one network in two places. Nested networks are fine: the longer prefix wins.
func (c *checker) networks() {
	owner := map[netip.Prefix]string{}
	for i := range c.Watched.Segments {
		s := &c.Watched.Segments[i]
		for j, n := range s.Networks {
			if other, ok := owner[n]; ok {
				c.bad(fmt.Sprintf("scope.segments[%d].networks[%d]", i, j), n.String()+" is already in segment "+other, "each network once", "remove it from one of them")
				continue
			}
			owner[n] = string(s.ID)
		}
	}
}

func (c *checker) publicAddresses() {
	scope := c.scope()
	for i, n := range c.Watched.OwnPublic {
		for k := range c.Watched.Segments {
			s := &c.Watched.Segments[k]
			if overlapsAny(n, s.Networks) {
				c.bad(fmt.Sprintf("scope.own_public[%d]", i), fmt.Sprintf("%s is also inside, in segment %s", n, s.ID),
					"addresses that exist only after translation; none when inside addresses are public", "remove it here, or take it out of the segment")
				break
			}
		}
	}
	for i, h := range c.Watched.PublicHosts {
		if at := scope.Locate(h); scope.Segment(at) != nil {
			c.bad(fmt.Sprintf("scope.public_hosts[%d]", i), fmt.Sprintf("%s is also inside, in segment %s", h, at), "addresses that exist only by translation", "remove it here, or take it out of the segment")
		}
	}
}

func overlapsAny(n netip.Prefix, networks []netip.Prefix) bool {
	for _, o := range networks {
		if n.Overlaps(o) {
			return true
		}
	}
	return false
}

func (c *checker) critical() {
	list := c.Watched.Critical
	unique(c, "scope.critical", "id", idsOf(list, func(k *Critical) string { return k.ID }))
	scope := c.scope()
	for i := range list {
		path := fmt.Sprintf("scope.critical[%d]", i)
		s := scope.Segment(scope.Locate(list[i].Address))
		switch {
		case s == nil:
			c.bad(path+".address", list[i].Address.String()+" lies in no segment", "an address of a segment that is not excluded", "add its network to a segment")
		case s.Excluded:
			c.bad(path+".address", fmt.Sprintf("%s lies in %s, which is excluded", list[i].Address, s.ID), "an address of a segment that is not excluded", "remove it, or watch the segment")
		}
		if list[i].MaxUnseen.Zero() {
			c.bad(path+".max_unseen", "a host cannot be in sight without a break", "more than 0", "write 15m or 1h")
		}
	}
}

func (c *checker) directions() {
	uniqueWords(c, "scope.directions", c.Watched.Directions)
	for i, pair := range c.Watched.Directions {
		for _, kind := range pair.Kinds() {
			if len(c.promisedSegments(kind)) == 0 {
				c.bad(fmt.Sprintf("scope.directions[%d]", i), fmt.Sprintf("no watched segment is of kind %s", kind), "", "remove it, or mend the kind of a segment")
				break
			}
		}
	}
	if v := c.Watched.Volume; v != nil && v.FloorGB == 0 && v.CompareWith == nil {
		c.bad("scope.volume", "no volume is promised", "floor_gb_per_workday, compare_with", "write floor_gb_per_workday: 180, or remove volume")
	}
}

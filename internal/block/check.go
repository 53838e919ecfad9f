package block

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"candor/internal/record"
)

// Bounds of a manifest beside its bytes.
const (
	// MaxRows bounds the records of one kind in a block: a block's rows are read into memory.
	MaxRows = 1 << 22
	// MaxReceived bounds the records of all kinds in a block that comes from elsewhere.
	MaxReceived = 1 << 20

	maxName = 256 // bytes of a tenant's, sensor's, feed's or agreement's name
)

// check refuses a manifest that contradicts itself. What it lets pass is safe to read by: marks lie within the rows, files are
// of known kinds, once each.
func (m *Manifest) check() error {
	if m.Schema != Schema {
		return fmt.Errorf("schema %.60q, this program reads %s", m.Schema, Schema)
	}
	if err := m.checkNames(); err != nil {
		return err
	}
	if err := m.checkFiles(); err != nil {
		return err
	}
	for i := range m.Blind {
		if k := m.Blind[i].Kept; math.IsNaN(k) || math.IsInf(k, 0) {
			return fmt.Errorf("loss %d: a kept share that is no number", i)
		}
	}
	if len(m.Sources) > 0 {
		return m.checkSources()
	}
	return checkMarks(m.Marks, record.Mark{}, m.Rows)
}

func (m *Manifest) checkNames() error {
	for _, name := range []string{string(m.Tenant), string(m.Sensor), string(m.Feed), m.Scope.Agreement} {
		if len(name) > maxName || !utf8.ValidString(name) {
			return fmt.Errorf("name %.60q: at most %d bytes of UTF-8", name, maxName)
		}
	}
	if m.Previous != "" && !isHash(m.Previous) {
		return fmt.Errorf("previous %.80q is no hash", m.Previous)
	}
	return nil
}

func (m *Manifest) checkFiles() error {
	if len(m.Files) != len(m.Rows) {
		return fmt.Errorf("%d files for rows of %d kinds", len(m.Files), len(m.Rows))
	}
	seen := map[record.Kind]bool{}
	total := int64(0)
	for _, f := range m.Files {
		if _, err := partOf(f.Kind); err != nil {
			return err
		}
		rows := m.Rows[string(f.Kind)]
		switch {
		case seen[f.Kind]:
			return fmt.Errorf("two files of kind %s", f.Kind)
		case rows < 1 || rows > MaxRows:
			return fmt.Errorf("kind %s: %d rows, from 1 to %d", f.Kind, rows, MaxRows)
		case f.Bytes < 1 || f.Bytes > math.MaxInt64-total:
			return fmt.Errorf("kind %s: %d bytes", f.Kind, f.Bytes)
		case !isHash(f.SHA256):
			return fmt.Errorf("kind %s: %.80q is no hash", f.Kind, f.SHA256)
		}
		seen[f.Kind] = true
		total += f.Bytes
	}
	return nil
}

// checkMarks sees that marks only grow, from where they begin, and end within the rows.
func checkMarks(marks []record.Mark, from record.Mark, rows map[string]int) error {
	last := from
	for i, k := range marks {
		if k.Conns < last.Conns || k.DNS < last.DNS || k.TLS < last.TLS || k.HTTP < last.HTTP || k.DHCP < last.DHCP {
			return fmt.Errorf("mark %d goes back", i)
		}
		last = k
	}
	of := func(k record.Kind) int { return rows[string(k)] }
	if last.Conns-from.Conns > of(record.KindConn) || last.DNS-from.DNS > of(record.KindDNS) || last.TLS-from.TLS > of(record.KindTLS) ||
		last.HTTP-from.HTTP > of(record.KindHTTP) || last.DHCP-from.DHCP > of(record.KindDHCP) {
		return errors.New("marks beyond the rows")
	}
	return nil
}

// checkSources sees that the sources share out the rows, marks and losses among them, and leave none.
func (m *Manifest) checkSources() error {
	rows := map[string]int{}
	var from record.Mark
	marks, blind := m.Marks, len(m.Blind)
	for i := range m.Sources {
		s := &m.Sources[i]
		if s.Marks < 0 || s.Marks > len(marks) || s.Blind < 0 || s.Blind > blind {
			return fmt.Errorf("source %d: more marks or losses than there are", i)
		}
		if !isHash(s.Manifest) || s.Previous != "" && !isHash(s.Previous) || len(s.Scope.Agreement) > maxName {
			return fmt.Errorf("source %d: not a block's name", i)
		}
		for kind, n := range s.Rows {
			if n < 1 || n > m.Rows[kind]-rows[kind] {
				return fmt.Errorf("source %d: %d rows of kind %.20q", i, n, kind)
			}
			rows[kind] += n
		}
		if err := checkMarks(marks[:s.Marks], from, s.Rows); err != nil {
			return fmt.Errorf("source %d: %w", i, err)
		}
		marks, blind = marks[s.Marks:], blind-s.Blind
		from = after(from, s.Rows)
	}
	for kind, n := range m.Rows {
		if rows[kind] != n {
			return fmt.Errorf("sources of %d rows of kind %s, not %d", rows[kind], kind, n)
		}
	}
	if len(marks) > 0 || blind > 0 {
		return errors.New("marks or losses of no source")
	}
	return nil
}

// after is where the next batch's rows begin.
func after(m record.Mark, rows map[string]int) record.Mark {
	return shift(m, record.Mark{
		Conns: rows[string(record.KindConn)], DNS: rows[string(record.KindDNS)], TLS: rows[string(record.KindTLS)],
		HTTP: rows[string(record.KindHTTP)], DHCP: rows[string(record.KindDHCP)],
	})
}

// checkSight refuses sets that are out of order: merging them would go astray.
func checkSight(s *record.Sight) error {
	for name, ok := range map[string]bool{
		"hosts":   rising(s.Hosts, func(a, b record.HostSeen) int { return a.Addr.Compare(b.Addr) }),
		"cards":   rising(s.Cards, func(a, b record.CardSeen) int { return bytes.Compare(a.MAC[:], b.MAC[:]) }),
		"clients": rising(s.Clients, func(a, b record.ClientSeen) int { return a.Addr.Compare(b.Addr) }),
		"groups":  rising(s.Groups, func(a, b record.GroupSeen) int { return cmp.Compare(a.Group, b.Group) }),
		"pairs": rising(s.Pairs, func(a, b record.PairSeen) int {
			return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
		}),
		"vlans": rising(s.VLANs, cmp.Compare[uint16]),
		"acked": slices.IsSortedFunc(s.Acked, record.AckedSeen.Compare),
	} {
		if !ok {
			return fmt.Errorf("sight of segment %.40q: its %s are not in their order", s.Segment, name)
		}
	}
	return nil
}

func rising[E any](list []E, compare func(a, b E) int) bool {
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}

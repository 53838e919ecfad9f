package detect

import (
	"math"
	"math/bits"
	"net/netip"
	"slices"

	"candor/internal/record"
)

// sizes tells whether a key always sends the same and how much it is answered, in a few bytes.
type sizes struct {
	n      [3]uint16 // how often the commonest half-octave bins of sent bytes came
	other  uint16
	bins   [3]uint8
	answer uint8 // running median of answered bytes, as a half-octave bin
}

// halfOctave is the bin of a number of bytes: two for each doubling.
func halfOctave(v uint64) uint8 {
	if v == 0 {
		return 0
	}
	l := bits.Len64(v)
	b := uint8(2 * l)
	if l > 1 && v&(1<<(l-2)) != 0 {
		b++
	}
	return b
}

// binBytes is about the middle of a bin.
func binBytes(bin uint8) float64 {
	if bin == 0 {
		return 0
	}
	return math.Pow(2, float64(bin)/2-0.75)
}

func (s *sizes) add(sent, answered uint64) {
	s.answers(answered)
	bin, least := halfOctave(sent), 0
	for i := range s.bins {
		if s.n[i] > 0 && s.bins[i] == bin {
			s.more(&s.n[i])
			return
		}
		if s.n[i] < s.n[least] {
			least = i
		}
	}
	if s.n[least] == 0 {
		s.bins[least], s.n[least] = bin, 1
		return
	}
	s.more(&s.other)
	if s.n[least]--; s.n[least] == 0 { // the least common gives way one by one
		s.bins[least], s.n[least] = bin, 1
	} else {
		s.more(&s.other)
	}
}

// more counts one more; when that does not fit, all counts are halved.
func (s *sizes) more(n *uint16) {
	if *n == math.MaxUint16 {
		for i := range s.n {
			s.n[i] /= 2
		}
		s.other /= 2
	}
	*n++
}

// answers moves the running median by one bin at most.
func (s *sizes) answers(v uint64) {
	switch bin := halfOctave(v); {
	case s.answer == 0:
		s.answer = bin
	case bin > s.answer:
		s.answer++
	case bin < s.answer:
		s.answer--
	}
}

// top is the commonest bin and its share of all.
func (s *sizes) top() (bytes, share float64) {
	total, best := uint32(s.other), 0
	for i, n := range s.n {
		total += uint32(n)
		if n > s.n[best] {
			best = i
		}
	}
	if total == 0 {
		return 0, 0
	}
	return binBytes(s.bins[best]), float64(s.n[best]) / float64(total)
}

// Bounds of what is kept of a key for whoever checks it by hand.
const (
	provenAfter = 5 // calls, before which nothing is kept
	maxUIDs     = 3
	maxDests    = 16
	maxNames    = 4
	maxDetails  = 1 << 17 // keys of which it is kept
)

// take counts a connection.
func (st *beaconState) take(e *Event) {
	st.calls++
	st.sizes.add(e.OrigBytes, e.RespBytes)
	if n := &st.resolved[min(e.Resolution, Resolved)]; *n < math.MaxUint16 {
		*n++
	}
	if e.Domain != "" { // an address as Host is no name
		st.named++
	}
	if e.TLS {
		st.flags |= keyTLS
	}
	if e.SelfSigned {
		st.flags |= keySelfSigned
	}
	if e.CertFrom != 0 && e.TS-e.CertFrom < 30*record.Day && e.TS > e.CertFrom {
		st.flags |= keyYoungCert
	}
	if e.Inbound {
		st.flags |= keyInbound
	}
	st.dest.at, st.dest.port = packAddr(e.Resp), e.RespPort
}

// keep keeps what people want to know of a wake-up.
func (st *beaconState) keep(e *Event, n *Net, uid string) {
	if st.detail == nil {
		st.detail = &beaconDetail{}
	}
	d := st.detail
	if e.Domain != "" {
		if d.domain != "" && d.domain != e.Domain {
			st.flags |= keyManyDomains
		}
		d.domain = e.Domain
		if len(d.names) < maxNames && !slices.Contains(d.names, e.Name) && n.longName(e.Name) {
			d.names = append(d.names, n.Intern(e.Name))
		}
	}
	if e.JA4 != "" {
		d.ja4 = e.JA4
	}
	if e.Agent != "" {
		d.agent = e.Agent
	}
	if e.Service != "" && d.service != e.Service {
		d.service = n.Intern(e.Service)
	}
	copy(d.uids[1:], d.uids[:])
	d.uids[0] = uid
	switch {
	case st.key.kind == keyAddr: // it has one
	case slices.Contains(d.dests, e.Resp):
	case len(d.dests) < maxDests:
		d.dests = append(d.dests, e.Resp)
	default:
		d.more++
	}
}

// dests lists destinations of a key, not more than are kept.
func (st *beaconState) dests() []netip.Addr {
	if st.key.kind == keyAddr {
		return []netip.Addr{st.dest.addr()}
	}
	return st.detail.dests
}

// linearCount estimates how many different things set n of 256 bits.
func linearCount(n int) int {
	if n < 64 { // the beginning of the series
		return n + (n*n+256)/512
	}
	return int(math.Round(-256 * math.Log(1-float64(min(n, 255))/256)))
}

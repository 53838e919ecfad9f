package detect

import (
	"math"
	"math/bits"
	"slices"
	"strings"

	"candor/internal/record"
)

// sizes tells whether a key always sends the same and how much it is answered, in a few bytes.
type sizes struct {
	bins   [3]sizeBin // the commonest half-octave bins of sent bytes
	other  uint32
	answer uint8 // running median of answered bytes, as a half-octave bin
}

type sizeBin struct {
	bin uint8
	n   uint32
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
	bin, least := halfOctave(sent), 0
	for i := range s.bins {
		if s.bins[i].n > 0 && s.bins[i].bin == bin {
			s.bins[i].n++
			s.answers(answered)
			return
		}
		if s.bins[i].n < s.bins[least].n {
			least = i
		}
	}
	if s.bins[least].n == 0 {
		s.bins[least] = sizeBin{bin, 1}
	} else { // the least common gives way one by one
		s.bins[least].n--
		s.other++
		if s.bins[least].n == 0 {
			s.bins[least] = sizeBin{bin, 1}
			s.other--
		}
		s.other++
	}
	s.answers(answered)
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
	total, best := s.other, 0
	for i := range s.bins {
		total += s.bins[i].n
		if s.bins[i].n > s.bins[best].n {
			best = i
		}
	}
	if total == 0 {
		return 0, 0
	}
	return binBytes(s.bins[best].bin), float64(s.bins[best].n) / float64(total)
}

// Bounds of what is kept of a key for whoever checks it by hand.
const (
	provenAfter = 4 // calls, before which nothing is kept
	maxUIDs     = 5
	maxDests    = 16
	maxNames    = 4
)

// take counts a connection.
func (st *beaconState) take(e *Event, n *Net) {
	st.calls++
	st.sizes.add(e.OrigBytes, e.RespBytes)
	st.resolved[min(e.Resolution, Resolved)]++
	if e.Name != "" {
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
	st.dest.addr, st.dest.port = e.Resp, e.RespPort
	if st.calls >= provenAfter {
		st.keep(e, n)
	}
}

// keep keeps what people want to know.
func (st *beaconState) keep(e *Event, n *Net) {
	if st.detail == nil {
		st.detail = &beaconDetail{}
	}
	d := st.detail
	if e.Name != "" {
		d.domain = e.Domain
		if len(d.names) < maxNames && !slices.Contains(d.names, e.Name) {
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
	if len(d.uids) >= maxUIDs {
		d.uids = slices.Delete(d.uids, 0, 1)
	}
	d.uids = append(d.uids, strings.Clone(e.UID))
	switch {
	case slices.Contains(d.dests, e.Resp):
	case len(d.dests) < maxDests:
		d.dests = append(d.dests, e.Resp)
	default:
		d.more++
	}
}

// linearCount estimates how many different things set n of 256 bits.
func linearCount(n int) int {
	if n >= 256 {
		n = 255
	}
	return int(math.Round(-256 * math.Log(1-float64(n)/256)))
}

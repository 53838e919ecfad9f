package timing

import (
	"math/bits"
)

// Key scores a key as of a time (ns since the Unix epoch): S = max over the three gaps of S_g - ln 3, where S_g is the
// most that the wake-ups kept, parts of them, and the histogram give (recent.go). Beyond a score of 12 it stops looking,
// and what cannot become a finding is not searched to the end: an S below 5 may come out lower, down to -Inf.
func (s *Scorer) Key(k *Key, now int64, set Setting) Result {
	k.Looked()
	set.Resolution = max(set.Resolution, tickSecs)
	set.least = finding + lnGaps - lnWhole
	best := nothing()
	gaps := Gaps()
	var growth Growth
	for g := len(gaps) - 1; g >= 0; g-- {
		if g < len(gaps)-1 && k.same(g) {
			continue
		}
		r := s.keyGap(k, g, gaps[g], float64(now)/1e9, set)
		if r.Growth.S > growth.S {
			growth = r.Growth
		}
		if r.S -= lnGaps; r.S > best.S {
			if r.Beats != nil {
				s.won = append(s.won[:0], r.Beats...)
				r.Beats = s.won
			}
			best = r
		}
		if best.S >= plenty {
			break
		}
	}
	best.Growth = growth
	return best
}

// Print is a hash of all that a score depends on but the setting and the time: keys with the same print have the same score.
func (k *Key) Print(a, b uint64) uint64 {
	h := a
	mix := func(w uint64) {
		high, low := bits.Mul64(h^w, b)
		h = high ^ low ^ w
	}
	mix(uint64(k.last))
	mix(uint64(k.kept[0]) | uint64(k.kept[1])<<8 | uint64(k.kept[2])<<16 | uint64(k.wake)<<24)
	for _, w := range k.words {
		mix(uint64(w))
	}
	return h
}

// Looked says that a key has the score it would get now: it is Due when it has grown again.
func (k *Key) Looked() { k.scored = k.added }

func (s *Scorer) keyGap(k *Key, g int, gap, now float64, set Setting) Result {
	s.all = s.all[:0]
	old := now - longest
	for i := k.oldest(g); i < int(k.wake); i++ {
		if t := float64(k.at(i)) * tickSecs; k.level(i) >= g && t >= old {
			s.all = append(s.all, t)
		}
	}
	best := s.recent(s.all, now, gap, set)
	if best.S >= plenty || !k.counts(g, &s.counts) {
		return best
	}
	for i := 1; i < len(s.all); i++ {
		s.counts[binOf(s.all[i]-s.all[i-1])]++
	}
	r := s.histogram(&s.counts, gap, set)
	if r.S += lnBins; r.S > best.S {
		r.Growth = best.Growth
		return r
	}
	return best
}

// counts fills in the histogram of a gap; false when it is empty.
func (k *Key) counts(gap int, into *[binCount]float64) bool {
	clear(into[:])
	any := false
	for _, w := range k.words[k.wake:] {
		if id := int(w >> countBits); id/binCount == gap {
			into[id%binCount] = float64(w & countMask)
			any = true
		}
	}
	return any
}

// same reports whether the wake-ups at a gap are those at the next longer one.
func (k *Key) same(gap int) bool {
	if k.kept[gap] != k.kept[gap+1] {
		return false
	}
	for i := k.oldest(gap); i < int(k.wake); i++ {
		if k.level(i) == gap {
			return false
		}
	}
	var total [2]uint32
	for _, w := range k.words[k.wake:] {
		if g := int(w>>countBits) / binCount; g == gap || g == gap+1 {
			total[g-gap] += w & countMask
		}
	}
	return total[0] == total[1]
}

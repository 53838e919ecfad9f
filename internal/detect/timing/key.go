package timing

import "slices"

// A Key is the state of one key: 48 bytes, 4 for each wake-up kept, and 4 for each occupied bin once there are more than
// 32. Most keys of a network have a handful. The zero Key is ready.
//
// It keeps the last 32 wake-ups at each of the three gaps in one list: a wake-up at a longer gap is one at the shorter
// ones, too. An interval that leaves the last 32 goes to the histogram of its gap, so that both together are all there
// was. What is forgotten: wake-ups older than 14 days, and half of every histogram each 14 days after its first interval,
// so that a beacon that stopped fades, and what a key did before it was infected does not weigh for ever. Halving keeps
// the shape, needs no second generation of bins, and leaves the first 14 days of a key whole; a beacon that starts later
// on an old key is halved at most once in its first 14 days. The young need no window of their own: the list is theirs.
//
// Starts may come late (a connection is reported when it ends) as long as they fall among the last 32 wake-ups. A late
// start is put in its place as if every wake-up between were one connection; only when a long run of connections
// less than a gap apart lies before it may it count as a wake-up at too long a gap.
type Key struct {
	words  []uint32 // wake-ups, oldest first: time and level; then bins, ascending: gap, bin, count
	last   int64    // newest start, ticks
	added  uint32   // wake-ups ever at the shortest gap
	scored uint32   // added at the last score
	halved int32    // hour at which the histograms began or were last halved
	wake   uint8    // how many words are wake-ups
	kept   [3]uint8 // how many of them belong to the last 32 at each gap
}

// A tick is 2 ms: 30 bits of them span 24 days.
const (
	tick      = 2_000_000 // ns
	tickSecs  = 0.002
	timeBits  = 30
	timeMask  = 1<<timeBits - 1
	fortnight = 14 * 86400 * 500
	hourTicks = 3600 * 500
)

// ringSize is how many wake-ups are kept per gap.
const ringSize = 32

// Added says what became of a start.
type Added uint8

// What can become of a start.
const (
	Joined Added = iota // part of a wake-up that is there
	Woke                // a new wake-up
	Late                // dropped: older than what is kept
)

// level is the longest gap (0, 1, 2) that a wait reaches, -1 for none.
func level(wait int64) int {
	switch {
	case wait >= 120*500:
		return 2
	case wait >= 15*500:
		return 1
	case wait >= 500:
		return 0
	}
	return -1
}

// Add takes the start of a connection in ns since the Unix epoch.
func (k *Key) Add(ns int64) Added {
	t := ns / tick
	if k.added == 0 {
		k.last = t
		k.insert(0, t, 2)
		return Woke
	}
	if t < k.last {
		return k.addLate(t)
	}
	wait := t - k.last
	k.expire(wait)
	k.last = t
	l := level(wait)
	if k.wake == 0 {
		l = 2
	}
	if l < 0 {
		return Joined
	}
	k.insert(int(k.wake), t, l)
	return Woke
}

// addLate puts a start before the newest one in its place.
func (k *Key) addLate(t int64) Added {
	p := int(k.wake)
	for p > 0 && k.at(p-1) > t {
		p--
	}
	if p == int(k.wake) && p > 0 {
		return Joined // in the running wake-up, in which all connections are close
	}
	if p < int(k.wake)-ringSize || k.last-t > fortnight || p == 0 && int(k.added) != int(k.wake) {
		return Late
	}
	next, own := k.at(p), 2
	if p > 0 {
		own = level(t - k.at(p-1))
	}
	k.lower(p, level(next-t))
	if own < 0 {
		return Joined
	}
	k.insert(p, t, own)
	return Woke
}

// at is the time of a wake-up in ticks.
func (k *Key) at(i int) int64 {
	return k.last - (k.last-int64(k.words[i]>>2))&timeMask
}

func (k *Key) level(i int) int { return int(k.words[i] & 3) }

// lower takes a wake-up out of the gaps above a level; below 0 it is none any more.
func (k *Key) lower(i, to int) {
	from := k.level(i)
	for l := from; l > to; l-- {
		if k.kept[l] > 0 {
			k.kept[l]--
		}
	}
	switch {
	case to < 0:
		k.words = slices.Delete(k.words, i, i+1)
		k.wake--
		k.added--
	case to < from:
		k.words[i] = k.words[i]&^3 | uint32(to)
	}
}

// insert adds a wake-up and moves what no longer fits into the histograms.
func (k *Key) insert(i int, t int64, l int) {
	k.room()
	k.words = slices.Insert(k.words, i, uint32(t&timeMask)<<2|uint32(l))
	k.wake++
	k.added++
	for g := range l + 1 {
		if k.kept[g]++; k.kept[g] > ringSize {
			k.retire(g)
		}
	}
}

// room grows the words in small steps: a key's memory should follow what it holds.
func (k *Key) room() {
	if n := len(k.words); n == cap(k.words) {
		k.words = append(make([]uint32, 0, n+max(4, n/8)), k.words...)
	}
}

// retire moves the oldest interval at a gap to its histogram.
func (k *Key) retire(gap int) {
	first := k.oldest(gap)
	k.kept[gap]--
	second := k.oldest(gap)
	from := k.at(first)
	k.count(gap, float64(k.at(second)-from)*tickSecs)
	if k.level(first) == gap {
		k.words = slices.Delete(k.words, first, first+1)
		k.wake--
	}
}

// oldest is the place of the oldest wake-up kept at a gap.
func (k *Key) oldest(gap int) int {
	left := int(k.kept[gap])
	for i := int(k.wake) - 1; i >= 0; i-- {
		if k.level(i) >= gap {
			if left--; left <= 0 {
				return i
			}
		}
	}
	return 0
}

// expire forgets what will be too old after a wait.
func (k *Key) expire(wait int64) {
	drop := 0
	for drop < int(k.wake) && k.last-k.at(drop)+wait > fortnight {
		drop++
	}
	if drop > 0 {
		k.words = slices.Delete(k.words, 0, drop)
		k.wake -= uint8(drop)
		var left [3]uint8
		for i := range int(k.wake) {
			for g := range k.level(i) + 1 {
				left[g]++
			}
		}
		for g := range left {
			k.kept[g] = min(k.kept[g], left[g])
		}
	}
	for now := (k.last + wait) / hourTicks; len(k.words) > int(k.wake) && now-int64(k.halved) >= fortnight/hourTicks; {
		k.halve()
		k.halved += fortnight / hourTicks
	}
}

// A bin's word: gap and bin in the upper nine bits, the count below.
const (
	countBits = 23
	countMask = 1<<countBits - 1
)

// count adds an interval to a histogram.
func (k *Key) count(gap int, d float64) {
	id := uint32(gap*binCount + binOf(d))
	bins := k.words[k.wake:]
	i, found := slices.BinarySearchFunc(bins, id, func(w, id uint32) int { return int(w>>countBits) - int(id) })
	if found {
		if bins[i]++; bins[i]&countMask == countMask {
			k.halve()
		}
		return
	}
	if len(bins) == 0 {
		k.halved = int32(k.last / hourTicks)
	}
	k.room()
	k.words = slices.Insert(k.words, int(k.wake)+i, id<<countBits|1)
}

// halve forgets half of every bin.
func (k *Key) halve() {
	w := int(k.wake)
	for _, v := range k.words[k.wake:] {
		if n := v & countMask / 2; n > 0 {
			k.words[w] = v&^uint32(countMask) | n
			w++
		}
	}
	k.words = k.words[:w]
}

// WakeUps is how many wake-ups there were at the shortest gap.
func (k *Key) WakeUps() int { return int(k.added) }

// Newest is the newest start in ns since the Unix epoch, to 2 ms.
func (k *Key) Newest() int64 { return k.last * tick }

// Bytes is what the key holds in memory.
func (k *Key) Bytes() int { return 48 + 4*cap(k.words) }

// Due reports whether the key grew enough since its last score: by 5 and by a tenth.
func (k *Key) Due() bool {
	return k.added > LeastIntervals && k.added-k.scored >= max(5, k.scored/10)
}

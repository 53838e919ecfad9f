package detect

import (
	_ "embed" // the words
	"math"
	"strings"
)

// wordsText is what names are made of, in several languages; lines that begin with # are comments.
//
//go:embed names_words.txt
var wordsText string

// nameModel says how strange a row of characters is for a name that people made: the logarithm of how much likelier it is
// where each character is drawn at random. It knows pairs of letters, taken from wordsText.
type nameModel struct {
	strange [nameClasses][nameClasses]int16 // hundredths of a nat
}

// Classes of characters: 26 letters and these.
const (
	classHyphen = 26 + iota
	classDigit
	classEdge // before the first and after the last
	classOther
	nameClasses
)

// newNameModel counts the pairs of wordsText; some 100 microseconds.
func newNameModel() *nameModel {
	var pairs, names [nameClasses][nameClasses]float64
	var singles [nameClasses]float64
	for line := range strings.Lines(wordsText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for w := range strings.FieldsSeq(line) {
			before := classEdge
			for i := range len(w) {
				c := classOf(w[i])
				pairs[before][c]++
				singles[c]++
				before = c
			}
			pairs[before][classEdge]++
		}
	}
	joinWords(&pairs, &names)
	return &nameModel{strange: weigh(&names, &singles)}
}

// joinWords adds what happens where words follow one another in one name: after a last letter comes a first one, a hyphen or
// a digit, each now and then.
func joinWords(pairs, out *[nameClasses][nameClasses]float64) {
	const joined, hyphen, digit = 0.35, 0.06, 0.06
	var first float64
	for c := range nameClasses {
		first += pairs[classEdge][c]
	}
	*out = *pairs
	for a := range classHyphen {
		ends := pairs[a][classEdge]
		for b := range classHyphen {
			out[a][b] += ends * joined * pairs[classEdge][b] / first
		}
		out[a][classHyphen] += ends * hyphen
		out[a][classDigit] += ends * digit
		for _, from := range []int{classHyphen, classDigit} {
			out[from][a] += pairs[classEdge][a] / first * 100
		}
	}
	out[classDigit][classDigit] += 120
	out[classDigit][classEdge] += 100
	out[classDigit][classHyphen] += 20
	out[classHyphen][classDigit] += 20
	out[classEdge][classDigit] += 0.04 * first
}

// weigh turns counts into strangeness: against each of 36 characters being as likely as another.
func weigh(pairs *[nameClasses][nameClasses]float64, singles *[nameClasses]float64) (out [nameClasses][nameClasses]int16) {
	const smooth, digits = 14.0, 10.0
	all := 0.0
	for c := range classHyphen {
		all += singles[c]
	}
	for a := range nameClasses {
		n := 0.0
		for b := range nameClasses {
			n += pairs[a][b]
		}
		for b := range nameClasses {
			back := 1.0 / 36 // what no word has
			if b < classHyphen {
				back = 0.9*singles[b]/all + 0.1/26
			}
			p := (pairs[a][b] + smooth*back) / (n + smooth)
			q := 1.0 / 36
			switch b {
			case classDigit:
				p /= digits
			case classEdge:
				p, q = 1, 1 // lengths are judged elsewhere
			}
			out[a][b] = int16(100 * math.Log(q/p))
		}
	}
	return out
}

func classOf(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return int(c - 'a')
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= '0' && c <= '9':
		return classDigit
	case c == '-':
		return classHyphen
	}
	return classOther
}

// of gives the strangeness of one or more labels (dots are edges), in hundredths of a nat, and how many characters it is for.
func (m *nameModel) of(s string) (centinats, characters int) {
	before := classEdge
	for i := range len(s) {
		c := s[i]
		if c == '.' {
			before = classEdge
			continue
		}
		k := classOf(c)
		centinats += int(m.strange[before][k])
		characters++
		before = k
	}
	return centinats, characters
}

// hashName is a hash of a name that does not tell capitals apart, as DNS does not.
func hashName(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// nameSet remembers names and when each was last asked for, the newest some hundred of them: when it is full, or the room that
// all sets share is used up, it starts anew.
type nameSet struct {
	slots []uint64 // upper half hash, lower half seconds; 0 is free
	used  int
}

// echo is how soon the same question again is the same wish: tried again, for another type, or told by another witness.
const echo = 20

// maxNameSlots bounds one set.
const maxNameSlots = 1 << 10

// meet says whether a name was asked for before, and if so whether long enough ago to be a new wish. room counts the slots
// that all sets together may still take.
func (s *nameSet) meet(hash uint64, second uint32, room *int) (known, again bool) {
	if 4*(s.used+1) > 3*len(s.slots) {
		s.grow(room)
	}
	key := hash>>32 | 1
	slot := s.find(key)
	if *slot == 0 {
		*slot = key<<32 | uint64(second)
		s.used++
		return false, false
	}
	at := uint32(*slot)
	*slot = key<<32 | uint64(max(at, second))
	return true, second > at && second-at > echo
}

// find gives the slot of a key, or the free one where it would go.
func (s *nameSet) find(key uint64) *uint64 {
	mask := len(s.slots) - 1
	for i := int(key>>1) & mask; ; i = (i + 1) & mask {
		if s.slots[i] == 0 || s.slots[i]>>32 == key {
			return &s.slots[i]
		}
	}
}

func (s *nameSet) grow(room *int) {
	size := max(16, 2*len(s.slots))
	if len(s.slots) > 0 && (size > maxNameSlots || size > *room) {
		clear(s.slots)
		s.used = 0
		return
	}
	old := s.slots
	*room -= size - len(old)
	s.slots = make([]uint64, size)
	for _, slot := range old {
		if slot != 0 {
			*s.find(slot >> 32) = slot
		}
	}
}

package days

import "candor/internal/record"

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// uid names the n-th connection of a process. It looks like Zeek's and can be turned back: so is known to whom a record belongs,
// without a list of what was made.
func uid(seed uint64, process, n uint32) record.UID {
	lo := scramble(seed, uint64(process)<<32|uint64(n))
	hi := uint32(check(seed, lo))
	var b [18]byte
	b[0] = 'C'
	for i := 17; i > 6; i-- {
		b[i], lo = digits[lo%62], lo/62
	}
	for i := 6; i > 0; i-- {
		b[i], hi = digits[hi%62], hi/62
	}
	return record.UID(b[:])
}

// processOf turns a uid back; false when it was not made with this seed.
func processOf(seed uint64, u record.UID) (process, n uint32, ok bool) {
	if len(u) != 18 || u[0] != 'C' {
		return 0, 0, false
	}
	var lo, hi uint64
	for i := 1; i < 18; i++ {
		v, known := digit(u[i])
		if !known {
			return 0, 0, false
		}
		if i < 7 {
			hi = hi*62 + v
		} else {
			lo = lo*62 + v
		}
	}
	if hi != uint64(uint32(check(seed, lo))) {
		return 0, 0, false
	}
	x := unscramble(seed, lo)
	return uint32(x >> 32), uint32(x), true
}

func digit(c byte) (uint64, bool) {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0'), true
	case c >= 'A' && c <= 'Z':
		return uint64(c-'A') + 10, true
	case c >= 'a' && c <= 'z':
		return uint64(c-'a') + 36, true
	}
	return 0, false
}

func check(seed, lo uint64) uint64 {
	d := dice{seed ^ lo}
	return d.next()
}

// scramble is a small Feistel network: every number has one image.
func scramble(seed, x uint64) uint64 {
	l, r := uint32(x>>32), uint32(x)
	for i := range uint64(4) {
		l, r = r, l^round(seed, r, i)
	}
	return uint64(l)<<32 | uint64(r)
}

func unscramble(seed, x uint64) uint64 {
	l, r := uint32(x>>32), uint32(x)
	for i := range uint64(4) {
		l, r = r^round(seed, l, 3-i), l
	}
	return uint64(l)<<32 | uint64(r)
}

func round(seed uint64, half uint32, i uint64) uint32 {
	z := (seed + uint64(half) + i*0x632be59bd9b4e019) * 0x9e3779b97f4a7c15
	z ^= z >> 29
	return uint32(z * 0xbf58476d1ce4e5b9 >> 32)
}

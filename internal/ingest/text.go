package ingest

import (
	"bytes"
	"math"
	"net/netip"
	"time"

	"candor/internal/record"
)

// Seconds reads a decimal number of seconds, as Zeek writes times and intervals: "1517336042.090842", "4.294967e+09",
// "-0.5". It never goes through a float unless there is an exponent, so that microseconds stay exact.
func Seconds(b []byte) (record.Time, bool) {
	i, negative := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative, i = b[0] == '-', 1
	}
	start, whole := i, int64(0)
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		if whole > 9e8*1e1 { // beyond what nanoseconds can hold
			return 0, false
		}
		whole = whole*10 + int64(b[i]-'0')
	}
	if i == start || whole > 9_200_000_000 {
		return 0, false
	}
	nanos := int64(0)
	if i < len(b) && b[i] == '.' {
		i++
		scale := int64(1e8)
		for ; i < len(b) && b[i]-'0' <= 9; i++ {
			nanos += int64(b[i]-'0') * scale
			scale /= 10
		}
	}
	t := whole*1e9 + nanos
	if i < len(b) {
		var ok bool
		if t, ok = exponent(t, b[i:]); !ok {
			return 0, false
		}
	}
	if negative {
		t = -t
	}
	return record.Time(t), true
}

// exponent applies e+09 and the like.
func exponent(t int64, b []byte) (int64, bool) {
	if b[0] != 'e' && b[0] != 'E' {
		return 0, false
	}
	b = b[1:]
	down := len(b) > 0 && b[0] == '-'
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		b = b[1:]
	}
	n, ok := Uint(b)
	if !ok {
		return 0, false
	}
	for ; n > 0 && t != 0; n-- {
		switch {
		case down:
			t /= 10
		case t > 922_000_000_000_000_000:
			return 0, false
		default:
			t *= 10
		}
	}
	return t, true
}

// Uint reads a decimal number without sign.
func Uint(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 || n > (1<<64-1-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// Count64 reads a count, which JSON writers sometimes give as 12.0.
func Count64(b []byte) (uint64, bool) {
	whole, fraction, _ := bytes.Cut(b, []byte("."))
	if len(bytes.Trim(fraction, "0")) > 0 {
		return 0, false
	}
	return Uint(whole)
}

// Addr reads an IP address of either family; IPv4 without allocation. A zone is dropped.
func Addr(b []byte) (netip.Addr, bool) {
	if a, ok := addr4(b); ok {
		return a, true
	}
	if len(b) > 64 {
		return netip.Addr{}, false
	}
	if len(b) > 1 && b[0] == '[' && b[len(b)-1] == ']' { // old logs write [::1]
		b = b[1 : len(b)-1]
	}
	a, err := netip.ParseAddr(string(b))
	if err != nil {
		return netip.Addr{}, false
	}
	return a.WithZone("").Unmap(), true
}

func addr4(b []byte) (netip.Addr, bool) {
	var out [4]byte
	part, digits, n := 0, 0, 0
	for _, c := range b {
		switch {
		case c == '.':
			if digits == 0 || n == 3 {
				return netip.Addr{}, false
			}
			out[n] = byte(part)
			n, part, digits = n+1, 0, 0
		case c-'0' <= 9:
			if digits > 0 && part == 0 {
				return netip.Addr{}, false
			}
			part, digits = part*10+int(c-'0'), digits+1
			if part > 255 {
				return netip.Addr{}, false
			}
		default:
			return netip.Addr{}, false
		}
	}
	if n != 3 || digits == 0 {
		return netip.Addr{}, false
	}
	out[3] = byte(part)
	return netip.AddrFrom4(out), true
}

// MAC reads a card's address: 3c:52:82:1a:90:4e or with dashes.
func MAC(b []byte) (m record.MAC, ok bool) {
	if len(b) != 17 {
		return m, false
	}
	for i := range m {
		hi, ok1 := hexDigit(b[3*i])
		lo, ok2 := hexDigit(b[3*i+1])
		if !ok1 || !ok2 || i < 5 && b[3*i+2] != ':' && b[3*i+2] != '-' {
			return record.MAC{}, false
		}
		m[i] = hi<<4 | lo
	}
	return m, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c-'0' <= 9:
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// ISOTime reads an ISO 8601 time stamp: 2021-06-06T15:57:37.272281+0200, with a blank for the T, with Z, +02:00 or +02, with or
// without fraction. Without a zone, offset (local time minus UTC) is taken off.
func ISOTime(b []byte, offset record.Time) (record.Time, bool) {
	if len(b) < 19 || len(b) > 48 || b[4] != '-' || b[7] != '-' || (b[10] != 'T' && b[10] != ' ' && b[10] != 't') || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	var f [6]int
	for i, at := range [...][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		n, ok := Uint(b[at[0]:at[1]])
		if !ok {
			return 0, false
		}
		f[i] = int(n)
	}
	nanos, rest, ok := fraction(b[19:])
	if !ok || !validDate(f[0], f[1], f[2]) || f[3] > 23 || f[4] > 59 || f[5] > 60 {
		return 0, false
	}
	zone, ok := zoneOffset(rest, offset)
	if !ok {
		return 0, false
	}
	t := time.Date(f[0], time.Month(f[1]), f[2], f[3], f[4], f[5], int(nanos), time.UTC)
	return record.TimeOf(t) - zone, true
}

// FarDate reads a date beyond what a Time holds as the last or first moment that it does: certificates without an end say the year
// 9999. It is none for dates that a Time holds.
func FarDate(b []byte) (record.Time, bool) {
	if len(b) >= 19 && len(b) <= 48 && b[4] == '-' && b[7] == '-' && (b[10] == 'T' || b[10] == ' ') {
		year, ok := Uint(b[:4])
		switch {
		case ok && year > 2261:
			return math.MaxInt64, true
		case ok && year < 1678:
			return math.MinInt64, true
		}
		return 0, false
	}
	whole, fraction, _ := bytes.Cut(bytes.TrimPrefix(b, []byte("-")), []byte("."))
	if n, ok := Uint(whole); !ok || n <= 9_200_000_000 || n > 1e12 {
		return 0, false
	}
	if _, ok := Uint(fraction); !ok && len(fraction) > 0 {
		return 0, false
	}
	if b[0] == '-' {
		return math.MinInt64, true
	}
	return math.MaxInt64, true
}

func validDate(year, month, day int) bool {
	if year < 1678 || year > 2261 || month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func fraction(b []byte) (nanos int64, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '.' && b[0] != ',' {
		return 0, b, true
	}
	i, scale := 1, int64(1e8)
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		nanos += int64(b[i]-'0') * scale
		scale /= 10
	}
	return nanos, b[i:], i > 1
}

// zoneOffset reads Z, +0200, +02:00 or +02; nothing is the default.
func zoneOffset(b []byte, def record.Time) (record.Time, bool) {
	if len(b) == 0 {
		return def, true
	}
	if len(b) == 1 && b[0]|0x20 == 'z' {
		return 0, true
	}
	sign, digits := b[0], bytes.ReplaceAll(b[1:], []byte(":"), nil)
	if sign != '+' && sign != '-' || len(digits) != 4 && len(digits) != 2 {
		return 0, false
	}
	n, ok := Uint(digits)
	if !ok {
		return 0, false
	}
	if len(digits) == 2 {
		n *= 100
	}
	if n/100 > 23 || n%100 > 59 {
		return 0, false
	}
	off := record.Time(n/100)*record.Hour + record.Time(n%100)*record.Minute
	if sign == '-' {
		off = -off
	}
	return off, true
}

// Month reads Jan to Dec.
func Month(b []byte) (time.Month, bool) {
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	if len(b) != 3 {
		return 0, false
	}
	for i := 0; i < len(names); i += 3 {
		if names[i:i+3] == string(b) {
			return time.Month(i/3 + 1), true
		}
	}
	return 0, false
}

// Words gives one string for equal texts, so that names that come again and again (states, services, host names) are kept once.
// Its size is bounded; when it is full it starts again.
type Words struct{ known map[string]string }

const (
	maxWords   = 4096
	maxWordLen = 128
)

// Of gives the text as string.
func (w *Words) Of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > maxWordLen {
		return string(b)
	}
	if s, ok := w.known[string(b)]; ok {
		return s
	}
	if w.known == nil || len(w.known) >= maxWords {
		w.known = make(map[string]string, 64)
	}
	s := string(b)
	w.known[s] = s
	return s
}

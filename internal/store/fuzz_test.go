package store

import (
	"bytes"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/record"
)

// FuzzMessage reads any bytes as a message of a query process.
func FuzzMessage(f *testing.F) {
	var good bytes.Buffer
	if err := writeMessage(&good, &request{SQL: "SELECT 1", Args: []arg{word("x"), number(1), blob([]byte{1})}}, maxRequest); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add([]byte{0, 0, 0, 2, '{', '}'})
	f.Fuzz(func(t *testing.T, data []byte) {
		var q request
		if err := readMessage(bytes.NewReader(data), &q, 1<<16); err != nil {
			return
		}
		var again bytes.Buffer
		if err := writeMessage(&again, &q, 1<<20); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzPlace reads any text as a cursor; what is accepted is within its bounds.
func FuzzPlace(f *testing.F) {
	f.Add(place{At: 5, Skip: map[record.Kind]int{record.KindDNS: 2}}.text())
	f.Add("e30")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePlace(text)
		if err != nil || p == nil {
			return
		}
		for k, n := range p.Skip {
			if n < 0 || n > maxSkip {
				t.Errorf("skip %d of %s", n, k)
			}
		}
	})
}

// TestPrefixEnds holds the ends of a prefix against netip's own word for what is in it.
func TestPrefixEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")
		if rapid.Bool().Draw(t, "v6") {
			raw = rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address6")
		}
		a, _ := netip.AddrFromSlice(raw)
		if a.Is4In6() {
			t.Skip("a mapped address")
		}
		p := netip.PrefixFrom(a, rapid.IntRange(0, a.BitLen()).Draw(t, "bits"))
		lo, hi := ends(p)
		first, last := netip.AddrFrom16(lo).Unmap(), netip.AddrFrom16(hi).Unmap()
		if a.Is6() {
			first, last = netip.AddrFrom16(lo), netip.AddrFrom16(hi)
		}
		if !p.Contains(first) || !p.Contains(last) || p.Contains(first.Prev()) || p.Contains(last.Next()) {
			t.Fatalf("%s: %s to %s", p, first, last)
		}
	})
}

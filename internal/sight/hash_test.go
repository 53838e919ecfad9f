package sight

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/decode"
)

// TestSecretsDiffer: two builders do not share a hash, so that nobody can foresee which keys fall together.
func TestSecretsDiffer(t *testing.T) {
	a, b := newSecret(), newSecret()
	if a == b || a.addr(decode.Addr{15: 1}) == b.addr(decode.Addr{15: 1}) || a.frame([]byte("frame")) == b.frame([]byte("frame")) {
		t.Errorf("two secrets agree: %x, %x", a, b)
	}
}

// TestNoCollisionWithoutTheSecret: differences that cancel out in plain multiply-and-shift hashes do not cancel out here.
func TestNoCollisionWithoutTheSecret(t *testing.T) {
	const frameLength = 96
	low := uint64(1<<12 - 1)
	pairs, met := 0, map[string]int{}
	for k := range 64 {
		for m := range 64 {
			s := newSecret()
			var a, b decode.Addr
			binary.LittleEndian.PutUint64(b[:], 1<<k)
			binary.LittleEndian.PutUint64(b[8:], 1<<m)
			if s.addr(a)&low == s.addr(b)&low {
				met["addresses"]++
			}
			x, y := make([]byte, frameLength), make([]byte, frameLength)
			y[k/8] ^= 1 << (k % 8)
			y[8+m/8] ^= 1 << (m % 8)
			y[32+m/8] ^= 1 << (m % 8)
			if s.frame(x)&low == s.frame(y)&low {
				met["frames"]++
			}
			pairs++
		}
	}
	for what, n := range met { // one in 4,096 by chance: some 1 of 4,096 pairs
		if n > 12 {
			t.Errorf("%s: %d of %d pairs fall together", what, n, pairs)
		}
	}
}

// TestFrameHashSeesEveryByte of the first 128 and the last 32, and the length.
func TestFrameHashSeesEveryByte(t *testing.T) {
	s := newSecret()
	rapid.Check(t, func(t *rapid.T) {
		frame := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "frame")
		before := s.frame(frame)
		if s.frame(frame) != before {
			t.Fatal("the same frame gives another hash")
		}
		if longer := append(frame[:len(frame):len(frame)], 0); s.frame(longer) == before {
			t.Fatal("a longer frame gives the same hash")
		}
		i := rapid.IntRange(0, len(frame)-1).Draw(t, "byte")
		frame[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		if covered := i < 128 || i >= len(frame)-32; covered == (s.frame(frame) == before) {
			t.Fatalf("byte %d of %d: change seen is %v", i, len(frame), !covered)
		}
	})
}

func BenchmarkFrameHash(b *testing.B) {
	s := newSecret()
	for _, size := range []int{64, 200, 1500} {
		frame := make([]byte, size)
		b.Run(map[int]string{64: "64", 200: "200", 1500: "1500"}[size], func(b *testing.B) {
			for b.Loop() {
				s.frame(frame)
			}
		})
	}
}

package capture_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/capture"
)

func TestPcapFrames(t *testing.T) {
	tests := map[string]struct {
		content *build
		time    int64
		link    uint16
	}{
		"microseconds, little endian": {little().pcap(micro, 65535, 1).record(1700000000, 5, "frame"), 1700000000_000005000, 1},
		"microseconds, big endian":    {big().pcap(micro, 65535, 1).record(1700000000, 5, "frame"), 1700000000_000005000, 1},
		"nanoseconds, little endian":  {little().pcap(nano, 65535, 113).record(1700000000, 5, "frame"), 1700000000_000000005, 113},
		"nanoseconds, big endian":     {big().pcap(nano, 65535, 113).record(1700000000, 5, "frame"), 1700000000_000000005, 113},
		"the last second of pcap":     {little().pcap(micro, 65535, 1).record(1<<32-1, 999999, "frame"), 4294967295_999999000, 1},
		"no snaplen":                  {little().pcap(micro, 0, 1).record(1, 0, "frame"), 1_000000000, 1},
		"with a frame check sequence": {little().pcap(micro, 65535, 0x2400_0001).record(1, 0, "frame"), 1_000000000, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			frames, status := read(t, test.content.Bytes())
			want := []capture.Frame{{Time: test.time, Link: test.link, Data: []byte("frame"), Wire: 5}}
			if diff := cmp.Diff(want, frames); diff != "" {
				t.Error(diff)
			}
			if status.Damage != nil || status.Packets != 1 || status.Bytes != 5 || status.Kind != capture.Pcap || status.BadTimes != 0 {
				t.Errorf("status %+v", status)
			}
			if len(status.Interfaces) != 1 || status.Interfaces[0].Link != test.link || status.Interfaces[0].Packets != 1 || status.DropsKnown {
				t.Errorf("interfaces %+v, drops known %v", status.Interfaces, status.DropsKnown)
			}
		})
	}
}

// TestPcapDamage has two good records before what is wrong, which starts at
// byte 24+2*(16+4) = 64.
func TestPcapDamage(t *testing.T) {
	const good = 64
	long := strings.Repeat("x", 300<<10)
	tests := map[string]struct {
		snaplen uint32
		then    func(*build)
		because string // empty: no damage
		packets int
	}{
		"nothing":                                       {65535, func(*build) {}, "", 2},
		"a frame of no bytes":                           {65535, func(b *build) { b.u32(9, 9, 0, 60) }, "", 3},
		"half a record header":                          {65535, func(b *build) { b.u32(3, 0) }, "8 bytes of 16", 2},
		"half a record":                                 {65535, func(b *build) { b.u32(3, 0, 100, 100).text("half") }, "20 bytes of 116", 2},
		"captured length of 4 GiB":                      {65535, func(b *build) { b.u32(3, 0, 1<<32-1, 60).text(long) }, "claims 4294967295 captured bytes", 2},
		"captured length over 256 KiB, all there":       {0, func(b *build) { b.record(3, 0, long) }, "claims 307200 captured bytes, 262144 is the most", 2},
		"captured length of 256 KiB":                    {0, func(b *build) { b.record(3, 0, long[:256<<10]) }, "", 3},
		"captured length a little over snaplen":         {96, func(b *build) { b.record(3, 0, long[:65535]) }, "", 3},
		"captured length far over snaplen":              {96, func(b *build) { b.record(3, 0, long[:70000]) }, "70000 captured bytes, 65728 is the most", 2},
		"zeros to the end":                              {65535, func(b *build) { b.text(strings.Repeat("\x00", 4096)) }, "zeros where a record should start", 2},
		"text in the middle":                            {65535, func(b *build) { b.text("the quick brown fox jumps").record(3, 0, "lost") }, "captured bytes", 2},
		"neither time nor length can be":                {65535, func(b *build) { b.u32(3, 1<<31, 60, 3).text(long[:60]) }, "neither its time nor its length", 2},
		"original length below captured":                {65535, func(b *build) { b.u32(3, 0, 4, 0).text("good") }, "", 3},
		"original length of 4 GiB":                      {65535, func(b *build) { b.u32(3, 0, 4, 1<<32-1).text("good") }, "", 3},
		"fraction of a second that cannot be, but else": {65535, func(b *build) { b.u32(3, 1000000, 4, 4).text("good") }, "", 3},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := little().pcap(micro, test.snaplen, 1).record(1, 0, "good").record(2, 0, "good")
			test.then(b)
			frames, status := read(t, b.Bytes())
			if len(frames) != test.packets {
				t.Errorf("%d frames, want %d", len(frames), test.packets)
			}
			checkDamage(t, status.Damage, test.because, good, int64(b.Len()-good))
		})
	}
}

func checkDamage(t *testing.T, got *capture.Damage, because string, at, unread int64) {
	t.Helper()
	switch {
	case because == "" && got != nil:
		t.Errorf("damage %+v, want none", *got)
	case because == "":
	case got == nil:
		t.Errorf("no damage, want %q", because)
	case got.At != at || got.Unread != unread || !strings.Contains(got.Because, because):
		t.Errorf("damage %+v, want at %d, unread %d, %q", *got, at, unread, because)
	}
}

func TestPcapOddFractionIsCountedAndKept(t *testing.T) {
	frames, status := read(t, little().pcap(micro, 65535, 1).record(3, 1500000, "good").Bytes())
	if status.BadTimes != 1 || len(frames) != 1 || frames[0].Time != 4_500000000 {
		t.Errorf("frames %v, bad times %d", frames, status.BadTimes)
	}
}

func TestPcapHeader(t *testing.T) {
	whole := little().pcap(micro, 65535, 1).Bytes()
	for n := range whole {
		if n < 4 {
			mustRefuse(t, whole[:n])
			continue
		}
		frames, status := read(t, whole[:n])
		if len(frames) != 0 || status.Kind != capture.Pcap || status.Damage == nil ||
			status.Damage.At != 0 || status.Damage.Unread != int64(n) {
			t.Errorf("cut at %d: %d frames, status %+v", n, len(frames), status)
		}
	}
	if frames, status := read(t, whole); len(frames) != 0 || status.Damage != nil {
		t.Errorf("empty capture: %d frames, damage %v", len(frames), status.Damage)
	}
	old := little().u32(micro).u16(1, 2).u32(0, 0, 65535, 1)
	if _, status := read(t, old.Bytes()); status.Damage == nil || !strings.Contains(status.Damage.Because, "version 1.2") {
		t.Errorf("version 1.2: damage %v", status.Damage)
	}
}

func TestNotACapture(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "text": "#separator \\x09\n", "JSON": `{"ts":1}`,
		"newlines that start like pcapng": "\n\r\r\n and some more text", "gzip by two bytes only": "\x1f\x8b\x00\x00 hello, this is text",
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, []byte(content)) })
	}
}

// TestCutAnywhere cuts a capture at every byte: the frames before are given,
// and there is damage unless the cut is between two records.
func TestCutAnywhere(t *testing.T) {
	for name, sample := range samples() {
		t.Run(name, func(t *testing.T) {
			content := sample.Bytes()
			all, status := read(t, content)
			if status.Damage != nil {
				t.Fatalf("the sample is damaged: %+v", *status.Damage)
			}
			for n := sample.starts[0] + 12; n <= len(content); n++ {
				frames, status := read(t, content[:n])
				start := n // of the record that is cut
				for _, s := range append(sample.starts, len(content)) {
					if s <= n {
						start = s
					}
				}
				if (status.Damage == nil) != (start == n) {
					t.Fatalf("cut at %d: damage %v, record starts at %d", n, status.Damage, start)
				}
				if d := status.Damage; d != nil && (d.At != int64(start) || d.Unread != int64(n-start)) {
					t.Fatalf("cut at %d: damage %+v, record starts at %d", n, *d, start)
				}
				want := 0
				for _, f := range sample.frames {
					if f < start {
						want++
					}
				}
				if diff := cmp.Diff(all[:want], frames, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("cut at %d: %s", n, diff)
				}
			}
		})
	}
}

// TestFlips turns random bits over: no panic, an end, and no frame that the
// file has no room for.
func TestFlips(t *testing.T) {
	for name, sample := range samples() {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			for range 2000 {
				content := bytes.Clone(sample.Bytes())
				for range 1 + rng.IntN(3) {
					content[4+rng.IntN(len(content)-4)] ^= 1 << rng.IntN(8)
				}
				f, err := openBytes(content)
				if err != nil {
					continue // the magic was hit
				}
				drain(t, f)
				if s := f.Status(); s.Bytes > uint64(len(content)) {
					t.Fatalf("%d bytes of frames in %d bytes", s.Bytes, len(content))
				}
			}
		})
	}
}

// samples are small whole captures with all kinds of records.
func samples() map[string]*build {
	all := map[string]*build{}
	for name, b := range map[string]*build{"little endian": little(), "big endian": big()} {
		p := &build{order: b.order}
		p.pcap(micro, 65535, 1)
		p.record(1700000000, 1, "first").record(1700000000, 2, "").record(1700000001, 0, strings.Repeat("long", 40))
		all["pcap "+name] = p
		all["pcapng "+name] = ngSample(b)
	}
	return all
}

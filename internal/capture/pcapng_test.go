package capture_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/capture"
)

// ngSample has every block that is read and one that is not, in two sections,
// the second in the other byte order.
func ngSample(b *build) *build {
	b.section()
	b.iface(1, 65535, option{2, "eth0"}, option{3, "to the core"}, option{9, "\x09"})
	b.iface(113, 0, option{9, "\x03"}, option{14, b.number(100)})
	b.enhanced(0, 1700000000_000000007, "nanoseconds")
	b.enhanced(1, 1700000000_007, "milliseconds", option{4, b.number(3)})
	b.block(4, func(b *build) { b.text("names of hosts") })
	b.obsolete(0, 2, 1700000000_000000008, "old")
	b.simple(6, "simple")
	b.statistics(0, option{4, b.number(100)}, option{5, b.number(7)}, option{7, b.number(1)})
	other := little()
	if b.order == other.order {
		other = big()
	}
	other.section().iface(1, 4).enhanced(0, 1700000001_000000, "micro").simple(1000, "cut.")
	return b.append(other)
}

func TestPcapngFrames(t *testing.T) {
	for name, b := range map[string]*build{"little endian": little(), "big endian": big()} {
		t.Run(name, func(t *testing.T) {
			frames, status := read(t, ngSample(b).Bytes())
			want := []capture.Frame{
				{Time: 1700000000_000000007, Link: 1, Data: []byte("nanoseconds"), Wire: 11},
				{Time: 1700000100_007000000, Link: 113, Interface: 1, Data: []byte("milliseconds"), Wire: 12},
				{Time: 1700000000_000000008, Link: 1, Data: []byte("old"), Wire: 3},
				{Time: 1700000000_000000008, Link: 1, Data: []byte("simple"), Wire: 6},
				{Time: 1700000001_000000000, Link: 1, Interface: 2, Data: []byte("micro"), Wire: 5},
				{Time: 1700000001_000000000, Link: 1, Interface: 2, Data: []byte("cut."), Wire: 1000},
			}
			if diff := cmp.Diff(want, frames); diff != "" {
				t.Error(diff)
			}
			wantStatus := capture.Status{
				Path: "test", Kind: capture.Pcapng, Packets: 6, Bytes: 41, Untimed: 2, OtherBlocks: 1,
				Interfaces: []capture.Interface{
					{
						Link: 1, Name: "eth0", Description: "to the core", Snaplen: 65535, Packets: 3,
						Drops: capture.Drops{Known: true, Received: 100, Dropped: 7, OSDropped: 1, Between: 2},
					},
					{Link: 113, Packets: 1, Drops: capture.Drops{Between: 3}},
					{Link: 1, Snaplen: 4, Packets: 2},
				},
			}
			if diff := cmp.Diff(wantStatus, status); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPcapngDrops(t *testing.T) {
	unknown := uint64(math.MaxUint64)
	tests := map[string]struct {
		blocks func(*build)
		want   capture.Drops
		known  bool
	}{
		"no statistics":           {func(*build) {}, capture.Drops{}, false},
		"statistics of no drops":  {func(b *build) { b.statistics(0, option{5, b.number(0)}) }, capture.Drops{Known: true}, true},
		"statistics without":      {func(b *build) { b.statistics(0, option{4, b.number(9)}) }, capture.Drops{Received: 9}, false},
		"a counter not known":     {func(b *build) { b.statistics(0, option{5, b.number(unknown)}) }, capture.Drops{}, false},
		"a counter of four bytes": {func(b *build) { b.statistics(0, option{5, "1234"}) }, capture.Drops{}, false},
		"the operating system's":  {func(b *build) { b.statistics(0, option{7, b.number(4)}) }, capture.Drops{Known: true, OSDropped: 4}, true},
		"statistics twice": {func(b *build) {
			b.statistics(0, option{5, b.number(4)}).statistics(0, option{5, b.number(9)})
		}, capture.Drops{Known: true, Dropped: 9}, true},
		"statistics that go back": {func(b *build) {
			b.statistics(0, option{5, b.number(9)}).statistics(0, option{5, b.number(4)})
		}, capture.Drops{Known: true, Dropped: 9}, true},
		"of one interface of two": {func(b *build) {
			b.iface(1, 0).enhanced(1, 1, "x").statistics(0, option{5, b.number(9)})
		}, capture.Drops{Known: true, Dropped: 9}, false},
		"of the one interface of two that gave frames": {func(b *build) {
			b.iface(1, 0).statistics(0, option{5, b.number(9)})
		}, capture.Drops{Known: true, Dropped: 9}, true},
		"between packets, over the top": {func(b *build) {
			b.enhanced(0, 1, "x", option{4, b.number(unknown - 1)}).enhanced(0, 1, "x", option{4, b.number(7)})
		}, capture.Drops{Between: unknown}, false},
		"between packets, not known": {func(b *build) { b.obsolete(0, 0xffff, 1, "x") }, capture.Drops{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := little().section().iface(1, 65535).enhanced(0, 1, "x")
			test.blocks(b)
			_, status := read(t, b.Bytes())
			if status.Damage != nil {
				t.Fatalf("damage %+v", *status.Damage)
			}
			if diff := cmp.Diff(test.want, status.Interfaces[0].Drops); diff != "" {
				t.Error(diff)
			}
			if status.DropsKnown != test.known {
				t.Errorf("drops known is %v", status.DropsKnown)
			}
		})
	}
}

// TestPcapngDamage has a good section, interface and packet before what is
// wrong, and a good packet behind it.
func TestPcapngDamage(t *testing.T) {
	tests := map[string]struct {
		then    func(*build)
		because string // empty: no damage
	}{
		"nothing":                       {func(*build) {}, ""},
		"an unknown block":              {func(b *build) { b.block(0xbad, func(b *build) { b.text("what") }) }, ""},
		"an unknown block of 3 MiB":     {func(b *build) { b.block(0xbad, func(b *build) { b.text(strings.Repeat("what", 3<<18)) }) }, ""},
		"an empty section":              {func(b *build) { b.section().iface(1, 0) }, ""},
		"a section without interfaces":  {func(b *build) { b.section() }, "names interface 0, but the section has described 0"},
		"a length that differs behind":  {func(b *build) { b.u32(6, 32, 0, 0, 0, 0, 0, 36) }, "32 bytes in front and 36 behind"},
		"the same in an unknown block":  {func(b *build) { b.u32(0xbad, 16, 0, 20) }, "16 bytes in front and 20 behind"},
		"a length not by fours":         {func(b *build) { b.u32(6, 33, 0, 0, 0, 0, 0, 33) }, "length of 33 bytes"},
		"a length below the smallest":   {func(b *build) { b.u32(0xbad, 8, 8) }, "length of 8 bytes"},
		"a length of zero":              {func(b *build) { b.u32(0, 0, 0, 0) }, "length of 0 bytes"},
		"a packet block of 1 GiB":       {func(b *build) { b.u32(6, 1<<30) }, "claims 1073741824 bytes"},
		"an unknown block of 1 GiB":     {func(b *build) { b.u32(0xbad, 1<<30) }, "ends in the middle of a block"},
		"an interface not described":    {func(b *build) { b.enhanced(7, 1, "x") }, "names interface 7"},
		"captured more than its block":  {func(b *build) { b.block(6, func(b *build) { b.u32(0, 0, 0, 5, 5).text("four") }) }, "claims 5 captured bytes"},
		"captured far over snaplen":     {func(b *build) { b.enhanced(0, 1, strings.Repeat("x", 300<<10)) }, "claims 307200 captured bytes"},
		"a short packet block":          {func(b *build) { b.block(6, func(b *build) { b.u32(0) }) }, "too short"},
		"a short obsolete packet":       {func(b *build) { b.block(2, func(b *build) { b.u32(0) }) }, "too short"},
		"a short simple packet":         {func(b *build) { b.block(3, func(*build) {}) }, "too short"},
		"a short interface":             {func(b *build) { b.block(1, func(b *build) { b.u32(0) }) }, "too short"},
		"short statistics":              {func(b *build) { b.block(5, func(b *build) { b.u32(0) }) }, "too short"},
		"a short section":               {func(b *build) { b.block(0x0a0d0d0a, func(b *build) { b.u32(0x1a2b3c4d) }) }, "too short"},
		"statistics of no interface":    {func(b *build) { b.statistics(1) }, "has not described"},
		"a section of another version":  {func(b *build) { b.block(0x0a0d0d0a, func(b *build) { b.u32(0x1a2b3c4d).u16(7, 1).u64(0) }) }, "version 7.1"},
		"a section without byte order":  {func(b *build) { b.block(0x0a0d0d0a, func(b *build) { b.u32(1).u16(1, 0).u64(0) }) }, "no byte order"},
		"an option over its end":        {func(b *build) { b.block(1, func(b *build) { b.u16(1, 0).u32(0).u16(2, 99) }) }, "longer than its block"},
		"a resolution of two bytes":     {func(b *build) { b.iface(1, 0, option{9, "\x06\x06"}) }, "resolution"},
		"a time offset of four bytes":   {func(b *build) { b.iface(1, 0, option{14, "\x06\x06\x06\x06"}) }, "offset"},
		"bad options of a whole packet": {func(b *build) { b.block(6, func(b *build) { b.u32(0, 0, 0, 4, 4).text("four").u16(4, 99) }) }, ""},
		"a frame of no bytes":           {func(b *build) { b.enhanced(0, 1, "") }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := little().section().iface(1, 65535).enhanced(0, 1, "good")
			at := b.Len()
			test.then(b)
			if test.because == "names interface 0, but the section has described 0" {
				at = b.Len() // the damage is in the packet that follows
			}
			b.enhanced(0, 2, "good")
			frames, status := read(t, b.Bytes())
			checkDamage(t, status.Damage, test.because, int64(at), int64(b.Len()-at))
			if test.because != "" && len(frames) != 1 {
				t.Errorf("%d frames before the damage, want 1", len(frames))
			}
			if test.because == "" && string(frames[len(frames)-1].Data) != "good" {
				t.Errorf("the last frame is %q", frames[len(frames)-1].Data)
			}
		})
	}
}

func TestPcapngSimpleBeforeInterface(t *testing.T) {
	_, status := read(t, little().section().simple(4, "data").Bytes())
	checkDamage(t, status.Damage, "before any interface", 28, 20)
}

func TestPcapngTooManyInterfaces(t *testing.T) {
	b := little().section()
	for range 1<<16 + 1 {
		b.iface(1, 0)
	}
	_, status := read(t, b.Bytes())
	checkDamage(t, status.Damage, "65,536 interfaces", int64(b.Len()-20), 20)
	if len(status.Interfaces) != 1<<16 {
		t.Errorf("%d interfaces", len(status.Interfaces))
	}
}

func TestPcapngNames(t *testing.T) {
	_, status := read(t, little().section().
		iface(1, 0, option{2, "eth0\x00\x00"}).
		iface(1, 0, option{2, "bad \xff\xfe"}, option{3, strings.Repeat("é", 300)}).Bytes())
	if got := status.Interfaces[0].Name; got != "eth0" {
		t.Errorf("name %q", got)
	}
	if got := status.Interfaces[1].Name; got != "bad ?" {
		t.Errorf("name %q", got)
	}
	if got := status.Interfaces[1].Description; got != strings.Repeat("é", 127)+"?" {
		t.Errorf("description %q", got)
	}
}

func TestPcapngTime(t *testing.T) {
	const day = 86400
	tests := map[string]struct {
		resolution string
		offset     int64
		stamp      uint64
		want       int64
		bad        bool
	}{
		"seconds":                        {"\x00", 0, 1700000000, 1700000000_000000000, false},
		"microseconds":                   {"\x06", 0, 1700000000_123456, 1700000000_123456000, false},
		"nanoseconds":                    {"\x09", 0, 1700000000_123456789, 1700000000_123456789, false},
		"tenths of nanoseconds":          {"\x0a", 0, 1700000000_1234567899, 1700000000_123456789, false},
		"10^-19":                         {"\x13", 0, math.MaxUint64, 1_844674407, false},
		"10^-20":                         {"\x14", 0, math.MaxUint64, 184467440, false},
		"10^-28":                         {"\x1c", 0, math.MaxUint64, 1, false},
		"10^-127":                        {"\x7f", 0, math.MaxUint64, 0, false},
		"2^0":                            {"\x80", 0, 1700000000, 1700000000_000000000, false},
		"2^-1":                           {"\x81", 0, 3, 1_500000000, false},
		"2^-32, as NTP counts":           {"\xa0", 0, 1700000000<<32 | 1<<31, 1700000000_500000000, false},
		"2^-63":                          {"\xbf", 0, math.MaxUint64, 1_999999999, false},
		"2^-64":                          {"\xc0", 0, math.MaxUint64, 999999999, false},
		"2^-127":                         {"\xff", 0, math.MaxUint64, 0, false},
		"later by a day":                 {"\x06", day, 5_000007, 86405_000007000, false},
		"earlier by a day":               {"\x06", -day, 86405_000007, 5_000007000, false},
		"earlier than 1970":              {"\x06", -day, 86399_999999, 0, true},
		"the last there is":              {"\x09", 0, math.MaxInt64, math.MaxInt64, false},
		"after the last":                 {"\x09", 0, math.MaxInt64 + 1, math.MaxInt64, true},
		"after the last in microseconds": {"\x06", 0, math.MaxInt64, math.MaxInt64, true},
		"far after the last":             {"\x00", 0, math.MaxUint64, math.MaxInt64, true},
		"brought back by the offset":     {"\x00", math.MinInt64, 1<<63 + 5, 5_000000000, false},
		"not brought back enough":        {"\x00", -5, math.MaxUint64, math.MaxInt64, true},
		"offset over the top":            {"\x00", math.MaxInt64, math.MaxInt64, math.MaxInt64, true},
		"offset under the bottom":        {"\x00", math.MinInt64, 1, 0, true},
		"the highest stamp of 10^-10":    {"\x0a", 0, math.MaxUint64, 1844674407_370955161, false},
		"the last second with an offset": {"\x09", 1, 9223372035_854775808, math.MaxInt64, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := little()
			b.section().iface(1, 0, option{9, test.resolution}, option{14, b.number(uint64(test.offset))}).enhanced(0, test.stamp, "x")
			frames, status := read(t, b.Bytes())
			if len(frames) != 1 || frames[0].Time != test.want || (status.BadTimes == 1) != test.bad {
				t.Errorf("frames %v, bad times %d, want time %d, bad %v", frames, status.BadTimes, test.want, test.bad)
			}
		})
	}
}

package sight_test

import (
	"testing"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// FuzzFrame: any bytes at any time are counted once, and never break the form that merging keeps.
func FuzzFrame(f *testing.F) {
	f.Add(int64(start), uint16(1), packet{flags: decode.SYN, options: []byte{2, 4, 5, 0xb4, 1, 3, 3, 7}}.bytes())
	f.Add(int64(start), uint16(1), packet{flags: decode.SYN, options: []byte{8, 0, 2, 40}}.bytes())
	f.Add(int64(0), uint16(1), arp(1, clientMAC, client, "10.1.0.1"))
	f.Add(int64(-1), uint16(101), packet{from: client6, to: far6}.bytes()[14:])
	f.Add(int64(1<<63-1), uint16(105), []byte("unread"))
	f.Fuzz(func(t *testing.T, ts int64, link uint16, data []byte) {
		b := sight.New(scope(), "s1", "packets")
		var p decode.Packet
		p.Frame(link, data, uint32(len(data)))
		b.Frame(record.Time(ts), &p, data, uint32(len(data)))
		b.Frame(record.Time(ts), &p, data, uint32(len(data)))
		b.Finish()
		all := b.Drain(nil)
		if len(all) == 0 || len(all) > 3 || all[0].Counts[record.Frames] != 2 || all[0].Counts[record.Copies] != 1 {
			t.Fatalf("two equal frames give %+v", all)
		}
	})
}

package block

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"candor/internal/record"
)

// traffic is a batch as a busy network makes it: few services and servers, many clients, ports and sizes that vary.
func traffic(n int) *record.Batch {
	r := rand.New(rand.NewPCG(1, 2))
	b := &record.Batch{Feed: "packets"}
	at := record.Time(1_790_000_000_000_000_000)
	states := []string{"SF", "SF", "SF", "S0", "REJ", "RSTO", "S1"}
	histories := []string{"ShADadFf", "ShADadfF", "Dd", "S", "ShADadFfR", "ShAdDaFf"}
	services := []string{"ssl", "dns", "", "http", "ntp"}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	uid := func() record.UID {
		id := []byte("C")
		for range 17 {
			id = append(id, letters[r.IntN(len(letters))])
		}
		return record.UID(id)
	}
	inside := func() netip.Addr { k := r.IntN(4000); return netip.AddrFrom4([4]byte{10, 1, byte(k >> 8), byte(k)}) }
	outside := func() netip.Addr {
		k := int(r.ExpFloat64() * 8000)
		return netip.AddrFrom4([4]byte{203, byte(k >> 16), byte(k >> 8), byte(k)})
	}
	for range n {
		at += record.Time(r.IntN(100_000))
		pkts := uint64(r.ExpFloat64()*20) + 1
		c := record.Conn{
			TS: at, UID: uid(), Feed: "packets", OrigH: inside(), RespH: outside(), OrigP: uint16(32768 + r.IntN(28000)), RespP: 443, Proto: 6,
			Service: services[r.IntN(5)], Duration: record.Time(r.ExpFloat64() * 1e9), State: states[r.IntN(7)], History: histories[r.IntN(6)],
			LocalOrig: true, OrigBytes: pkts * 90, RespBytes: uint64(r.ExpFloat64() * 9000), OrigPkts: pkts, RespPkts: pkts + 2,
			OrigIPBytes: pkts * 130, RespIPBytes: uint64(r.ExpFloat64() * 9900), VLAN: 10, OrigL2: record.MAC{2, 0, 0, 0, 1, byte(r.IntN(200))},
			RespL2: record.MAC{2, 0, 0, 0, 0, 1}, First: record.OriginatorFirst, Final: true,
		}
		b.Conns = append(b.Conns, c)
		ends := record.Ends{TS: at, UID: c.UID, Feed: c.Feed, OrigH: c.OrigH, RespH: c.RespH, OrigP: c.OrigP, RespP: c.RespP, Proto: 6}
		switch name := fmt.Sprintf("host-%d.example%d.com", int(r.ExpFloat64()*900), r.IntN(300)); r.IntN(4) {
		case 0:
			b.DNS = append(b.DNS, record.DNS{
				Ends: ends, Variant: "dns", TransID: uint16(r.IntN(65536)), RTT: record.Time(r.IntN(3e7)), Query: name, QClass: 1, QType: 1, HasQuery: true,
				HasReply: true, RD: true, RA: true, Answers: []string{outside().String()}, TTLs: []uint32{uint32(r.IntN(300))},
			})
		case 1:
			b.TLS = append(b.TLS, record.TLS{
				Ends: ends, Version: "TLSv13", Cipher: "TLS_AES_128_GCM_SHA256", Curve: "x25519", ServerName: name, Established: true,
				ClientALPN: []string{"h2", "http/1.1"}, NextProto: "h2", JA4: "t13d1516h2_8daaf6152771_e5627efa2ab1", HasClient: true, HasServer: true,
			})
		case 2:
			if r.IntN(4) == 0 {
				b.HTTP = append(b.HTTP, record.HTTP{
					Ends: ends, TransDepth: 1, Method: "GET", Host: name, URI: fmt.Sprintf("/a/%d?x=%d", r.IntN(1000), r.Uint32()), Version: "1.1",
					UserAgent: "Mozilla/5.0 (X11; Linux x86_64)", ResponseBodyLen: uint64(r.IntN(90000)), StatusCode: 200, StatusMsg: "OK", RespMIME: "text/html",
					HasRequest: true, HasResponse: true,
				})
			}
		}
	}
	b.Span = record.Span{From: b.Conns[0].TS, To: at}
	return b
}

func minute(hosts int) record.Sight {
	s := record.Sight{Span: record.Span{From: 1_790_000_000_000_000_000, To: 1_790_000_060_000_000_000}, Minutes: 1, Segment: "users", Carries: record.CarriesAll}
	for i := range s.Counts {
		s.Counts[i] = uint64(i * i)
	}
	for i := range hosts {
		s.Hosts = append(s.Hosts, record.HostSeen{
			Addr: netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), MAC: record.MAC{2, 0, 0, byte(i >> 8), byte(i)}, Flags: record.SeenDirect | record.SeenSpoke,
			Minutes: 1, First: s.Span.From + record.Time(i)*7919, Last: s.Span.To - record.Time(i)*104729,
		})
	}
	return s
}

func BenchmarkSeal(b *testing.B) {
	for _, c := range []struct {
		name  string
		batch *record.Batch
	}{
		{"conn65536", &record.Batch{Conns: traffic(65536).Conns}},
		{"dns", &record.Batch{DNS: traffic(65536).DNS}},
		{"tls", &record.Batch{TLS: traffic(65536).TLS}},
		{"http", &record.Batch{HTTP: traffic(65536).HTTP}},
		{"sight10x400hosts", &record.Batch{Sight: slicesOf(minute(400), 10)}},
		{"small100", traffic(100)},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir, rows, size := b.TempDir(), c.batch.Rows(), int64(0)
			b.ReportAllocs()
			for i := range b.N {
				s, err := Seal(filepath.Join(dir, fmt.Sprint(i)), head(1), c.batch, testKey())
				if err != nil {
					b.Fatal(err)
				}
				size = s.Bytes
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(size)/float64(rows), "bytes/row")
		})
	}
}

func slicesOf(s record.Sight, n int) []record.Sight {
	var out []record.Sight
	for range n {
		out = append(out, s)
	}
	return out
}

func BenchmarkBatch(b *testing.B) {
	for _, n := range []int{100, 65536} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			batch := traffic(n)
			block := sealTo(b, filepath.Join(b.TempDir(), "block"), 1, batch)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				batchOf(b, block)
			}
			b.ReportMetric(float64(batch.Rows()*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// TestMemory holds what sealing 65,536 connections takes at once, beyond the batch itself.
func TestMemory(t *testing.T) {
	const limit = 60 << 20
	b := &record.Batch{Conns: traffic(65536).Conns}
	var before, peak runtime.MemStats
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // count what is held, not what waits to be collected
	runtime.GC()
	runtime.ReadMemStats(&before)
	d := watched{osDisk{}, &peak}
	if _, err := seal(d, newDir(t), head(1), b, testKey()); err != nil {
		t.Fatal(err)
	}
	if grown := int64(peak.HeapAlloc) - int64(before.HeapAlloc); grown > limit {
		t.Errorf("sealing took %d MB at its end, at most %d", grown>>20, limit>>20)
	} else {
		t.Logf("%d MB", grown>>20)
	}
}

// watched looks at the memory when a file is made durable, after all of it was written and before anything is let go.
type watched struct {
	disk
	peak *runtime.MemStats
}

func (w watched) create(path string) (diskFile, error) {
	f, err := os.Create(path)
	return watchedFile{osFile{f}, w.peak}, err
}

type watchedFile struct {
	osFile
	peak *runtime.MemStats
}

func (f watchedFile) Write(b []byte) (int, error) {
	var now runtime.MemStats
	if len(b) > 0 {
		runtime.ReadMemStats(&now)
		if now.HeapAlloc > f.peak.HeapAlloc {
			*f.peak = now
		}
	}
	return f.osFile.Write(b)
}

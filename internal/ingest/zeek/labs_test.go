package zeek_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"candor/internal/capture"
	"candor/internal/decode"
	"candor/internal/ingest"
	"candor/internal/record"
)

// asLogs writes records as Zeek's JSON logs, all in one file, as `candor records` does.
func asLogs(t *testing.T, r result) string {
	t.Helper()
	var b bytes.Buffer
	w := record.NewWriter(&b)
	var errs []error
	for i := range r.Conns {
		errs = append(errs, w.Conn(&r.Conns[i]))
	}
	for i := range r.DNS {
		errs = append(errs, w.DNS(&r.DNS[i]))
	}
	for i := range r.HTTP {
		errs = append(errs, w.HTTP(&r.HTTP[i]))
	}
	for i := range r.DHCP {
		errs = append(errs, w.DHCP(&r.DHCP[i]))
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "zeek.log")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// onlyFrom writes a capture of those frames of another that keep lets through.
func onlyFrom(t *testing.T, path string, keep func(p *decode.Packet) bool) string {
	t.Helper()
	f, err := capture.Open(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var frame capture.Frame
	var p decode.Packet
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d)
	out = append(out, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0)
	for {
		if err := f.Next(&frame); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Frame(frame.Link, frame.Data, frame.Wire); !keep(&p) {
			continue
		}
		for _, n := range []uint64{uint64(frame.Time / 1e9), uint64(frame.Time % 1e9), uint64(len(frame.Data)), uint64(frame.Wire)} {
			out = binary.LittleEndian.AppendUint32(out, uint32(n))
		}
		out = append(out, frame.Data...)
	}
	half := filepath.Join(t.TempDir(), "half.pcap")
	if err := os.WriteFile(half, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return half
}

// TestSightOfLogs: from the logs of a capture the same sight is made as from its frames, as far as logs carry it: also where only
// one direction was captured, and where two ways lead past the sensor.
func TestSightOfLogs(t *testing.T) {
	outward := func(p *decode.Packet) bool { return p.Net == decode.IPv4 && p.Src.IsPrivate() && !p.Dst.IsPrivate() }
	inward := func(p *decode.Packet) bool { return p.Net == decode.IPv4 && !p.Src.IsPrivate() && p.Dst.IsPrivate() }
	for name, c := range map[string]struct {
		lab  string
		keep func(p *decode.Packet) bool
	}{
		"core":         {"A-core.pcap.zst", nil},
		"outside":      {"A-wan.pcapng.zst", nil},
		"proxy":        {"B-px.pcap.zst", nil},
		"asymmetric":   {"D-b2wan.pcap.zst", nil},
		"IPv6":         {"E-core.pcap.zst", nil},
		"only outward": {"A-core.pcap.zst", outward},
		"only inward":  {"A-core.pcap.zst", inward},
	} {
		t.Run(name, func(t *testing.T) {
			path := shared(t, "data/labs/"+c.lab)
			if c.keep != nil {
				path = onlyFrom(t, path, c.keep)
			}
			own := packets(t, path)
			logs := readAll(t, asLogs(t, own), ingest.Options{})
			for _, id := range []record.SegmentID{record.Nowhere, record.InsideAssumed} {
				a, b := merge(logs.Sight, id), merge(own.Sight, id)
				for c, name := range counted() {
					lo, hi := min(a.Counts[c], b.Counts[c]), max(a.Counts[c], b.Counts[c])
					if hi-lo > 5 && 100*(hi-lo) > 5*hi {
						t.Errorf("sight %q %s: %d by logs, %d by packets", id, name, a.Counts[c], b.Counts[c])
					}
				}
				var ma, mb uint32
				for _, h := range a.Hosts {
					ma += h.Minutes
				}
				for _, h := range b.Hosts {
					mb += h.Minutes
				}
				if len(a.Hosts) != len(b.Hosts) || 20*max(ma, mb) > 21*min(ma, mb)+100 {
					t.Errorf("sight %q: %d and %d hosts, %d and %d host minutes", id, len(a.Hosts), len(b.Hosts), ma, mb)
				}
				t.Logf("%q: judged %d and %d, one way %d and %d, %d and %d hosts, %d and %d host minutes", id, a.Counts[record.TCPJudged], b.Counts[record.TCPJudged],
					a.Counts[record.OneWay], b.Counts[record.OneWay], len(a.Hosts), len(b.Hosts), ma, mb)
			}
		})
	}
}

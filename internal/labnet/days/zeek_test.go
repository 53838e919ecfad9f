package days_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/sight"
	"candor/internal/source"
)

// read gives what the source reads in a folder, by uid.
func read(t *testing.T, dir string, site *days.Site) *record.Batch {
	t.Helper()
	s, err := source.Open(t.Context(), []string{dir}, source.Options{Scope: site.Scope()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	var sum record.Batch
	for {
		b, err := s.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return &sum
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range b.Inputs {
			if in.Stopped != nil { // notes tell of connections that were written long after their last packet
				t.Fatalf("%+v %+v", in, in.Stopped)
			}
		}
		sum.Conns, sum.DNS, sum.TLS = append(sum.Conns, b.Conns...), append(sum.DNS, b.DNS...), append(sum.TLS, b.TLS...)
		sum.HTTP, sum.DHCP = append(sum.HTTP, b.HTTP...), append(sum.DHCP, b.DHCP...)
	}
}

// TestZeekLogsAreReadBack: what was written is what is read, but for what Zeek's logs do not hold.
func TestZeekLogsAreReadBack(t *testing.T) {
	site := days.Office(4, 12, 10)
	span := hours(9, 10)
	plan := []days.Injection{days.Beacon{Sleep: 10e9, Naming: days.OwnDomain, Clear: true}, days.LongC2{}, days.DNSTunnel{}}
	dir := t.TempDir()
	n, err := days.WriteZeek(dir, site.Batches(span, plan...))
	if err != nil {
		t.Fatal(err)
	}
	want := all(site.Batches(span, plan...))
	got := read(t, dir, site)
	if uint64(len(got.Conns)) != n {
		t.Errorf("%d connections written, %d read", n, len(got.Conns))
	}
	wholes := map[record.UID]record.Conn{}
	for _, c := range want.Conns {
		sum := wholes[c.UID]
		c.OrigBytes, c.RespBytes, c.OrigPkts, c.RespPkts = c.OrigBytes+sum.OrigBytes, c.RespBytes+sum.RespBytes, c.OrigPkts+sum.OrigPkts, c.RespPkts+sum.RespPkts
		c.OrigIPBytes, c.RespIPBytes = c.OrigIPBytes+sum.OrigIPBytes, c.RespIPBytes+sum.RespIPBytes
		wholes[c.UID] = c
	}
	if len(wholes) != len(got.Conns) {
		t.Errorf("%d connections made, %d read", len(wholes), len(got.Conns))
	}
	options := cmp.Options{cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(record.Conn{}, "Report", "Final", "Feed")}
	for i := range got.Conns {
		if diff := cmp.Diff(wholes[got.Conns[i].UID], got.Conns[i], options); diff != "" {
			t.Fatalf("connection (-made +read):\n%s", diff)
		}
	}
	sameMessages(t, want, got)
}

func sameMessages(t *testing.T, want, got *record.Batch) {
	t.Helper()
	for name, n := range map[string][2]int{"dns": {len(want.DNS), len(got.DNS)}, "tls": {len(want.TLS), len(got.TLS)}, "http": {len(want.HTTP), len(got.HTTP)}, "dhcp": {len(want.DHCP), len(got.DHCP)}} {
		if n[0] != n[1] || n[0] == 0 {
			t.Errorf("%s: %d made, %d read", name, n[0], n[1])
		}
	}
	type id struct {
		uid record.UID
		ts  record.Time
		n   uint16
	}
	dns, tls := map[id]record.DNS{}, map[record.UID]record.TLS{}
	for _, d := range want.DNS {
		dns[id{d.UID, d.TS, d.TransID}] = d
	}
	for _, x := range want.TLS {
		tls[x.UID] = x
	}
	options := cmp.Options{
		cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(record.Ends{}, "Feed", "Proto"), cmpopts.IgnoreFields(record.DNS{}, "Authority"),
		cmpopts.IgnoreFields(record.TLS{}, "ClientALPN", "SANDNS", "Serial"),
	}
	for _, d := range got.DNS {
		if diff := cmp.Diff(dns[id{d.UID, d.TS, d.TransID}], d, options); diff != "" {
			t.Fatalf("lookup (-made +read):\n%s", diff)
		}
	}
	for _, x := range got.TLS {
		if diff := cmp.Diff(tls[x.UID], x, options); diff != "" {
			t.Fatalf("handshake (-made +read):\n%s", diff)
		}
	}
}

// withSight adds the sight that a reader of such records would add: what they show, reported at the time they show.
func withSight(site *days.Site, batches iter.Seq[*record.Batch]) iter.Seq[*record.Batch] {
	return func(yield func(*record.Batch) bool) {
		b := sight.New(site.Scope(), "days", "")
		b.Report(record.CarriesConns | record.CarriesVolume | record.CarriesDirections | record.CarriesCards | record.CarriesLookups | record.CarriesTLS | record.CarriesHTTP | record.CarriesDHCP)
		for batch := range batches {
			for i := range batch.DNS {
				b.ReportedDNS(batch.DNS[i].TS, &batch.DNS[i])
			}
			for i := range batch.TLS {
				b.ReportedTLS(batch.TLS[i].TS, &batch.TLS[i])
			}
			for i := range batch.DHCP {
				b.ReportedDHCP(batch.DHCP[i].TS, &batch.DHCP[i])
			}
			for i := range batch.Conns {
				b.Reported(min(shows(&batch.Conns[i]), batch.Span.To), &batch.Conns[i])
			}
			batch.Sight = b.Drain(batch.Sight)
			if !yield(batch) {
				return
			}
		}
	}
}

// TestSightSeesTheOffice: the reports' sight sees the machines that are there directly, by their cards, and both directions.
func TestSightSeesTheOffice(t *testing.T) {
	site := days.Office(4, 60, 12)
	var users, servers, whole record.Sight
	for b := range withSight(site, site.Batches(hours(8, 12))) {
		for i := range b.Sight {
			switch b.Sight[i].Segment {
			case "users":
				users.Merge(&b.Sight[i])
			case "servers":
				servers.Merge(&b.Sight[i])
			case record.Nowhere:
				whole.Merge(&b.Sight[i])
			}
		}
	}
	for name, c := range map[string]struct {
		s     *record.Sight
		least int
	}{"users": {&users, 50}, "servers": {&servers, 12}} {
		direct := 0
		for _, h := range c.s.Hosts {
			if h.Flags&record.SeenDirect != 0 {
				direct++
			}
		}
		if direct < c.least || c.s.Counts[record.DNSQueries] == 0 {
			t.Errorf("%s: %d of %d hosts seen directly, %d lookups", name, direct, len(c.s.Hosts), c.s.Counts[record.DNSQueries])
		}
	}
	if j, o := whole.Counts[record.TCPJudged], whole.Counts[record.OneWay]; j < 1000 || o*100 > j {
		t.Errorf("%d of %d connections seem one-way", o, j)
	}
}

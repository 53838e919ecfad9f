package days_test

import (
	"encoding/json"
	"hash/fnv"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/agreement"
	"candor/internal/labnet/days"
	"candor/internal/record"
)

// at gives a time of Tuesday 2026-11-17 in Chicago, which is six hours behind UTC.
func at(hour, minute int) record.Time {
	return record.TimeOf(time.Date(2026, 11, 17, hour+6, minute, 0, 0, time.UTC))
}

func hours(from, to int) record.Span { return record.Span{From: at(from, 0), To: at(to, 0)} }

// all is everything of some batches in one.
func all(batches iter.Seq[*record.Batch]) *record.Batch {
	var sum record.Batch
	for b := range batches {
		sum.Conns, sum.DNS, sum.TLS = append(sum.Conns, b.Conns...), append(sum.DNS, b.DNS...), append(sum.TLS, b.TLS...)
		sum.HTTP, sum.DHCP, sum.Logs = append(sum.HTTP, b.HTTP...), append(sum.DHCP, b.DHCP...), append(sum.Logs, b.Logs...)
	}
	return &sum
}

func digest(t *testing.T, batches iter.Seq[*record.Batch]) uint64 {
	t.Helper()
	h := fnv.New64a()
	enc := json.NewEncoder(h)
	for b := range batches {
		for _, v := range []any{b.ID, b.Span, b.Conns, b.DNS, b.TLS, b.HTTP, b.DHCP, b.Logs} {
			if err := enc.Encode(v); err != nil {
				t.Fatal(err)
			}
		}
	}
	return h.Sum64()
}

func TestSameSeedSameRecords(t *testing.T) {
	span := hours(8, 9)
	plan := []days.Injection{days.Beacon{Sleep: time.Minute, Jitter: 0.3, Naming: days.OwnDomain}, days.DGA{}, days.Scan{}}
	a, b := digest(t, days.Office(5, 40, 12).Batches(span, plan...)), digest(t, days.Office(5, 40, 12).Batches(span, plan...))
	if a != b {
		t.Errorf("the same seed gave %x and %x", a, b)
	}
	site := days.Office(5, 40, 12)
	seq := site.Batches(span, plan...)
	if one, two := digest(t, seq), digest(t, seq); one != a || two != a {
		t.Errorf("a site used again gave %x and %x, at first %x", one, two, a)
	}
	if c := digest(t, days.Office(6, 40, 12).Batches(span, plan...)); c == a {
		t.Error("another seed gave the same")
	}
}

// TestPlanLeavesTheRestAlone: with what a plan adds taken out again, the site's own records are the same, row by row.
func TestPlanLeavesTheRestAlone(t *testing.T) {
	site := days.Office(7, 30, 12)
	span := hours(8, 11)
	plan := []days.Injection{
		days.Beacon{Sleep: 20 * time.Second, Naming: days.Fronted},
		days.DNSTunnel{},
		days.DGA{},
		days.Scan{},
		days.Exfil{Cloud: true},
		days.SignIn{SSH: true},
		days.PingTunnel{},
		days.Lateral{},
		days.LongC2{Named: true},
	}
	want := all(site.Batches(span))
	got := all(site.Batches(span, plan...))
	alone := all(site.Quiet().Batches(span, plan...))
	added := 0
	own := func(u record.UID) bool {
		if site.Planned(u) {
			added++
			return false
		}
		return true
	}
	got.Conns = kept(got.Conns, func(c *record.Conn) bool { return own(c.UID) })
	got.DNS = kept(got.DNS, func(d *record.DNS) bool { return own(d.UID) })
	got.TLS = kept(got.TLS, func(d *record.TLS) bool { return own(d.UID) })
	got.HTTP = kept(got.HTTP, func(d *record.HTTP) bool { return own(d.UID) })
	if n := len(alone.Conns) + len(alone.DNS) + len(alone.TLS) + len(alone.HTTP); added != n || n < 10000 {
		t.Errorf("the plan added %d records, %d where nothing else goes on", added, n)
	}
	for name, n := range map[string][2]int{"conns": {len(want.Conns), len(got.Conns)}, "dns": {len(want.DNS), len(got.DNS)}, "tls": {len(want.TLS), len(got.TLS)}, "http": {len(want.HTTP), len(got.HTTP)}} {
		if n[0] != n[1] {
			t.Fatalf("%s: %d with the plan taken out, %d without", name, n[1], n[0])
		}
	}
	for i := range want.Conns {
		if a, b := want.Conns[i], got.Conns[i]; a.UID != b.UID || a.TS != b.TS || a.RespH != b.RespH || a.OrigBytes != b.OrigBytes {
			t.Fatalf("row %d is another: %+v, %+v", i, a, b)
		}
	}
}

func kept[T any](list []T, keep func(*T) bool) []T {
	var out []T
	for i := range list {
		if keep(&list[i]) {
			out = append(out, list[i])
		}
	}
	return out
}

// shows is when flow would have told a report.
func shows(c *record.Conn) record.Time {
	switch {
	case !c.Final:
		return c.TS + (c.Duration+record.Minute-1)/record.Minute*record.Minute
	case c.Proto == 6:
		return c.TS + c.Duration + 5e9
	}
	return c.TS + c.Duration + record.Minute
}

func TestOrderOfTime(t *testing.T) {
	site := days.Office(3, 80, 12)
	span := hours(7, 10)
	last, sequence, rows := record.Time(0), uint64(0), 0
	for b := range site.Batches(span, days.LongC2{}, days.Beacon{Sleep: 5 * time.Second}) {
		if b.ID.Sequence != sequence+1 {
			t.Fatalf("batch %d after %d", b.ID.Sequence, sequence)
		}
		sequence = b.ID.Sequence
		rows += b.Rows()
		if b.Span.To == span.To && b.Span.From == span.To {
			continue // what would have shown after the end
		}
		if len(b.Conns)+len(b.DNS) > days.MaxRows {
			t.Errorf("%d rows in a batch", b.Rows())
		}
		for i := range b.Conns {
			c := &b.Conns[i]
			if at := shows(c); at < last || at < b.Span.From || at >= b.Span.To {
				t.Fatalf("%+v shows at %v, after %v, in %v", c, at.Std(), last.Std(), b.Span)
			} else {
				last = at
			}
			if c.TS%1000 != 0 || c.Duration%1000 != 0 || c.Duration < 0 {
				t.Fatalf("%v for %v", c.TS, c.Duration)
			}
		}
		for i := range b.DNS {
			if d := &b.DNS[i]; d.HasReply && (d.TS+d.RTT < b.Span.From || d.TS+d.RTT >= b.Span.To) {
				t.Fatalf("%+v is not of %v", d, b.Span)
			}
		}
	}
	if rows < 10000 || sequence < 180 {
		t.Errorf("%d rows in %d batches", rows, sequence)
	}
}

// TestReportsOfOneConnection: reports count up, each is of the same connection, states become final, and the parts are what the whole is.
func TestReportsOfOneConnection(t *testing.T) {
	site := days.Office(3, 60, 12)
	span := hours(7, 12)
	const lasts = 3 * time.Hour
	plan := []days.Injection{days.LongC2{Who: days.Who{From: at(8, 0), To: at(8, 0) + record.Time(lasts)}, Ping: 30 * time.Second}}
	truth := site.Truths(span, plan...)[0]
	type known struct {
		reports int
		final   bool
		sent    uint64
		dur     record.Time
	}
	seen := map[record.UID]*known{}
	long := 0
	for _, c := range all(site.Batches(span, plan...)).Conns {
		k := seen[c.UID]
		if k == nil {
			k = &known{}
			seen[c.UID] = k
		}
		if k.final || c.Report != k.reports || c.Duration < k.dur {
			t.Fatalf("report %+v after %+v", c, k)
		}
		if c.OrigPkts+c.RespPkts == 0 && !c.Final {
			t.Fatalf("a report of nothing: %+v", c)
		}
		k.reports, k.final, k.sent, k.dur = k.reports+1, c.Final, k.sent+c.OrigBytes, c.Duration
		if truth.Owns(c.UID) {
			long++
			if c.Final {
				pings := uint64(lasts / (30 * time.Second))
				if min := 700 + 48*pings; k.sent < min || k.sent > 2*min {
					t.Errorf("%d bytes in all, at least %d pinged", k.sent, min)
				}
				if record.Time(lasts) != c.Duration {
					t.Errorf("it lasted %v", time.Duration(c.Duration))
				}
			}
		}
	}
	if long < 180 || long > 182 {
		t.Errorf("%d reports of three hours", long)
	}
}

// TestRates: what machines do by themselves comes as often as such things do.
func TestRates(t *testing.T) {
	const clients, servers = 60, 20
	site := days.Office(11, clients, servers)
	b := all(site.Batches(record.Span{From: at(0, 0), To: at(24, 0)}))
	count := map[string]int{}
	night, noon := 0, 0
	for i := range b.Conns {
		c := &b.Conns[i]
		if c.Report > 0 {
			continue
		}
		count["conns"]++
		name := strings.Split(c.Service, ",")[0]
		if name == "" {
			name = record.ProtoName(c.Proto)
		}
		count[name]++
		if c.Proto == 6 && (c.State == "S0" || c.State == "REJ") && !c.LocalOrig {
			count["inbound unanswered"]++
		}
		if h := c.TS.Std().Hour(); name == "ssl" && c.LocalOrig {
			if h >= 7 && h < 10 {
				night++
			} else if h >= 15 && h < 18 {
				noon++
			}
		}
	}
	for i := range b.DNS {
		d := &b.DNS[i]
		switch {
		case d.RCode == 3:
			count["no such name"]++
		case d.QType == 12 && strings.HasSuffix(d.Query, "in-addr.arpa"):
			count["reverse"]++
		}
		if len(d.Query) > 60 && d.QType == 16 {
			count["long names"]++
		}
	}
	for i := range b.TLS {
		if b.TLS[i].ServerName != "" && b.TLS[i].JA4 != "" {
			count["handshakes"]++
		}
	}
	count["leases"], count["requests"], count["sign-ins"] = len(b.DHCP), len(b.HTTP), len(b.Logs)
	for name, want := range map[string][2]int{ // per day; what servers and strangers do weighs much in so small an office
		"conns": {clients * 3000, clients * 12000}, "dns": {clients * 2000, clients * 6500}, "ssl": {clients * 800, clients * 3000},
		"ntp": {(clients + servers) * 30, (clients + servers) * 100}, "leases": {clients * 2, clients * 7}, "icmp": {(servers - 1) * 1438, (servers - 1) * 1440},
		"snmp": {(servers - 1) * 288, (servers-1)*288 + clients*6}, "inbound unanswered": {1500, 6000}, "no such name": {clients * 8, clients * 250},
		"reverse": {500, 6000}, "long names": {clients * 5, clients * 200}, "handshakes": {clients * 800, clients * 3000}, "sign-ins": {clients * 7 / 10, clients * 2},
		"smb": {clients * 10, clients * 80}, "krb": {clients * 2, clients * 20}, "requests": {clients * 50, clients * 500}, "smtp": {500, 4000},
	} {
		if n := count[name]; n < want[0] || n > want[1] {
			t.Errorf("%s: %d, want %d to %d", name, n, want[0], want[1])
		}
	}
	if night*5 > noon {
		t.Errorf("%d connections at night, %d in the morning", night, noon)
	}
}

// TestNamesAreAskedAgain: no machine asks for a name while the answer it got before is good.
func TestNamesAreAskedAgain(t *testing.T) {
	site := days.Office(13, 50, 12)
	type key struct{ who, name string }
	until := map[key]record.Time{}
	early, asked := 0, 0
	for b := range site.Batches(hours(9, 13)) {
		for i := range b.DNS {
			d := &b.DNS[i]
			if d.QType != 1 || len(d.TTLs) == 0 || d.Variant != "dns" || d.RespP != 53 {
				continue
			}
			k := key{d.OrigH.String(), d.Query}
			asked++
			if d.TS < until[k]-record.Time(time.Second) {
				early++
			}
			until[k] = d.TS + record.Time(d.TTLs[0])*record.Time(time.Second)
		}
	}
	// Memories have a bounded number of places: some names are forgotten early.
	if early*10 > asked || asked < 5000 {
		t.Errorf("%d of %d lookups came early", early, asked)
	}
}

func TestMemoryStaysFlat(t *testing.T) {
	site := days.Office(17, 30, 10)
	var early, late uint64
	for b := range site.Batches(record.Span{From: at(0, 0), To: at(60, 0)}) {
		h := b.Span.From
		if h != at(11, 0) && h != at(35, 0) && h != at(59, 0) {
			continue
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if early == 0 {
			early = m.HeapAlloc
		}
		late = m.HeapAlloc
	}
	if early == 0 || late > early+early/4+4<<20 {
		t.Errorf("%d bytes after the first day, %d after the third", early, late)
	}
}

func TestAgreementIsOfTheSite(t *testing.T) {
	site := days.Office(1, 30, 12)
	a, err := agreement.Parse("days.yaml", site.Agreement())
	if err != nil {
		t.Fatal(err)
	}
	scope, err := a.Scope("days")
	if err != nil {
		t.Fatal(err)
	}
	want := site.Scope()
	for _, h := range append(site.Clients(), site.Servers()...) {
		if a, b := scope.Locate(h), want.Locate(h); a != b || a != "users" && a != "servers" {
			t.Errorf("%v is in %q by the agreement, in %q by the site", h, a, b)
		}
	}
	if !slices.Equal(want.Resolvers, scope.Resolvers) {
		t.Errorf("resolvers %v by the agreement, %v by the site", scope.Resolvers, want.Resolvers)
	}
}

// TestCallersCall: the services that are listed as harmless are those that machines use, and each is used.
func TestCallersCall(t *testing.T) {
	called := map[string]bool{}
	site := days.Office(23, 80, 20)
	for b := range site.Busy(0.01).Batches(record.Span{From: at(0, 0), To: at(24, 0)}) {
		for i := range b.DNS {
			called[b.DNS[i].Query] = true
		}
	}
	missing := 0
	for _, c := range days.Callers() {
		if !strings.HasSuffix(c.Name, c.Domain) || c.Every <= 0 {
			t.Errorf("%+v", c)
		}
		if !called[c.Name] {
			missing++
			t.Logf("nobody asked for %s", c.Name)
		}
	}
	if missing > 4 { // some run on few machines only
		t.Errorf("%d services are never used", missing)
	}
}

func BenchmarkBatches(b *testing.B) {
	site := days.Office(1, 400, 40)
	b.ReportAllocs()
	conns := 0
	for b.Loop() {
		for batch := range site.Batches(hours(9, 12)) {
			conns += len(batch.Conns)
		}
	}
	b.ReportMetric(float64(conns)/b.Elapsed().Seconds(), "conns/s")
}

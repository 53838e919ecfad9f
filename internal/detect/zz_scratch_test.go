package detect

import (
	"os"
	"testing"
	"time"

	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/detect/timing"
)

func TestZZCount(t *testing.T) {
	if os.Getenv("ZZ") == "" { t.Skip() }
	from := record.Time(1_770_012_000_000_000_000)
	site := days.Office(1, 60, 12)
	scope := site.Scope()
	b := NewBeacons(DefaultBeaconConfig())
	e := New(&scope, []Detector{b})
	conns := 0
	for x := range site.Batches(record.Span{From: from, To: from + record.Day}) {
		for i := range x.Conns { if x.Conns[i].Report == 0 { conns++ } }
		e.Observe(x)
	}
	e.End()
	t.Logf("conns %d keys %d young %d", conns, len(b.slab), len(b.young)+len(b.aged))
	type row struct{ n, calls, periodic int; d time.Duration }
	rows := map[string]*row{}
	sc := timing.NewScorer()
	for i := range b.slab {
		st := &b.slab[i]
		n := "6+"
		if st.timing.WakeUps() <= 5 { n = "<=5" } else if st.timing.WakeUps() > 64 { n = ">64" }
		k := st.key.kind.String() + n
		if st.key.failed { k += "failed" }
		if rows[k] == nil { rows[k] = &row{} }
		r := rows[k]
		r.n++
		r.calls += int(st.calls)
		if st.timing.WakeUps() > 5 {
			t0 := time.Now()
			x := sc.Key(&st.timing, int64(b.newest), timing.Setting{})
			r.d += time.Since(t0)
			if x.S > 5 { r.periodic++ }
		}
	}
	for k, r := range rows { t.Logf("%-30s n %6d calls %7d periodic %5d time %v", k, r.n, r.calls, r.periodic, r.d) }
}

package days_test

import (
	"testing"

	"candor/internal/labnet/days"
	"candor/internal/record"
)

func TestLose(t *testing.T) {
	site := days.Office(9, 25, 12)
	span := hours(9, 11)
	whole := all(site.Batches(span))
	type sum struct{ pkts, lookups, queries, replies, hellos, syns, conns float64 }
	count := func(b *record.Batch) (s sum) {
		for i := range b.Conns {
			c := &b.Conns[i]
			s.pkts += float64(c.OrigPkts + c.RespPkts)
			if c.Proto == 6 && c.Report == 0 && c.Final {
				s.conns++
				if c.History[0] == 'S' {
					s.syns++
				}
			}
			if c.OrigPkts+c.RespPkts == 0 && !c.Final {
				t.Fatalf("a report of nothing: %+v", c)
			}
		}
		for i := range b.DNS {
			s.lookups++
			if b.DNS[i].HasQuery {
				s.queries++
			}
			if b.DNS[i].HasReply {
				s.replies++
			}
		}
		for i := range b.TLS {
			if b.TLS[i].HasClient {
				s.hellos++
			}
		}
		return s
	}
	want := count(whole)
	for _, p := range []float64{0.01, 0.1, 0.5} {
		got := count(all(days.Lose(site.Batches(span), p, 1)))
		near := func(name string, got, want float64) {
			if r := got / want; r < (1-p)*0.96 || r > (1-p)*1.04 {
				t.Errorf("loss %v: %s are %.3f of what there was", p, name, r)
			}
		}
		near("packets", got.pkts, want.pkts)
		near("queries", got.queries, want.queries)
		near("replies", got.replies, want.replies)
		near("client hellos", got.hellos, want.hellos)
		near("SYNs", got.syns, want.syns)
		if r := 1 - got.lookups/want.lookups; r > p*p*1.3+0.01 || r < p*p*0.7 {
			t.Errorf("loss %v: %.4f of the lookups are gone, of both halves want %.4f", p, r, p*p)
		}
		if got.conns > want.conns || got.conns < want.conns*(1-p) {
			t.Errorf("loss %v: %v of %v connections", p, got.conns, want.conns)
		}
	}
	if a, b := digest(t, days.Lose(site.Batches(span), 0.3, 5)), digest(t, days.Lose(site.Batches(span), 0.3, 5)); a != b {
		t.Error("the same seed lost other packets")
	}
	if a, b := digest(t, days.Lose(site.Batches(span), 0, 5)), digest(t, site.Batches(span)); a != b {
		t.Error("no loss changed something")
	}
}

package detect

import (
	"cmp"
	"net/netip"
	"slices"
)

// merge drops the keys whose calls a finer or surer key of the same source holds: half of its connections, or most of the
// finer key's at the same rhythm (BEACON.md 6).
func (b *Beacons) merge(calls []*beaconState) []*beaconState {
	slices.SortFunc(calls, func(x, y *beaconState) int {
		return cmp.Or(cmp.Compare(x.key.source, y.key.source), cmp.Compare(x.key.kind, y.key.kind), cmp.Compare(y.calls, x.calls), cmp.Compare(x.first, y.first))
	})
	var out []*beaconState
	for i := 0; i < len(calls); {
		k := i
		for k < len(calls) && calls[k].key.source == calls[i].key.source {
			k++
		}
		out = append(out, b.mergeSource(calls[i:k])...)
		i = k
	}
	return out
}

func (b *Beacons) mergeSource(calls []*beaconState) []*beaconState {
	var kept []*beaconState
	for _, st := range calls {
		inside := 0.0
		stands := true
		for _, finer := range kept {
			share := 0.0
			if finer.key.failed == st.key.failed {
				share = st.holds(finer)
			}
			inside += share * float64(finer.calls)
			if share > 0.8 && sameRhythm(st, finer) {
				stands = false
			}
		}
		if !stands {
			continue
		}
		if turns := st.rotates(kept); turns != nil {
			kept = slices.DeleteFunc(kept, func(f *beaconState) bool { return slices.Contains(turns, f) })
			kept = append(kept, st)
		} else if 2*inside < float64(st.calls) {
			kept = append(kept, st)
		}
	}
	return kept
}

// rotates reports whether a pool is one beacon that calls several servers in turn: the finer keys that hold most of its calls then
// are periodic too, at a multiple of its rhythm, and what is told of is the pool. It gives those keys.
func (st *beaconState) rotates(kept []*beaconState) []*beaconState {
	if st.key.kind.single() || st.result().run < 0.5 {
		return nil
	}
	var turns []*beaconState
	calls := 0.0
	for _, f := range kept {
		if f.key.failed != st.key.failed || !f.key.kind.single() {
			continue
		}
		if share := st.holds(f); share > 0.8 && f.result().period > 1.6*st.result().period {
			turns = append(turns, f)
			calls += share * float64(f.calls)
		}
	}
	if len(turns) < 2 || 2*calls < float64(st.calls) {
		return nil
	}
	return turns
}

// holds estimates which share of a finer key's connections are among those of a coarser one.
func (st *beaconState) holds(fine *beaconState) float64 {
	samePort := st.key.port == fine.dest.port
	all := 0.0
	switch st.key.kind {
	case keyDomain:
		return 0
	case keyAddr:
		if samePort && fine.key.kind == keyDomain {
			own := st.dest.addr()
			all = fine.among(func(a netip.Addr) bool { return a == own })
		}
	case keyPrint:
		if samePort && st.detail.ja4 == fine.detail.ja4 && (st.detail.ja4 != "" || st.detail.agent == fine.detail.agent) {
			all = 1
		}
	case keyNet:
		if samePort {
			own := network(st.dest.addr())
			all = fine.among(func(a netip.Addr) bool { return network(a) == own })
		}
	case keyShape, keyRare:
		if samePort && st.dest.proto == fine.dest.proto {
			all = 1
		}
	}
	return all
}

// among is the share of a key's destinations that are such.
func (st *beaconState) among(such func(netip.Addr) bool) float64 {
	n := 0
	all := st.dests()
	for _, a := range all {
		if such(a) {
			n++
		}
	}
	return float64(n) / float64(max(1, len(all)))
}

func sameRhythm(a, b *beaconState) bool {
	x, y := a.result().period, b.result().period
	return x > 0 && y > 0 && max(x, y) <= 1.6*min(x, y)
}

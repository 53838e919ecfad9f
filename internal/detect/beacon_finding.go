package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// finding tells of a periodic key: what, whose, why.
func (b *Beacons) finding(st *beaconState) verdict.Finding {
	src := b.sources.at(st.key.source)
	source := src.addr.String()
	r := st.result()
	f := blank("beacon", cmp.Or(string(src.host), source), st.name(), st.first, record.Time(st.timing.Newest()))
	f.Source, f.Host.ID = source, string(src.host)
	f.Domain = st.detail.domain
	for _, d := range st.dests() {
		f.Destinations = append(f.Destinations, d.String())
	}
	slices.Sort(f.Destinations)
	if st.dest.proto != 1 && st.dest.proto != 58 {
		f.Ports = []int{int(st.dest.port)}
	}
	for _, u := range st.detail.uids {
		if u != "" {
			f.UIDs = append(f.UIDs, u)
		}
	}
	f.Attack = st.attack()
	why := b.context(st)
	x := sum(why)
	f.Confidence = math.Round(100*confidence(x)) / 100
	f.ExplainedBy = b.explain(st)
	switch {
	case f.ExplainedBy != "":
	case st.caller():
		f.ExplainedBy = RegularCaller
	case x < b.openFrom()-undecided:
		f.ExplainedBy = weakContext
	case x < b.openFrom():
		f.ExplainedBy = Undecided
	}
	f.Severity = severity(&f)
	f.Evidence = st.evidence(why, x)
	f.Evidence["opens_at"] = round3(b.openFrom())
	bytes, _ := st.sizes.top()
	f.Words = fmt.Sprintf("%s calls %s every %s%s, %d times%s.", source, st.where(), span(float64(r.period)), jitterWords(float64(r.w)), st.calls, bytesWords(bytes))
	if st.key.failed {
		f.Words = fmt.Sprintf("%s tries to reach %s every %s%s, %d times, and was never answered.", source, st.where(), span(float64(r.period)), jitterWords(float64(r.w)), st.calls)
	}
	return f
}

func severity(f *verdict.Finding) string {
	switch {
	case f.ExplainedBy != "":
		return "info"
	case f.Confidence >= 0.5:
		return "high"
	}
	return "medium"
}

func (st *beaconState) attack() []string {
	switch {
	case st.flags&keyTLS != 0, st.detail.service == "http":
		if usualPort(st.dest.port) {
			return []string{"T1071.001"}
		}
		return []string{"T1071.001", "T1571"}
	case st.detail.service == "dns":
		return []string{"T1071.004"}
	case st.dest.proto == 1, st.dest.proto == 58:
		return []string{"T1095"}
	}
	return []string{"T1095", "T1571"}
}

func (st *beaconState) evidence(why []Factor, x float64) map[string]any {
	r := st.result()
	bytes, share := st.sizes.top()
	words := make([]string, 0, len(why))
	for _, w := range why {
		words = append(words, fmt.Sprintf("%+.1f %s", w.Nats, w.Words))
	}
	w := float64(r.w)
	around, half := float64(r.hi)*(1-w/2), w/(2-w)
	return map[string]any{
		"period_seconds": round3(float64(r.period)), "jitter": round3(float64(r.w)), "missed": round3(float64(r.missed)), "count": st.calls, "bytes_median": math.Round(bytes),
		"bytes_share": round3(share), "timing_nats": round3(min(float64(r.s), 1e6)), "intervals": r.n, "basis": r.basis.String(), "cover": round3(float64(r.cover)), "run": round3(float64(r.run)),
		"period_symmetric": round3(around), "jitter_symmetric": round3(half),
		"context_nats": round3(x), "why": words, "key": st.key.kind.String(), "answered": !st.key.failed, "more_destinations": st.detail.more, "ja4": st.detail.ja4,
	}
}

func round3(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return math.Round(1000*x) / 1000
}

// where names the other end for people.
func (st *beaconState) where() string {
	switch {
	case st.key.kind == keyDomain && st.detail.domain != "":
		return st.detail.domain
	case st.key.kind == keyNet:
		return fmt.Sprintf("%d machines of the network of %s", max(1, len(st.dests())), st.dest.addr())
	case len(st.dests()) > 1:
		return fmt.Sprintf("%d and more changing servers", len(st.dests()))
	case st.dest.addr().IsValid():
		return st.dest.addr().String()
	}
	return "somebody"
}

// name is what a finding's id is made of: what the key has in common, in words that do not depend on this process.
func (st *beaconState) name() string {
	k := &st.key
	common := ""
	switch k.kind {
	case keyDomain:
		common = st.detail.domain
	case keyAddr:
		common = st.dest.addr().String()
	case keyNet:
		common = network(st.dest.addr()).String()
	case keyPrint:
		common = cmp.Or(st.detail.ja4, st.detail.agent)
	case keyShape, keyRare:
		common = fmt.Sprint(st.flags&keyTLS != 0)
	}
	return fmt.Sprintf("%s/%s/%d/%d/%v", k.kind, common, k.port, st.dest.proto, k.failed)
}

// span writes seconds for people.
func span(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d >= 2*time.Hour:
		return fmt.Sprintf("%.3g h", d.Hours())
	case d >= 2*time.Minute:
		return fmt.Sprintf("%.3g min", d.Minutes())
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}

func jitterWords(w float64) string {
	if w < 0.02 {
		return " to the second"
	}
	return fmt.Sprintf(" (shortened by up to %.0f %%)", 100*w)
}

func bytesWords(b float64) string {
	if b < 1 {
		return ""
	}
	return fmt.Sprintf(", about %.0f bytes each time", b)
}
